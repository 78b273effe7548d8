//! `v-secure export`: an environment's secrets as text, for what cannot be started by `exec`.

use crate::cli::args::selection;
use crate::cli::args::selection::{Purpose, SelectionArgs};
use crate::cli::args::strict::StrictArgs;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::store::file::private::FILE_MODE;
use crate::store::file::{append, new_file};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use v_secure_core::convert::export;
use v_secure_core::convert::export::{Exported, Format};
use v_secure_core::convert::inject::Consent;
use v_secure_core::report::view::export::ExportView;
use v_secure_core::vault::Depth;

/// Write an environment's secrets as text
#[derive(Debug, Args)]
#[command(
    after_help = "dotenv, shell and github name variables, by the rules of exec; json and yaml name the secrets. \
                        What a format cannot carry is an error, and then nothing is written. A new file gets \
                        mode 0600; an existing one is never overwritten.\n\n\
                        github: for a job of GitHub Actions, where GITHUB_ENV is set. Masks go to standard output, \
                        and the variables to the end of $GITHUB_ENV or to -o FILE.\n\n\
                        Examples:\n  eval \"$(v-secure export --format shell)\"\n  \
                        v-secure export -e prod --format json -o prod.json\n  \
                        v-secure export -e ci --format github"
)]
pub struct Export {
    /// How the text is written
    #[arg(long, value_name = "FORMAT")]
    format: FormatArg,

    /// A new file to write to; - is standard output (the default)
    #[arg(long, short = 'o', value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    selection: SelectionArgs,

    #[command(flatten)]
    strict: StrictArgs,

    /// Why the values are read, for this device's journal of reads
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormatArg {
    Dotenv,
    Json,
    Yaml,
    Shell,
    Github,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Dotenv => Self::Dotenv,
            FormatArg::Json => Self::Json,
            FormatArg::Yaml => Self::Yaml,
            FormatArg::Shell => Self::Shell,
            FormatArg::Github => Self::Github,
        }
    }
}

/// Where the content goes.
enum Target {
    Out,
    New(PathBuf),
    Append(PathBuf),
}

impl Export {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let format = Format::from(self.format);
        let target = self.target(context, format)?;
        let (session, opened) = context.open(self.strict.purpose(), Depth::Everything)?;
        let (reason, variables) = (self.reason.as_deref(), format.names_variables());
        // What is exported is kept, and no instance's alone.
        let strict = &self.strict;
        let purpose = Purpose { action: "export", reason, variables, instance: None, strict };
        let selected = self.selection.secrets(context, &session, &opened.vault, purpose, &[])?;
        selection::tell_left_out(context, &selected.left_out);
        let consent = Consent::of(opened.vault.serving());
        let exported = export::export(&selected.secrets, format, &consent, context.host)?;
        tell_doubtful(context, format, &exported.doubtful);
        tell_in_part(context, &exported.in_part);
        if let Some(masks) = &exported.masks {
            // Before the content exists anywhere that a log could show it.
            context.ui.bytes(masks.expose())?;
        }
        write(context, format, &target, &exported)
    }

    fn target(&self, context: &Context<'_>, format: Format) -> Outcome<Target> {
        let stated = self.output.clone().filter(|path| path.as_os_str() != "-");
        if format != Format::Github {
            return Ok(stated.map_or(Target::Out, Target::New));
        }
        // Masks are values too: where no runner reads them, they are as good as printed.
        let Some(file) = context.host.variable("GITHUB_ENV") else { return Err(no_runner()) };
        match (stated, &self.output) {
            (Some(path), _) => Ok(Target::New(path)),
            (None, Some(_)) => Err(no_file()),
            (None, None) => Ok(Target::Append(file.into())),
        }
    }
}

fn tell_doubtful(context: &Context<'_>, format: Format, names: &[String]) {
    if names.is_empty() {
        return;
    }
    let names = names.join(", ");
    context.ui.warn(&match format {
        Format::Github => format!("too short to be masked in the log: {names}"),
        _ => format!(
            "python-dotenv expands the ${{…}} of {names}, unless it is called with interpolate=False; others \
             read it as it stands"
        ),
    });
}

fn tell_in_part(context: &Context<'_>, names: &[String]) {
    if !names.is_empty() {
        context.ui.warn(&format!(
            "lines of one or two characters are not masked in the log, and these values have some: {}",
            names.join(", ")
        ));
    }
}

fn no_runner() -> Failure {
    let message = "GITHUB_ENV is not set: --format github is for a job of GitHub Actions, and would \
                   print the values here";
    Failure::new(Code::NoGithubEnv, message)
        .hint("v-secure export --format dotenv  # or json, yaml, shell")
        .hint("v-secure exec -- COMMAND  # which prints nothing")
}

fn no_file() -> Failure {
    let message =
        "--format github writes its variables to a file, and cannot write them to standard output";
    Failure::new(Code::NoGithubEnv, message)
        .hint("v-secure export --format github  # to the end of $GITHUB_ENV")
        .hint("v-secure export --format github -o FILE")
}

fn write(context: &Context<'_>, format: Format, target: &Target, exported: &Exported) -> Outcome {
    let content = exported.content.expose();
    match target {
        Target::Out => context.ui.bytes(content),
        Target::New(path) => {
            new_file::write_new(path, content, FILE_MODE)?;
            report(context, format, path, exported)
        }
        Target::Append(path) => {
            append::append(path, content).map_err(|error| {
                let message = "the file that GITHUB_ENV names cannot be appended to";
                Failure::new(Code::Write, message).because(&error)
            })?;
            report(context, format, path, exported)
        }
    }
}

fn report(context: &Context<'_>, format: Format, path: &Path, exported: &Exported) -> Outcome {
    // Masks are for the runner, which reads lines: nothing else may stand between.
    if context.ui.json && exported.masks.is_none() {
        let (format, names) = (format.as_str(), &exported.names[..]);
        return context.ui.object(&ExportView { format, file: path, names });
    }
    context.ui.note(&format!("written to {}: {}", path.display(), exported.names.join(", ")));
    Ok(())
}
