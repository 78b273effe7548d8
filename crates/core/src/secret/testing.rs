//! Rotations, for tests: no operation makes them yet.

use super::put;
use crate::crypto::bytes::Fixed;
use crate::crypto::id::{ObjectId, RotationId};
use crate::file::version::SealedVersion;
use crate::host::random;
use crate::host::testing::TestHost;
use crate::log::draft::{Authorship, EntryDraft};
use crate::log::op::{Abort, Op, Pending, Promote, Versions};
use crate::name::SecretName;
use crate::secret_value::SecretValue;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::batch::Batch;
use crate::vault::change::{Change, NewVersion, NewWrap};

/// A rotation of the current value that is begun with this one.
pub(crate) fn begin(vault: &Vault, secret: &SecretName, value: &str, ctx: &Ctx<'_>) -> Change {
    let (uid, tips) = (vault.uid(secret), vault.tips());
    let sealed = put::seal(vault, secret, &SecretValue::from(value.to_owned()), None, ctx).unwrap();
    let SealedVersion { body, object_id, object, wrap_id, wrap } = sealed.put_at(tips.origin());
    let pending = Op::Pending(Pending {
        secret: secret.clone(),
        nonce: Some(Fixed(random(&TestHost))),
        base: vault.secret(secret).unwrap().current,
        begun: RotationId([0; 16]),
        rotation: None,
        body: Some(body),
        derived: object_id,
        wrap: Some(wrap_id),
        expires: None,
    });
    let (policy, actor) = (vault.chain().head(), &ctx.signer.member);
    let by = Authorship { vault: &vault.id(), policy, actor };
    let draft = EntryDraft { ops: vec![pending], reason: ctx.reason.clone(), ts: ctx.now };
    let version = NewVersion { secret: secret.clone(), uid, id: object_id, object };
    let wrap = NewWrap { uid, id: wrap_id, wrap };
    let entry = draft.sign(&tips, by, &ctx.signer.key);
    Change::log(vec![entry]).with_versions(vec![version]).with_wraps(vec![wrap])
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
