//! What an instance of a program is given: the pending value of a secret where its rotation has come to it, else the
//! current one. A pending value that cannot be given is no reason for a program not to start.

use crate::log::rotation::Instance;
use crate::log::state::Version;
use crate::name::SecretName;
use crate::secret::read::{self, ReadError};
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use crate::vault::Vault;
use crate::vault::unlock::Unlocked;

/// Values, and what was not given as its rotation says.
#[derive(Debug)]
pub struct Served {
    /// In the order of the secrets that were asked for.
    pub values: Vec<SecretValue>,
    /// Of these the pending value cannot be read or has expired, and the current one is given.
    pub fallen_back: Vec<SecretName>,
}

/// The values of many secrets for an instance, opened on all cores where they are many.
///
/// # Errors
/// Those of [`read::read_all`], of what is given by its current version.
pub fn read_for(
    vault: &Vault,
    who: &Unlocked,
    secrets: &[SecretName],
    instance: &Instance,
    now: UnixTime,
) -> Result<Served, ReadError> {
    let (mut fallen_back, mut current) = (Vec::new(), Vec::new());
    let mut ahead = Vec::with_capacity(secrets.len());
    for secret in secrets {
        let pending = pending_for(vault, secret, instance);
        let usable = pending.filter(|version| !version.is_expired(now));
        let value = usable.and_then(|version| read::give(vault, who, secret, version).ok());
        if pending.is_some() && value.is_none() {
            fallen_back.push(secret.clone());
        }
        if value.is_none() {
            current.push(secret.clone());
        }
        ahead.push(value);
    }
    let mut current = read::read_all(vault, who, &current, now)?.into_iter();
    let values = ahead.into_iter().filter_map(|value| value.or_else(|| current.next())).collect();
    Ok(Served { values, fallen_back })
}

/// The pending version of a secret, if its rotation has come to this instance.
pub fn pending_for<'a>(
    vault: &'a Vault,
    secret: &SecretName,
    instance: &Instance,
) -> Option<&'a Version> {
    let state = vault.secret(secret)?;
    let (object, rotation) = state.rotation.as_ref()?.pending()?;
    if instance.place(&rotation.id) >= rotation.share {
        return None;
    }
    state.in_rotation().find(|version| version.object == object)
}
