//! How a command line names a secret: by position or `--secret-id`, as `NAME` in the environment of
//! `-e`, or as `ENVIRONMENT/NAME`.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use std::collections::BTreeSet;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::secret::read::VersionSelector;

#[derive(Debug, Clone, Args)]
pub(crate) struct SecretArg {
    /// The secret: NAME in the environment of -e, or ENVIRONMENT/NAME
    #[arg(value_name = "NAME", required_unless_present = "secret_id")]
    #[arg(add = ArgValueCompleter::new(super::complete::secrets))]
    name: Option<String>,

    /// The secret's name, as an option
    #[arg(long, value_name = "NAME", conflicts_with = "name")]
    #[arg(add = ArgValueCompleter::new(super::complete::secrets))]
    secret_id: Option<String>,
}

impl SecretArg {
    /// The full name that was meant.
    pub fn resolve(&self, context: &Context<'_>) -> Outcome<SecretName> {
        parse(self.text(), context)
    }

    fn text(&self) -> &str {
        self.name.as_deref().or(self.secret_id.as_deref()).unwrap_or_default()
    }
}

/// The same for commands that take several secrets.
#[derive(Debug, Clone, Args)]
pub(crate) struct SecretArgs {
    /// The secrets: NAME in the environment of -e, or ENVIRONMENT/NAME
    #[arg(value_name = "NAME", required_unless_present = "secret_ids")]
    #[arg(add = ArgValueCompleter::new(super::complete::secrets))]
    names: Vec<String>,

    /// A secret's name, as an option; may be given several times
    #[arg(long = "secret-id", value_name = "NAME")]
    #[arg(add = ArgValueCompleter::new(super::complete::secrets))]
    secret_ids: Vec<String>,
}

impl SecretArgs {
    /// The names as they were typed, in order.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.names.iter().chain(&self.secret_ids).map(String::as_str)
    }

    /// The full names that were meant, each once, in order.
    pub fn resolve(&self, context: &Context<'_>) -> Outcome<BTreeSet<SecretName>> {
        self.texts().map(|text| parse(text, context)).collect()
    }
}

/// A secret's full name from what a user typed.
pub fn parse(text: &str, context: &Context<'_>) -> Outcome<SecretName> {
    let refuse = |error: &dyn std::error::Error| {
        // Not repeated: what stands here may be a value typed in the wrong place.
        let failure = Failure::new(Code::BadName, "this is not a valid secret name").because(error);
        match text.contains('=') {
            // As `NAME=value` is written for other tools.
            true => failure
                .hint("clear your shell's history, if a value is in it now")
                .hint("printf %s \"$VALUE\" | v-secure set NAME"),
            false => failure.hint("v-secure ls"),
        }
    };
    if text.contains('/') {
        return SecretName::parse(text).map_err(|error| refuse(&error));
    }
    let name = Name::new(text).map_err(|error| refuse(&error))?;
    Ok(SecretName::new(&context.environment()?, &name))
}

/// Which version `--version` means: a number, or an id or its beginning.
pub(crate) fn wanted_version(text: Option<&str>) -> VersionSelector {
    match text {
        None => VersionSelector::Current,
        Some(text) => text
            .parse()
            .map_or_else(|_| VersionSelector::Id(text.to_owned()), VersionSelector::Number),
    }
}
