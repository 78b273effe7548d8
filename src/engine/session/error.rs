//! Why the vault at a place could not be opened.

use crate::store::file::read::ReadError;
use crate::store::state::pins::PinError;
use std::path::PathBuf;
use v_secure_core::file::unmerged::Sides;
use v_secure_core::policy::error::ChainError;
use v_secure_core::record::line::LineError;
use v_secure_core::vault::OpenError;

/// Why the vault at a place could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{} is not accepted", path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: OpenError,
    },
    /// It is what git makes of two good copies, line by line.
    #[error(
        "{}: git merged this file as text; its records are whole, and what follows from them is out of date",
        path.display()
    )]
    MergedAsText {
        path: PathBuf,
        #[source]
        source: OpenError,
    },
    /// It is that but for a version that one side pruned, and by the other side's change had no right to.
    #[error("{} is not accepted", path.display())]
    Lacking {
        path: PathBuf,
        #[source]
        source: OpenError,
    },
    /// A shell made it for a command that then wrote nothing.
    #[error("{} is empty: there is no vault in it", path.display())]
    Empty { path: PathBuf },
    /// git could not merge it, and left its marks.
    #[error(
        "{}, line {}: this is an unfinished merge of '{}' and '{}'",
        path.display(), sides.line, sides.ours, sides.theirs
    )]
    Unmerged { path: PathBuf, sides: Sides },
    #[error(transparent)]
    Pin(#[from] PinError),
    #[error(
        "the pinned policy chain of this place cannot be read; run 'v-secure pin accept' once the vault has been checked"
    )]
    PinnedLine(#[source] LineError),
    #[error(
        "the pinned policy chain of this place does not verify; run 'v-secure pin accept' once the vault has been checked"
    )]
    PinnedChain(#[source] ChainError),
}
