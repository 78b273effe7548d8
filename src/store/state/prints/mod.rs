//! What this device keeps of the values that passed through it, by vault: `scan/VAULT.json`, sealed under the
//! device's key ([`key`]), and `scan/VAULT.seen`, the versions that need no second look.
//!
//! A help and no promise. What cannot be kept is not, and is tried again with the next read. Values stay known
//! when they were replaced or removed: they may be good for something still.

pub mod key;

use self::key::{KeyError, Keys};
use crate::host::Random;
use crate::store::file::lock::{Lock, LockError};
use crate::store::file::owners::Owners;
use crate::store::file::private;
use crate::store::file::private::{FILE_MODE, PrivateError};
use crate::store::file::read::ReadError;
use crate::store::file::temp;
use crate::store::file::{error::WriteError, lock};
use crate::store::sys::Folder;
use rayon::prelude::*;
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use v_secure_core::crypto::bytes::Id;
use v_secure_core::crypto::id::VaultId;
use v_secure_core::scan::noted::Noted;
use v_secure_core::scan::print::{Print, ScanKey};
use v_secure_core::scan::sealed::{self, PrintsError, SealedPrints};
use v_secure_core::time::UnixTime;

const FOLDER: &str = "scan";
const PRINTS: &str = ".json";
const SEEN: &str = ".seen";

/// The longest file of prints, in bytes: as many as are kept, of secrets with the longest names.
const LIMIT: u64 = (sealed::MOST as u64) << 9;
/// How much of a version's mark is kept: it need not withstand anybody.
const MARK: usize = 16;
/// The most versions that are known to need no second look; the oldest go first.
const MOST_SEEN: usize = 1 << 16;

type Mark = [u8; MARK];

/// Why prints were not kept, or cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrintError {
    #[error(transparent)]
    Private(#[from] PrivateError),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error("{name} cannot be written")]
    Write { name: String, source: io::Error },
    #[error("the key of the fingerprints cannot be written")]
    NewKey(#[from] WriteError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Prints(#[from] PrintsError),
}

/// The prints of this device.
#[derive(Debug, Clone)]
pub struct PrintFiles {
    state: PathBuf,
    owners: Owners,
    patience: Duration,
}

/// The key, and the prints of every vault under it.
pub struct Loaded {
    pub key: ScanKey,
    pub vaults: Vec<(VaultId, Vec<Print>)>,
}

impl PrintFiles {
    /// In `state/scan`. `patience` is for an OS keyring that has to answer.
    pub fn new(state: &Path, owners: Owners, patience: Duration) -> Self {
        Self { state: state.to_owned(), owners, patience }
    }

    /// Keeps what may be kept of the values whose versions were not seen before; writes nothing, and asks for no
    /// key, if there is none.
    pub(crate) fn keep(
        &self,
        source: &dyn Random,
        now: UnixTime,
        vault: &VaultId,
        noted: Vec<Noted>,
    ) -> Result<(), PrintError> {
        let seen = self.seen(vault).unwrap_or_default();
        let known: HashSet<&Mark> = seen.iter().collect();
        let mut new: Vec<Noted> =
            noted.into_iter().filter(|one| !known.contains(&mark(&one.mark))).collect();
        new.sort_unstable_by_key(|one| one.mark);
        new.dedup_by_key(|one| one.mark);
        if new.is_empty() {
            return Ok(());
        }
        let (keys, mut seen) = (self.keys(), seen);
        if keys.is_aside(now) {
            return Err(KeyError::Aside.into());
        }
        private::ensure_inner(&self.state, FOLDER, self.owners)?;
        let lock = Lock::acquire(&self.path(), lock::WAIT)?;
        temp::remove_leftovers_of(lock.open_folder(), is_ours);
        let key = match keys.find() {
            Ok(Some(key)) => key,
            Ok(None) | Err(KeyError::Lost) => {
                self.forget(lock.open_folder());
                seen.clear();
                keys.make(source)?
            }
            Err(error) => return Err(keys.set_aside(now, error).into()),
        };
        let all = self.prints(lock.open_folder(), &key, vault).unwrap_or_else(|_| {
            // What cannot be opened is replaced, and its values are kept anew.
            seen.clear();
            Vec::new()
        });
        self.add(&lock, (source, &key), (vault, &new), all)?;
        seen.extend(new.iter().map(|one| mark(&one.mark)));
        self.write_seen(&lock, vault, &seen)
    }

    fn add(
        &self,
        lock: &Lock,
        (source, key): (&dyn Random, &ScanKey),
        (vault, new): (&VaultId, &[Noted]),
        mut all: Vec<Print>,
    ) -> Result<(), PrintError> {
        // Judging whether a value can be guessed is what takes time.
        let new: Vec<Print> = new.par_iter().filter_map(|noted| key.print(vault, noted)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let marks: HashSet<Id> = new.iter().map(|print| print.mark).collect();
        all.retain(|known| !marks.contains(&known.mark));
        all.extend(new);
        let text = key.seal(source, vault, &all)?.to_json();
        write(lock.open_folder(), &format!("{vault}{PRINTS}"), text.as_bytes())
    }

    /// All that is kept; `None` if that is nothing.
    pub fn load(&self) -> Result<Option<Loaded>, PrintError> {
        let Some(folder) = private::existing_inner(&self.state, FOLDER, self.owners)? else {
            return Ok(None);
        };
        let vaults = vaults(&folder);
        if vaults.is_empty() {
            return Ok(None);
        }
        let key = self.keys().find()?.ok_or(KeyError::Lost)?;
        let vaults = vaults.into_iter().map(|vault| {
            let prints = self.prints(&folder, &key, &vault)?;
            Ok((vault, prints))
        });
        let vaults = vaults.collect::<Result<_, PrintError>>()?;
        Ok(Some(Loaded { key, vaults }))
    }

    /// Takes away what no key opens, so that the next reads keep everything anew.
    pub fn begin_anew(&self) -> Result<(), PrintError> {
        if let Some(folder) = private::existing_inner(&self.state, FOLDER, self.owners)? {
            self.forget(&folder);
        }
        Ok(())
    }

    fn forget(&self, folder: &Folder) {
        for name in folder.names().unwrap_or_default() {
            if is_ours(name.as_encoded_bytes()) {
                // What is in the way stays, and is said by who reads it.
                let _ = folder.remove(&name);
            }
        }
    }

    fn keys(&self) -> Keys<'_> {
        Keys { state: &self.state, folder: FOLDER, owners: self.owners, patience: self.patience }
    }

    fn path(&self) -> PathBuf {
        self.state.join(FOLDER)
    }

    fn prints(
        &self,
        folder: &Folder,
        key: &ScanKey,
        vault: &VaultId,
    ) -> Result<Vec<Print>, PrintError> {
        let path = self.path().join(format!("{vault}{PRINTS}"));
        match private::read_own_in(folder, &path, LIMIT, self.owners) {
            Ok(bytes) => Ok(key.open(vault, SealedPrints::parse(&bytes)?)?),
            Err(PrivateError::Read(ReadError::Missing { .. })) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    fn seen(&self, vault: &VaultId) -> Option<Vec<Mark>> {
        let folder = private::existing_inner(&self.state, FOLDER, self.owners).ok()??;
        let path = self.path().join(format!("{vault}{SEEN}"));
        let limit = (MOST_SEEN * MARK) as u64;
        let bytes = private::read_own_in(&folder, &path, limit, self.owners).ok()?;
        Some(bytes.as_chunks().0.to_vec())
    }

    fn write_seen(&self, lock: &Lock, vault: &VaultId, seen: &[Mark]) -> Result<(), PrintError> {
        let newest = &seen[seen.len().saturating_sub(MOST_SEEN)..];
        write(lock.open_folder(), &format!("{vault}{SEEN}"), newest.as_flattened())
    }
}

/// Replaces a file, without waiting for the disk: what a power failure leaves of it does not open, and is kept anew.
fn write(folder: &Folder, name: &str, bytes: &[u8]) -> Result<(), PrintError> {
    let failed = |source| PrintError::Write { name: name.to_owned(), source };
    temp::replace_unsynced(folder, name.as_ref(), bytes, FILE_MODE).map_err(failed)
}

/// Whether a name is one of a file that is replaced here.
fn is_ours(name: &[u8]) -> bool {
    name.ends_with(PRINTS.as_bytes()) || name.ends_with(SEEN.as_bytes())
}

fn mark(id: &Id) -> Mark {
    let mut mark = [0; MARK];
    mark.copy_from_slice(&id.0[..MARK]);
    mark
}

/// The vaults that there are prints of.
fn vaults(folder: &Folder) -> Vec<VaultId> {
    let names = folder.names().unwrap_or_default();
    let vault =
        |name: std::ffi::OsString| VaultId::parse(name.to_str()?.strip_suffix(PRINTS)?).ok();
    let mut found: Vec<VaultId> = names.into_iter().filter_map(vault).collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests;
