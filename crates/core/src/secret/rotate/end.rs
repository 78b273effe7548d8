//! The ends of a rotation: its value is withdrawn, or what it took the place of is retired at the provider.

use super::{RotateError, Standing, chosen, found, permit};
use crate::crypto::id::{ObjectId, RotationId};
use crate::log::op::{Abort, Op, Versions};
use crate::log::state::{SecretState, Version};
use crate::name::SecretName;
use crate::record::rule::Counted;
use crate::secret::read::{ReadError, VersionSelector};
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::batch::Batch;
use crate::vault::change::Change;
use std::collections::BTreeSet;

/// Withdraws the value of a rotation: instances that were given it are given the current version again.
///
/// # Errors
/// None is open, or several where none is named; a member who may neither write nor rotate.
pub fn abort(
    vault: &Vault,
    secret: &SecretName,
    wanted: Option<&str>,
    ctx: &Ctx<'_>,
) -> Result<(Standing, Change), RotateError> {
    let state = found(vault, secret)?;
    permit(vault, secret, ctx)?;
    let chosen = chosen(state, secret, wanted)?;
    let op = aborting(secret, chosen.id);
    Ok((Standing::of(chosen), Batch::of(vault, ctx, vec![op]).change_with(Change::log)))
}

/// Withdraws every rotation of the secret that is open.
///
/// # Errors
/// None is open; a member who may neither write nor rotate.
pub fn withdraw(vault: &Vault, secret: &SecretName, ctx: &Ctx<'_>) -> Result<Change, RotateError> {
    let state = found(vault, secret)?;
    permit(vault, secret, ctx)?;
    match aborts_of_open(state, secret) {
        ops if ops.is_empty() => Err(RotateError::NoneOpen { secret: secret.clone() }),
        ops => Ok(Batch::of(vault, ctx, ops).change_with(Change::log)),
    }
}

/// What withdraws every rotation of the secret that is open, for an entry that does more.
pub fn aborts_of_open(found: &SecretState, secret: &SecretName) -> Vec<Op> {
    found.open_rotations().map(|of| aborting(secret, of.id)).collect()
}

fn aborting(secret: &SecretName, rotation: RotationId) -> Op {
    Op::Abort(Abort { secret: secret.clone(), rotation, adopts: None })
}

/// What the provider accepts no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retiring {
    /// What promotions made active or were over, and the values that rotations ended without, as far as that is not in
    /// use.
    WhatIsOver,
    One(VersionSelector),
}

/// A version that was retired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retired {
    pub object: ObjectId,
    /// Its number; `None` for a value that never was active.
    pub number: Option<usize>,
}

/// What would be retired.
///
/// # Errors
/// Nothing is to be retired; a version that is active, or that an open rotation is about to make so.
pub fn to_retire(
    vault: &Vault,
    secret: &SecretName,
    retiring: &Retiring,
) -> Result<Vec<Retired>, RotateError> {
    let state = found(vault, secret)?;
    let versions = match retiring {
        Retiring::WhatIsOver => over(state),
        Retiring::One(wanted) => vec![one(state, secret, wanted)?],
    };
    let left = versions.into_iter().filter(|version| !version.retired);
    let left: Vec<Retired> = left.map(retired).collect();
    match left.is_empty() {
        true => Err(RotateError::NothingToRetire { secret: secret.clone() }),
        false => Ok(left),
    }
}

/// Says that the provider accepts versions no more, those of [`to_retire`]. That is final, and changes nothing that is
/// served.
///
/// # Errors
/// None is given; a member who may neither write nor rotate.
pub fn retire(
    vault: &Vault,
    secret: &SecretName,
    due: Vec<Retired>,
    ctx: &Ctx<'_>,
) -> Result<(Vec<Retired>, Change), RotateError> {
    permit(vault, secret, ctx)?;
    if due.is_empty() {
        return Err(RotateError::NothingToRetire { secret: secret.clone() });
    }
    let objects: BTreeSet<ObjectId> = due.iter().map(|one| one.object).collect();
    let objects: Vec<ObjectId> = objects.into_iter().collect();
    let parts = objects.chunks(Counted::Ids.max());
    let ops = parts.map(|part| {
        Op::Retire(Versions { secret: secret.clone(), objects: part.to_vec(), adopts: None })
    });
    let change = Batch::of(vault, ctx, ops.collect()).change_with(Change::log);
    Ok((due, change))
}

fn retired(version: &Version) -> Retired {
    Retired { object: version.object, number: (version.number > 0).then_some(version.number) }
}

/// Whether anything is to be retired once nobody uses it.
pub fn has_to_retire(state: &SecretState) -> bool {
    !over(state).is_empty()
}

/// [`SecretState::left_by_rotations`].
pub fn over(state: &SecretState) -> Vec<&Version> {
    state.left_by_rotations()
}

/// The version that is named, among all that are held.
fn one<'a>(
    state: &'a SecretState,
    secret: &SecretName,
    wanted: &VersionSelector,
) -> Result<&'a Version, RotateError> {
    let missing = || ReadError::NoVersion { secret: secret.clone() };
    let version = match wanted {
        VersionSelector::Current => state.current().ok_or_else(missing)?,
        VersionSelector::Number(number) => state.numbered(*number).ok_or_else(missing)?,
        VersionSelector::Id(prefix) => {
            let mut named = state.held().filter(|v| v.object.to_string().starts_with(prefix));
            match (named.next(), named.next()) {
                (Some(version), None) => version,
                (Some(_), Some(_)) => {
                    return Err(ReadError::Ambiguous { secret: secret.clone() }.into());
                }
                (None, _) => return Err(missing().into()),
            }
        }
    };
    if state.candidates.contains(&version.object) {
        return Err(RotateError::Active { secret: secret.clone(), number: version.number });
    }
    if state.in_use().has(&version.object) {
        return Err(RotateError::SameAsActive { secret: secret.clone(), number: version.number });
    }
    match state.open_rotations().find(|of| of.objects.contains(&version.object)) {
        Some(of) => Err(RotateError::InRotation { secret: secret.clone(), rotation: of.id }),
        None => Ok(version),
    }
}
