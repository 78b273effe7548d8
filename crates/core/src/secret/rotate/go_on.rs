//! A rotation that goes on: to more or fewer instances, and to its end as the active version.

use super::{RotateError, Standing, chosen, denied, found, may_promote, permit, refuse_shorter};
use crate::crypto::id::RotationId;
use crate::log::describe::short;
use crate::log::op::{Op, Promote};
use crate::log::rotation::{Rotation, Stage, Staleness};
use crate::log::state::{SecretState, Version};
use crate::name::SecretName;
use crate::policy::op::Right;
use crate::record::rule::Counted;
use crate::secret::read::{self, ReadError};
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::batch::Batch;
use crate::vault::change::Change;

/// Gives the pending value to this share of the instances, of `MAX_SHARE`.
///
/// # Errors
/// No rotation is live, or the one that is named is not the only one; a value that has expired, but to give it to none; a
/// member who may neither write nor rotate.
pub fn rollout(
    vault: &Vault,
    secret: &SecretName,
    wanted: Option<&str>,
    share: u64,
    ctx: &Ctx<'_>,
) -> Result<(RotationId, Change), RotateError> {
    let state = found(vault, secret)?;
    permit(vault, secret, ctx)?;
    let chosen = chosen(state, secret, wanted)?;
    let goes_on = state.rotation.as_ref().and_then(|state| state.going_on());
    if goes_on != Some(chosen) {
        return Err(stale(secret, chosen));
    }
    // None at all takes it back from all.
    if share > 0 || chosen.objects.is_empty() {
        usable(state, secret, chosen, ctx)?;
    }
    let (secret, rotation) = (secret.clone(), chosen.id);
    Ok((rotation, signed(vault, Op::Rollout { secret, rotation, share }, ctx)))
}

/// Makes the value of a rotation the active one. A stale one has to be named as it is shown, and takes `write`, as another member's value
/// does: by `rotate` alone one's own value is promoted, upon the version that its rotation began on.
///
/// # Errors
/// A rotation that has no value that could be served, or that is not named where it has to be; a value that does not open
/// for who may read it; missing rights.
pub fn promote(
    vault: &Vault,
    secret: &SecretName,
    wanted: Option<&str>,
    ctx: &Ctx<'_>,
) -> Result<(RotationId, Change), RotateError> {
    let state = found(vault, secret)?;
    permit(vault, secret, ctx)?;
    let chosen = chosen(state, secret, wanted)?;
    if let Stage::Stale(why) = chosen.stage {
        let Some(named) = wanted.filter(|_| why != Staleness::Object) else {
            return Err(stale(secret, chosen));
        };
        // Somebody looked at it.
        refuse_shorter(named, short(&chosen.id).len())?;
        permit_write(vault, secret, ctx)?;
    }
    let version = usable(state, secret, chosen, ctx)?;
    may_promote(vault, secret, version, ctx.who.member())?;
    // Nobody could read the secret after that; who may not read it cannot know.
    if vault.policy().holds(ctx.who.member(), Right::Read, secret) {
        refuse_damaged(vault, secret, version, ctx)?;
    }
    // It says what the promotion is over, and that is found without it too, but for what is beside the base.
    let replaces = state.candidates.iter().take(Counted::Ids.max()).copied().collect();
    let promote = Promote {
        secret: secret.clone(),
        rotation: chosen.id,
        object: version.object,
        replaces,
        adopts: None,
    };
    Ok((chosen.id, signed(vault, Op::Promote(promote), ctx)))
}

fn permit_write(vault: &Vault, secret: &SecretName, ctx: &Ctx<'_>) -> Result<(), RotateError> {
    match vault.policy().holds(ctx.who.member(), Right::Write, secret) {
        true => Ok(()),
        false => Err(denied(vault, secret, Right::Write, ctx.who.member())),
    }
}

/// The value that the rotation made ready, if a reader could be served it.
fn usable<'a>(
    state: &'a SecretState,
    secret: &SecretName,
    chosen: &Rotation,
    ctx: &Ctx<'_>,
) -> Result<&'a Version, RotateError> {
    let (secret, rotation) = (secret.clone(), chosen.id);
    let [object] = chosen.objects[..] else {
        return Err(RotateError::NoValue { secret, rotation });
    };
    match state.in_rotation().find(|version| version.object == object) {
        None => Err(stale(&secret, chosen)),
        Some(version) if version.is_expired(ctx.now) => {
            Err(RotateError::Expired { secret, rotation })
        }
        Some(version) => Ok(version),
    }
}

fn refuse_damaged(
    vault: &Vault,
    secret: &SecretName,
    version: &Version,
    ctx: &Ctx<'_>,
) -> Result<(), RotateError> {
    match read::open(vault, ctx.who, secret, version) {
        Err(error @ (ReadError::Open { .. } | ReadError::Missing { .. })) => Err(error.into()),
        // Another member's keys may open it.
        Err(_) | Ok(_) => Ok(()),
    }
}

fn stale(secret: &SecretName, of: &Rotation) -> RotateError {
    RotateError::Stale { secret: secret.clone(), rotation: Standing::of(of) }
}

fn signed(vault: &Vault, op: Op, ctx: &Ctx<'_>) -> Change {
    Batch::of(vault, ctx, vec![op]).change_with(Change::log)
}
