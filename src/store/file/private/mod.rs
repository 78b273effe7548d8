//! The user's own folders and files: configuration, state, identities.
//!
//! A folder that others can write in holds nothing that can be believed, so it is an error. An
//! identity that others can read still works, so it is a warning for the caller to show.

use super::owners::Owners;
use super::read::{self, ReadError};
use super::temp;
use crate::store::sys;
use crate::store::sys::{Folder, Links};
use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read, Take};
use std::path::{Path, PathBuf};
use v_secure_core::secret_value::SecretValue;

/// Mode of private files, for [`super::atomic::replace`] and [`super::new_file::write_new`].
pub(crate) const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;

pub(crate) const WRITABLE_BY_OTHERS: u32 = 0o022;
pub(crate) const ANY_FOR_OTHERS: u32 = 0o077;

/// Why a private folder or file is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateError {
    #[error("{path} belongs to another user (uid {owner}) and is not used")]
    OtherOwner { path: PathBuf, owner: u32 },
    #[error("{path} belongs to another user (uid {owner}), who can replace what is in it")]
    InReachOf { path: PathBuf, owner: u32 },
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
pub(crate) struct PrivateFile {
    pub bytes: SecretValue,
    pub exposed: Option<Exposed>,
}

/// Makes sure that `path` is a folder of this user's, creating it and missing parents with mode
/// 0700. It may be reached by a symbolic link: people keep their configuration elsewhere.
pub(crate) fn ensure_folder(path: &Path, owners: Owners) -> Result<Option<Exposed>, PrivateError> {
    ensure_open(path, owners).map(|(_, exposed)| exposed)
}

fn ensure_open(path: &Path, owners: Owners) -> Result<(Folder, Option<Exposed>), PrivateError> {
    let folder = match Folder::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            sys::create_private_folders(path).map_err(|source| folder_error(path, source))?;
            Folder::open(path)
        }
        found => found,
    };
    let folder = folder.map_err(|source| folder_error(path, source))?;
    let exposed = judge_folder(path, &folder, owners)?;
    Ok((folder, exposed))
}

/// The folder `name` in the state folder, both of them this user's, made if missing. It is no link:
/// what stands in it is replaced and removed.
pub(crate) fn ensure_inner(
    state: &Path,
    name: &str,
    owners: Owners,
) -> Result<Folder, PrivateError> {
    let (outer, _) = ensure_open(state, owners)?;
    match open_inner(&outer, state, name, owners)? {
        Some(folder) => return Ok(folder),
        None => match outer.make_folder(name.as_ref(), FOLDER_MODE) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(folder_error(&state.join(name), error));
            }
            _ => {}
        },
    }
    let gone = || folder_error(&state.join(name), io::ErrorKind::NotFound.into());
    open_inner(&outer, state, name, owners)?.ok_or_else(gone)
}

/// The same, where both folders are there; makes nothing, so that reading works on a read-only disk.
pub(crate) fn existing_inner(
    state: &Path,
    name: &str,
    owners: Owners,
) -> Result<Option<Folder>, PrivateError> {
    match existing(state, owners)? {
        Some(outer) => open_inner(&outer, state, name, owners),
        None => Ok(None),
    }
}

/// The state folder itself, where it is there. A link that leads nowhere is something: its disk may
/// be away.
pub(crate) fn existing(state: &Path, owners: Owners) -> Result<Option<Folder>, PrivateError> {
    let is_missing = |path: &Path| {
        path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    };
    match Folder::open(state) {
        Err(_) if is_missing(state) => Ok(None),
        opened => {
            let folder = opened.map_err(|source| folder_error(state, source))?;
            judge_folder(state, &folder, owners)?;
            Ok(Some(folder))
        }
    }
}

fn open_inner(
    outer: &Folder,
    state: &Path,
    name: &str,
    owners: Owners,
) -> Result<Option<Folder>, PrivateError> {
    let path = state.join(name);
    match outer.folder(name.as_ref()) {
        Ok(folder) => {
            judge_folder(&path, &folder, owners)?;
            Ok(Some(folder))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(_) if outer.look(name.as_ref()).is_ok_and(|seen| seen.is_link()) => {
            Err(ReadError::Symlink { path }.into())
        }
        Err(source) => Err(folder_error(&path, source)),
    }
}

fn judge_folder(
    path: &Path,
    folder: &Folder,
    owners: Owners,
) -> Result<Option<Exposed>, PrivateError> {
    let found = folder.metadata().map_err(|source| folder_error(path, source))?;
    if let Some(owner) = owners.stranger(&found) {
        return Err(PrivateError::OtherOwner { path: path.into(), owner });
    }
    refuse_writable(path, &found)?;
    Ok(exposed(path, &found))
}

fn folder_error(path: &Path, source: io::Error) -> PrivateError {
    let path = path.to_path_buf();
    match source.kind() {
        io::ErrorKind::NotADirectory => PrivateError::NotAFolder { path },
        _ => PrivateError::Io { path, source },
    }
}

/// Refuses a place that another account can put another folder in. The folders above belong to this
/// user, to root, or to whoever owns the topmost one, as root does under another number in a
/// container.
///
/// Modes are not asked: a home in a group's or everybody's folder is common where there is one user.
pub(crate) fn unreplaceable(path: &Path, owners: Owners) -> Result<(), PrivateError> {
    let Some(parent) = path.parent() else { return Ok(()) };
    let owner_of = |path: &Path| sys::owner(&path.symlink_metadata().ok()?);
    let top = owner_of(Path::new("/"));
    let resolved = parent.ancestors().find_map(|above| above.canonicalize().ok());
    let is_link = path.is_symlink().then_some(path);
    let above = parent.ancestors().chain(resolved.iter().flat_map(|path| path.ancestors()));
    for place in is_link.into_iter().chain(above).filter(|place| !place.as_os_str().is_empty()) {
        if let Some(owner) = owner_of(place)
            && !(owners.accepts_or_root(owner) || top == Some(owner))
        {
            return Err(PrivateError::InReachOf { path: place.into(), owner });
        }
    }
    Ok(())
}

/// Reads a secret file of at most `limit` bytes, such as an identity. Symbolic links are followed
/// and root may own it, since that is how container platforms mount secrets.
pub(crate) fn read_secret(
    path: &Path,
    limit: u64,
    owners: Owners,
) -> Result<PrivateFile, PrivateError> {
    let (file, metadata) = read::open(path, limit, Links::Follow)?;
    if let Some(owner) = owners.stranger_but_root(&metadata) {
        return Err(PrivateError::OtherOwner { path: path.into(), owner });
    }
    let mut bytes = read::fill(&file, &metadata, path)?;
    let bytes = SecretValue::new(std::mem::take(&mut *bytes));
    Ok(PrivateFile { bytes, exposed: exposed(path, &metadata) })
}

/// Reads a file of at most `limit` bytes that this program wrote for this user, such as a pin.
/// Nobody else has a reason to provide one, so links and other owners, root too, are refused.
pub(crate) fn read_own(path: &Path, limit: u64, owners: Owners) -> Result<Vec<u8>, PrivateError> {
    let (file, metadata) = open_own(path, limit, owners)?;
    let mut bytes = read::fill(&file, &metadata, path)?;
    Ok(std::mem::take(&mut *bytes))
}

/// [`read_own`] of a file that only grows: no further than it was, as another process may be adding to it.
pub(crate) fn read_growing(
    path: &Path,
    limit: u64,
    owners: Owners,
) -> Result<Vec<u8>, PrivateError> {
    let (file, metadata) = open_own(path, limit, owners)?;
    as_it_was(file, &metadata, path)
}

/// [`read_growing`] for who reads piece by piece.
pub(crate) fn open_growing(
    path: &Path,
    limit: u64,
    owners: Owners,
) -> Result<Take<File>, PrivateError> {
    let (file, metadata) = open_own(path, limit, owners)?;
    Ok(file.take(metadata.len()))
}

/// [`read_growing`] in the open folder of `path`.
pub(crate) fn read_growing_in(
    folder: &Folder,
    path: &Path,
    limit: u64,
    owners: Owners,
) -> Result<Vec<u8>, PrivateError> {
    let (file, metadata) = read::open_in(folder, path, limit)?;
    judge_own(path, &metadata, owners)?;
    as_it_was(file, &metadata, path)
}

fn as_it_was(file: File, metadata: &Metadata, path: &Path) -> Result<Vec<u8>, PrivateError> {
    let mut bytes = Vec::new();
    file.take(metadata.len())
        .read_to_end(&mut bytes)
        .map_err(|source| PrivateError::Io { path: path.into(), source })?;
    Ok(bytes)
}

/// [`read_own`] in the open folder of `path`.
pub(crate) fn read_own_in(
    folder: &Folder,
    path: &Path,
    limit: u64,
    owners: Owners,
) -> Result<Vec<u8>, PrivateError> {
    let (file, metadata) = read::open_in(folder, path, limit)?;
    judge_own(path, &metadata, owners)?;
    let mut bytes = read::fill(&file, &metadata, path)?;
    Ok(std::mem::take(&mut *bytes))
}

/// Opens a file for [`read_own`], or for reading what may grow meanwhile.
pub(crate) fn open_own(
    path: &Path,
    limit: u64,
    owners: Owners,
) -> Result<(File, Metadata), PrivateError> {
    let (file, metadata) = read::open(path, limit, Links::Refuse)?;
    judge_own(path, &metadata, owners)?;
    Ok((file, metadata))
}

fn judge_own(path: &Path, metadata: &Metadata, owners: Owners) -> Result<(), PrivateError> {
    match owners.stranger(metadata) {
        Some(owner) => Err(PrivateError::OtherOwner { path: path.into(), owner }),
        None => refuse_writable(path, metadata),
    }
}

/// Opens a file of this user's to append to, creating it with mode 0600; for journals.
pub(crate) fn open_append(path: &Path, owners: Owners) -> Result<File, PrivateError> {
    own_to_append(sys::open_append(path, FILE_MODE), path, owners)
}

/// [`open_append`] in the open folder of `path`.
pub(crate) fn open_append_in(
    folder: &Folder,
    path: &Path,
    owners: Owners,
) -> Result<File, PrivateError> {
    own_to_append(folder.append(temp::name(path), FILE_MODE), path, owners)
}

fn own_to_append(
    opened: io::Result<File>,
    path: &Path,
    owners: Owners,
) -> Result<File, PrivateError> {
    let file = opened.map_err(|source| open_error(path, source))?;
    let metadata = file.metadata().map_err(|source| open_error(path, source))?;
    if !metadata.is_file() {
        return Err(PrivateError::NotAFile { path: path.into() });
    }
    judge_own(path, &metadata, owners)?;
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
mod tests;
