//! A rotation that goes on: to more or fewer instances, and to its end as the active version.

use super::{RotateError, Standing, chosen, denied, found, permit};
use crate::crypto::id::{ObjectId, RotationId};
use crate::log::op::{Op, Promote};
use crate::log::rotation::{Rotation, Stage, Staleness};
use crate::log::state::SecretState;
use crate::name::{Name, SecretName};
use crate::policy::op::Right;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::batch::Batch;
use crate::vault::change::Change;

/// Gives the pending value to this share of the instances, of `MAX_SHARE`.
///
/// # Errors
/// No rotation is live, or the one that is named is not the only one; a member who may neither write nor rotate.
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
    if chosen.objects.is_empty() {
        return Err(RotateError::NoValue { secret: secret.clone(), rotation: chosen.id });
    }
    let (secret, rotation) = (secret.clone(), chosen.id);
    Ok((rotation, signed(vault, Op::Rollout { secret, rotation, share }, ctx)))
}

/// Makes the value of a rotation the active one. A stale one has to be named, and takes `write`, as another member's value
/// does: by `rotate` alone one's own value is promoted, upon the version that its rotation began on.
///
/// # Errors
/// A rotation that has no value that could be served, or that is not named where it has to be; missing rights.
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
        if wanted.is_none() || why == Staleness::Object {
            return Err(stale(secret, chosen));
        }
        permit_write(vault, secret, ctx)?;
    }
    let (object, author) = usable(state, secret, chosen, ctx)?;
    if *author != *ctx.who.member() {
        permit_write(vault, secret, ctx)?;
    }
    let promote = Promote {
        secret: secret.clone(),
        rotation: chosen.id,
        object,
        replaces: state.candidates.clone(),
        adopts: None,
    };
    Ok((chosen.id, signed(vault, Op::Promote(promote), ctx)))
}

fn permit_write(vault: &Vault, secret: &SecretName, ctx: &Ctx<'_>) -> Result<(), RotateError> {
    match vault.policy().holds(ctx.who.member(), Right::Write, secret) {
        true => Ok(()),
        false => Err(denied(vault, secret, Right::Write, ctx)),
    }
}

/// The value that the rotation made ready and whose it is, if a reader could be served it.
fn usable<'a>(
    state: &'a SecretState,
    secret: &SecretName,
    chosen: &Rotation,
    ctx: &Ctx<'_>,
) -> Result<(ObjectId, &'a Name), RotateError> {
    let (secret, rotation) = (secret.clone(), chosen.id);
    let [object] = chosen.objects[..] else {
        return Err(RotateError::NoValue { secret, rotation });
    };
    match state.in_rotation().find(|version| version.object == object) {
        None => Err(stale(&secret, chosen)),
        Some(version) if version.is_expired(ctx.now) => {
            Err(RotateError::Expired { secret, rotation })
        }
        Some(version) => Ok((object, &version.author)),
    }
}

fn stale(secret: &SecretName, of: &Rotation) -> RotateError {
    RotateError::Stale { secret: secret.clone(), rotation: Standing::of(of) }
}

fn signed(vault: &Vault, op: Op, ctx: &Ctx<'_>) -> Change {
    Batch::of(vault, ctx, vec![op]).change_with(Change::log)
}
