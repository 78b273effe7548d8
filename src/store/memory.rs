//! A private folder in memory, for what a program of the user finds under a name and no disk may see:
//! the text in an editor, a secret as a file. It is overwritten and removed when it is dropped.
//!
//! The folder is locked while it is in use. One that is left over, because its process was killed
//! outright, can be locked by anybody and is wiped by the next. Memory can reach a disk too, as swap;
//! that is the system's to encrypt or turn off.

use super::owners::Owners;
use super::read::{self, ReadError};
use super::sys::{self, Links};
use crate::secret_value::SecretValue;
use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::{Builder, TempDir};

const PREFIX: &str = "v-secure-files-";
const FOLDER_MODE: u32 = 0o700;
/// Somebody who wipes what was left over may take a new folder for one, before it is locked.
const TRIES: usize = 5;
/// Bytes that are overwritten at a time.
const BLOCK: usize = 64 << 10;

/// Why there is no such folder, or its file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryError {
    #[error("there is no folder in memory here that is safe from others (none of: {})", names(.tried))]
    NoPlace { tried: Vec<PathBuf> },
    #[error("cannot use {path}")]
    Io { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Read(#[from] ReadError),
}

fn names(tried: &[PathBuf]) -> String {
    tried.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// Who may do what with a file in the folder; nobody else than its owner may anything.
#[derive(Debug, Clone, Copy)]
pub enum Access {
    Read,
    Write,
}

impl Access {
    const fn mode(self) -> u32 {
        match self {
            Self::Read => 0o400,
            Self::Write => 0o600,
        }
    }
}

/// The folder and all that is in it, for this user alone.
#[derive(Debug)]
pub struct MemoryFolder {
    folder: TempDir,
    /// Held open, as the lock is on it.
    lock: File,
    is_kept: bool,
}

impl MemoryFolder {
    /// Makes one in `runtime`, which is `XDG_RUNTIME_DIR`, or in `/dev/shm`.
    pub fn create(runtime: Option<&Path>, owners: Owners) -> Result<Self, MemoryError> {
        let shared = cfg!(target_os = "linux").then(|| PathBuf::from("/dev/shm"));
        Self::create_in(runtime.map(Path::to_path_buf).into_iter().chain(shared).collect(), owners)
    }

    /// In the first place that is in memory.
    fn create_in(tried: Vec<PathBuf>, owners: Owners) -> Result<Self, MemoryError> {
        let usable = |place: &&PathBuf| {
            let open = |place: &Path| sys::open_read(place, Links::Follow);
            place.is_absolute()
                && open(place).is_ok_and(|f| sys::is_safe_memory(&f).unwrap_or(false))
        };
        let Some(place) = tried.iter().find(usable) else {
            return Err(MemoryError::NoPlace { tried });
        };
        wipe_leftovers(place, owners);
        let failed = |source| MemoryError::Io { path: place.clone(), source };
        let tries = (0..TRIES).find_map(|_| make(place).transpose());
        tries.unwrap_or_else(|| Err(io::ErrorKind::WouldBlock.into())).map_err(failed)
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a new file and returns its path.
    pub fn write(&self, name: &str, bytes: &[u8], access: Access) -> Result<PathBuf, MemoryError> {
        let path = self.path().join(name);
        let file = sys::create_new(&path, access.mode());
        let written = file.and_then(|mut file| file.write_all(bytes));
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

    /// The lock, for somebody who outlives this process: the folder counts as used while it is open.
    pub fn lock(&self) -> io::Result<File> {
        self.lock.try_clone()
    }

    /// Leaves the folder to somebody else, who has its lock, to remove.
    pub fn keep(mut self) {
        self.folder.disable_cleanup(true);
        self.is_kept = true;
    }
}

impl Drop for MemoryFolder {
    fn drop(&mut self) {
        if !self.is_kept {
            overwrite(self.path());
        }
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
    Ok(same.then_some(MemoryFolder { folder, lock, is_kept: false }))
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
/// Failures are passed over, so that the rest is overwritten; the folder is removed anyway. A file
/// that is only to be read is one.
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
        MemoryFolder::create(None, Owners::current(None)).unwrap()
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_folder_is_the_users_alone_and_gone_when_dropped() {
        let folder = create();
        let path = folder.write("name", b"text", Access::Write).unwrap();
        assert_eq!((mode(folder.path()), mode(&path)), (0o700, 0o600));
        assert_eq!(mode(&folder.write("fixed", b"text", Access::Read).unwrap()), 0o400);
        assert!(folder.write("name", b"", Access::Write).is_err());
        fs::create_dir(folder.path().join("more")).unwrap();
        fs::write(folder.path().join("more/backup~"), "text").unwrap();
        let root = folder.path().to_owned();
        drop(folder);
        assert!(!root.exists());
    }

    #[test]
    fn a_file_that_was_replaced_is_read_and_a_link_is_not() {
        let folder = create();
        let path = folder.write("name", b"text", Access::Write).unwrap();
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
        let path = folder.write("name", &[7; BLOCK + 1], Access::Write).unwrap();
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
    fn a_folder_that_is_kept_stays_as_long_as_somebody_has_its_lock() {
        let folder = create();
        folder.write("name", b"text", Access::Read).unwrap();
        let (path, lock) = (folder.path().to_owned(), folder.lock().unwrap());
        folder.keep();
        drop(create());
        assert_eq!(fs::read(path.join("name")).unwrap(), b"text");
        drop(lock);
        drop(create());
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_on_a_disk_and_one_that_others_can_change_are_refused() {
        let disk = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let open = create();
        let inside = open.path().join("open");
        fs::create_dir(&inside).unwrap();
        fs::set_permissions(&inside, fs::Permissions::from_mode(0o777)).unwrap();
        let places = vec![disk.clone(), inside.clone(), "/nonexistent".into(), "dev/shm".into()];
        let error = MemoryFolder::create_in(places, Owners::current(None)).unwrap_err();
        assert!(matches!(error, MemoryError::NoPlace { .. }), "{error}");
        let other = MemoryFolder::create(Some(&disk), Owners::current(None)).unwrap();
        assert!(other.path().starts_with(PLACE));
        fs::set_permissions(&inside, fs::Permissions::from_mode(0o1777)).unwrap();
        assert!(
            MemoryFolder::create(Some(&inside), Owners::current(None))
                .unwrap()
                .path()
                .starts_with(&inside)
        );
    }
}
