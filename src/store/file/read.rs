//! Reading one file whole, within a limit.
//!
//! What is there is judged before a byte is read: a hostile repository can hold a link to another
//! file, a FIFO that never answers or a sparse file of terabytes. Not UTF-8 is no error here, the
//! format says where.

use super::temp;
use crate::store::sys;
use crate::store::sys::{Folder, Links, Stamp};
use rayon::prelude::*;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use v_secure_core::crypto::bytes::Id;
use v_secure_core::crypto::digest::FileHasher;
use v_secure_core::secret_value::SecretValue;
use zeroize::Zeroizing;

/// The longest vault that is read: 256 MiB, beyond the 100 MB that 200,000 entries take.
pub const VAULT_LIMIT: u64 = 256 << 20;

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    #[error("{path} does not exist")]
    Missing { path: PathBuf },
    #[error("{path} is a symbolic link, which is not followed")]
    Symlink { path: PathBuf },
    #[error("{path} is not a regular file")]
    NotAFile { path: PathBuf },
    #[error("{path} is {len} bytes long; at most {limit} are read")]
    TooLarge { path: PathBuf, len: u64, limit: u64 },
    #[error("{path} changed while it was read")]
    Changed { path: PathBuf },
    #[error("cannot read {path}")]
    Io { path: PathBuf, source: io::Error },
}

/// A file's bytes, and which state of it they are.
#[derive(Debug)]
pub struct Contents {
    pub bytes: Vec<u8>,
    /// For [`super::atomic::Expected::Same`]: what a later write must still find.
    pub stamp: Stamp,
    /// Permission bits; `None` on Windows.
    pub mode: Option<u32>,
}

/// Reads a file that the user named, wherever links lead: its bytes may be secret.
pub(crate) fn read_any(path: &Path, limit: u64) -> Result<SecretValue, ReadError> {
    let (file, metadata) = open(path, limit, Links::Follow)?;
    let mut bytes = fill(&file, &metadata, path)?;
    Ok(SecretValue::new(std::mem::take(&mut *bytes)))
}

/// Reads a regular file of at most `limit` bytes; symbolic links at its last part are refused.
pub fn read(path: &Path, limit: u64) -> Result<Contents, ReadError> {
    let (file, metadata) = open(path, limit, Links::Refuse)?;
    let mut bytes = fill(&file, &metadata, path)?;
    let bytes = std::mem::take(&mut *bytes);
    Ok(Contents { bytes, stamp: sys::stamp(&metadata), mode: sys::mode(&metadata) })
}

/// What a file that [`read`] takes begins with, at most `len` bytes of it.
pub(crate) fn beginning(path: &Path, limit: u64, len: usize) -> Result<Vec<u8>, ReadError> {
    let (file, _) = open(path, limit, Links::Refuse)?;
    let mut bytes = Vec::with_capacity(len);
    let read = file.take(len as u64).read_to_end(&mut bytes);
    read.map_err(|source| io_error(path, source))?;
    Ok(bytes)
}

/// [`read`] of a file whose folder is no symbolic link either.
pub(crate) fn read_unlinked(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    let folder = path.parent().unwrap_or(path);
    let folder = Folder::open_by(folder, Links::Refuse).map_err(|error| open_error(path, error))?;
    let (file, metadata) = open_in(&folder, path, limit)?;
    Ok(std::mem::take(&mut *fill(&file, &metadata, path)?))
}

/// From this many bytes on, a file is read by several threads: what takes time is that the system
/// hands out fresh memory, not the file.
const PARALLEL_FROM: usize = 4 << 20;
/// Bytes that one thread reads at a time.
const PART: usize = 1 << 20;

/// Bytes that are hashed at a time.
const PIECE: usize = 1 << 15;

/// Opens a regular file of at most `limit` bytes.
pub(crate) fn open(path: &Path, limit: u64, links: Links) -> Result<(File, Metadata), ReadError> {
    let before = look(path, links)?;
    // Devices are not even opened: that alone can rewind a tape or hang up a line.
    if !before.is_file() {
        return Err(ReadError::NotAFile { path: path.into() });
    }
    let file = sys::open_read(path, links).map_err(|source| open_error(path, source))?;
    // Asked again of the open file: the path may name another one by now.
    judge(file, path, limit)
}

/// Opens a regular file of at most `limit` bytes in the open folder of `path`; no link is followed.
pub(crate) fn open_in(
    folder: &Folder,
    path: &Path,
    limit: u64,
) -> Result<(File, Metadata), ReadError> {
    let file = folder.read(temp::name(path)).map_err(|source| open_error(path, source))?;
    judge(file, path, limit)
}

fn judge(file: File, path: &Path, limit: u64) -> Result<(File, Metadata), ReadError> {
    let metadata = file.metadata().map_err(|source| io_error(path, source))?;
    if !metadata.is_file() {
        return Err(ReadError::NotAFile { path: path.into() });
    }
    if metadata.len() > limit {
        return Err(ReadError::TooLarge { path: path.into(), len: metadata.len(), limit });
    }
    Ok((file, metadata))
}

fn look(path: &Path, links: Links) -> Result<Metadata, ReadError> {
    let metadata = match links {
        Links::Refuse => path.symlink_metadata(),
        Links::Follow => path.metadata(),
    };
    let metadata = metadata.map_err(|source| open_error(path, source))?;
    if metadata.is_symlink() {
        return Err(ReadError::Symlink { path: path.into() });
    }
    Ok(metadata)
}

/// Reads all that `metadata` announced, into a buffer that never moves: a growing one would leave
/// unwiped copies of an identity behind.
pub(crate) fn fill(
    file: &File,
    metadata: &Metadata,
    path: &Path,
) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let changed = || ReadError::Changed { path: path.into() };
    let len = usize::try_from(metadata.len()).map_err(|_| changed())?;
    // One byte more than announced, to notice a file that grew.
    let mut bytes = Zeroizing::new(vec![0; len + 1]);
    let filled = if len < PARALLEL_FROM {
        fill_from(file, 0, &mut bytes)
    } else {
        let parts = bytes.par_chunks_mut(PART).enumerate();
        parts.map(|(number, part)| fill_from(file, number * PART, part)).sum()
    };
    let filled = filled.map_err(|source| io_error(path, source))?;
    if filled != len || is_edited(file, metadata, path)? {
        return Err(changed());
    }
    bytes.truncate(len);
    Ok(bytes)
}

/// Whether an edit in place altered an open file: being replaced or renamed meanwhile tears nothing.
fn is_edited(file: &File, before: &Metadata, path: &Path) -> Result<bool, ReadError> {
    let after = file.metadata().map_err(|source| io_error(path, source))?;
    Ok(after.len() != before.len() || after.modified().ok() != before.modified().ok())
}

/// The hash of all that `metadata` announced. The file takes no memory: to hand that out takes the system longer than
/// reading and hashing together.
pub(crate) fn hash(file: &File, metadata: &Metadata, path: &Path) -> Result<Id, ReadError> {
    let (mut hasher, mut piece, mut at) = (FileHasher::default(), vec![0; PIECE], 0);
    loop {
        let filled = fill_from(file, at, &mut piece).map_err(|source| io_error(path, source))?;
        hasher.update(&piece[..filled]);
        at += filled;
        if filled < piece.len() || at as u64 > metadata.len() {
            break;
        }
    }
    match at as u64 == metadata.len() && !is_edited(file, metadata, path)? {
        true => Ok(hasher.finish()),
        false => Err(ReadError::Changed { path: path.into() }),
    }
}

/// Fills `part` with what stands in the file from `start` on, as far as there is something; returns
/// how much there was.
fn fill_from(file: &File, start: usize, part: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < part.len() {
        match sys::read_at(file, &mut part[filled..], (start + filled) as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(source),
        }
    }
    Ok(filled)
}

fn open_error(path: &Path, source: io::Error) -> ReadError {
    let path = path.to_path_buf();
    match source.kind() {
        io::ErrorKind::NotFound => ReadError::Missing { path },
        _ if sys::is_link_refusal(&source) => ReadError::Symlink { path },
        _ if sys::is_wrong_kind(&source) => ReadError::NotAFile { path },
        _ => ReadError::Io { path, source },
    }
}

fn io_error(path: &Path, source: io::Error) -> ReadError {
    ReadError::Io { path: path.into(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::tempdir;

    #[test]
    fn a_file_is_read_whole_whatever_its_bytes() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("file");
        let long: Vec<u8> = (0..PARALLEL_FROM + PART / 2).map(|at| (at / 251) as u8).collect();
        for bytes in [vec![], vec![0xff, 0, b'\r'], vec![b'x'; 100_000], long] {
            fs::write(&path, &bytes).unwrap();
            assert_eq!(read(&path, VAULT_LIMIT).unwrap().bytes, bytes);
        }
    }

    #[test]
    fn a_beginning_is_of_what_would_be_read() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "1234").unwrap();
        assert_eq!(beginning(&path, 4, 3).unwrap(), b"123");
        assert_eq!(beginning(&path, 4, 9).unwrap(), b"1234");
        let error = beginning(&path, 3, 3).unwrap_err();
        assert!(matches!(error, ReadError::TooLarge { len: 4, limit: 3, .. }), "{error}");
        let error = beginning(folder.path(), 4, 3).unwrap_err();
        assert!(matches!(error, ReadError::NotAFile { .. }), "{error}");
    }

    #[test]
    fn the_limit_is_inclusive() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "1234").unwrap();
        assert!(read(&path, 4).is_ok());
        let error = read(&path, 3).unwrap_err();
        assert!(matches!(error, ReadError::TooLarge { len: 4, limit: 3, .. }), "{error}");
    }

    #[test]
    fn a_sparse_file_of_two_gigabytes_is_refused_by_its_length() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("file");
        File::create(&path).unwrap().set_len(2 << 30).unwrap();
        let error = read(&path, VAULT_LIMIT).unwrap_err();
        assert!(matches!(error, ReadError::TooLarge { len, .. } if len == 2 << 30), "{error}");
    }

    #[test]
    fn a_folder_and_a_missing_file_have_their_own_errors() {
        let folder = tempdir().unwrap();
        let error = read(folder.path(), VAULT_LIMIT).unwrap_err();
        assert!(matches!(error, ReadError::NotAFile { .. }), "{error}");
        let error = read(&folder.path().join("none"), VAULT_LIMIT).unwrap_err();
        assert!(matches!(error, ReadError::Missing { .. }), "{error}");
    }

    #[test]
    fn a_stamp_tells_a_replaced_file_of_equal_length() {
        let folder = tempdir().unwrap();
        let (path, other) = (folder.path().join("file"), folder.path().join("other"));
        fs::write(&path, "old").unwrap();
        let before = read(&path, VAULT_LIMIT).unwrap().stamp;
        assert_eq!(before, read(&path, VAULT_LIMIT).unwrap().stamp);
        fs::write(&other, "new").unwrap();
        fs::rename(&other, &path).unwrap();
        assert_ne!(before, read(&path, VAULT_LIMIT).unwrap().stamp);
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_is_refused_even_to_a_good_file() {
        let folder = tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "text").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let error = read(&link, VAULT_LIMIT).unwrap_err();
        assert!(matches!(error, ReadError::Symlink { .. }), "{error}");
        let error = sys::open_read(&link, Links::Refuse).unwrap_err();
        assert!(sys::is_link_refusal(&error), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_fifo_and_a_socket_are_refused_without_waiting() {
        let folder = tempdir().unwrap();
        let (fifo, socket) = (folder.path().join("fifo"), folder.path().join("socket"));
        mkfifo(&fifo);
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for path in [&fifo, &socket, Path::new("/dev/null")] {
            let error = read(path, VAULT_LIMIT).unwrap_err();
            assert!(matches!(error, ReadError::NotAFile { .. }), "{error}");
        }
        // The open itself does not wait either, should the FIFO appear after the first look.
        let file = sys::open_read(&fifo, Links::Refuse).unwrap();
        assert!(!file.metadata().unwrap().is_file());
    }

    #[cfg(unix)]
    fn mkfifo(path: &Path) {
        let status = std::process::Command::new("mkfifo").arg(path).status().unwrap();
        assert!(status.success());
    }
}
