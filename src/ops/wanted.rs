//! Which secrets a program gets: those of an environment and of the environments that it extends,
//! narrowed by what the user asked for.

use super::read::{ReadError, find, pruned_by_age};
use super::vault::Vault;
use crate::log::state::SecretState;
use crate::name::{Name, SecretName};
use std::collections::BTreeMap;

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
    environment: &Name,
    selection: &Selection,
) -> Result<Vec<SecretName>, ReadError> {
    let mut found: BTreeMap<&str, &SecretName> = BTreeMap::new();
    let environments = environments(vault, environment);
    for environment in &environments {
        for (name, secret) in in_environment(vault, environment) {
            if selection.narrows(name, secret) {
                found.entry(name.name()).or_insert(name);
            }
        }
    }
    for only in &selection.only {
        if !found.contains_key(only.as_str()) {
            // Asked for by name, so its absence has a reason worth telling.
            let name = SecretName::new(environment, only);
            find(vault, &name)?;
            return Err(ReadError::Gone { secret: name });
        }
    }
    Ok(found.into_values().cloned().collect())
}

/// The environment and those that it extends, nearest first.
pub fn environments(vault: &Vault, environment: &Name) -> Vec<Name> {
    let mut chain = vault.policy().settings().inheritance_of(environment.as_str());
    if chain.first() != Some(environment) {
        chain.insert(0, environment.clone());
    }
    chain
}

fn in_environment<'a>(
    vault: &'a Vault,
    environment: &'a Name,
) -> impl Iterator<Item = (&'a SecretName, &'a SecretState)> {
    vault
        .state()
        .secrets
        .iter()
        .filter(move |(name, _)| name.environment() == environment.as_str())
        .filter(|(_, secret)| !secret.is_gone() || pruned_by_age(secret).is_some())
}
