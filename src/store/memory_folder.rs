//! A folder of this user's alone on a file system that is in memory, for files that no disk may see.
//!
//! Where there is no such file system there is no folder: a temporary file on a disk can outlive its
//! removal. Memory can reach a disk too, as swap; that is the system's to encrypt or turn off.

use super::sys;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// For a file's owner to read, and for nobody to write.
const MODE: u32 = 0o400;

/// Why there is no folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryFolderError {
    #[error("there is no folder in memory here (none of: {})", names(.tried))]
    None { tried: Vec<PathBuf> },
    #[error("the folder in {path} cannot be used")]
    Io { path: PathBuf, source: io::Error },
}

fn names(tried: &[PathBuf]) -> String {
    tried.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// The folder; removed with what is in it when dropped.
#[derive(Debug)]
pub struct MemoryFolder(TempDir);

impl MemoryFolder {
    /// Makes one in `runtime`, which is `XDG_RUNTIME_DIR`, or in `/dev/shm`.
    pub fn create(runtime: Option<&Path>) -> Result<Self, MemoryFolderError> {
        let shared = cfg!(target_os = "linux").then(|| PathBuf::from("/dev/shm"));
        let tried: Vec<PathBuf> =
            runtime.map(Path::to_path_buf).into_iter().chain(shared).collect();
        let Some(base) = tried.iter().find(|path| is_in_memory(path)) else {
            return Err(MemoryFolderError::None { tried });
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix("v-secure-");
        if let Some(permissions) = sys::permissions(0o700) {
            builder.permissions(permissions);
        }
        let folder = builder.tempdir_in(base);
        folder.map(Self).map_err(|source| MemoryFolderError::Io { path: base.clone(), source })
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a new file, which its owner alone can read.
    pub fn add(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, MemoryFolderError> {
        let path = self.path().join(name);
        let written = sys::create_new(&path, MODE).and_then(|mut file| file.write_all(bytes));
        match written {
            Ok(()) => Ok(path),
            Err(source) => Err(MemoryFolderError::Io { path: self.path().into(), source }),
        }
    }

    /// Leaves the folder to somebody else to remove.
    pub fn keep(self) -> PathBuf {
        self.0.keep()
    }
}

#[cfg(target_os = "linux")]
fn is_in_memory(path: &Path) -> bool {
    // `statfs(2)`: TMPFS_MAGIC and RAMFS_MAGIC.
    const MAGIC: [u64; 2] = [0x0102_1994, 0x8584_58f6];
    path.is_absolute()
        && rustix::fs::statfs(path).is_ok_and(|found| MAGIC.contains(&(found.f_type as u64)))
}

#[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
fn is_in_memory(path: &Path) -> bool {
    path.is_absolute()
        && rustix::fs::statfs(path).is_ok_and(|found| {
            let name = found.f_fstypename.iter().map(|c| *c as u8).take_while(|c| *c != 0);
            name.eq(*b"tmpfs")
        })
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple", target_os = "freebsd")))]
fn is_in_memory(_path: &Path) -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_folder_in_memory_is_private_and_goes_with_its_files() {
        let folder = MemoryFolder::create(None).unwrap();
        let file = folder.add("KEY", b"s3cret").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(folder.path()), mode(&file)), (0o700, 0o400));
        assert_eq!(fs::read(&file).unwrap(), b"s3cret");
        assert!(folder.add("KEY", b"").is_err());
        let path = folder.path().to_path_buf();
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn what_is_on_a_disk_is_passed_over() {
        assert!(!is_in_memory(Path::new(env!("CARGO_MANIFEST_DIR"))));
        assert!(!is_in_memory(Path::new("dev/shm")));
        let folder = MemoryFolder::create(Some(Path::new(env!("CARGO_MANIFEST_DIR")))).unwrap();
        assert!(folder.path().starts_with("/dev/shm"));
    }
}
