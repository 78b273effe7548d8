//! The user's own folders and files: configuration, state, identities.
//!
//! A folder that others can write in holds nothing that can be believed, so it is an error. An
//! identity that others can read still works, so it is a warning for the caller to show.

use super::owners::Owners;
use super::read::{self, ReadError};
use super::sys::{self, Links};
use crate::secret_value::SecretValue;
use std::fmt;
use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// Mode of private files, for [`super::atomic::replace`] and [`super::fresh::write_new`].
pub const FILE_MODE: u32 = 0o600;

pub(super) const WRITABLE_BY_OTHERS: u32 = 0o022;
const ANY_FOR_OTHERS: u32 = 0o077;

/// Why a private folder or file is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateError {
    #[error("{path} belongs to another user (uid {owner}) and is not used")]
    OtherOwner { path: PathBuf, owner: u32 },
    #[error("{path} can be written by others (mode {mode:03o}); take that away with chmod go-w")]
    WritableByOthers { path: PathBuf, mode: u32 },
    #[error("{path} is not a folder")]
    NotAFolder { path: PathBuf },
    #[error("{path} is not a regular file")]
    NotAFile { path: PathBuf },
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("cannot use {path}")]
    Io { path: PathBuf, source: io::Error },
}

/// A warning: other accounts have access to what should be this user's alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposed {
    pub path: PathBuf,
    /// Permission bits.
    pub mode: u32,
}

impl fmt::Display for Exposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, mode) = (self.path.display(), self.mode);
        write!(f, "{path} is open to other accounts (mode {mode:03o}); close it with chmod go=")
    }
}

/// A private file's content.
#[derive(Debug)]
pub struct PrivateFile {
    pub bytes: SecretValue,
    pub exposed: Option<Exposed>,
}

/// Makes sure that `path` is a folder of this user's, creating it and missing parents with mode
/// 0700. It may be reached by a symbolic link: people keep their configuration elsewhere.
pub fn ensure_folder(path: &Path, owners: Owners) -> Result<Option<Exposed>, PrivateError> {
    let io_error = |source| PrivateError::Io { path: path.into(), source };
    let found = match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            sys::create_private_folders(path).map_err(io_error)?;
            path.metadata().map_err(io_error)?
        }
        found => found.map_err(io_error)?,
    };
    if !found.is_dir() {
        return Err(PrivateError::NotAFolder { path: path.into() });
    }
    if let Some(owner) = owners.stranger(&found) {
        return Err(PrivateError::OtherOwner { path: path.into(), owner });
    }
    refuse_writable(path, &found)?;
    Ok(exposed(path, &found))
}

/// Reads a secret file of at most `limit` bytes, such as an identity. Symbolic links are followed
/// and root may own it, since that is how container platforms mount secrets.
pub fn read_secret(path: &Path, limit: u64, owners: Owners) -> Result<PrivateFile, PrivateError> {
    let (file, metadata) = read::open(path, limit, Links::Follow)?;
    if let Some(owner) = owners.stranger_but_root(&metadata) {
        return Err(PrivateError::OtherOwner { path: path.into(), owner });
    }
    let mut bytes = read::fill(file, &metadata, path)?;
    let bytes = SecretValue::new(std::mem::take(&mut *bytes));
    Ok(PrivateFile { bytes, exposed: exposed(path, &metadata) })
}

/// Reads a file of at most `limit` bytes that this program wrote for this user, such as a pin.
/// Nobody else has a reason to provide one, so links and other owners, root too, are refused.
pub(super) fn read_own(path: &Path, limit: u64, owners: Owners) -> Result<Vec<u8>, PrivateError> {
    let (file, metadata) = open_own(path, limit, owners)?;
    let mut bytes = read::fill(file, &metadata, path)?;
    Ok(std::mem::take(&mut *bytes))
}

/// Opens a file for [`read_own`], or for reading what may grow meanwhile.
pub(super) fn open_own(
    path: &Path,
    limit: u64,
    owners: Owners,
) -> Result<(File, Metadata), PrivateError> {
    let (file, metadata) = read::open(path, limit, Links::Refuse)?;
    if let Some(owner) = owners.stranger(&metadata) {
        return Err(PrivateError::OtherOwner { path: path.into(), owner });
    }
    refuse_writable(path, &metadata)?;
    Ok((file, metadata))
}

/// Opens a file of this user's to append to, creating it with mode 0600; for journals.
pub fn open_append(path: &Path, owners: Owners) -> Result<File, PrivateError> {
    let file = sys::open_append(path, FILE_MODE).map_err(|source| open_error(path, source))?;
    let metadata = file.metadata().map_err(|source| open_error(path, source))?;
    if !metadata.is_file() {
        return Err(PrivateError::NotAFile { path: path.into() });
    }
    if let Some(owner) = owners.stranger(&metadata) {
        return Err(PrivateError::OtherOwner { path: path.into(), owner });
    }
    refuse_writable(path, &metadata)?;
    Ok(file)
}

fn open_error(path: &Path, source: io::Error) -> PrivateError {
    let path = path.to_path_buf();
    if sys::is_link_refusal(&source) {
        return ReadError::Symlink { path }.into();
    }
    if sys::is_wrong_kind(&source) {
        return PrivateError::NotAFile { path };
    }
    PrivateError::Io { path, source }
}

fn refuse_writable(path: &Path, metadata: &Metadata) -> Result<(), PrivateError> {
    match sys::mode(metadata) {
        Some(mode) if mode & WRITABLE_BY_OTHERS != 0 => {
            Err(PrivateError::WritableByOthers { path: path.into(), mode })
        }
        _ => Ok(()),
    }
}

fn exposed(path: &Path, metadata: &Metadata) -> Option<Exposed> {
    let mode = sys::mode(metadata).filter(|mode| mode & ANY_FOR_OTHERS != 0)?;
    Some(Exposed { path: path.into(), mode })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::tempdir;

    fn me() -> Owners {
        Owners::current(None)
    }

    #[test]
    fn a_missing_folder_is_made_with_its_parents() {
        let root = tempdir().unwrap();
        let path = root.path().join("a/b");
        assert_eq!(ensure_folder(&path, me()).unwrap(), None);
        assert!(path.is_dir());
        assert_eq!(ensure_folder(&path, me()).unwrap(), None);
    }

    #[test]
    fn a_file_in_the_folders_place_is_refused() {
        let root = tempdir().unwrap();
        let path = root.path().join("file");
        fs::write(&path, "").unwrap();
        let error = ensure_folder(&path, me()).unwrap_err();
        assert!(matches!(error, PrivateError::NotAFolder { .. }), "{error}");
    }

    #[test]
    fn a_secret_file_is_limited_and_its_bytes_are_not_shown() {
        let root = tempdir().unwrap();
        let path = root.path().join("identity.txt");
        fs::write(&path, "hunter2").unwrap();
        let file = read_secret(&path, 7, me()).unwrap();
        assert_eq!(file.bytes.expose(), b"hunter2");
        assert!(!format!("{file:?}").contains("hunter2"));
        let error = read_secret(&path, 6, me()).unwrap_err();
        assert!(matches!(error, PrivateError::Read(ReadError::TooLarge { .. })), "{error}");
    }

    #[cfg(unix)]
    mod unix {
        use super::*;
        use std::os::unix::fs::{PermissionsExt, symlink};

        fn set_mode(path: &Path, mode: u32) {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }

        fn mode(path: &Path) -> u32 {
            fs::metadata(path).unwrap().permissions().mode() & 0o777
        }

        #[test]
        fn new_folders_and_files_are_the_users_alone() {
            let root = tempdir().unwrap();
            let path = root.path().join("a/b");
            ensure_folder(&path, me()).unwrap();
            assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o700, 0o700));
            open_append(&path.join("journal"), me()).unwrap();
            assert_eq!(mode(&path.join("journal")), 0o600);
        }

        #[test]
        fn what_others_can_read_is_a_warning_and_what_they_can_write_an_error() {
            let root = tempdir().unwrap();
            let file = root.path().join("identity.txt");
            fs::write(&file, "x").unwrap();
            for (bits, warned) in [(0o600, false), (0o640, true), (0o604, true), (0o400, false)] {
                set_mode(&file, bits);
                let exposed = read_secret(&file, 9, me()).unwrap().exposed;
                let expected = warned.then(|| Exposed { path: file.clone(), mode: bits });
                assert_eq!(exposed, expected);
            }
            set_mode(root.path(), 0o755);
            assert!(ensure_folder(root.path(), me()).unwrap().is_some());
            set_mode(root.path(), 0o770);
            let error = ensure_folder(root.path(), me()).unwrap_err();
            assert!(matches!(error, PrivateError::WritableByOthers { mode: 0o770, .. }), "{error}");
            set_mode(&file, 0o620);
            let error = open_append(&file, me()).unwrap_err();
            assert!(matches!(error, PrivateError::WritableByOthers { .. }), "{error}");
        }

        #[test]
        fn what_another_user_owns_is_an_error() {
            let root = tempdir().unwrap();
            let (path, others) = (root.path().join("file"), Owners::nobody_here());
            fs::write(&path, "").unwrap();
            let errors = [
                ensure_folder(root.path(), others).unwrap_err(),
                open_append(&path, others).unwrap_err(),
            ];
            for error in errors {
                assert!(matches!(error, PrivateError::OtherOwner { .. }), "{error}");
            }
            // Tests run as root see a file that everybody accepts.
            let owner = sys::owner(&fs::metadata(&path).unwrap());
            assert_eq!(read_secret(&path, 9, others).is_ok(), owner == Some(0));
        }

        #[test]
        fn a_mounted_identity_is_read_through_its_link_but_no_journal_is() {
            let root = tempdir().unwrap();
            let (file, link) = (root.path().join("..data"), root.path().join("identity.txt"));
            fs::write(&file, "x").unwrap();
            symlink(&file, &link).unwrap();
            assert_eq!(read_secret(&link, 9, me()).unwrap().bytes.expose(), b"x");
            let error = open_append(&link, me()).unwrap_err();
            assert!(matches!(error, PrivateError::Read(ReadError::Symlink { .. })), "{error}");
        }
    }
}
