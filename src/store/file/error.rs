//! Why a write failed, and what is on the disk then.
//!
//! Each variant says by its text whether the file is the old one or the new one: that, and not
//! which call failed, is what somebody with a full disk needs to know.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// What a durable write was doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    OpenFolder,
    Inspect,
    CreateFolder,
    CreateTemporary,
    Write,
    SetOwner,
    SetMode,
    Sync,
    Rename,
    Remove,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OpenFolder => "opening its folder",
            Self::Inspect => "looking at it",
            Self::CreateFolder => "creating the folder",
            Self::CreateTemporary => "creating a temporary file beside it",
            Self::Write => "writing the new content",
            Self::SetOwner => "setting the owner",
            Self::SetMode => "setting the permissions",
            Self::Sync => "bringing the new content to the disk",
            Self::Rename => "putting the new file in place",
            Self::Remove => "removing it",
        })
    }
}

/// Why a file was not written, created or removed, or is not known to be durable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// Nothing changed: the old file, if there was one, is whole.
    #[error("{path} is unchanged: {step} failed")]
    Unchanged { path: PathBuf, step: Step, source: io::Error },
    /// The change is in place, but the folder that names the file could not be synced.
    #[error("{path} is written, but may revert to its old content if the power fails now")]
    WrittenNotDurable { path: PathBuf, source: io::Error },
    /// The file is gone, but its folder could not be synced.
    #[error("{path} is removed, but may come back if the power fails now")]
    RemovedNotDurable { path: PathBuf, source: io::Error },
    #[error("{path} exists already and is not overwritten")]
    Exists { path: PathBuf },
    #[error("{path} does not exist")]
    Missing { path: PathBuf },
    /// Somebody wrote it since it was read, without taking the lock: git, or an editor.
    #[error("{path} was changed by another program and is not overwritten")]
    Changed { path: PathBuf },
    #[error("the lock file beside {path} was deleted, so that another v-secure may be writing")]
    LockLost { path: PathBuf },
    /// A caller's mistake: the lock that it holds is another folder's.
    #[error("{path} is not in the locked folder {locked}")]
    OutsideLock { path: PathBuf, locked: PathBuf },
    #[error("{path} is a symbolic link, which is not followed")]
    Symlink { path: PathBuf },
    #[error("{path} is not a regular file")]
    NotAFile { path: PathBuf },
}
