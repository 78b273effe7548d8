//! Windows: no owner numbers or modes; reparse points take the place of symbolic links.

#![expect(
    clippy::disallowed_methods,
    reason = "files are opened here, with the flags that keep links out"
)]

use super::{Links, Stamp};
use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// `FILE_FLAG_OPEN_REPARSE_POINT` of the Win32 `CreateFileW`: open the link, not what it names.
const OPEN_REPARSE_POINT: u32 = 0x0020_0000;

pub fn current_user() -> Option<u32> {
    None
}

pub fn owner(_: &Metadata) -> Option<u32> {
    None
}

/// UTF-16, which the system's paths are.
pub fn path_bytes(path: &Path) -> Vec<u8> {
    path.as_os_str().encode_wide().flat_map(u16::to_le_bytes).collect()
}

pub fn mode(_: &Metadata) -> Option<u32> {
    None
}

/// What the attribute says; a folder's access list is not asked.
pub fn is_writable(_path: &Path, metadata: &Metadata) -> bool {
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

/// `std` has no stable file number here; a held lock file cannot be deleted on Windows, which is
/// what the comparison guards against.
pub fn same_file(_: &Metadata, _: &Metadata) -> bool {
    true
}

/// Reads from `at` on, wherever the file's own cursor is.
pub fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

pub fn open_read(path: &Path, links: Links) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(flags(links)).open(path)
}

pub fn open_write(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).custom_flags(flags(Links::Refuse)).open(path)
}

pub fn create_new(path: &Path, _mode: u32) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).open(path)
}

pub fn open_append(path: &Path, _mode: u32) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).custom_flags(flags(Links::Refuse)).open(path)
}

fn flags(links: Links) -> u32 {
    match links {
        Links::Refuse => OPEN_REPARSE_POINT,
        Links::Follow => 0,
    }
}

pub fn is_link_refusal(_: &io::Error) -> bool {
    false
}

pub fn is_wrong_kind(_: &io::Error) -> bool {
    false
}

pub fn set_mode(_: &File, _: u32) -> io::Result<()> {
    Ok(())
}

pub fn permissions(_: u32) -> Option<Permissions> {
    None
}

pub fn match_owner(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

pub fn hand_over(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

pub fn create_private_folders(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Windows has no way to sync a folder; NTFS journals its entries.
pub struct Folder(PathBuf);

impl Folder {
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|_| Self(path.to_path_buf()))
    }

    pub fn metadata(&self) -> io::Result<Metadata> {
        fs::metadata(&self.0)
    }

    pub fn open_created(path: &Path, _parent: &Self) -> io::Result<Self> {
        Self::open(path)
    }

    pub fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
