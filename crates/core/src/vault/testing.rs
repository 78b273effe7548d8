//! Somebody with an identity, who opens and signs in a test.

use super::author::Ctx;
use super::batch::Batch;
use super::change::{Change, NewVersion, NewWrap};
use super::unlock::{Signer, Unlocked};
use super::{Depth, Vault};
use crate::crypto::bytes::Fixed;
use crate::crypto::id::RotationId;
use crate::crypto::identity::Identity;
use crate::file::format::{self, Trust};
use crate::file::model::VaultFile;
use crate::file::version::SealedVersion;
use crate::host::progress::Silent;
use crate::host::testing::TestHost;
use crate::log::op::{Op, Pending};
use crate::name::SecretName;
use crate::record::ids;
use crate::secret::put;
use crate::secret_value::SecretValue;
use crate::time::UnixTime;

/// A vault as it is read, whole.
pub(crate) fn open(file: &VaultFile) -> Vault {
    let (text, now) = (format::write(file), UnixTime::from_secs(9));
    Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, now).unwrap()
}

pub(crate) struct Actor {
    pub who: Unlocked,
    pub signer: Signer,
}

impl Actor {
    pub(crate) fn new(vault: &Vault, identities: Vec<Identity>) -> Self {
        let who = Unlocked::new(vault, identities).unwrap();
        let signer = who.signer(vault).unwrap();
        Self { who, signer }
    }

    pub(crate) fn ctx(&self) -> Ctx<'_> {
        self.at(UnixTime::from_secs(1))
    }

    pub(crate) fn at(&self, now: UnixTime) -> Ctx<'_> {
        let (who, signer) = (&self.who, &self.signer);
        Ctx { who, signer, random: &TestHost, now, reason: String::new(), progress: &Silent }
    }
}

/// The change that begins a rotation of a secret upon its current version, with a value.
pub(crate) fn begin(vault: &Vault, secret: &SecretName, ctx: &Ctx<'_>) -> Change {
    begin_many(vault, secret, &[1], ctx)
}

/// The same of several rotations with one value.
pub(crate) fn begin_many(
    vault: &Vault,
    secret: &SecretName,
    nonces: &[u8],
    ctx: &Ctx<'_>,
) -> Change {
    let base = vault.secret(secret).unwrap().current.unwrap();
    let (uid, origin, author) = (vault.uid(secret), vault.tips().origin(), ctx.signer.key.id());
    let beginning = |of: Pending, nonce| {
        let begun = ids::rotation_id(&uid, &author, &origin, &base, &nonce);
        Pending { nonce: Some(nonce), base: Some(base), begun, ..of }
    };
    let nonces = nonces.iter().map(|nonce| Fixed([*nonce; 16]));
    pending(vault, secret, ctx, |of| nonces.map(|nonce| beginning(of.clone(), nonce)).collect())
}

/// The change that adds a value to a rotation.
pub(crate) fn add_value(
    vault: &Vault,
    secret: &SecretName,
    rotation: RotationId,
    ctx: &Ctx<'_>,
) -> Change {
    pending(vault, secret, ctx, |of| vec![Pending { rotation: Some(rotation), ..of }])
}

/// The pendings that `of` makes of one that states a value.
fn pending(
    vault: &Vault,
    secret: &SecretName,
    ctx: &Ctx<'_>,
    of: impl FnOnce(Pending) -> Vec<Pending>,
) -> Change {
    let value = SecretValue::new(b"made ready".to_vec());
    let sealed = put::seal(vault, secret, &value, None, ctx).unwrap();
    let (uid, origin) = (vault.uid(secret), vault.tips().origin());
    let SealedVersion { body, object_id, object, wrap_id, wrap } = sealed.put_at(origin);
    let ops = of(Pending {
        secret: secret.clone(),
        nonce: None,
        base: None,
        begun: RotationId([0; 16]),
        rotation: None,
        body: Some(body),
        derived: object_id,
        wrap: Some(wrap_id),
        expires: None,
    });
    let ops = ops.into_iter().map(Op::Pending).collect();
    let version = NewVersion { secret: secret.clone(), uid, id: object_id, object };
    let change = Batch::of(vault, ctx, ops).change().unwrap();
    change.with_versions(vec![version]).with_wraps(vec![NewWrap { uid, id: wrap_id, wrap }])
}
