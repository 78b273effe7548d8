//! What is said of rotations, for tests: without the questions of `rotate`, which refuses what a test may want to say.

use super::put;
use crate::crypto::bytes::Fixed;
use crate::crypto::id::{ObjectId, RotationId};
use crate::host::random;
use crate::log::op::{Abort, Op, Promote, Versions};
use crate::name::SecretName;
use crate::secret_value::SecretValue;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::batch::{Batch, NewPending};
use crate::vault::change::Change;

/// A rotation of the current value that is begun with this one.
pub(crate) fn begin(vault: &Vault, secret: &SecretName, value: &str, ctx: &Ctx<'_>) -> Change {
    let value = SecretValue::from(value.to_owned());
    let value = put::seal(vault, secret, &value, None, ctx).unwrap();
    let base = vault.secret(secret).unwrap().current.unwrap();
    let (secret, nonce) = (secret.clone(), Fixed(random(ctx.random)));
    let mut batch = Batch::new(vault, ctx);
    batch.begin(NewPending { secret, value, base, nonce });
    batch.change().unwrap()
}

/// The open rotation of a secret, and what it makes ready.
pub(crate) fn ready(vault: &Vault, secret: &SecretName) -> (RotationId, ObjectId) {
    let rotation = vault.secret(secret).unwrap().open_rotations().next().unwrap();
    (rotation.id, rotation.objects[0])
}

/// The end of the open rotation: its value is the current one.
pub(crate) fn promote(vault: &Vault, secret: &SecretName, ctx: &Ctx<'_>) -> Change {
    let (rotation, object) = ready(vault, secret);
    let (secret, replaces) = (secret.clone(), vault.secret(secret).unwrap().candidates.clone());
    says(vault, Op::Promote(Promote { secret, rotation, object, replaces, adopts: None }), ctx)
}

/// The end of the open rotation without its value.
pub(crate) fn abort(vault: &Vault, secret: &SecretName, ctx: &Ctx<'_>) -> Change {
    let (rotation, _) = ready(vault, secret);
    says(vault, Op::Abort(Abort { secret: secret.clone(), rotation, adopts: None }), ctx)
}

pub(crate) fn retire(
    vault: &Vault,
    secret: &SecretName,
    object: ObjectId,
    ctx: &Ctx<'_>,
) -> Change {
    let (secret, objects) = (secret.clone(), vec![object]);
    says(vault, Op::Retire(Versions { secret, objects, adopts: None }), ctx)
}

pub(crate) fn says(vault: &Vault, op: Op, ctx: &Ctx<'_>) -> Change {
    Batch::of(vault, ctx, vec![op]).change_with(Change::log)
}
