//! Beginning a rotation: a value that nobody is given until a share of the instances is.

use super::{RotateError, Standing, chosen, found, has_to_retire, permit};
use crate::crypto::bytes::Fixed;
use crate::crypto::id::{ObjectId, RotationId};
use crate::host;
use crate::log::op::Op;
use crate::name::SecretName;
use crate::secret::put;
use crate::secret::read::{self, VersionSelector};
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::batch::{Batch, NewPending};
use crate::vault::change::Change;

/// A value that is to become the active one.
#[derive(Debug)]
pub struct Begun {
    pub value: SecretValue,
    /// Seconds since the Unix epoch.
    pub expires: Option<UnixTime>,
    /// The share of the instances that is given it, of `MAX_SHARE`. `None`: nobody says one, and it may go on by itself.
    pub share: Option<u64>,
}

/// Begins a rotation upon the current version, with its value, and says its share in an entry of its own.
///
/// # Errors
/// A secret that is missing, gone, in conflict, in another rotation that is open or with something that is to be retired; a
/// member who may neither write nor rotate it; a value that cannot be sealed.
pub fn begin(
    vault: &Vault,
    secret: &SecretName,
    begun: Begun,
    ctx: &Ctx<'_>,
) -> Result<(RotationId, Change), RotateError> {
    permit_beginning(vault, secret, ctx)?;
    let base = read::select(found(vault, secret)?, secret, &VersionSelector::Current)?.object;
    let value = put::seal(vault, secret, &begun.value, begun.expires, ctx)?;
    let mut batch = Batch::new(vault, ctx);
    let nonce = Fixed(host::random(ctx.random));
    let secret = secret.clone();
    let rotation = batch.begin(NewPending { secret: secret.clone(), value, base, nonce });
    say_share(&mut batch, secret, rotation, begun.share);
    Ok((rotation, batch.change_with(Change::log)))
}

fn say_share(batch: &mut Batch<'_>, secret: SecretName, rotation: RotationId, share: Option<u64>) {
    if let Some(share) = share {
        batch.close();
        batch.add(Op::Rollout { secret, rotation, share });
    }
}

/// Begins a rotation upon the current version whose value the provider is to make: it says so before the provider is
/// asked, so that what that makes has a name.
///
/// # Errors
/// Those of [`begin`], but for what is about the value.
pub fn intend(
    vault: &Vault,
    secret: &SecretName,
    share: Option<u64>,
    ctx: &Ctx<'_>,
) -> Result<(RotationId, Change), RotateError> {
    permit_beginning(vault, secret, ctx)?;
    let base = read::select(found(vault, secret)?, secret, &VersionSelector::Current)?.object;
    let mut batch = Batch::new(vault, ctx);
    let rotation = batch.intend(secret.clone(), base, Fixed(host::random(ctx.random)));
    say_share(&mut batch, secret.clone(), rotation, share);
    Ok((rotation, batch.change_with(Change::log)))
}

/// Gives a rotation the value that the provider made for it.
///
/// # Errors
/// A rotation that is not open, or has a value; a member who may neither write nor rotate; a value that cannot be sealed.
pub fn fill(
    vault: &Vault,
    secret: &SecretName,
    rotation: &RotationId,
    (value, expires): (&SecretValue, Option<UnixTime>),
    ctx: &Ctx<'_>,
) -> Result<(ObjectId, Change), RotateError> {
    permit(vault, secret, ctx)?;
    let open = chosen(found(vault, secret)?, secret, Some(&rotation.to_string()))?;
    if !open.objects.is_empty() {
        return Err(RotateError::Filled { secret: secret.clone(), rotation: open.id });
    }
    let value = put::seal(vault, secret, value, expires, ctx)?;
    let mut batch = Batch::new(vault, ctx);
    let object = batch.fill(secret.clone(), open.id, value);
    Ok((object, batch.change_with(Change::log)))
}

/// Whether a rotation of the secret may begin here, before a value is asked for.
///
/// # Errors
/// Those of [`begin`], but for what is about the value.
fn permit_beginning(vault: &Vault, secret: &SecretName, ctx: &Ctx<'_>) -> Result<(), RotateError> {
    may_begin(vault, secret)?;
    refuse_unretired(vault, secret)?;
    permit(vault, secret, ctx)
}

/// The same as far as it hangs on the secret alone.
///
/// # Errors
/// A secret that is missing, gone, in conflict or in a rotation that is open.
pub fn may_begin(vault: &Vault, secret: &SecretName) -> Result<(), RotateError> {
    refuse_open(vault, secret)?;
    let state = found(vault, secret)?;
    if state.is_conflict() {
        return Err(RotateError::Conflict { secret: secret.clone() });
    }
    read::select(state, secret, &VersionSelector::Current)?;
    Ok(())
}

/// Refuses a rotation of a secret whose provider accepts an old value still: a provider that holds two has no room, and
/// what is not named stays.
///
/// # Errors
/// A secret that is missing, or with something that is to be retired.
pub fn refuse_unretired(vault: &Vault, secret: &SecretName) -> Result<(), RotateError> {
    match has_to_retire(found(vault, secret)?) {
        false => Ok(()),
        true => Err(RotateError::NotRetired { secret: secret.clone() }),
    }
}

/// Refuses another value for a secret of which a rotation is open: that would be left at the provider.
///
/// # Errors
/// A secret that is missing, or in a rotation that is open.
pub fn refuse_open(vault: &Vault, secret: &SecretName) -> Result<(), RotateError> {
    match found(vault, secret)?.open_rotations().next() {
        None => Ok(()),
        Some(one) => Err(RotateError::Open { secret: secret.clone(), rotation: Standing::of(one) }),
    }
}
