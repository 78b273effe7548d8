//! A folder held open: what is done in it is done by names within it, so that nobody who can rename
//! the folder, or put a link in its place, chooses another one in between. No link is followed.

#![expect(clippy::disallowed_methods, reason = "a folder is opened here, and no other kind")]

use super::unix::{flags, hand_over};
use super::{Links, Stamp};
use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_NOW, linkat, mkdirat,
    openat, renameat, statat, unlinkat, utimensat,
};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

#[derive(Debug)]
pub struct Folder(File);

/// What is under a name.
pub struct Seen(Stat);

impl Seen {
    pub fn is_file(&self) -> bool {
        self.kind() == FileType::RegularFile
    }

    pub(crate) fn is_folder(&self) -> bool {
        self.kind() == FileType::Directory
    }

    pub(crate) fn is_link(&self) -> bool {
        self.kind() == FileType::Symlink
    }

    fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.0.st_mode)
    }

    /// User and group.
    pub fn owners(&self) -> (u32, u32) {
        (self.0.st_uid, self.0.st_gid)
    }

    /// See [`super::mode`].
    #[allow(clippy::useless_conversion, reason = "the field's type differs between systems")]
    pub fn mode(&self) -> Option<u32> {
        Some(u32::from(self.0.st_mode) & 0o777)
    }

    /// Seconds and nanoseconds.
    pub fn modified(&self) -> (i64, i64) {
        self.stamp().modified
    }

    #[allow(clippy::unnecessary_cast, reason = "the fields' types differ between systems")]
    pub fn stamp(&self) -> Stamp {
        let found = &self.0;
        Stamp {
            device: found.st_dev as u64,
            inode: found.st_ino as u64,
            len: found.st_size as u64,
            modified: (found.st_mtime as i64, found.st_mtime_nsec as i64),
            changed: (found.st_ctime as i64, found.st_ctime_nsec as i64),
        }
    }

    /// Whether this is the open file that `metadata` is of.
    pub(crate) fn is_that_of(&self, metadata: &Metadata) -> bool {
        let stamp = self.stamp();
        (stamp.device, stamp.inode) == (metadata.dev(), metadata.ino())
    }
}

impl Folder {
    /// Opens the folder at `path`, wherever links lead.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::open_by(path, Links::Follow)
    }

    /// Opens the folder at `path`; `links` is about its last part.
    pub(crate) fn open_by(path: &Path, links: Links) -> io::Result<Self> {
        let flags = flags(links) | OFlags::DIRECTORY.bits() as i32;
        OpenOptions::new().read(true).custom_flags(flags).open(path).map(Self)
    }

    pub fn try_clone(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }

    pub fn metadata(&self) -> io::Result<Metadata> {
        self.0.metadata()
    }

    /// Waits until the folder's entries are on the disk.
    pub fn sync(&self) -> io::Result<()> {
        match self.0.sync_all() {
            // Some network and user-space file systems have no such operation on folders.
            Err(error) if Errno::from_io_error(&error) == Some(Errno::INVAL) => Ok(()),
            result => result,
        }
    }

    /// Opens a folder in it.
    pub fn folder(&self, name: &OsStr) -> io::Result<Self> {
        self.open_at(name, OFlags::RDONLY | OFlags::DIRECTORY, 0).map(Self)
    }

    /// Makes a folder in it.
    pub(crate) fn make_folder(&self, name: &OsStr, mode: u32) -> io::Result<()> {
        Ok(mkdirat(&self.0, name, Mode::from_raw_mode(mode as _))?)
    }

    /// Gives a folder in it, that this process has just made, to this one's owner.
    pub(crate) fn hand_over(&self, made: &Self) -> io::Result<()> {
        hand_over(&made.0, &self.metadata()?)
    }

    /// Opens a file for reading; returns at once on a FIFO without a writer.
    pub fn read(&self, name: &OsStr) -> io::Result<File> {
        self.open_at(name, OFlags::RDONLY, 0)
    }

    /// Opens for reading and writing what is there.
    pub fn write(&self, name: &OsStr) -> io::Result<File> {
        self.open_at(name, OFlags::RDWR, 0)
    }

    /// Creates for reading and writing; fails with `AlreadyExists` where anything is there.
    pub fn create(&self, name: &OsStr, mode: u32) -> io::Result<File> {
        self.open_at(name, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL, mode)
    }

    pub(super) fn open_at(&self, name: &OsStr, how: OFlags, mode: u32) -> io::Result<File> {
        let flags = how | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(openat(&self.0, name, flags, Mode::from_raw_mode(mode as _))?.into())
    }

    /// Opens for appending, and creates with `mode` where there is nothing.
    pub(crate) fn append(&self, name: &OsStr, mode: u32) -> io::Result<File> {
        self.open_at(name, OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE, mode)
    }

    pub fn look(&self, name: &OsStr) -> io::Result<Seen> {
        Ok(Seen(statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    /// The names in it, in no order.
    pub fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            let name = entry?.file_name().to_bytes().to_vec();
            if name != b"." && name != b".." {
                names.push(OsString::from_vec(name));
            }
        }
        Ok(names)
    }

    /// Puts a file in the place of another one.
    pub fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(renameat(&self.0, from, &self.0, to)?)
    }

    /// Gives a file its name; fails with `AlreadyExists` rather than replace anything.
    pub(crate) fn rename_new(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        #[cfg(any(target_os = "linux", target_vendor = "apple"))]
        {
            use rustix::fs::{RenameFlags, renameat_with};
            match renameat_with(&self.0, from, &self.0, to, RenameFlags::NOREPLACE) {
                // Not every file system and kernel has it.
                Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
                result => return Ok(result?),
            }
        }
        linkat(&self.0, from, &self.0, to, AtFlags::empty())?;
        self.remove(from)
    }

    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(&self.0, name, AtFlags::empty())?)
    }

    pub(crate) fn remove_folder(&self, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }

    /// Dates a file in it anew, as if it was written now.
    pub(crate) fn touch(&self, name: &OsStr) -> io::Result<()> {
        let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
        let times = Timestamps { last_access: now, last_modification: now };
        Ok(utimensat(&self.0, name, &times, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// Locks the folder itself; `false` where another process has.
    pub(crate) fn try_lock(&self) -> io::Result<bool> {
        match self.0.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// The open folder itself, for who is to hold it too.
    pub fn file(&self) -> &File {
        &self.0
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
