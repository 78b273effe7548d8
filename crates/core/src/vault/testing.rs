//! Somebody with an identity, who opens and signs in a test.

use super::author::Ctx;
use super::batch::{Batch, NewPending};
use super::change::Change;
use super::unlock::{Signer, Unlocked};
use super::{Depth, Vault};
use crate::crypto::bytes::Fixed;
use crate::crypto::identity::Identity;
use crate::file::format::{self, Trust};
use crate::file::model::VaultFile;
use crate::host::progress::Silent;
use crate::host::testing::TestHost;
use crate::name::SecretName;
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
    let base = vault.secret(secret).unwrap().current.unwrap();
    let value = SecretValue::new(b"made ready".to_vec());
    let value = put::seal(vault, secret, &value, None, ctx).unwrap();
    let mut batch = Batch::new(vault, ctx);
    batch.begin(NewPending { secret: secret.clone(), value, base, nonce: Fixed([1; 16]) });
    batch.change().unwrap()
}
