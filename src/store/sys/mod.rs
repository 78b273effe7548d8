//! What differs between operating systems: owners, modes, open flags, syncing a folder.
//!
//! Both implementations export the same functions. Windows has no owner number or mode bits in
//! `std`, so there these are `None` and the checks built on them pass: access is left to the
//! folder's access list, which a user's profile restricts by default.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub use unix::*;

#[cfg(unix)]
mod folder;
#[cfg(unix)]
pub use folder::{Folder, Seen};

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub use windows::*;

use std::path::Path;
use std::time::UNIX_EPOCH;

mod memory;
pub use memory::is_safe_memory;

mod unnamed;
pub use unnamed::Unnamed;

/// Which state of a file was seen: equal stamps mean that nobody replaced or edited it between.
///
/// It is a comparison, not a proof: an edit that restores every time stamp goes unseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    len: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// By what a folder is told from another one that comes to stand at its path: when it was made, and what
/// the system numbers it. `None` where that is not known.
pub(crate) fn born(folder: &Path) -> Option<String> {
    let metadata = folder.metadata().ok()?;
    let made = metadata.created().ok()?.duration_since(UNIX_EPOCH).ok()?;
    // Not by the device, which many systems number anew when they start.
    Some(format!("{}.{}", stamp(&metadata).inode, made.as_nanos()))
}

/// Whether a symbolic link at the last part of a path is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    Refuse,
    Follow,
}
