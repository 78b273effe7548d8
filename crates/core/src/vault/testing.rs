//! Somebody with an identity, who opens and signs in a test.

use super::author::Ctx;
use super::unlock::{Signer, Unlocked};
use super::{Depth, Vault};
use crate::crypto::identity::Identity;
use crate::file::format::{self, Trust};
use crate::file::model::VaultFile;
use crate::host::progress::Silent;
use crate::host::testing::TestHost;
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
