//! The furthest policy chain that was accepted of each vault, one file a vault.

use super::FORMAT;
use super::error::{PinDamage, PinError};
use super::kept::KeptFile;
use super::stored;
use crate::store::file::lock::Lock;
use crate::store::file::owners::Owners;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use v_secure_core::crypto::bytes::Id;
use v_secure_core::crypto::digest;
use v_secure_core::crypto::id::{PolicyId, VaultId};
use v_secure_core::policy::entry::PolicyEntry;

/// Key order is the field order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored<'a> {
    format: u32,
    vault: VaultId,
    chain: Cow<'a, [String]>,
}

/// The furthest chain of a vault that was accepted, as its file has it. What stands there is read when it is asked
/// for: a chain grows for years, and that it is the one of the vault at hand is told by its hash.
#[derive(Debug, Clone)]
pub struct AcceptedChain {
    file: KeptFile,
    vault: VaultId,
    /// Where the vault stands now, for messages.
    path: PathBuf,
    lines: OnceLock<Vec<String>>,
}

impl PartialEq for AcceptedChain {
    fn eq(&self, other: &Self) -> bool {
        self.file == other.file
    }
}

impl Eq for AcceptedChain {}

impl AcceptedChain {
    /// The lines of its entries, genesis first.
    ///
    /// # Errors
    /// [`PinError::Damaged`] where the file holds no chain of the vault, and what a file of another format is.
    pub fn lines(&self) -> Result<&[String], PinError> {
        match self.lines.get() {
            Some(lines) => Ok(lines),
            None => self.read().map(|lines| &**self.lines.get_or_init(|| lines)),
        }
    }

    /// The ids of its entries.
    ///
    /// # Errors
    /// As of [`AcceptedChain::lines`].
    pub fn ids(&self) -> Result<Vec<PolicyId>, PinError> {
        Ok(self.lines()?.iter().map(|line| PolicyEntry::id_of_line(line)).collect())
    }

    /// Whether the file is the text with this hash, which [`hash`] gives of a chain.
    pub(crate) fn is(&self, hash: &Id) -> bool {
        self.file.is(hash)
    }

    /// What stands in the file.
    pub(crate) fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.file.bytes().ok()?).ok()
    }

    pub(crate) fn is_text(&self, text: &str) -> bool {
        self.file.bytes().is_ok_and(|bytes| bytes == text.as_bytes())
    }

    fn read(&self) -> Result<Vec<String>, PinError> {
        let failed = |unread| stored::error(unread, &self.file.path, &self.path);
        let bytes = self.file.bytes().map_err(failed)?;
        let found = stored::record::<Stored<'_>>(bytes).map_err(failed)?;
        let checked = match found.vault == self.vault {
            true => check(&self.vault, &found.chain),
            false => Err(PinDamage::NotItsGenesis { vault: self.vault }),
        };
        checked.map_err(|source| failed(stored::Unread::Damage(source)))?;
        Ok(found.chain.into_owned())
    }
}

/// The chain of `vault`, unread; `path` is where it stands now, for messages.
pub(super) fn load(
    folder: &Path,
    vault: &VaultId,
    path: &Path,
    owners: Owners,
) -> Result<Option<AcceptedChain>, PinError> {
    let file = folder.join(file_name(vault));
    let kept = KeptFile::open(file.clone(), owners);
    let kept = kept.map_err(|unread| stored::error(unread, &file, path))?;
    let (vault, path) = (*vault, path.to_path_buf());
    Ok(kept.map(|file| AcceptedChain { file, vault, path, lines: OnceLock::new() }))
}

/// What stands in the file of a chain.
pub(crate) fn text(vault: &VaultId, chain: &[String]) -> String {
    stored::text(&Stored { format: FORMAT, vault: *vault, chain: chain.into() })
}

/// The hash of the file of a chain, by which it is known unread; `text` is what stands in it.
pub(crate) fn hash(text: &str) -> Id {
    digest::file_hash(text.as_bytes())
}

pub(super) fn check(vault: &VaultId, chain: &[String]) -> Result<(), PinDamage> {
    match chain.first() {
        Some(genesis) if VaultId::from(PolicyEntry::id_of_line(genesis)) == *vault => Ok(()),
        _ => Err(PinDamage::NotItsGenesis { vault: *vault }),
    }
}

/// `is_last`: whether no place is written after it.
pub(super) fn write(
    lock: &Lock,
    vault: &VaultId,
    text: &str,
    is_last: bool,
) -> Result<(), PinError> {
    stored::write_text(lock, &file_name(vault), text, is_last)
}

pub(super) fn missing(folder: &Path, vault: &VaultId, path: &Path) -> PinError {
    let file = folder.join(file_name(vault));
    PinError::Damaged { file, vault: path.into(), source: PinDamage::Gone }
}

pub(super) fn differs(folder: &Path, vault: &VaultId, path: &Path) -> PinError {
    PinError::Differs { file: folder.join(file_name(vault)), vault: path.into() }
}

pub(super) fn file_name(vault: &VaultId) -> String {
    format!("{vault}.chain")
}
