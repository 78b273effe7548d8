//! `exec --as-file VAR=NAME`: which secrets the program gets as files.

use crate::cli::child::files::{ChildFile, FilesError};
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use clap::Args;
use v_secure_core::convert::inject;
use v_secure_core::convert::template::Target;
use v_secure_core::name::SecretName;
use v_secure_core::secret::read;
use v_secure_core::secret::selection;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::Vault;

#[derive(Debug, Args)]
pub(crate) struct AsFileArgs {
    /// Give the secret as a file whose path is in VAR; may be given several times
    #[arg(long, value_name = "VAR=NAME")]
    as_file: Vec<String>,

    /// Make the files of --as-file a named folder in memory, for programs that close descriptors
    #[arg(long, requires = "as_file")]
    pub named_files: bool,
}

/// A secret, and the variable that is to hold the path of its file.
pub(crate) struct AsFile {
    pub variable: String,
    pub target: Target,
}

impl AsFileArgs {
    /// The files that were asked for.
    pub fn parse(&self) -> Outcome<Vec<AsFile>> {
        let mut files: Vec<AsFile> = Vec::with_capacity(self.as_file.len());
        for text in &self.as_file {
            let file = parse(text)?;
            if files.iter().any(|other| other.variable == file.variable) {
                let message = format!("--as-file gives {} twice", file.variable);
                return Err(
                    Failure::new(Code::BadVariable, message).hint("--as-file OTHER_VARIABLE=NAME")
                );
            }
            files.push(file);
        }
        if cfg!(not(unix)) && !files.is_empty() {
            return Err(refused(&FilesError::Unsupported));
        }
        Ok(files)
    }
}

fn parse(text: &str) -> Outcome<AsFile> {
    // Not repeated: what stands here may be a value typed in the wrong place.
    let usage = |code, message: &str| {
        Failure::new(code, message).hint("v-secure exec --as-file VAR=NAME -- CMD")
    };
    let parts = text.split_once('=').filter(|(variable, _)| inject::is_identifier(variable));
    let Some((variable, name)) = parts else {
        return Err(usage(
            Code::BadVariable,
            "--as-file takes VAR=NAME, and VAR is a variable's name",
        ));
    };
    let target = Target::parse(name).map_err(|error| {
        usage(Code::BadName, "--as-file takes VAR=NAME, and NAME is a secret's").because(&error)
    })?;
    Ok(AsFile { variable: variable.to_owned(), target })
}

/// The secret of each file.
pub fn secrets(context: &Context<'_>, vault: &Vault, files: &[AsFile]) -> Outcome<Vec<SecretName>> {
    let environment = context.environment()?;
    let secret = |file: &AsFile| {
        selection::meant(&file.target, vault, &environment).map_err(|secret| {
            match read::find(vault, &secret) {
                Err(error) => Failure::from(error),
                Ok(found) => read::absent(found, &secret).into(),
            }
        })
    };
    files.iter().map(secret).collect()
}

/// Files and values together.
pub fn wanted(files: Vec<AsFile>, values: Vec<SecretValue>) -> Vec<ChildFile> {
    let pair = |(file, value): (AsFile, SecretValue)| ChildFile { variable: file.variable, value };
    files.into_iter().zip(values).map(pair).collect()
}

/// Why there are no files.
pub fn refused(error: &FilesError) -> Failure {
    let failure = Failure::from_error(Code::AsFile, error);
    match error {
        FilesError::Folder(_) => {
            failure.hint("mount a tmpfs of your own, and name its folder in XDG_RUNTIME_DIR")
        }
        FilesError::Unsupported => failure.hint("v-secure get NAME > FILE"),
        _ => failure,
    }
}
