//! The one way a file is replaced or removed: whole, durably, under the folder's lock.
//!
//! The new content goes to a temporary file in the same folder, is synced, renamed over the old
//! file, and the folder is synced. A process killed at any moment, or a power failure, leaves the
//! old file or the new one. Access lists and extended attributes of the old file are not carried
//! over; owner and permission bits are.

use super::error::{Step, WriteError};
use super::lock::Lock;
use super::temp::{self, Temporary};
use crate::store::sys;
use crate::store::sys::{Folder, Seen, Stamp};
use std::io::{self, Write};
use std::path::Path;

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
    replace_before_another(lock, target, bytes, new_mode, expected)?;
    let path = target.to_path_buf();
    lock.open_folder().sync().map_err(|source| WriteError::WrittenNotDurable { path, source })
}

/// [`replace`] of a file that another one in the same folder follows at once, and waits for the disk for both: the
/// content of this one is on the disk, its name need not be. File systems that keep the order of names in a folder
/// never show the second without the first; elsewhere a power failure between the two can.
pub(crate) fn replace_before_another(
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
    let folder = lock.open_folder();
    let old = regular(folder, target)?;
    check(old.as_ref(), target, expected)?;
    temp::remove_leftovers(folder, temp::name(target));
    let new = prepare(folder, target, bytes, old.as_ref(), new_mode)?;
    commit(lock, new, target, expected)
}

/// The whole new file under its temporary name, synced.
fn prepare<'a>(
    folder: &'a Folder,
    target: &Path,
    bytes: &[u8],
    old: Option<&Seen>,
    new_mode: u32,
) -> Result<Temporary<'a>, WriteError> {
    let old_mode = old.and_then(Seen::mode);
    let mode = if old_mode.is_some() { PRIVATE } else { new_mode };
    let mut new = Temporary::create(folder, temp::name(target), mode)
        .map_err(unchanged(target, Step::CreateTemporary))?;
    let file = new.file();
    file.write_all(bytes).map_err(unchanged(target, Step::Write))?;
    let owned = match old {
        Some(old) => sys::match_owner(file, old.owners()),
        None => folder.metadata().and_then(|folder| sys::hand_over(file, &folder)),
    };
    owned.map_err(unchanged(target, Step::SetOwner))?;
    if let Some(mode) = old_mode {
        sys::set_mode(file, mode).map_err(unchanged(target, Step::SetMode))?;
    }
    file.sync_all().map_err(unchanged(target, Step::Sync))?;
    Ok(new)
}

fn commit(
    lock: &Lock,
    new: Temporary<'_>,
    target: &Path,
    expected: Expected,
) -> Result<(), WriteError> {
    check(regular(lock.open_folder(), target)?.as_ref(), target, expected)?;
    if !lock.is_current() {
        return Err(WriteError::LockLost { path: target.into() });
    }
    let name = temp::name(target);
    let renamed = match expected {
        Expected::Absent => new.place(name),
        Expected::Any | Expected::Same(_) => new.replace(name),
    };
    match renamed {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(WriteError::Exists { path: target.into() })
        }
        result => result.map_err(unchanged(target, Step::Rename)),
    }
}

fn check(found: Option<&Seen>, target: &Path, expected: Expected) -> Result<(), WriteError> {
    match (expected, found) {
        (Expected::Any, _) | (Expected::Absent, None) => Ok(()),
        (Expected::Absent, Some(_)) => Err(WriteError::Exists { path: target.into() }),
        (Expected::Same(stamp), Some(found)) if found.stamp() == stamp => Ok(()),
        (Expected::Same(_), _) => Err(WriteError::Changed { path: target.into() }),
    }
}

/// Removes a file and syncs its folder. A symbolic link is refused: removing it would leave what
/// it names, which is what the caller wants gone.
///
/// The bytes may stay on the medium: no file system promises to overwrite them.
pub fn remove(target: &Path) -> Result<(), WriteError> {
    let folder = Folder::open(temp::folder(target)).map_err(unchanged(target, Step::OpenFolder))?;
    remove_in(&folder, target)
}

/// [`remove`] in the open folder of `target`.
pub(crate) fn remove_in(folder: &Folder, target: &Path) -> Result<(), WriteError> {
    if regular(folder, target)?.is_none() {
        return Err(WriteError::Missing { path: target.into() });
    }
    folder.remove(temp::name(target)).map_err(unchanged(target, Step::Remove))?;
    let path = target.to_path_buf();
    folder.sync().map_err(|source| WriteError::RemovedNotDurable { path, source })
}

/// Creates one folder (mode by the umask) and makes its name durable; an existing folder is fine.
pub(crate) fn create_folder(path: &Path) -> Result<(), WriteError> {
    let parent = Folder::open(temp::folder(path)).map_err(unchanged(path, Step::OpenFolder))?;
    let name = temp::name(path);
    match parent.make_folder(name, 0o777) {
        Ok(()) => {}
        Err(error)
            if error.kind() == io::ErrorKind::AlreadyExists
                && parent.look(name).is_ok_and(|seen| seen.is_folder()) =>
        {
            return Ok(());
        }
        Err(error) => return Err(unchanged(path, Step::CreateFolder)(error)),
    }
    let made = parent.folder(name).and_then(|made| parent.hand_over(&made));
    made.map_err(unchanged(path, Step::SetOwner))?;
    let path = path.to_path_buf();
    parent.sync().map_err(|source| WriteError::WrittenNotDurable { path, source })
}

/// The regular file at `target`, which is in `folder`, if there is anything.
pub(crate) fn regular(folder: &Folder, target: &Path) -> Result<Option<Seen>, WriteError> {
    let path = target.to_path_buf();
    match folder.look(temp::name(target)) {
        Ok(found) if found.is_file() => Ok(Some(found)),
        Ok(found) if found.is_link() => Err(WriteError::Symlink { path }),
        Ok(_) => Err(WriteError::NotAFile { path }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unchanged(target, Step::Inspect)(error)),
    }
}

pub(crate) fn unchanged(path: &Path, step: Step) -> impl FnOnce(io::Error) -> WriteError {
    move |source| WriteError::Unchanged { path: path.into(), step, source }
}

#[cfg(test)]
mod tests;
