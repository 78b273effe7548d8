//! Files that must be new, such as identities: never an overwrite but where the user asked for it
//! ([`write_over`]), and whole or not there.
//!
//! On Linux the content has no name until it is complete, so that a killed process leaves no key
//! under a temporary name. Elsewhere, and on file systems without such files, a left-over of an
//! earlier kill is removed by the next attempt for the same name.

use super::atomic::{regular, unchanged};
use super::error::{Step, WriteError};
use super::temp::{self, Temporary};
use crate::store::sys::{Folder, Unnamed};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Creates `target` with `bytes` and, less the umask, `mode`; durable on return. Needs no lock.
///
/// # Errors
/// [`WriteError::Exists`] where anything, also a dangling symbolic link, is there. After
/// [`WriteError::WrittenNotDurable`] the file is in place.
pub fn write_new(target: &Path, bytes: &[u8], mode: u32) -> Result<(), WriteError> {
    let folder = Folder::open(temp::folder(target)).map_err(unchanged(target, Step::OpenFolder))?;
    write_new_in(&folder, target, bytes, mode)
}

/// [`write_new`] in the open folder of `target`.
pub(crate) fn write_new_in(
    folder: &Folder,
    target: &Path,
    bytes: &[u8],
    mode: u32,
) -> Result<(), WriteError> {
    // Asked before any secret byte is written; the link or rename below has the last word.
    match regular(folder, target) {
        Ok(None) => {}
        Err(error @ WriteError::Unchanged { .. }) => return Err(error),
        Ok(Some(_)) | Err(_) => return Err(WriteError::Exists { path: target.into() }),
    }
    let unnamed =
        Unnamed::create(folder, mode).map_err(unchanged(target, Step::CreateTemporary))?;
    match unnamed {
        Some(file) => by_link(folder, file, target, bytes)?,
        None => by_rename(folder, target, bytes, mode)?,
    }
    let path = target.to_path_buf();
    folder.sync().map_err(|source| WriteError::WrittenNotDurable { path, source })
}

/// Creates `target`, or replaces the regular file there: whole, and with `mode` whatever the old
/// file had. The caller has been told that the old content may go.
///
/// # Errors
/// [`WriteError::Symlink`] and [`WriteError::NotAFile`] for what is no regular file; then, and after
/// every error but [`WriteError::WrittenNotDurable`], the old file is in place.
pub(crate) fn write_over(target: &Path, bytes: &[u8], mode: u32) -> Result<(), WriteError> {
    let folder = Folder::open(temp::folder(target)).map_err(unchanged(target, Step::OpenFolder))?;
    write_over_in(&folder, target, bytes, mode)
}

/// [`write_over`] in the open folder of `target`.
pub(crate) fn write_over_in(
    folder: &Folder,
    target: &Path,
    bytes: &[u8],
    mode: u32,
) -> Result<(), WriteError> {
    regular(folder, target)?;
    filled(folder, target, bytes, mode)?
        .replace(temp::name(target))
        .map_err(unchanged(target, Step::Rename))?;
    let path = target.to_path_buf();
    folder.sync().map_err(|source| WriteError::WrittenNotDurable { path, source })
}

fn by_link(
    folder: &Folder,
    mut new: Unnamed,
    target: &Path,
    bytes: &[u8],
) -> Result<(), WriteError> {
    fill(new.file(), target, bytes)?;
    new.link(folder, temp::name(target)).map_err(|error| not_placed(target, error))
}

fn by_rename(folder: &Folder, target: &Path, bytes: &[u8], mode: u32) -> Result<(), WriteError> {
    let new = filled(folder, target, bytes, mode)?;
    new.place(temp::name(target)).map_err(|error| not_placed(target, error))
}

/// The whole new file under a temporary name.
fn filled<'a>(
    folder: &'a Folder,
    target: &Path,
    bytes: &[u8],
    mode: u32,
) -> Result<Temporary<'a>, WriteError> {
    let name = temp::name(target);
    temp::remove_leftovers(folder, name);
    let mut new =
        Temporary::create(folder, name, mode).map_err(unchanged(target, Step::CreateTemporary))?;
    fill(new.file(), target, bytes)?;
    Ok(new)
}

fn fill(file: &mut File, target: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    file.write_all(bytes).map_err(unchanged(target, Step::Write))?;
    file.sync_all().map_err(unchanged(target, Step::Sync))
}

fn not_placed(target: &Path, error: io::Error) -> WriteError {
    match error.kind() {
        io::ErrorKind::AlreadyExists => WriteError::Exists { path: target.into() },
        _ => unchanged(target, Step::Rename)(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::tempdir;

    type Way = fn(&Path, &[u8]) -> Result<(), WriteError>;
    const WAYS: [Way; 2] = [
        |target, bytes| write_new(target, bytes, 0o600),
        |target, bytes| {
            by_rename(&Folder::open(temp::folder(target)).unwrap(), target, bytes, 0o600)
        },
    ];

    #[test]
    fn a_new_file_is_whole_and_alone_in_its_folder() {
        for way in WAYS {
            let folder = tempdir().unwrap();
            let target = folder.path().join("identity.txt");
            way(&target, b"AGE-SECRET-KEY").unwrap();
            assert_eq!(fs::read(&target).unwrap(), b"AGE-SECRET-KEY");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn an_existing_file_is_never_overwritten() {
        for way in WAYS {
            let folder = tempdir().unwrap();
            let target = folder.path().join("identity.txt");
            fs::write(&target, "old").unwrap();
            let error = way(&target, b"new").unwrap_err();
            assert!(matches!(error, WriteError::Exists { .. }), "{error}");
            assert_eq!(fs::read(&target).unwrap(), b"old");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_written_over_is_private_and_no_link_is_followed() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempdir().unwrap();
        let (target, link) = (folder.path().join("out"), folder.path().join("link"));
        fs::write(&target, "old").unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o644)).unwrap();
        write_over(&target, b"new", 0o600).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
        symlink(&target, &link).unwrap();
        let error = write_over(&link, b"other", 0o600).unwrap_err();
        assert!(matches!(error, WriteError::Symlink { .. }), "{error}");
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_missing_folder_is_named_by_its_step() {
        let folder = tempdir().unwrap();
        let error = write_new(&folder.path().join("none/identity.txt"), b"", 0o600).unwrap_err();
        assert!(matches!(error, WriteError::Unchanged { step: Step::OpenFolder, .. }), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_appears_at_the_last_moment_wins() {
        let folder = tempdir().unwrap();
        let target = folder.path().join("identity.txt");
        let opened = Folder::open(folder.path()).unwrap();
        let unnamed = Unnamed::create(&opened, 0o600).unwrap().unwrap();
        fs::write(&target, "old").unwrap();
        let error = by_link(&opened, unnamed, &target, b"new").unwrap_err();
        assert!(matches!(error, WriteError::Exists { .. }), "{error}");
        assert_eq!(fs::read(&target).unwrap(), b"old");
    }

    #[cfg(unix)]
    #[test]
    fn a_dangling_link_is_not_written_through_and_the_mode_is_kept() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        for way in WAYS {
            let folder = tempdir().unwrap();
            let (link, victim) = (folder.path().join("link"), folder.path().join("victim"));
            symlink(&victim, &link).unwrap();
            let error = way(&link, b"new").unwrap_err();
            assert!(matches!(error, WriteError::Exists { .. }), "{error}");
            assert!(!victim.exists());
            way(&victim, b"new").unwrap();
            assert_eq!(fs::metadata(&victim).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
