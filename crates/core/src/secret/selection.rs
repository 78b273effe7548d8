//! Which secrets a program gets: those of an environment and of the environments that it extends,
//! narrowed by what the user asked for.

use super::read::{ReadError, absent, find, pruned};
use crate::convert::inject;
use crate::convert::template::Target;
use crate::log::state::SecretState;
use crate::name::environment::EnvironmentName;
use crate::name::{Name, SecretName};
use crate::vault::Vault;
use std::collections::BTreeSet;

/// What narrows the secrets of an environment; all that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Names in the environment; one that does not exist is an error.
    pub only: Vec<Name>,
    /// At least one of these tags.
    pub tags: Vec<String>,
    /// Names that begin with this.
    pub prefix: Option<String>,
}

impl Selection {
    fn narrows(&self, name: &SecretName, secret: &SecretState) -> bool {
        let only =
            self.only.is_empty() || self.only.iter().any(|only| only.as_str() == name.name());
        let tagged = self.tags.is_empty()
            || secret.tags().any(|(tag, _)| self.tags.iter().any(|wanted| wanted == tag));
        only && tagged && self.prefix.as_ref().is_none_or(|prefix| name.name().starts_with(prefix))
    }
}

/// The wanted secrets, by name within the environment. An expired secret is wanted, so that a
/// program does not start without it.
pub fn wanted(
    vault: &Vault,
    environment: &EnvironmentName,
    selection: &Selection,
) -> Result<Vec<SecretName>, ReadError> {
    let environments = environments(vault, environment);
    let mut found: Vec<&SecretName> = Vec::new();
    for environment in &environments {
        let all = in_environment(vault, environment);
        found.extend(all.filter(|(name, s)| selection.narrows(name, s)).map(|(name, _)| name));
    }
    // Stable: of equal names the nearest environment's comes first, and stays.
    found.sort_by_key(|name| name.name());
    found.dedup_by_key(|name| name.name());
    for only in &selection.only {
        if found.binary_search_by_key(&only.as_str(), |name| name.name()).is_err() {
            // Asked for by name, so its absence has a reason worth telling.
            let name = SecretName::new(environment, only);
            return Err(absent(find(vault, &name)?, &name));
        }
    }
    Ok(found.into_iter().cloned().collect())
}

/// The variables of all secrets that an environment gives.
///
/// # Errors
/// Those of [`wanted`].
pub fn variables(
    vault: &Vault,
    environment: &EnvironmentName,
) -> Result<BTreeSet<String>, ReadError> {
    let names = wanted(vault, environment, &Selection::default())?;
    let variable = |name: &SecretName| vault.secret(name)?.var().map(str::to_owned);
    Ok(names.iter().map(|name| variable(name).unwrap_or_else(|| name.name().to_owned())).collect())
}

/// The secrets that have a variable, and those that are left out where variables are given: their names are
/// none, and they were given none. Where that is all of them, nothing is left out, as something was asked for.
pub fn with_variables(vault: &Vault, names: Vec<SecretName>) -> (Vec<SecretName>, Vec<SecretName>) {
    let has_variable = |name: &SecretName| {
        let given = vault.secret(name).is_some_and(|found| found.var().is_some());
        given || inject::is_identifier(name.name())
    };
    if !names.iter().any(has_variable) {
        return (names, Vec::new());
    }
    names.into_iter().partition(has_variable)
}

/// The environment and those that it extends, nearest first.
pub fn environments(vault: &Vault, environment: &EnvironmentName) -> Vec<EnvironmentName> {
    let mut chain = vault.serving().inheritance_of(environment.as_str());
    if chain.first() != Some(environment) {
        chain.insert(0, environment.clone());
    }
    chain
}

/// The secret that is meant: of a name alone, the environment's own or that of the nearest
/// environment that it extends. An expired one stands for itself, so that no other value takes
/// its place.
///
/// # Errors
/// The name that stands for nothing.
pub fn meant(
    target: &Target,
    vault: &Vault,
    environment: &EnvironmentName,
) -> Result<SecretName, SecretName> {
    let is_there = |secret: &SecretName| vault.secret(secret).is_some_and(is_wanted);
    match target {
        Target::Here(name) => environments(vault, environment)
            .iter()
            .map(|environment| SecretName::new(environment, name))
            .find(is_there)
            .ok_or_else(|| SecretName::new(environment, name)),
        Target::Full(secret) if is_there(secret) => Ok(secret.clone()),
        Target::Full(secret) => Err(secret.clone()),
    }
}

fn is_wanted(secret: &SecretState) -> bool {
    !secret.is_gone() || pruned(secret).is_some()
}

fn in_environment<'a>(
    vault: &'a Vault,
    environment: &'a EnvironmentName,
) -> impl Iterator<Item = (&'a SecretName, &'a SecretState)> {
    vault
        .state()
        .secrets
        .iter()
        .filter(move |(name, _)| name.environment() == environment.as_str())
        .filter(|(_, secret)| is_wanted(secret))
}
