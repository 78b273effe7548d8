//! What a ref of a remote has of a vault: its text, and the files of its history.

use super::error::PublishError;
use crate::engine::history::{FOLDER, Folder, names};
use crate::engine::session::Session;
use crate::store::git::publish::{RemoteRef, Tip};
use crate::store::git::transport::GitError;
use std::collections::BTreeMap;
use v_secure_core::crypto::bytes::Id;
use v_secure_core::file::format;
use v_secure_core::file::model::VaultFile;
use v_secure_core::merge::lost::{Lost, Past};
use v_secure_core::merge::{MergeError, Merged, blended, merge_with};
use v_secure_core::vault::{History, segment_name, versions_name};

/// What was fetched last.
pub(super) struct Published<'a> {
    pub remote: RemoteRef<'a>,
    /// The remote and the ref.
    pub via: String,
    pub tip: Tip,
    /// `None` where no vault is there yet.
    pub vault: Option<Vec<u8>>,
    pub files: BTreeMap<String, Vec<u8>>,
}

impl<'a> Published<'a> {
    pub fn fetch(
        session: &'a Session,
        remote: &'a str,
        reference: &'a str,
    ) -> Result<Self, PublishError> {
        let via = format!("{remote} {reference}");
        let fetched = || {
            let remote = RemoteRef::new(&session.location.folder, remote, reference)?;
            let tip = remote.fetch()?;
            let (vault, files) = match &tip.commit {
                Some(commit) => contents(&remote, commit, &vault_name(session))?,
                None => (None, BTreeMap::new()),
            };
            Ok((remote, tip, vault, files))
        };
        match fetched() {
            Ok((remote, tip, vault, files)) => Ok(Self { remote, via, tip, vault, files }),
            Err(GitError::Apart { remote }) => Err(PublishError::Apart { remote }),
            Err(source) => Err(PublishError::Unread { via, source }),
        }
    }

    /// The vault of both: what is published, and what has these `bytes`. `None` where these have all of it.
    pub fn united(&self, session: &Session, bytes: &[u8]) -> Result<Option<Merged>, PublishError> {
        let Some(there) = self.vault.as_deref().filter(|there| *there != bytes) else {
            return Ok(None);
        };
        let refused = |source| self.parted(session, source);
        let read = |bytes: &[u8]| blended::loose(&String::from_utf8_lossy(bytes)).map_err(refused);
        let past = Both { here: Folder(session), there: &self.files };
        let merged = merge_with(read(bytes)?, [read(there)?], session.now, &past);
        let merged = merged.map_err(refused)?;
        Ok((merged.text.as_bytes() != bytes).then_some(merged))
    }

    /// Whether each record of a vault, that has all of what is published, is published: of its policy and its log.
    pub fn has_records_of(&self, here: &VaultFile) -> bool {
        let text = self.vault.as_deref().map(String::from_utf8_lossy);
        let Some(there) = text.and_then(|text| blended::loose(&text).ok()) else { return false };
        here.chain.len() <= there.chain.len()
            && here.entries.keys().all(|id| there.entries.contains_key(id))
    }

    fn parted(&self, session: &Session, source: MergeError) -> PublishError {
        let (via, path) = (self.via.clone(), session.location.vault.clone());
        PublishError::Parted { via, path, source: Box::new(source) }
    }
}

pub(super) fn vault_name(session: &Session) -> String {
    let name = session.location.vault.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

type Contents = (Option<Vec<u8>>, BTreeMap<String, Vec<u8>>);

fn contents(remote: &RemoteRef<'_>, commit: &str, name: &str) -> Result<Contents, GitError> {
    let Some(vault) = remote.file(commit, &[name])? else { return Ok((None, BTreeMap::new())) };
    let mut files = BTreeMap::new();
    for name in names(&vault) {
        if let Some(bytes) = remote.file(commit, &[FOLDER, &name])? {
            files.insert(name, bytes);
        }
    }
    Ok((Some(vault), files))
}

/// The closed part of both histories: a segment is known by its hash, and versions by theirs.
struct Both<'a> {
    here: Folder<'a>,
    there: &'a BTreeMap<String, Vec<u8>>,
}

impl History for Both<'_> {
    fn segment(&self, id: &Id) -> Option<Vec<u8>> {
        let fits = |bytes: &Vec<u8>| format::segment_id(bytes) == *id;
        let there = || self.there.get(&segment_name(id)).cloned();
        self.here.segment(id).filter(fits).or_else(there)
    }

    /// Several copies one behind the other are read as one.
    fn versions(&self, id: &Id) -> Option<Vec<u8>> {
        let there = self.there.get(&versions_name(id)).cloned();
        match (self.here.versions(id), there) {
            (Some(here), Some(there)) if here != there => Some([here, there].join(&b"\n"[..])),
            (here, there) => here.or(there),
        }
    }
}

impl Past for Both<'_> {
    fn show(&self, _: &mut Lost) {}

    fn history(&self) -> Option<&dyn History> {
        Some(self)
    }
}
