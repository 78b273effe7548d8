//! Of what was not published where others find it.

use super::merging::not_merged;
use crate::cli::error::Failure;
use crate::cli::error::codes::Code;
use crate::engine::publishing::PublishError;

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        match &error {
            PublishError::NotHere { .. } => Self::from_error(Code::NotPublishedHere, &error),
            PublishError::Parted { via, path, source } => {
                not_merged(path, ["what is here", via], source)
            }
            PublishError::Moved { .. } => Self::from_error(Code::Moved, &error),
            PublishError::Busy { .. } => Self::from_error(Code::LockedFile, &error),
            PublishError::Unclear { .. } => Self::from_error(Code::PublicationUnclear, &error),
            PublishError::Unread { .. }
            | PublishError::NoCommit { .. }
            | PublishError::Refused { .. } => Self::from_error(Code::Unpublished, &error),
        }
    }
}
