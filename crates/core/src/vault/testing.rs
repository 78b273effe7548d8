//! Somebody with an identity, who opens and signs in a test.

use super::author::Ctx;
use super::batch::Batch;
use super::change::{Change, NewVersion, NewWrap};
use super::unlock::{Signer, Unlocked};
use super::{Depth, Vault};
use crate::crypto::bytes::Fixed;
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
pub(crate) fn begin(vault: &Vault, secret: &SecretName, nonce: u8, ctx: &Ctx<'_>) -> Change {
    let (base, nonce) = (vault.secret(secret).unwrap().current.unwrap(), Fixed([nonce; 16]));
    let value = SecretValue::new(b"made ready".to_vec());
    let sealed = put::seal(vault, secret, &value, None, ctx).unwrap();
    let (uid, origin, author) = (vault.uid(secret), vault.tips().origin(), ctx.signer.key.id());
    let SealedVersion { body, object_id, object, wrap_id, wrap } = sealed.put_at(origin);
    let op = Op::Pending(Pending {
        secret: secret.clone(),
        nonce: Some(nonce),
        base: Some(base),
        begun: ids::rotation_id(&uid, &author, &origin, &base, &nonce),
        rotation: None,
        body: Some(body),
        derived: object_id,
        wrap: Some(wrap_id),
        expires: None,
    });
    let change = Batch::of(vault, ctx, vec![op]).change().unwrap();
    let version = NewVersion { secret: secret.clone(), uid, id: object_id, object };
    change.with_versions(vec![version]).with_wraps(vec![NewWrap { uid, id: wrap_id, wrap }])
}
