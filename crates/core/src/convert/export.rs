//! Secrets to text: under which name each goes into a format, and the whole text or an error.

use super::inject::{self, ChildVariable, Consent, InjectError};
use super::text::{self, Dump, dotenv, github, json, shell, yaml};
use crate::host::Random;
use crate::secret_value::SecretValue;

/// What `export` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Dotenv,
    Json,
    Yaml,
    Shell,
    Github,
}

impl Format {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dotenv => "dotenv",
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Shell => "shell",
            Self::Github => "github",
        }
    }

    /// Whether names in the format are those of variables, and not the secrets' own.
    pub const fn names_variables(self) -> bool {
        matches!(self, Self::Dotenv | Self::Shell | Self::Github)
    }
}

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Variable(#[from] InjectError),
    #[error("the secrets cannot be exported as {}", format.as_str())]
    Text {
        format: Format,
        #[source]
        source: text::ExportError,
    },
}

/// An export, complete.
#[derive(Debug)]
pub struct Exported {
    pub content: SecretValue,
    /// What has to be on standard output before: GitHub's masks.
    pub masks: Option<SecretValue>,
    /// The names that the content binds.
    pub names: Vec<String>,
    /// Those of them whose values may arrive as others, or show.
    pub doubtful: Vec<String>,
    /// Those of which some lines show, and others do not.
    pub in_part: Vec<String>,
}

/// Writes secrets in a format. Where it names variables they follow `exec`'s rules, since an `eval`
/// hands them to every later program; the keys of other formats need the same consent, since what
/// reads them makes variables of them too.
///
/// # Errors
/// The first secret that has no usable variable, or that the format cannot carry.
pub fn export(
    secrets: &[ChildVariable],
    format: Format,
    consent: &Consent,
    random: &dyn Random,
) -> Result<Exported, ExportError> {
    let names = secrets.iter().map(|wanted| name(wanted, format, consent));
    let names = inject::consent::together(names)?;
    refuse_shared(&names, secrets)?;
    let dump: Vec<(&str, &SecretValue)> =
        names.iter().copied().zip(secrets.iter().map(|wanted| &wanted.value)).collect();
    let (content, masks) =
        render(&dump, format, random).map_err(|source| ExportError::Text { format, source })?;
    let those = |is: fn(&SecretValue) -> bool| {
        dump.iter().filter(|(_, value)| is(value)).map(|(name, _)| *name).collect()
    };
    let (doubtful, in_part) = match format {
        Format::Dotenv => (dotenv::expanded(&dump), Vec::new()),
        Format::Github => (those(github::is_unmasked), those(github::is_masked_in_part)),
        _ => (Vec::new(), Vec::new()),
    };
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
    let (doubtful, in_part, names) = (owned(doubtful), owned(in_part), owned(names));
    Ok(Exported { content, masks, names, doubtful, in_part })
}

fn name<'a>(
    wanted: &'a ChildVariable,
    format: Format,
    consent: &Consent,
) -> Result<&'a str, InjectError> {
    match format.names_variables() {
        true => inject::variable(&wanted.secret, wanted.variable.as_ref(), consent),
        false => {
            consent.judge(&wanted.secret, wanted.secret.name())?;
            Ok(wanted.secret.name())
        }
    }
}

fn refuse_shared(names: &[&str], secrets: &[ChildVariable]) -> Result<(), InjectError> {
    let mut first = std::collections::HashMap::with_capacity(names.len());
    for (name, wanted) in names.iter().zip(secrets) {
        if let Some(first) = first.insert(*name, &wanted.secret) {
            return Err(InjectError::SharedVariable {
                variable: (*name).to_owned(),
                first: first.clone(),
                second: wanted.secret.clone(),
            });
        }
    }
    Ok(())
}

type Rendered = (SecretValue, Option<SecretValue>);

fn render(
    dump: &Dump<'_>,
    format: Format,
    random: &dyn Random,
) -> Result<Rendered, text::ExportError> {
    match format {
        Format::Dotenv => Ok((dotenv::write(dump)?, None)),
        Format::Json => Ok((json::write(dump)?, None)),
        Format::Yaml => Ok((yaml::write(dump)?, None)),
        Format::Shell => Ok((shell::write(dump)?, None)),
        Format::Github => {
            let github::GithubExport { file, masks } = github::write(dump, random)?;
            Ok((file, Some(masks)))
        }
    }
}
