//! Names that are not there: which of those that are was meant.
//!
//! They are looked for in the vault as it lies there, by the way of completions: what was opened for the
//! command may hold the secrets alone that it asked for. Nothing is done by them.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome, Unknown};
use v_secure_core::name::environment::EnvironmentName;
use v_secure_core::name::{Name, Pattern, SecretName};
use v_secure_core::secret::similar;
use v_secure_core::vault::{Depth, Vault};

/// The failure with the name that was meant, where it is of one that is not there.
pub fn named(context: &Context<'_>, mut failure: Failure) -> Failure {
    let Some(unknown) = failure.unknown.clone() else { return failure };
    let Ok(vault) = as_it_lies(context) else { return failure };
    if let Some(near) = near(&vault, &unknown) {
        failure.message = format!("{}; did you mean {near}?", failure.message);
    }
    if let Unknown::Secret(secret) = unknown.as_ref() {
        without_empty(&vault, secret, &mut failure);
    }
    failure
}

fn near(vault: &Vault, unknown: &Unknown) -> Option<String> {
    let policy = vault.policy();
    let of =
        |typed: &Name, known: Vec<&str>| similar::nearest(typed.as_str(), known).map(str::to_owned);
    match unknown {
        Unknown::Secret(secret) => similar::secret(vault, secret).map(ToString::to_string),
        Unknown::Environment(name) => similar::environment(vault, name.as_str()).map(String::from),
        Unknown::Member(name) => {
            of(name, policy.members().map(|(name, _)| name.as_str()).collect())
        }
        Unknown::Role(name) => of(name, policy.roles().map(|(name, _)| name.as_str()).collect()),
    }
}

/// A list of an environment that is not there helps nobody.
fn without_empty(vault: &Vault, secret: &SecretName, failure: &mut Failure) {
    let environment = secret.environment();
    if similar::environments(vault).iter().any(|known| known.as_str() == environment) {
        return;
    }
    let list = format!("v-secure ls -e {environment}");
    for hint in failure.hints.iter_mut().filter(|hint| **hint == list) {
        *hint = "v-secure env list".to_owned();
    }
}

/// The vault without a look at what it proves: for names that help somebody on.
pub(crate) fn as_it_lies(context: &Context<'_>) -> Outcome<Vault> {
    Ok(context.session()?.open(Depth::Unverified)?.vault)
}

/// Refuses to read an environment that is not there: it is misspelt, and nothing would look like an
/// answer.
pub(crate) fn must_exist(vault: &Vault, environment: &EnvironmentName) -> Outcome {
    if similar::environments(vault).contains(environment) {
        return Ok(());
    }
    let message = format!("there is no environment {environment}");
    let unknown = Unknown::Environment(environment.clone());
    Err(Failure::new(Code::NoEnvironment, message).of_unknown(unknown).hint("v-secure env list"))
}

/// Says that a write begins an environment. Where its name may be a slip, a terminal is asked; a script,
/// which must be able to write the first secret of an environment, is warned.
pub fn begin(context: &Context<'_>, environment: &EnvironmentName) -> Outcome {
    let vault = as_it_lies(context)?;
    if similar::environments(&vault).contains(environment)
        || similar::is_granted(&vault, environment)
    {
        return Ok(());
    }
    let Some(near) = similar::misspelt(&vault, environment.as_str()) else {
        context.ui.note(&format!("this creates the environment {environment}"));
        return Ok(());
    };
    if !context.interactive() {
        context
            .ui
            .warn(&format!("this creates the environment {environment}; did you mean {near}?"));
        return Ok(());
    }
    let question = format!(
        "There is no environment {environment} yet, but there is {near}. Create {environment}?"
    );
    match context.ui.confirm(&question, false)? {
        true => Ok(()),
        false => Err(Failure::new(Code::Declined, "nothing was changed")
            .hint(format!("v-secure ls -e {near}"))),
    }
}

/// Says of patterns that rights are given on, that they match nothing yet.
pub(crate) fn tell_unmatched<'p>(
    context: &Context<'_>,
    vault: &Vault,
    patterns: impl IntoIterator<Item = &'p Pattern>,
) {
    for pattern in patterns {
        if let Some(near) = similar::pattern(vault, pattern) {
            context.ui.warn(&format!("{pattern} matches no secret; did you mean {near}?"));
        }
    }
}
