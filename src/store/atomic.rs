//! The one way a file is replaced or removed: whole, durably, under the folder's lock.
//!
//! The new content goes to a temporary file in the same folder, is synced, renamed over the old
//! file, and the folder is synced. A process killed at any moment, or a power failure, leaves the
//! old file or the new one. Access lists and extended attributes of the old file are not carried
//! over; owner and permission bits are.

use super::error::{Step, WriteError};
use super::lock::Lock;
use super::sys::{self, Folder, Stamp};
use super::temp;
use std::fs::{self, Metadata};
use std::io::{self, Write};
use std::path::Path;
use tempfile::NamedTempFile;

/// What must be in the file's place for a write to go on.
///
/// The lock keeps other writers of this program away; git and editors know nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Whatever is there is replaced.
    Any,
    /// The state that was read.
    Same(Stamp),
    /// Nothing: the file is new.
    Absent,
}

/// Mode of a temporary file whose final permissions are set later.
const PRIVATE: u32 = 0o600;

/// Puts `bytes` in place of `target`, which is in the folder that `lock` holds.
///
/// An existing file keeps its permission bits; a new one gets `new_mode` less the umask. Removes
/// temporary files that killed writers left.
///
/// # Errors
/// [`WriteError::WrittenNotDurable`] alone means that the new file is in place; after every other
/// one the old file is.
pub fn replace(
    lock: &Lock,
    target: &Path,
    bytes: &[u8],
    new_mode: u32,
    expected: Expected,
) -> Result<(), WriteError> {
    if target.parent() != Some(lock.folder()) {
        let (path, locked) = (target.into(), lock.folder().into());
        return Err(WriteError::OutsideLock { path, locked });
    }
    // Opened first: a folder that cannot be opened must fail before the rename, not after.
    let folder = Folder::open(lock.folder()).map_err(unchanged(target, Step::OpenFolder))?;
    let old = regular(target)?;
    check(old.as_ref(), target, expected)?;
    temp::remove_leftovers(target);
    let new = prepare(&folder, target, bytes, old.as_ref(), new_mode)?;
    commit(lock, new, target, expected)?;
    let path = target.to_path_buf();
    folder.sync().map_err(|source| WriteError::WrittenNotDurable { path, source })
}

/// The whole new file under its temporary name, synced.
fn prepare(
    folder: &Folder,
    target: &Path,
    bytes: &[u8],
    old: Option<&Metadata>,
    new_mode: u32,
) -> Result<NamedTempFile, WriteError> {
    let old_mode = old.and_then(sys::mode);
    let mode = if old_mode.is_some() { PRIVATE } else { new_mode };
    let mut new = temp::create(target, mode).map_err(unchanged(target, Step::CreateTemporary))?;
    new.write_all(bytes).map_err(unchanged(target, Step::Write))?;
    let owned = match old {
        Some(old) => sys::match_owner(new.as_file(), old),
        None => folder.metadata().and_then(|folder| sys::hand_over(new.as_file(), &folder)),
    };
    owned.map_err(unchanged(target, Step::SetOwner))?;
    if let Some(mode) = old_mode {
        sys::set_mode(new.as_file(), mode).map_err(unchanged(target, Step::SetMode))?;
    }
    new.as_file().sync_all().map_err(unchanged(target, Step::Sync))?;
    Ok(new)
}

fn commit(
    lock: &Lock,
    new: NamedTempFile,
    target: &Path,
    expected: Expected,
) -> Result<(), WriteError> {
    check(regular(target)?.as_ref(), target, expected)?;
    if !lock.is_current() {
        return Err(WriteError::LockLost { path: target.into() });
    }
    let renamed = match expected {
        Expected::Absent => new.persist_noclobber(target),
        Expected::Any | Expected::Same(_) => new.persist(target),
    };
    match renamed {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            Err(WriteError::Exists { path: target.into() })
        }
        Err(error) => Err(unchanged(target, Step::Rename)(error.error)),
    }
}

fn check(found: Option<&Metadata>, target: &Path, expected: Expected) -> Result<(), WriteError> {
    match (expected, found) {
        (Expected::Any, _) | (Expected::Absent, None) => Ok(()),
        (Expected::Absent, Some(_)) => Err(WriteError::Exists { path: target.into() }),
        (Expected::Same(stamp), Some(found)) if sys::stamp(found) == stamp => Ok(()),
        (Expected::Same(_), _) => Err(WriteError::Changed { path: target.into() }),
    }
}

/// Removes a file and syncs its folder. A symbolic link is refused: removing it would leave what
/// it names, which is what the caller wants gone.
///
/// The bytes may stay on the medium: no file system promises to overwrite them.
#[expect(clippy::disallowed_methods, reason = "removal is durable here")]
pub fn remove(target: &Path) -> Result<(), WriteError> {
    let folder = Folder::open(temp::folder(target)).map_err(unchanged(target, Step::OpenFolder))?;
    if regular(target)?.is_none() {
        return Err(WriteError::Missing { path: target.into() });
    }
    fs::remove_file(target).map_err(unchanged(target, Step::Remove))?;
    let path = target.to_path_buf();
    folder.sync().map_err(|source| WriteError::RemovedNotDurable { path, source })
}

/// Creates one folder (mode by the umask) and makes its name durable; an existing folder is fine.
#[expect(clippy::disallowed_methods, reason = "the name is made durable here")]
pub fn create_folder(path: &Path) -> Result<(), WriteError> {
    let parent = Folder::open(temp::folder(path)).map_err(unchanged(path, Step::OpenFolder))?;
    match fs::create_dir(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_folder(path) => {
            return Ok(());
        }
        Err(error) => return Err(unchanged(path, Step::CreateFolder)(error)),
    }
    Folder::open_created(path, &parent).map_err(unchanged(path, Step::SetOwner))?;
    let path = path.to_path_buf();
    parent.sync().map_err(|source| WriteError::WrittenNotDurable { path, source })
}

fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

/// The regular file at `target`, if there is anything.
pub(super) fn regular(target: &Path) -> Result<Option<Metadata>, WriteError> {
    let path = target.to_path_buf();
    match target.symlink_metadata() {
        Ok(found) if found.is_file() => Ok(Some(found)),
        Ok(found) if found.is_symlink() => Err(WriteError::Symlink { path }),
        Ok(_) => Err(WriteError::NotAFile { path }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unchanged(target, Step::Inspect)(error)),
    }
}

pub(super) fn unchanged(path: &Path, step: Step) -> impl FnOnce(io::Error) -> WriteError {
    move |source| WriteError::Unchanged { path: path.into(), step, source }
}

#[cfg(test)]
mod tests;
