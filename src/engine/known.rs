//! What this device has verified: whole files, by their bytes, and signatures, one by one. It is kept only of vaults
//! that were accepted: who refuses one has asked for nothing.

use super::session::Session;
use crate::store::state::cache::Cache;
use crate::store::state::signatures::SignatureList;
use v_secure_core::crypto::bytes::Id;
use v_secure_core::crypto::digest;
use v_secure_core::crypto::id::VaultId;
use v_secure_core::crypto::known_signatures::{NoneKnown, SignatureOf};
use v_secure_core::file::format::Trust;
use v_secure_core::report::verified::Verified;
use v_secure_core::vault::{Depth, OpenError, Vault, stated_vault};

/// What full verification found in a file.
#[derive(Debug, Clone)]
pub(crate) struct VerifiedFile {
    hash: Id,
    report: String,
    vault: VaultId,
    signatures: Vec<SignatureOf>,
}

impl VerifiedFile {
    /// Of a vault that was just verified, all of it; `None` where nothing is remembered.
    pub fn of(session: &Session, vault: &Vault, bytes: &[u8]) -> Option<Self> {
        session.state.as_ref()?;
        vault.findings()?;
        Some(Self {
            hash: digest::file_hash(bytes),
            report: Verified::of(vault, session.now).to_json(),
            vault: vault.id(),
            signatures: vault.signatures(),
        })
    }
}

impl Session {
    /// Opens bytes. Where they are not known, signatures that are cost nothing.
    pub(crate) fn open_vault(
        &self,
        bytes: &[u8],
        trust: Trust,
        depth: Depth<'_>,
    ) -> Result<Vault, OpenError> {
        let is_checked = trust == Trust::Strict && !matches!(depth, Depth::Unverified);
        match stated_vault(bytes).filter(|_| is_checked) {
            Some(vault) => {
                let seen = self.signatures(&vault).load();
                Vault::open_knowing(bytes, trust, depth, self.now, &seen)
            }
            None => Vault::open_knowing(bytes, trust, depth, self.now, &NoneKnown),
        }
    }

    pub(super) fn keep(&self, record: Option<VerifiedFile>) {
        let Some(VerifiedFile { hash, report, vault, signatures }) = record else { return };
        self.cache().put(&hash, &report);
        self.signatures(&vault).add(&signatures);
    }

    /// Keeps what was written: `new` are the signatures that the change brought, each of them checked.
    pub(super) fn keep_written(&self, vault: &Vault, text: &str, new: &[SignatureOf]) {
        let report = Verified::of(vault, self.now).to_json();
        self.cache().put(&digest::file_hash(text.as_bytes()), &report);
        self.signatures(&vault.id()).append(new);
    }

    /// What was found in exactly these bytes, if they were verified before.
    pub fn verified(&self, bytes: &[u8]) -> Option<Verified> {
        Verified::from_json(&self.cache().get(&digest::file_hash(bytes))?)
    }

    pub(crate) fn cache(&self) -> Cache {
        Cache::new(self.state.as_deref(), self.owners)
    }

    fn signatures(&self, vault: &VaultId) -> SignatureList {
        SignatureList::new(self.state.as_deref(), self.owners, vault)
    }
}
