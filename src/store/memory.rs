//! A private folder in memory, for a text that a program of the user works on under a name, such as
//! an editor: it never reaches a disk, and is overwritten and removed when it is dropped.
//!
//! The folder is locked while it is in use. One that is left over, because its process was killed
//! outright, can be locked by anybody and is wiped by the next.

use super::owners::Owners;
use super::private::FILE_MODE;
use super::read::{self, ReadError};
use super::sys::{self, Links};
use crate::secret_value::SecretValue;
use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::{Builder, TempDir};

const PREFIX: &str = "v-secure-edit-";
const FOLDER_MODE: u32 = 0o700;
/// Somebody who wipes what was left over may take a new folder for one, before it is locked.
const TRIES: usize = 5;
/// Bytes that are overwritten at a time.
const BLOCK: usize = 64 << 10;

/// Why there is no such folder, or its file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryError {
    #[error("there is no folder in memory to keep a text in that must not reach a disk")]
    NoPlace,
    #[error("cannot use {path}")]
    Io { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The folder and all that is in it, for this user alone.
#[derive(Debug)]
pub struct MemoryFolder {
    folder: TempDir,
    /// Held open, as the lock is on it.
    _lock: File,
}

impl MemoryFolder {
    /// Makes one in the first of `places` that is in memory.
    pub fn create(places: &[PathBuf], owners: Owners) -> Result<Self, MemoryError> {
        let usable = |place: &&PathBuf| {
            sys::open_read(place, Links::Follow).and_then(|f| sys::is_safe_memory(&f)).ok()
                == Some(true)
        };
        let place = places.iter().find(usable).ok_or(MemoryError::NoPlace)?;
        wipe_leftovers(place, owners);
        let failed = |source| MemoryError::Io { path: place.clone(), source };
        let tries = (0..TRIES).find_map(|_| make(place).transpose());
        tries.unwrap_or_else(|| Err(io::ErrorKind::WouldBlock.into())).map_err(failed)
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a new file and returns its path.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, MemoryError> {
        let path = self.path().join(name);
        let written = sys::create_new(&path, FILE_MODE).and_then(|mut file| file.write_all(bytes));
        match written {
            Ok(()) => Ok(path),
            Err(source) => Err(MemoryError::Io { path, source }),
        }
    }

    /// Reads a file of at most `limit` bytes; by its name, since programs replace what they save.
    pub fn read(&self, name: &str, limit: u64) -> Result<SecretValue, MemoryError> {
        let path = self.path().join(name);
        let (file, metadata) = read::open(&path, limit, Links::Refuse)?;
        let mut bytes = read::fill(file, &metadata, &path)?;
        Ok(SecretValue::new(std::mem::take(&mut *bytes)))
    }
}

impl Drop for MemoryFolder {
    fn drop(&mut self) {
        overwrite(self.path());
    }
}

/// A new locked folder; `None` if it was taken for a left-over.
fn make(place: &Path) -> io::Result<Option<MemoryFolder>> {
    let mut builder = Builder::new();
    builder.prefix(PREFIX);
    if let Some(permissions) = sys::permissions(FOLDER_MODE) {
        builder.permissions(permissions);
    }
    let folder = builder.tempdir_in(place)?;
    let lock = match sys::open_read(folder.path(), Links::Refuse) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let there = folder.path().symlink_metadata().ok();
    let ours = lock.metadata()?;
    let same = there.is_some_and(|there| sys::same_file(&there, &ours));
    Ok(same.then_some(MemoryFolder { folder, _lock: lock }))
}

/// Wipes the folders whose processes are gone. Failures are passed over: the next one tries again.
#[expect(clippy::disallowed_methods, reason = "what killed processes left is removed here")]
fn wipe_leftovers(place: &Path, owners: Owners) {
    let Ok(entries) = std::fs::read_dir(place) else { return };
    for entry in entries.flatten() {
        let named = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let own = entry.metadata().is_ok_and(|m| m.is_dir() && owners.stranger(&m).is_none());
        if !named || !own {
            continue;
        }
        let path = entry.path();
        let Ok(folder) = sys::open_read(&path, Links::Refuse) else { continue };
        if folder.try_lock().is_ok() {
            overwrite(&path);
            let _ = std::fs::remove_dir_all(&path);
        }
    }
}

/// Overwrites every file, also those that a program put there besides: swap files and backups.
/// Failures are passed over, so that the rest is overwritten; the folder is removed anyway.
#[expect(clippy::disallowed_methods, reason = "the folder's files are found and wiped here")]
fn overwrite(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => overwrite(&entry.path()),
            Ok(kind) if kind.is_file() => _ = overwrite_file(&entry.path()),
            _ => {}
        }
    }
}

fn overwrite_file(path: &Path) -> io::Result<()> {
    let mut file = sys::open_write(path)?;
    let mut left = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    while left > 0 {
        let length = left.min(BLOCK);
        file.write_all(&[0; BLOCK][..length])?;
        left -= length;
    }
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    const PLACE: &str = "/dev/shm";

    fn create() -> MemoryFolder {
        MemoryFolder::create(&[PLACE.into()], Owners::current(None)).unwrap()
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_folder_is_the_users_alone_and_gone_when_dropped() {
        let folder = create();
        let path = folder.write("name", b"text").unwrap();
        assert_eq!((mode(folder.path()), mode(&path)), (0o700, 0o600));
        fs::create_dir(folder.path().join("more")).unwrap();
        fs::write(folder.path().join("more/backup~"), "text").unwrap();
        let root = folder.path().to_owned();
        drop(folder);
        assert!(!root.exists());
    }

    #[test]
    fn a_file_that_was_replaced_is_read_and_a_link_is_not() {
        let folder = create();
        let path = folder.write("name", b"text").unwrap();
        fs::write(folder.path().join("new"), "other").unwrap();
        fs::rename(folder.path().join("new"), &path).unwrap();
        assert_eq!(folder.read("name", 5).unwrap().expose(), b"other");
        assert!(matches!(folder.read("name", 4), Err(MemoryError::Read(_))));
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", &path).unwrap();
        assert!(matches!(folder.read("name", 99), Err(MemoryError::Read(_))));
    }

    #[test]
    fn overwriting_reaches_the_bytes_that_others_hold_open() {
        let folder = create();
        let path = folder.write("name", &[7; BLOCK + 1]).unwrap();
        let mut open = File::open(path).unwrap();
        drop(folder);
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut open, &mut bytes).unwrap();
        assert!(bytes.len() == BLOCK + 1 && bytes.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn a_left_over_folder_is_wiped_and_one_in_use_stays() {
        let left = Path::new(PLACE).join(format!("{PREFIX}test-{}", std::process::id()));
        let used = create();
        fs::create_dir(&left).unwrap();
        fs::write(left.join("name"), "text").unwrap();
        // Another test's folder may be made first, and wipe it.
        let _new = create();
        assert!(!left.exists() && used.path().exists());
    }

    #[test]
    fn a_folder_on_a_disk_and_one_that_others_can_change_are_refused() {
        let disk = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let open = create();
        let inside = open.path().join("open");
        fs::create_dir(&inside).unwrap();
        fs::set_permissions(&inside, fs::Permissions::from_mode(0o777)).unwrap();
        let places = [disk, inside.clone(), "/nonexistent".into()];
        let error = MemoryFolder::create(&places, Owners::current(None)).unwrap_err();
        assert!(matches!(error, MemoryError::NoPlace), "{error}");
        fs::set_permissions(&inside, fs::Permissions::from_mode(0o1777)).unwrap();
        assert!(MemoryFolder::create(&[inside], Owners::current(None)).is_ok());
    }
}
