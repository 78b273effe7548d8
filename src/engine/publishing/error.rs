//! Why something was not published.

use crate::store::git::transport::GitError;
use std::path::PathBuf;
use v_secure_core::merge::MergeError;
use v_secure_core::name::Name;

/// Unless it says otherwise, nothing was published and nothing was written here. `via` is the remote and the ref.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// Another machine is the one that rotates.
    #[error("rotations are made by {member}/{device} alone, and this is {here}")]
    NotHere { member: Name, device: Name, here: String },
    /// Whoever else rotates would not find what is published here.
    #[error(
        "nothing is published: git pushes to another place than it fetches {remote} from, or to several"
    )]
    Apart { remote: String },
    #[error("what {via} has published cannot be read")]
    Unread { via: String, source: GitError },
    #[error("what is published does not unite with what is here")]
    Parted { via: String, path: PathBuf, source: Box<MergeError> },
    /// What is published could not be put into the file here.
    #[error("{path} is written by others again and again")]
    Busy { path: PathBuf },
    #[error("nothing was published: git makes no commit of it")]
    NoCommit { via: String, source: GitError },
    #[error("nothing was published: {via} did not take it")]
    Refused { via: String, source: GitError },
    /// The clone has what nobody else has.
    #[error(
        "the vault here has what {via} has not, and nothing is done at a provider before that is published"
    )]
    Unpublished { via: String },
    /// Somebody else published meanwhile, and what was made rests on less than that.
    #[error("nothing was published: {via} has moved on")]
    Moved { via: String },
    /// The push had no answer, and a look at what came of it had none or did not find it yet.
    #[error("it is not known whether it was published: {via} does not answer")]
    Unclear { via: String, source: GitError },
}
