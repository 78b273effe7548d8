//! One writer at a time in a folder, by an exclusive lock on a side file.
//!
//! The file beside the vault is locked and not the vault: that is replaced by each write, and a
//! lock on the old one excludes nobody. Readers take no lock, a write being one rename.
//!
//! Waiting sleeps in the thread: the wait is counted by what was slept, so no clock is read.

use super::find;
use crate::store::sys;
use crate::store::sys::{Folder, Links};
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The side file's name. It stays when the lock is released: removing it would let a third
/// process lock a new file while a second one still waits for the old.
pub const FILE: &str = ".lock";

/// How long a writer waits for another by default.
pub const WAIT: Duration = Duration::from_secs(30);

// Only the owner can open it: whoever may read a file can lock it for ever, and vaults of other
// owners are refused anyway, so nobody else has a use for it.
const MODE: u32 = 0o600;

const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// Why a folder could not be locked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    #[error("another v-secure is writing: {path} is still locked after {} s", waited.as_secs())]
    Busy { path: PathBuf, waited: Duration },
    #[error("{path} is a symbolic link, which is not followed")]
    Symlink { path: PathBuf },
    #[error("the lock file {path} is not a regular file")]
    NotAFile { path: PathBuf },
    #[error("cannot lock {path}")]
    Io { path: PathBuf, source: io::Error },
}

/// The right to write in one folder, until dropped or the process ends.
#[derive(Debug)]
pub struct Lock {
    file: File,
    /// What the lock is in, whatever its path leads to by now.
    open: Folder,
    folder: PathBuf,
}

impl Lock {
    /// Locks `folder`, which must exist, waiting up to `wait` for another writer.
    pub fn acquire(folder: &Path, wait: Duration) -> Result<Self, LockError> {
        let path = folder.join(FILE);
        let open = open_folder(folder, &path)?;
        let mut pauses = Pauses::new(wait);
        loop {
            if let Some(file) = attempt(&path, &open)? {
                return Ok(Self { file, open, folder: folder.into() });
            }
            match pauses.next() {
                Some(pause) => std::thread::sleep(pause),
                None => return Err(LockError::Busy { path, waited: wait }),
            }
        }
    }

    /// The folder that may be written in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The same, held open.
    pub(crate) fn open_folder(&self) -> &Folder {
        &self.open
    }

    /// Whether the lock file is still the one that is locked. A tool that deletes unknown files
    /// (`git clean -x`) opens the way for a second writer.
    pub(crate) fn is_current(&self) -> bool {
        is_in(&self.file, &self.open).unwrap_or(false)
    }
}

/// A link in place of a vault's own folder is refused by whoever looked before: here for the moment in
/// between, in which another account could put one there.
fn open_folder(folder: &Path, lock: &Path) -> Result<Folder, LockError> {
    let links = if folder.ends_with(find::FOLDER) { Links::Refuse } else { Links::Follow };
    Folder::open_by(folder, links).map_err(|source| match links {
        Links::Refuse if folder.is_symlink() => LockError::Symlink { path: folder.into() },
        _ => io_error(lock, source),
    })
}

/// The open, locked file; `None` while another process holds it.
fn attempt(path: &Path, folder: &Folder) -> Result<Option<File>, LockError> {
    let Some(file) = open(path, folder)? else { return Ok(None) };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(source)) => return Err(io_error(path, source)),
    }
    // Between opening and locking, the file may have been deleted and made anew by another.
    Ok(is_in(&file, folder).map_err(|source| io_error(path, source))?.then_some(file))
}

/// The lock file, made if missing; `None` where it vanished in between.
fn open(path: &Path, folder: &Folder) -> Result<Option<File>, LockError> {
    let file = match folder.create(FILE.as_ref(), MODE) {
        Ok(file) => folder.metadata().and_then(|folder| {
            sys::hand_over(&file, &folder)?;
            Ok(file)
        }),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => folder.write(FILE.as_ref()),
        Err(error) => return Err(io_error(path, error)),
    };
    let file = match file {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(open_error(path, error)),
    };
    match file.metadata() {
        Ok(metadata) if metadata.is_file() => Ok(Some(file)),
        Ok(_) => Err(LockError::NotAFile { path: path.into() }),
        Err(source) => Err(io_error(path, source)),
    }
}

fn open_error(path: &Path, source: io::Error) -> LockError {
    if sys::is_link_refusal(&source) {
        return LockError::Symlink { path: path.into() };
    }
    if sys::is_wrong_kind(&source) {
        return LockError::NotAFile { path: path.into() };
    }
    io_error(path, source)
}

fn io_error(path: &Path, source: io::Error) -> LockError {
    LockError::Io { path: path.into(), source }
}

fn is_in(file: &File, folder: &Folder) -> io::Result<bool> {
    match folder.look(FILE.as_ref()) {
        Ok(named) => Ok(named.is_that_of(&file.metadata()?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Pauses that double up to a limit and add up to the whole wait.
struct Pauses {
    next: Duration,
    left: Duration,
}

impl Pauses {
    fn new(wait: Duration) -> Self {
        Self { next: FIRST_PAUSE, left: wait }
    }
}

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let pause = self.next.min(self.left);
        self.left -= pause;
        self.next = (self.next * 2).min(LONGEST_PAUSE);
        (!pause.is_zero()).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::tempdir;

    const BRIEF: Duration = Duration::from_millis(20);

    #[test]
    fn a_second_writer_is_told_which_file_is_locked() {
        let folder = tempdir().unwrap();
        let _held = Lock::acquire(folder.path(), BRIEF).unwrap();
        let error = Lock::acquire(folder.path(), BRIEF).unwrap_err();
        assert!(matches!(&error, LockError::Busy { waited, .. } if *waited == BRIEF), "{error}");
        let text = error.to_string();
        assert!(text.contains("another v-secure is writing"), "{text}");
        assert!(text.contains(&*folder.path().join(FILE).to_string_lossy()), "{text}");
    }

    #[test]
    fn a_waiting_writer_gets_the_lock_when_it_is_released() {
        let folder = tempdir().unwrap();
        let held = Lock::acquire(folder.path(), BRIEF).unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| Lock::acquire(folder.path(), WAIT).map(drop));
            drop(held);
            waiting.join().unwrap().unwrap();
        });
    }

    #[test]
    fn pauses_add_up_to_the_wait() {
        let pauses: Vec<_> = Pauses::new(Duration::from_secs(1)).collect();
        assert_eq!(pauses.iter().sum::<Duration>(), Duration::from_secs(1));
        assert!(pauses.iter().all(|pause| *pause <= LONGEST_PAUSE));
        assert_eq!(Pauses::new(Duration::ZERO).count(), 0);
    }

    #[test]
    fn a_missing_folder_is_an_error_and_not_made() {
        let folder = tempdir().unwrap();
        let missing = folder.path().join("none");
        let error = Lock::acquire(&missing, BRIEF).unwrap_err();
        assert!(matches!(error, LockError::Io { .. }), "{error}");
        assert!(!missing.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_deleted_lock_file_is_noticed() {
        let folder = tempdir().unwrap();
        let first = Lock::acquire(folder.path(), BRIEF).unwrap();
        assert!(first.is_current());
        fs::remove_file(folder.path().join(FILE)).unwrap();
        assert!(!first.is_current());
        let second = Lock::acquire(folder.path(), BRIEF).unwrap();
        assert!(second.is_current() && !first.is_current());
    }

    #[cfg(unix)]
    #[test]
    fn the_lock_file_is_the_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempdir().unwrap();
        let lock = Lock::acquire(folder.path(), BRIEF).unwrap();
        assert_eq!(lock.file.metadata().unwrap().permissions().mode() & 0o077, 0);
    }

    #[cfg(unix)]
    #[test]
    fn links_fifos_and_folders_in_its_place_are_refused() {
        let folder = tempdir().unwrap();
        let path = folder.path().join(FILE);
        std::os::unix::fs::symlink(folder.path().join("victim"), &path).unwrap();
        let error = Lock::acquire(folder.path(), BRIEF).unwrap_err();
        assert!(matches!(error, LockError::Symlink { .. }), "{error}");
        assert!(!folder.path().join("victim").exists());
        fs::remove_file(&path).unwrap();

        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let error = Lock::acquire(folder.path(), BRIEF).unwrap_err();
        assert!(matches!(error, LockError::NotAFile { .. }), "{error}");
        fs::remove_file(&path).unwrap();

        fs::create_dir(&path).unwrap();
        let error = Lock::acquire(folder.path(), BRIEF).unwrap_err();
        assert!(matches!(error, LockError::NotAFile { .. }), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_place_of_a_vaults_folder_is_refused_and_others_are_followed() {
        let root = tempdir().unwrap();
        let victim = root.path().join("victim");
        fs::create_dir(&victim).unwrap();
        let (own, other) = (root.path().join(find::FOLDER), root.path().join("other"));
        for link in [&own, &other] {
            std::os::unix::fs::symlink(&victim, link).unwrap();
        }
        let error = Lock::acquire(&own, BRIEF).unwrap_err();
        assert!(matches!(&error, LockError::Symlink { path } if *path == own), "{error}");
        assert!(!victim.join(FILE).exists());
        assert!(Lock::acquire(&other, BRIEF).is_ok());
    }
}
