//! Unix: owners and modes from `std`, open flags and ownership changes from `rustix`.

#![expect(
    clippy::disallowed_methods,
    reason = "files are opened here, with the flags that keep links and devices out"
)]

use super::{Links, Stamp};
use rustix::fs::{Gid, OFlags, Uid};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The account whose rights this process acts with.
pub(crate) fn current_user() -> Option<u32> {
    Some(rustix::process::geteuid().as_raw())
}

pub fn owner(metadata: &Metadata) -> Option<u32> {
    Some(metadata.uid())
}

/// The bytes of a path, one spelling each, for hashing: they stay the same across releases.
pub(crate) fn path_bytes(path: &Path) -> Vec<u8> {
    path.as_os_str().as_bytes().to_vec()
}

/// The path that git names by these bytes.
pub(crate) fn path_of(bytes: &[u8]) -> Option<PathBuf> {
    Some(PathBuf::from(OsStr::from_bytes(bytes)))
}

/// Permission bits alone: neither file type nor set-id bits, which a vault has no use for.
pub fn mode(metadata: &Metadata) -> Option<u32> {
    Some(metadata.mode() & 0o777)
}

/// Whether this process may write; of a folder, add to it. Says no on a read-only disk.
pub(crate) fn is_writable(path: &Path, _metadata: &Metadata) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}

pub fn stamp(metadata: &Metadata) -> Stamp {
    Stamp {
        device: metadata.dev(),
        inode: metadata.ino(),
        len: metadata.len(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    }
}

/// Cuts a file that is open for appending.
pub fn cut(file: &File, _path: &Path, length: u64) -> io::Result<()> {
    file.set_len(length)
}

/// Whether both describe one file, however it changed in between.
pub(crate) fn same_file(a: &Metadata, b: &Metadata) -> bool {
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

/// Reads from `at` on, wherever the file's own cursor is.
pub(crate) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

/// Opens for reading; returns at once on a FIFO without a writer.
pub(crate) fn open_read(path: &Path, links: Links) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(flags(links)).open(path)
}

/// Opens for reading and writing what is there.
pub(crate) fn open_write(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).custom_flags(flags(Links::Refuse)).open(path)
}

/// Opens for appending, and creates with `mode` where there is nothing.
pub(crate) fn open_append(path: &Path, mode: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(mode).custom_flags(flags(Links::Refuse)).open(path)
}

pub(super) fn flags(links: Links) -> i32 {
    let follow = match links {
        Links::Refuse => OFlags::NOFOLLOW,
        Links::Follow => OFlags::empty(),
    };
    // `std` adds CLOEXEC to every open.
    (follow | OFlags::NONBLOCK).bits() as i32
}

/// Whether an open failed because the path ends in a symbolic link.
pub(crate) fn is_link_refusal(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::LOOP)
}

/// Whether an open failed because of what is there: a socket, a device without a driver, a folder.
pub(crate) fn is_wrong_kind(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NXIO | Errno::NODEV | Errno::ISDIR))
}

pub fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(mode))
}

/// Gives the new `file` the owner and group of the one that it replaces. Only root can give a
/// file away; everybody else keeps the group where that is allowed and their own where not.
pub(crate) fn match_owner(file: &File, (user, group): (u32, u32)) -> io::Result<()> {
    let now = file.metadata()?;
    if (now.uid(), now.gid()) == (user, group) {
        return Ok(());
    }
    let group = Some(Gid::from_raw(group));
    if rustix::process::geteuid().is_root() {
        return Ok(rustix::fs::fchown(file, Some(Uid::from_raw(user)), group)?);
    }
    match rustix::fs::fchown(file, None, group) {
        Err(Errno::PERM) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Gives what root has just created to the owner of the `folder` it is in, or `sudo v-secure`
/// would leave files that their user cannot open. Never for a file that was found: it may be a
/// hard link to one that only root may give away.
pub(crate) fn hand_over(created: &File, folder: &Metadata) -> io::Result<()> {
    let owner = (folder.uid(), folder.gid());
    if rustix::process::geteuid().is_root() { match_owner(created, owner) } else { Ok(()) }
}

/// Creates the folder and its missing parents, for this user alone.
pub(crate) fn create_private_folders(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}
