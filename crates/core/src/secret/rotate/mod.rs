//! Rotations of a secret by hand (`docs/rotation.md`): a value is made ready, given to a share of the instances, made
//! the active one or withdrawn, and what it took the place of is retired. How rotations stand is `log::rotation`'s.

pub mod begin;
mod end;
mod error;
mod go_on;
pub mod serve;

pub use begin::{Begun, begin};
pub use end::{
    Retired, Retiring, abort, aborts_of_open, has_to_retire, over, retire, to_retire, withdraw,
};
pub use error::{RotateError, Standing};
pub use go_on::{promote, rollout};

use super::put::members_with;
use super::read::{self, ReadError};
use crate::crypto::id::ObjectId;
use crate::log::entry::Entry;
use crate::log::op::Op;
use crate::log::rotation::{Rotation, Stage};
use crate::log::state::{SecretState, Version};
use crate::name::{Name, SecretName};
use crate::policy::op::Right;
use crate::vault::Vault;
use crate::vault::author::Ctx;

const fn is_open(of: &Rotation) -> bool {
    matches!(of.stage, Stage::Live | Stage::Stale(_))
}

/// A secret's state: what is gone has its rotations still.
fn found<'a>(vault: &'a Vault, secret: &SecretName) -> Result<&'a SecretState, ReadError> {
    read::find(vault, secret)
}

/// With fewer characters of its id no rotation is named: what a script left empty would name any.
const LEAST_PREFIX: usize = 4;

/// The open rotation that is meant: by its id or what that begins with, or the only one.
///
/// # Errors
/// None is open, or several where none is named; the one that is named is not there, or over; too little of an id.
pub fn chosen<'a>(
    found: &'a SecretState,
    secret: &SecretName,
    wanted: Option<&str>,
) -> Result<&'a Rotation, RotateError> {
    let Some(prefix) = wanted else { return only(found, secret) };
    refuse_shorter(prefix, LEAST_PREFIX)?;
    let all = found.rotation.iter().flat_map(|state| &state.rotations);
    let mut named = all.filter(|of| of.id.to_string().starts_with(prefix));
    match (named.next(), named.next()) {
        (Some(one), None) if is_open(one) => Ok(one),
        (Some(one), None) => {
            Err(RotateError::Over { secret: secret.clone(), rotation: Standing::of(one) })
        }
        (Some(_), Some(_)) => Err(RotateError::Ambiguous { secret: secret.clone() }),
        (None, _) => Err(RotateError::NoSuch { secret: secret.clone() }),
    }
}

fn refuse_shorter(prefix: &str, least: usize) -> Result<(), RotateError> {
    match prefix.len() < least {
        true => Err(RotateError::ShortId { least }),
        false => Ok(()),
    }
}

fn only<'a>(found: &'a SecretState, secret: &SecretName) -> Result<&'a Rotation, RotateError> {
    let mut all = found.open_rotations();
    match (all.next(), all.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(RotateError::NoneOpen { secret: secret.clone() }),
        (Some(_), Some(_)) => {
            let rotations = found.open_rotations().map(Standing::of).collect();
            Err(RotateError::Several { secret: secret.clone(), rotations })
        }
    }
}

fn permit(vault: &Vault, secret: &SecretName, ctx: &Ctx<'_>) -> Result<(), RotateError> {
    may_rotate(vault, secret, ctx.who.member())
}

/// Who may write, or rotate, may say how a rotation goes on. For who asks before anything is changed elsewhere.
///
/// # Errors
/// [`RotateError::NotPermitted`].
pub fn may_rotate(vault: &Vault, secret: &SecretName, member: &Name) -> Result<(), RotateError> {
    let holds = |right| vault.policy().holds(member, right, secret);
    match holds(Right::Write) || holds(Right::Rotate) {
        true => Ok(()),
        false => Err(denied(vault, secret, Right::Rotate, member)),
    }
}

/// By `rotate` alone one's own value is promoted.
///
/// # Errors
/// [`RotateError::NotPermitted`].
pub fn may_promote(
    vault: &Vault,
    secret: &SecretName,
    version: &Version,
    member: &Name,
) -> Result<(), RotateError> {
    match version.author == *member || vault.policy().holds(member, Right::Write, secret) {
        true => Ok(()),
        false => Err(denied(vault, secret, Right::Write, member)),
    }
}

/// The entries in the file that state a version, by `put` or `pending`: none where that is closed.
pub fn statements<'a>(
    vault: &'a Vault,
    secret: &'a SecretName,
    object: &'a ObjectId,
) -> impl Iterator<Item = &'a Entry> {
    let states = move |op: &Op| match op {
        Op::Put(put) => put.secret == *secret && put.object == *object,
        Op::Pending(of) => of.secret == *secret && of.object() == Some(object),
        _ => false,
    };
    vault.file().entries.values().filter(move |entry| entry.ops.iter().any(states))
}

fn denied(vault: &Vault, secret: &SecretName, right: Right, member: &Name) -> RotateError {
    let mut able = members_with(vault, Right::Write, secret);
    if right == Right::Rotate {
        able.extend(members_with(vault, Right::Rotate, secret));
        able.sort_unstable();
        able.dedup();
    }
    let (secret, member) = (secret.clone(), member.clone());
    RotateError::NotPermitted { secret, member, right, able }
}

#[cfg(test)]
mod tests;
