//! Windows: no owner numbers or modes; reparse points take the place of symbolic links.

#![expect(
    clippy::disallowed_methods,
    reason = "files are opened here, with the flags that keep links out"
)]

use super::{Links, Stamp};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// `FILE_FLAG_OPEN_REPARSE_POINT` of the Win32 `CreateFileW`: open the link, not what it names.
const OPEN_REPARSE_POINT: u32 = 0x0020_0000;

pub(crate) fn current_user() -> Option<u32> {
    None
}

pub fn owner(_: &Metadata) -> Option<u32> {
    None
}

/// UTF-16, which the system's paths are.
pub(crate) fn path_bytes(path: &Path) -> Vec<u8> {
    path.as_os_str().encode_wide().flat_map(u16::to_le_bytes).collect()
}

/// The path that git names by these bytes, which are UTF-8 here.
pub(crate) fn path_of(bytes: &[u8]) -> Option<PathBuf> {
    std::str::from_utf8(bytes).ok().map(PathBuf::from)
}

pub fn mode(_: &Metadata) -> Option<u32> {
    None
}

/// What the attribute says; a folder's access list is not asked.
pub(crate) fn is_writable(_path: &Path, metadata: &Metadata) -> bool {
    !metadata.permissions().readonly()
}

pub fn stamp(metadata: &Metadata) -> Stamp {
    Stamp {
        device: 0,
        inode: 0,
        len: metadata.len(),
        modified: (metadata.last_write_time() as i64, 0),
        changed: (metadata.creation_time() as i64, 0),
    }
}

/// By another handle: what is open for appending cannot be cut here.
pub fn cut(_: &File, path: &Path, length: u64) -> io::Result<()> {
    open_write(path)?.set_len(length)
}

/// `std` has no stable file number here; a held lock file cannot be deleted on Windows, which is
/// what the comparison guards against.
pub(crate) fn same_file(_: &Metadata, _: &Metadata) -> bool {
    true
}

/// Reads from `at` on, wherever the file's own cursor is.
pub(crate) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

pub(crate) fn open_read(path: &Path, links: Links) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(flags(links)).open(path)
}

pub(crate) fn open_write(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).custom_flags(flags(Links::Refuse)).open(path)
}

fn create_new(path: &Path, _mode: u32) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).open(path)
}

pub(crate) fn open_append(path: &Path, _mode: u32) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).custom_flags(flags(Links::Refuse)).open(path)
}

fn flags(links: Links) -> u32 {
    match links {
        Links::Refuse => OPEN_REPARSE_POINT,
        Links::Follow => 0,
    }
}

pub(crate) fn is_link_refusal(_: &io::Error) -> bool {
    false
}

pub(crate) fn is_wrong_kind(_: &io::Error) -> bool {
    false
}

pub fn set_mode(_: &File, _: u32) -> io::Result<()> {
    Ok(())
}

pub(crate) fn match_owner(_: &File, _: (u32, u32)) -> io::Result<()> {
    Ok(())
}

pub(crate) fn hand_over(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

pub(crate) fn create_private_folders(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Windows has no way to sync a folder, and NTFS journals its entries; and none, in `std`, to name
/// files from an open one: the folder is the path that it was opened by.
#[derive(Debug)]
pub struct Folder(PathBuf);

/// What is under a name.
pub struct Seen(Metadata);

impl Seen {
    pub fn is_file(&self) -> bool {
        self.0.is_file()
    }

    pub(crate) fn is_folder(&self) -> bool {
        self.0.is_dir()
    }

    pub(crate) fn is_link(&self) -> bool {
        self.0.is_symlink()
    }

    pub fn owners(&self) -> (u32, u32) {
        (0, 0)
    }

    pub fn mode(&self) -> Option<u32> {
        None
    }

    pub fn modified(&self) -> (i64, i64) {
        (self.0.last_write_time() as i64, 0)
    }

    pub fn stamp(&self) -> Stamp {
        stamp(&self.0)
    }

    pub(crate) fn is_that_of(&self, _: &Metadata) -> bool {
        true
    }
}

impl Folder {
    pub(crate) fn open_by(path: &Path, links: Links) -> io::Result<Self> {
        match (links, fs::symlink_metadata(path)?.is_symlink()) {
            (Links::Refuse, true) => Err(io::ErrorKind::NotADirectory.into()),
            _ => Self::open(path),
        }
    }

    pub fn open(path: &Path) -> io::Result<Self> {
        match fs::metadata(path)?.is_dir() {
            true => Ok(Self(path.to_path_buf())),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self(self.0.clone()))
    }

    pub fn metadata(&self) -> io::Result<Metadata> {
        fs::metadata(&self.0)
    }

    pub fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    pub fn folder(&self, name: &OsStr) -> io::Result<Self> {
        let path = self.0.join(name);
        match fs::symlink_metadata(&path)?.is_dir() {
            true => Ok(Self(path)),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    pub(crate) fn make_folder(&self, name: &OsStr, _mode: u32) -> io::Result<()> {
        fs::create_dir(self.0.join(name))
    }

    pub(crate) fn hand_over(&self, _made: &Self) -> io::Result<()> {
        Ok(())
    }

    pub fn read(&self, name: &OsStr) -> io::Result<File> {
        open_read(&self.0.join(name), Links::Refuse)
    }

    pub fn write(&self, name: &OsStr) -> io::Result<File> {
        open_write(&self.0.join(name))
    }

    pub fn create(&self, name: &OsStr, mode: u32) -> io::Result<File> {
        create_new(&self.0.join(name), mode)
    }

    pub(crate) fn append(&self, name: &OsStr, mode: u32) -> io::Result<File> {
        open_append(&self.0.join(name), mode)
    }

    pub fn look(&self, name: &OsStr) -> io::Result<Seen> {
        fs::symlink_metadata(self.0.join(name)).map(Seen)
    }

    pub fn names(&self) -> io::Result<Vec<OsString>> {
        fs::read_dir(&self.0)?.map(|entry| entry.map(|entry| entry.file_name())).collect()
    }

    pub fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    /// By a second name: a rename would replace what is there.
    pub(crate) fn rename_new(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        fs::hard_link(self.0.join(from), self.0.join(to))?;
        self.remove(from)
    }

    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }

    pub(crate) fn remove_folder(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_dir(self.0.join(name))
    }

    /// The system's clock is not to be had without asking it, so a file keeps its date here.
    pub(crate) fn touch(&self, _: &OsStr) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// A folder cannot be locked here.
    pub(crate) fn try_lock(&self) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
