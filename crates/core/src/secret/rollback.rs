//! Rolling back: an old value becomes active again as a new version, and the history stays.

use super::put::{self, NewValue, PutError, PutRequest};
use super::read::{self, ReadError, VersionSelector};
use super::rotate;
use crate::log::state::{SecretState, Version};
use crate::name::SecretName;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::change::Change;

/// Why a secret was not rolled back.
#[derive(Debug, thiserror::Error)]
pub enum RollbackError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Put(#[from] PutError),
    #[error("version {number} of {secret} is current")]
    Current { secret: SecretName, number: usize },
    #[error("version {number} of {secret} was removed")]
    Removed { secret: SecretName, number: usize },
    #[error("version {number} of {secret} was retired: what it is for does not accept it any more")]
    Retired { secret: SecretName, number: usize },
}

/// Encrypts an old value anew and makes it active, with the old version's expiry. Returns the old
/// version's number. Of several active versions it settles for the one named; a rotation that is open is withdrawn
/// along with it.
///
/// # Errors
/// An old version that is current, removed, retired, pruned, expired or not the member's to read; then those
/// of [`put::put`].
pub fn rollback(
    vault: &Vault,
    secret: &SecretName,
    wanted: &VersionSelector,
    ctx: &Ctx<'_>,
) -> Result<(usize, Change), RollbackError> {
    let found = read::find(vault, secret)?;
    let old = read::select(found, secret, wanted)?;
    refuse((secret, wanted), found, old)?;
    let value = read::read(vault, ctx.who, secret, wanted, ctx.now)?;
    let value = NewValue { value, expires: old.expires, same: vec![old.object] };
    let request = PutRequest { secret: secret.clone(), value: Some(value), fields: Vec::new() };
    let aborts = rotate::aborts_of_open(found, secret);
    Ok((old.number, put::put_with(vault, vec![request], aborts, ctx)?))
}

fn refuse(
    (secret, wanted): (&SecretName, &VersionSelector),
    found: &SecretState,
    old: &Version,
) -> Result<(), RollbackError> {
    if old.pruned {
        return Err(ReadError::pruned(secret, wanted, old).into());
    }
    let (secret, number) = (secret.clone(), old.number);
    if old.removed {
        return Err(RollbackError::Removed { secret, number });
    }
    if found.is_withdrawn(&old.object) {
        return Err(RollbackError::Retired { secret, number });
    }
    if found.current == Some(old.object) && !found.is_conflict() {
        return Err(RollbackError::Current { secret, number });
    }
    Ok(())
}
