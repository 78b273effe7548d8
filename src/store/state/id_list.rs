//! A list of ids that this device remembers: a file of 32 bytes each, that only grows.
//!
//! An id that is missing here, be it by a power failure or a full file, must cost trust and give
//! none.

use super::pins::PinError;
use super::pins::folder::PinFolder;
use crate::store::file::lock::Lock;
use crate::store::file::owners::Owners;
use crate::store::file::private;
use crate::store::file::private::PrivateError;
use crate::store::file::read::ReadError;
use crate::store::sys;
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use v_secure_core::crypto::bytes::{Fixed, Id};

/// The longest list: 64 MiB, two million ids.
const LIMIT: u64 = 64 << 20;

const RECORD: u64 = 32;

/// One list.
#[derive(Debug, Clone)]
pub(crate) struct IdList {
    folder: PinFolder,
    name: String,
    limit: u64,
    /// Whether a writer waits until the ids are on the disk.
    is_durable: bool,
}

/// How many of the ids given were new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Added {
    pub kept: usize,
    /// Not remembered: the list is full, or there is no state folder.
    pub left_out: usize,
}

impl IdList {
    /// The list `name` in `state/pins`; without a state folder nothing is remembered.
    pub fn new(state: Option<&Path>, owners: Owners, name: String) -> Self {
        Self { folder: PinFolder::new(state, owners), name, limit: LIMIT, is_durable: true }
    }

    /// The same list, of ids that are worth no waiting: what a power failure takes of them costs a word.
    #[must_use]
    pub fn in_passing(self) -> Self {
        Self { is_durable: false, ..self }
    }

    /// The ids so far.
    pub fn load(&self) -> Result<HashSet<Id>, PinError> {
        match self.folder.existing()? {
            Some(folder) => self.read(&folder.join(&self.name)),
            None => Ok(HashSet::new()),
        }
    }

    /// Adds those of `ids` that are new; writes nothing, and locks nothing, if none is.
    pub fn add(&self, ids: impl IntoIterator<Item = Id>) -> Result<Added, PinError> {
        let mut ids: Vec<Id> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        retain_new(&mut ids, &self.load()?);
        if ids.is_empty() {
            return Ok(Added::default());
        }
        match self.folder.lock()? {
            Some(lock) => self.append(&lock, ids),
            None => Ok(Added { kept: 0, left_out: ids.len() }),
        }
    }

    /// Adds ids that were made just now, so that no list has them: what is there is not read for it.
    pub fn add_made(&self, ids: impl IntoIterator<Item = Id>) -> Result<Added, PinError> {
        let ids: Vec<Id> = ids.into_iter().collect();
        if ids.is_empty() {
            return Ok(Added::default());
        }
        match self.folder.lock()? {
            Some(lock) => self.write(&lock, ids),
            None => Ok(Added { kept: 0, left_out: ids.len() }),
        }
    }

    fn append(&self, lock: &Lock, mut ids: Vec<Id>) -> Result<Added, PinError> {
        // Another process may have added since: asked again, now under the lock.
        retain_new(&mut ids, &self.read(&lock.folder().join(&self.name))?);
        self.write(lock, ids)
    }

    fn write(&self, lock: &Lock, mut ids: Vec<Id>) -> Result<Added, PinError> {
        let path = lock.folder().join(&self.name);
        let file = private::open_append(&path, self.folder.owners)?;
        let failed = |source| PinError::Append { path: path.clone(), source };
        let len = whole_records(&file, &path).map_err(failed)?;
        let room = usize::try_from(self.limit.saturating_sub(len) / RECORD).unwrap_or(usize::MAX);
        let left_out = ids.len().saturating_sub(room);
        ids.truncate(room);
        write(file, &ids, self.is_durable).map_err(failed)?;
        Ok(Added { kept: ids.len(), left_out })
    }

    fn read(&self, path: &Path) -> Result<HashSet<Id>, PinError> {
        let limit = self.limit + RECORD - 1;
        let bytes = match private::read_growing(path, limit, self.folder.owners) {
            Ok(bytes) => bytes,
            Err(PrivateError::Read(ReadError::Missing { .. })) => return Ok(HashSet::new()),
            Err(error) => return Err(error.into()),
        };
        // What a killed writer left of a last record is no id.
        Ok(bytes.as_chunks().0.iter().map(|record| Fixed(*record)).collect())
    }
}

fn retain_new(ids: &mut Vec<Id>, known: &HashSet<Id>) {
    ids.retain(|id| !known.contains(id));
}

/// The list's length, once a torn last record is cut off.
fn whole_records(file: &File, path: &Path) -> io::Result<u64> {
    let len = file.metadata()?.len();
    let whole = len - len % RECORD;
    if whole != len {
        sys::cut(file, path, whole)?;
    }
    Ok(whole)
}

fn write(mut file: File, ids: &[Id], is_durable: bool) -> io::Result<()> {
    let bytes: Vec<u8> = ids.iter().flat_map(|id| id.0).collect();
    file.write_all(&bytes)?;
    if is_durable { file.sync_data() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::PathBuf;
    use tempfile::{TempDir, tempdir};

    fn list(state: &TempDir, name: &str) -> IdList {
        IdList::new(Some(state.path()), Owners::current(), name.to_owned())
    }

    fn fresh() -> (TempDir, IdList) {
        let state = tempdir().unwrap();
        let seen = list(&state, "a");
        (state, seen)
    }

    fn file(state: &TempDir) -> PathBuf {
        state.path().join("pins").join("a")
    }

    fn ids(range: std::ops::Range<u16>) -> Vec<Id> {
        range
            .map(|number| {
                let mut bytes = [7; 32];
                bytes[30..].copy_from_slice(&number.to_be_bytes());
                Fixed(bytes)
            })
            .collect()
    }

    fn set(range: std::ops::Range<u16>) -> HashSet<Id> {
        ids(range).into_iter().collect()
    }

    #[test]
    fn only_new_ids_are_appended_and_lists_are_apart() {
        let (state, seen) = fresh();
        assert!(seen.load().unwrap().is_empty());
        let twice = ids(0..3).into_iter().chain(ids(0..3));
        assert_eq!(seen.add(twice).unwrap(), Added { kept: 3, left_out: 0 });
        assert_eq!(seen.add(ids(2..5)).unwrap(), Added { kept: 2, left_out: 0 });
        assert_eq!(seen.load().unwrap(), set(0..5));
        assert_eq!(fs::metadata(file(&state)).unwrap().len(), 5 * RECORD);
        assert!(list(&state, "b").load().unwrap().is_empty());
    }

    #[test]
    fn known_ids_take_no_lock() {
        let (state, seen) = fresh();
        seen.add(ids(0..3)).unwrap();
        let lock = state.path().join("pins").join(crate::store::file::lock::FILE);
        fs::remove_file(&lock).unwrap();
        assert_eq!(seen.add(ids(0..3)).unwrap(), Added::default());
        assert!(!lock.exists());
    }

    #[test]
    fn what_was_just_made_is_added_unasked_behind_what_is_whole() {
        let (state, seen) = fresh();
        let seen = seen.in_passing();
        assert_eq!(seen.add_made([]).unwrap(), Added::default());
        assert!(!file(&state).exists());
        seen.add_made(ids(0..2)).unwrap();
        let torn = [&*fs::read(file(&state)).unwrap(), &[7; 5]].concat();
        fs::write(file(&state), torn).unwrap();
        assert_eq!(seen.add_made(ids(2..3)).unwrap(), Added { kept: 1, left_out: 0 });
        assert_eq!(seen.load().unwrap(), set(0..3));
        let nowhere = IdList::new(None, Owners::current(), "a".into());
        assert_eq!(nowhere.add_made(ids(0..1)).unwrap(), Added { kept: 0, left_out: 1 });
    }

    #[test]
    fn a_torn_last_record_is_ignored_and_then_cut_off() {
        let (state, seen) = fresh();
        seen.add(ids(0..2)).unwrap();
        let path = file(&state);
        let mut bytes = fs::read(&path).unwrap();
        bytes.extend([9; 31]);
        fs::write(&path, &bytes).unwrap();
        assert_eq!(seen.load().unwrap(), set(0..2));
        seen.add(ids(2..3)).unwrap();
        assert_eq!(seen.load().unwrap(), set(0..3));
        assert_eq!(fs::metadata(&path).unwrap().len(), 3 * RECORD);
    }

    #[test]
    fn a_full_list_takes_no_more_and_stays_readable() {
        let (state, mut seen) = fresh();
        seen.limit = 4 * RECORD;
        assert_eq!(seen.add(ids(0..6)).unwrap(), Added { kept: 4, left_out: 2 });
        assert_eq!(seen.add(ids(6..7)).unwrap(), Added { kept: 0, left_out: 1 });
        assert_eq!(seen.load().unwrap(), set(0..4));
        fs::write(file(&state), [0; 5 * 32]).unwrap();
        let error = seen.load().unwrap_err();
        let PinError::Private(PrivateError::Read(ReadError::TooLarge { len, .. })) = error else {
            panic!("{error}");
        };
        assert_eq!(len, 5 * RECORD);
    }

    #[test]
    fn without_a_state_folder_nothing_is_kept() {
        let seen = IdList::new(None, Owners::current(), "a".into());
        assert_eq!(seen.add(ids(0..2)).unwrap(), Added { kept: 0, left_out: 2 });
        assert!(seen.load().unwrap().is_empty());
    }

    #[test]
    fn writers_at_once_lose_and_double_nothing_while_readers_see_whole_ids() {
        let (state, seen) = fresh();
        std::thread::scope(|scope| {
            for start in [0, 20, 40, 60] {
                let seen = &seen;
                scope.spawn(move || {
                    for first in start..start + 20 {
                        seen.add(ids(first..first + 20)).unwrap();
                        assert!(seen.load().unwrap().is_subset(&set(0..99)));
                    }
                });
            }
        });
        assert_eq!(seen.load().unwrap(), set(0..99));
        assert_eq!(fs::metadata(file(&state)).unwrap().len(), 99 * RECORD);
    }

    #[cfg(unix)]
    #[test]
    fn a_list_that_others_can_write_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let (state, seen) = fresh();
        seen.add(ids(0..1)).unwrap();
        let path = file(&state);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).unwrap();
        let error = seen.load().unwrap_err();
        assert!(
            matches!(error, PinError::Private(PrivateError::WritableByOthers { .. })),
            "{error}"
        );
    }
}
