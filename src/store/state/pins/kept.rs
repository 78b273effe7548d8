//! A file as it was when it was opened, whatever has replaced it since; read when it is asked for.

use super::stored;
use super::stored::Unread;
use crate::store::file::owners::Owners;
use crate::store::file::private::PrivateError;
use crate::store::file::read;
use std::fs::{File, Metadata};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use v_secure_core::crypto::bytes::Id;
use v_secure_core::crypto::digest;

/// From this many bytes on it is read whole, as all cores can hash that.
const WHOLE_FROM: u64 = 4 << 20;

#[derive(Debug, Clone)]
pub(super) struct KeptFile {
    pub path: PathBuf,
    /// `None` where all of it was read at once.
    open: Option<Arc<(File, Metadata)>>,
    bytes: OnceLock<Vec<u8>>,
}

impl KeptFile {
    /// `None` if there is no such file.
    pub fn open(path: PathBuf, owners: Owners) -> Result<Option<Self>, Unread> {
        // Elsewhere a file that is open cannot always be replaced.
        if !cfg!(unix) {
            let bytes = stored::bytes(&path, owners)?;
            return Ok(bytes.map(|bytes| Self { path, open: None, bytes: bytes.into() }));
        }
        let opened = stored::open(&path, owners)?;
        let kept = opened.map(|opened| Self {
            path,
            open: Some(Arc::new(opened)),
            bytes: OnceLock::new(),
        });
        Ok(kept)
    }

    /// Whether this is what hashes to `hash`; of what cannot be read it is not said.
    pub fn is(&self, hash: &Id) -> bool {
        let found = match (&self.open, self.bytes.get()) {
            (Some(open), None) if open.1.len() < WHOLE_FROM => {
                read::hash(&open.0, &open.1, &self.path).ok()
            }
            _ => self.bytes().ok().map(digest::file_hash),
        };
        found.as_ref() == Some(hash)
    }

    pub fn bytes(&self) -> Result<&[u8], Unread> {
        match (self.bytes.get(), &self.open) {
            (Some(bytes), _) => Ok(bytes),
            (None, None) => Ok(&[]),
            (None, Some(open)) => {
                let read = read::fill(&open.0, &open.1, &self.path);
                let mut read = read.map_err(|error| stored::unread(PrivateError::from(error)))?;
                Ok(self.bytes.get_or_init(|| std::mem::take(&mut *read)))
            }
        }
    }
}

impl PartialEq for KeptFile {
    fn eq(&self, other: &Self) -> bool {
        matches!((self.bytes(), other.bytes()), (Ok(own), Ok(other)) if own == other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    fn path_of(folder: &tempfile::TempDir) -> PathBuf {
        let path = folder.path().join("file");
        std::fs::write(&path, "what stands there").unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
        path
    }

    fn opened(path: &Path) -> KeptFile {
        KeptFile::open(path.to_path_buf(), Owners::current()).ok().unwrap().unwrap()
    }

    fn text(kept: &KeptFile) -> &[u8] {
        kept.bytes().ok().unwrap()
    }

    #[test]
    fn it_is_what_it_hashes_to_read_or_unread() {
        let folder = tempfile::tempdir().unwrap();
        let kept = opened(&path_of(&folder));
        for _ in 0..2 {
            assert!(kept.is(&digest::file_hash(b"what stands there")));
            assert!(!kept.is(&digest::file_hash(b"what stands here")));
            assert_eq!(text(&kept), b"what stands there");
        }
    }

    #[test]
    fn what_replaces_it_is_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = path_of(&folder);
        let kept = opened(&path);
        fs::write(folder.path().join("new"), "new").unwrap();
        fs::rename(folder.path().join("new"), &path).unwrap();
        assert!(kept.is(&digest::file_hash(b"what stands there")));
        assert_eq!(text(&kept), b"what stands there");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_edited_meanwhile_is_not_what_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = path_of(&folder);
        for new in ["longer than what stood there", "short", ""] {
            let kept = opened(&path);
            fs::write(&path, new).unwrap();
            assert!(!kept.is(&digest::file_hash(new.as_bytes())), "{new}");
            assert!(kept.bytes().is_err(), "{new}");
        }
    }
}
