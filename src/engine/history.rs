//! The closed part of a vault's history, which stands in a folder beside it: read where a command or a secret needs
//! it, and written with the vault.

use super::session::{OpenedVault, Session, SessionError};
use crate::store::file::atomic::{self, Expected};
use crate::store::file::error::WriteError;
use crate::store::file::lock::{self, Lock, LockError};
use crate::store::file::read;
use crate::store::sys::{self, Links};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use v_secure_core::crypto::bytes::Id;
use v_secure_core::crypto::id::EntryId;
use v_secure_core::file::format::{self, MAX_FILE};
use v_secure_core::merge::lost::{Lost, Past};
use v_secure_core::vault::{Beside, Depth, History, Vault, segment_name, versions_name};

/// The folder in that of the vault.
pub const FOLDER: &str = "history";

const SEGMENT_END: &str = ".log";
const VERSIONS_END: &str = ".versions";

/// For whoever may read the repository.
const MODE: u32 = 0o644;

/// Whether a command reads the closed part of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryUse {
    /// Always: it tells of what was.
    Whole,
    /// Only where a secret that it wants cannot be told of without.
    AsNeeded,
}

/// The files beside a vault.
pub(crate) struct Folder<'a>(pub &'a Session);

impl Folder<'_> {
    /// What cannot be read is not there: the vault names what it should be, and whoever reads finds out.
    fn read(&self, name: &str) -> Option<Vec<u8>> {
        if let Some(brought) = &self.0.brought {
            return brought.get(name).cloned();
        }
        read_beside(&self.0.history_folder(), name)
    }
}

/// A file of the history in a folder. What a link leads to is none: it would change without the repository.
pub(crate) fn read_beside(folder: &Path, name: &str) -> Option<Vec<u8>> {
    read::read_unlinked(&folder.join(name), MAX_FILE as u64).ok()
}

/// The names in a folder of a history that files of one can have, whoever put them there.
pub(crate) fn names_there(folder: &Path) -> BTreeSet<String> {
    let names = sys::Folder::open_by(folder, Links::Refuse).and_then(|folder| folder.names());
    let names = names.unwrap_or_default().into_iter().filter_map(|name| name.into_string().ok());
    names.filter(|name| is_name(name)).collect()
}

fn is_name(name: &str) -> bool {
    let stem = name.strip_suffix(SEGMENT_END).or_else(|| name.strip_suffix(VERSIONS_END));
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    stem.is_some_and(|stem| stem.len() == 64 && stem.bytes().all(is_digit))
}

impl History for Folder<'_> {
    fn segment(&self, id: &Id) -> Option<Vec<u8>> {
        self.read(&segment_name(id))
    }

    fn versions(&self, id: &Id) -> Option<Vec<u8>> {
        self.read(&versions_name(id))
    }
}

/// Of the closed part of a history alone.
impl Past for Folder<'_> {
    fn show(&self, _: &mut Lost) {}

    fn history(&self) -> Option<&dyn History> {
        Some(self)
    }
}

/// The bytes of a file with those of the one that is there: versions of both, and of a segment no others.
fn with<'b>(name: &str, bytes: &'b [u8], there: Option<&[u8]>) -> Cow<'b, [u8]> {
    match there {
        Some(there) if !is_segment(name) => Cow::Owned([bytes, b"\n", there].concat()),
        _ => Cow::Borrowed(bytes),
    }
}

/// The files that may stand beside a vault with these bytes: where to look, nothing to believe.
pub(crate) fn names(bytes: &[u8]) -> BTreeSet<String> {
    let stated = format::stated_segments(bytes);
    stated.iter().flat_map(|id| [segment_name(id), versions_name(id)]).collect()
}

pub(crate) fn is_segment(name: &str) -> bool {
    name.ends_with(SEGMENT_END)
}

/// Whether the file says that some of its log is closed: where to look, nothing to believe.
pub(crate) fn is_closed(bytes: &[u8]) -> bool {
    bytes.starts_with(b"format = 1\nrequires = [\"log-segments\"]\n")
}

/// Whether a vault that was read without its history cannot tell what is asked of it.
pub(crate) fn reaches_behind(vault: &Vault, depth: Depth<'_>) -> bool {
    match depth {
        Depth::Everything => !vault.reach().is_nothing(),
        Depth::Secrets(wanted) => wanted.iter().any(|secret| vault.reach().has(secret)),
        Depth::Unverified => false,
    }
}

impl Session {
    pub(crate) fn history_folder(&self) -> PathBuf {
        self.location.folder.join(FOLDER)
    }

    /// Puts the files of a history beside the vault where others are there, or none; how many were written. Versions,
    /// too: they were verified with the vault that is put there, and what is there instead was not.
    pub(crate) fn bring(&self, files: &BTreeMap<String, Vec<u8>>) -> Result<usize, BesideError> {
        let new = self.not_there(files);
        self.write_files(new.iter().map(|(name, bytes)| (*name, &bytes[..])))?;
        Ok(new.len())
    }

    /// [`Session::bring`], before the vault is there that these were verified with. The versions that are there stay
    /// with them: the vault in its place may want what the other one has pruned, if that is never written.
    pub(super) fn bring_before(
        &self,
        files: &BTreeMap<String, Vec<u8>>,
    ) -> Result<usize, BesideError> {
        let folder = self.history_folder();
        let new = self.not_there(files);
        let both: Vec<(&String, Cow<'_, [u8]>)> = new
            .iter()
            .map(|(name, bytes)| (*name, with(name, bytes, read_beside(&folder, name).as_deref())))
            .collect();
        self.write_files(both.iter().map(|(name, bytes)| (*name, &bytes[..])))?;
        Ok(new.len())
    }

    fn not_there<'f>(
        &self,
        files: &'f BTreeMap<String, Vec<u8>>,
    ) -> Vec<(&'f String, &'f Vec<u8>)> {
        let folder = self.history_folder();
        let is_there = |(name, bytes): &(&String, &Vec<u8>)| {
            read_beside(&folder, name).as_ref() == Some(bytes)
        };
        files.iter().filter(|file| !is_there(file)).collect()
    }

    /// Whether the file at this place says so, whatever it is.
    pub(crate) fn has_closed_history(&self) -> bool {
        read::read(&self.location.vault, MAX_FILE as u64).is_ok_and(|there| is_closed(&there.bytes))
    }

    /// What the history of the vault at this place would be with these files put beside it.
    pub(crate) fn history_with(
        &self,
        files: &BTreeMap<String, Vec<u8>>,
    ) -> BTreeMap<String, Vec<u8>> {
        let there = read::read(&self.location.vault, MAX_FILE as u64);
        let there = there.map(|there| self.history_files(&there.bytes)).unwrap_or_default();
        let mut all: BTreeMap<String, Vec<u8>> = there.into_iter().collect();
        for (name, bytes) in files {
            let both = with(name, bytes, all.get(name).map(Vec::as_slice)).into_owned();
            all.insert(name.clone(), both);
        }
        all
    }

    /// Verifies a vault's bytes with files beside it that are not there yet, and gives those that are part of it.
    pub(super) fn verify_beside(
        &self,
        bytes: &[u8],
        brought: &BTreeMap<String, Vec<u8>>,
    ) -> Result<(OpenedVault, BTreeMap<String, Vec<u8>>), SessionError> {
        let brought = Some(Arc::new(self.history_with(brought)));
        let with = Self { history: HistoryUse::Whole, brought, ..self.clone() };
        let opened = with.verify_bytes(bytes)?;
        let files = with.history_of(&opened.vault);
        Ok((opened, files))
    }

    /// What stands beside a vault with these bytes, in order of name: of a folder that anybody may fill who can push
    /// nothing else is read.
    pub(crate) fn history_files(&self, bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
        let names = names(bytes).into_iter();
        names.filter_map(|name| Some((name.clone(), Folder(self).read(&name)?))).collect()
    }

    /// What of that is part of a vault which was read with it.
    pub fn history_of(&self, vault: &Vault) -> BTreeMap<String, Vec<u8>> {
        let versions = vault.versions_held().into_iter();
        let mut files: BTreeMap<String, Vec<u8>> =
            versions.map(|(name, text)| (name, text.into_bytes())).collect();
        for id in vault.segments() {
            let segment = Folder(self).segment(&id).filter(|bytes| format::segment_id(bytes) == id);
            files.extend(segment.map(|bytes| (segment_name(&id), bytes)));
        }
        files
    }

    /// Those of the entries that are closed and in no segment: they are missing. Without a segment what it would
    /// hold is missing.
    pub(crate) fn not_closed(&self, vault: &Vault, entries: Vec<EntryId>) -> Vec<EntryId> {
        if entries.is_empty() || !vault.is_upon_checkpoint() {
            return entries;
        }
        let mut missing: BTreeSet<EntryId> = entries.into_iter().collect();
        for id in vault.segments() {
            let Some(bytes) = Folder(self).segment(&id) else { continue };
            if format::segment_id(&bytes) == id {
                format::segment_entries(&bytes).for_each(|entry| _ = missing.remove(&entry));
            }
        }
        missing.into_iter().collect()
    }

    /// Writes what is new beside the vault, before the vault is written: what a crash leaves then is more than is
    /// needed.
    pub(super) fn write_beside(&self, files: &BTreeMap<String, Beside>) -> Result<(), BesideError> {
        let added = files.iter().map(|(name, file)| (name, file.with_old().as_bytes()));
        self.write_files(added)
    }

    /// Takes out of the files beside the vault what is no more, after the vault was written without it.
    pub(super) fn prune_beside(&self, files: &BTreeMap<String, Beside>) -> Result<(), BesideError> {
        let pruned = files.iter().filter(|(_, file)| file.loses());
        self.write_files(pruned.map(|(name, file)| (name, file.text.as_bytes())))
    }

    fn write_files<'f>(
        &self,
        files: impl Iterator<Item = (&'f String, &'f [u8])>,
    ) -> Result<(), BesideError> {
        let mut files = files.peekable();
        if files.peek().is_none() {
            return Ok(());
        }
        let folder = self.history_folder();
        atomic::create_folder(&folder)?;
        let lock = Lock::acquire(&folder, lock::WAIT)?;
        for (name, text) in files {
            atomic::replace(&lock, &folder.join(name), text, MODE, Expected::Any)?;
        }
        Ok(())
    }
}

/// Why a file beside the vault was not written.
#[derive(Debug, thiserror::Error)]
pub enum BesideError {
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Write(#[from] WriteError),
}
