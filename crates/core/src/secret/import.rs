//! Bringing the entries of a file into a vault: what is new, what differs, what is there already.

use super::put::{NewValue, PutRequest};
use super::read::{self, VersionSelector};
use crate::convert::text::TextEntry;
use crate::name::environment::EnvironmentName;
use crate::name::{Name, NameError, SecretName};
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use crate::vault::Vault;
use crate::vault::unlock::Unlocked;

/// What an entry does to the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    New,
    Changed,
    Unchanged,
    /// There is a value that the importer may not read: a new version is written.
    Unknown,
}

impl Effect {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Unknown => "written",
        }
    }
}

/// An entry, its secret and what it does.
#[derive(Debug)]
pub struct Planned {
    pub secret: SecretName,
    pub value: SecretValue,
    pub effect: Effect,
}

/// Compares entries with the vault. `now` is in seconds since the Unix epoch.
pub fn plan(
    vault: &Vault,
    who: &Unlocked,
    environment: &EnvironmentName,
    entries: Vec<TextEntry>,
    now: UnixTime,
) -> Result<Vec<Planned>, NameError> {
    entries
        .into_iter()
        .map(|entry| {
            let secret = SecretName::new(environment, &Name::new(entry.name)?);
            let effect = effect(vault, who, &secret, &entry.value, now);
            Ok(Planned { secret, value: entry.value, effect })
        })
        .collect()
}

fn effect(
    vault: &Vault,
    who: &Unlocked,
    secret: &SecretName,
    value: &SecretValue,
    now: UnixTime,
) -> Effect {
    if vault.secret(secret).is_none_or(|found| found.is_gone()) {
        return Effect::New;
    }
    match read::read(vault, who, secret, &VersionSelector::Current, now) {
        Ok(current) if current.same_as(value) => Effect::Unchanged,
        Ok(_) => Effect::Changed,
        Err(_) => Effect::Unknown,
    }
}

/// The requests that bring what is not there yet.
pub fn requests(planned: Vec<Planned>) -> Vec<PutRequest> {
    planned
        .into_iter()
        .filter(|entry| entry.effect != Effect::Unchanged)
        .map(|entry| PutRequest {
            secret: entry.secret,
            value: Some(NewValue { value: entry.value, expires: None, same: Vec::new() }),
            fields: Vec::new(),
        })
        .collect()
}
