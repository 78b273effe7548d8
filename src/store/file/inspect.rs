//! Looking at files and folders without making or opening any: for `doctor`.

use super::owners::Owners;
use super::private::{self, Exposed, PrivateError};
use crate::store::sys;
use std::path::Path;

/// Who can do what with a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileAccess {
    /// Permission bits; `None` where there are none.
    pub mode: Option<u32>,
    /// Whether this process can write it.
    pub writable: bool,
}

impl FileAccess {
    pub(crate) fn writable_by_others(&self) -> bool {
        self.mode.is_some_and(|mode| mode & private::WRITABLE_BY_OTHERS != 0)
    }
}

/// `None` where nothing is there.
pub fn access(path: &Path) -> Option<FileAccess> {
    let metadata = path.metadata().ok()?;
    Some(FileAccess { mode: sys::mode(&metadata), writable: sys::is_writable(path, &metadata) })
}

/// What [`private::ensure_folder`] says of a folder that is there.
pub fn private_folder(path: &Path, owners: Owners) -> Result<Option<Exposed>, PrivateError> {
    if path.metadata().is_err() {
        return Ok(None);
    }
    private::ensure_folder(path, owners)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn modes_and_absence_are_seen() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file");
        assert_eq!(access(&path), None);
        fs::write(&path, "").unwrap();
        for (mode, open) in [(0o644, false), (0o664, true), (0o646, true)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let found = access(&path).unwrap();
            assert_eq!((found.writable_by_others(), found.writable), (open, true), "{mode:o}");
        }
        assert!(private_folder(&root.path().join("none"), Owners::current()).unwrap().is_none());
        assert!(!root.path().join("none").exists());
    }
}
