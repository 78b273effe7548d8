//! What this device has verified: whole files, by their bytes, and signatures, one by one. It is kept only of vaults
//! that were accepted: who refuses one has asked for nothing.

use super::history::{self, HistoryUse};
use super::session::Session;
use crate::store::state::cache::Cache;
use crate::store::state::pins::{AcceptedChain, chains};
use crate::store::state::signatures::SignatureList;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use v_secure_core::crypto::bytes::Id;
use v_secure_core::crypto::digest;
use v_secure_core::crypto::id::VaultId;
use v_secure_core::crypto::known_signatures::{NoneKnown, SignatureOf};
use v_secure_core::file::format::{self, Trust};
use v_secure_core::policy::entry::PolicyEntry;
use v_secure_core::report::verified::Verified;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::{Beside, Depth, OpenError, Vault, stated_vault};

/// The bytes of a vault's file, and their hash, which takes as long as reading them and is asked for twice.
pub(super) struct FileBytes<'a> {
    pub bytes: &'a [u8],
    hash: OnceCell<Id>,
}

impl<'a> FileBytes<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, hash: OnceCell::new() }
    }

    fn hash(&self) -> Id {
        *self.hash.get_or_init(|| digest::file_hash(self.bytes))
    }
}

/// What full verification found in a file.
#[derive(Debug, Clone)]
pub(crate) struct VerifiedFile {
    hash: Id,
    /// The bytes alone, where they were found to tell of everything beside the history that was read.
    alone: Option<Id>,
    report: String,
    vault: VaultId,
    signatures: Vec<SignatureOf>,
}

impl VerifiedFile {
    /// Of a vault that was just verified, all of it; `None` where nothing is remembered.
    pub fn of(session: &Session, vault: &Vault, file: &FileBytes<'_>) -> Option<Self> {
        session.state.as_ref()?;
        vault.findings()?;
        Some(Self {
            hash: Session::key(vault, file, &BTreeMap::new()),
            alone: vault.stands_alone().then(|| file.hash()),
            report: verified(vault, session.now).to_json(),
            vault: vault.id(),
            signatures: vault.signatures(),
        })
    }
}

/// What is known of a vault that was verified.
pub(super) fn verified(vault: &Vault, now: UnixTime) -> Verified {
    verified_of(vault, &KeptChain::of(vault), now)
}

/// The same, `chain` being the vault's.
fn verified_of(vault: &Vault, chain: &KeptChain<'_>, now: UnixTime) -> Verified {
    Verified::of(vault, now, chains::hash(chain.text()))
}

/// A vault's policy chain as a device keeps it. A write asks for it three times, and it is as long as the policy.
pub(super) struct KeptChain<'a> {
    vault: VaultId,
    entries: &'a [PolicyEntry],
    lines: OnceCell<Vec<String>>,
    text: OnceCell<Cow<'a, str>>,
}

impl<'a> KeptChain<'a> {
    pub fn of(vault: &'a Vault) -> Self {
        let (lines, text) = (OnceCell::new(), OnceCell::new());
        Self { vault: vault.id(), entries: &vault.file().chain, lines, text }
    }

    /// Of a vault that was just written as `text`. `same` is what the device keeps, where that is this vault's chain
    /// to the byte.
    pub fn of_written(vault: &'a Vault, text: &str, same: Option<&'a AcceptedChain>) -> Self {
        let chain = Self::of(vault);
        let lines = format::policy_lines(text).map(|lines| lines.map(str::to_owned).collect());
        let is_whole = |lines: &Vec<String>| lines.len() == chain.entries.len();
        if let Some(lines) = lines.filter(is_whole) {
            debug_assert!(lines.iter().eq(Self::of(vault).lines()), "they are its entries'");
            _ = chain.lines.set(lines);
        }
        if let Some(text) = same.and_then(AcceptedChain::text) {
            debug_assert_eq!(text, chains::text(&vault.id(), chain.lines()), "it is the same");
            _ = chain.text.set(text.into());
        }
        chain
    }

    /// The lines of its entries.
    pub fn lines(&self) -> &[String] {
        self.lines.get_or_init(|| self.entries.iter().map(PolicyEntry::line).collect())
    }

    /// What stands in the file of the chain.
    pub fn text(&self) -> &str {
        self.text.get_or_init(|| chains::text(&self.vault, self.lines()).into())
    }
}

/// Of a file's bytes and, by name and hash, of all that stands beside it.
fn key_of(file: &FileBytes<'_>, files: impl IntoIterator<Item = (String, Id)>) -> Id {
    let mut all = file.hash().0.to_vec();
    for (name, hash) in files {
        all.extend_from_slice(&digest::file_hash(name.as_bytes()).0);
        all.extend_from_slice(&hash.0);
    }
    digest::file_hash(&all)
}

impl Session {
    /// Opens bytes. Where they are not known, signatures that are cost nothing.
    pub(crate) fn open_vault(
        &self,
        bytes: &[u8],
        trust: Trust,
        depth: Depth<'_>,
    ) -> Result<Vault, OpenError> {
        let is_closed = history::is_closed(bytes) && !matches!(depth, Depth::Unverified);
        if is_closed && self.history == HistoryUse::Whole {
            return self.open_whole(bytes, trust, depth);
        }
        match self.open_alone(bytes, trust, depth) {
            Ok(vault) if !is_closed || !history::reaches_behind(&vault, depth) => Ok(vault),
            Ok(_) | Err(OpenError::History(_)) => {
                let key = self.whole_key(&FileBytes::new(bytes));
                let is_known = self.cache().get(&key).is_some();
                let trust = if is_known { Trust::Cached } else { Trust::Strict };
                self.open_whole(bytes, trust, depth)
            }
            Err(error) => Err(error),
        }
    }

    /// Opens bytes with the history that stands beside the vault.
    fn open_whole(&self, bytes: &[u8], trust: Trust, depth: Depth<'_>) -> Result<Vault, OpenError> {
        let beside = history::Folder(self);
        match stated_vault(bytes) {
            Some(vault) if trust == Trust::Strict => {
                let seen = self.signatures(&vault).load();
                Vault::open_whole(bytes, trust, depth, self.now, &seen, &beside)
            }
            _ => Vault::open_whole(bytes, trust, depth, self.now, &NoneKnown, &beside),
        }
    }

    fn open_alone(&self, bytes: &[u8], trust: Trust, depth: Depth<'_>) -> Result<Vault, OpenError> {
        let is_checked = trust == Trust::Strict && !matches!(depth, Depth::Unverified);
        match stated_vault(bytes).filter(|_| is_checked) {
            Some(vault) => {
                let seen = self.signatures(&vault).load();
                Vault::open_knowing(bytes, trust, depth, self.now, &seen)
            }
            None => Vault::open_knowing(bytes, trust, depth, self.now, &NoneKnown),
        }
    }

    /// Under what a verified vault is remembered. With its history it is another thing than its bytes alone.
    ///
    /// `written` is what was written beside it since that was read.
    fn key(vault: &Vault, file: &FileBytes<'_>, written: &BTreeMap<String, Beside>) -> Id {
        let Some(read) = vault.history_read() else { return file.hash() };
        let mut files = read.clone();
        let written = written.iter();
        files.extend(
            written.map(|(name, new)| (name.clone(), digest::file_hash(new.text.as_bytes()))),
        );
        key_of(file, files)
    }

    /// Of the file and of all that stands beside it.
    fn whole_key(&self, file: &FileBytes<'_>) -> Id {
        let files = self.history_files(file.bytes).into_iter();
        key_of(file, files.map(|(name, bytes)| (name, digest::file_hash(&bytes))))
    }

    pub(super) fn keep(&self, record: Option<VerifiedFile>) {
        let Some(VerifiedFile { hash, alone, report, vault, signatures }) = record else { return };
        std::iter::once(hash).chain(alone).for_each(|hash| _ = self.cache().put(&hash, &report));
        self.signatures(&vault).add(&signatures);
    }

    /// Keeps what was written: `new` are the signatures that the change brought, each of them checked, and `beside` is what
    /// was written with the file.
    pub(super) fn keep_written(
        &self,
        vault: &Vault,
        chain: &KeptChain<'_>,
        (text, beside): (&str, &BTreeMap<String, Beside>),
        new: &[SignatureOf],
    ) {
        let report = verified_of(vault, chain, self.now).to_json();
        self.cache().put(&Self::key(vault, &FileBytes::new(text.as_bytes()), beside), &report);
        self.signatures(&vault.id()).append(new);
    }

    /// What was found in exactly these bytes, if they were verified before.
    pub fn verified(&self, bytes: &[u8]) -> Option<Verified> {
        self.verified_of(&FileBytes::new(bytes))
    }

    pub(super) fn verified_of(&self, file: &FileBytes<'_>) -> Option<Verified> {
        let is_whole = self.history == HistoryUse::Whole && history::is_closed(file.bytes);
        let key = if is_whole { self.whole_key(file) } else { file.hash() };
        Verified::from_json(&self.cache().get(&key)?)
    }

    pub(crate) fn cache(&self) -> Cache {
        Cache::new(self.state.as_deref(), self.owners)
    }

    fn signatures(&self, vault: &VaultId) -> SignatureList {
        SignatureList::new(self.state.as_deref(), self.owners, vault)
    }
}
