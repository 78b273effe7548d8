//! Of what was not published where others find it.

use super::merging::not_merged;
use crate::cli::error::Failure;
use crate::cli::error::codes::Code;
use crate::cli::output::shell_word;
use crate::engine::publishing::PublishError;
use v_secure_core::merge::MergeError;

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        match &error {
            PublishError::NotHere { here, .. } => Self::from_error(Code::NotPublishedHere, &error)
                .hint(format!(
                    "v-secure settings set rotation.via 'device {here}'  # if this one is to rotate alone"
                )),
            PublishError::Parted { via, path, source } => {
                let failure = not_merged(path, ["what is here", via], source);
                match (&**source, words(via)) {
                    // An owner makes what is here again upon what is published.
                    (MergeError::PolicyDiverged { .. }, Some((remote, reference))) => {
                        failure.hint(format!(
                            "git fetch {remote} {reference} && v-secure policy rebase FETCH_HEAD"
                        ))
                    }
                    _ => failure,
                }
            }
            PublishError::Unpublished { via } => {
                let failure = Self::from_error(Code::Unpublished, &error)
                    .hint("v-secure git install  # once: git then merges vaults by their records")
                    .hint("git add .v-secure && git commit -m 'Secrets' -- .v-secure");
                match words(via) {
                    Some((remote, reference)) => failure
                        .hint(format!("git pull --no-rebase {remote} {reference}"))
                        .hint(format!("git push {remote} HEAD:{reference}")),
                    None => failure,
                }
            }
            PublishError::Apart { remote } => Self::from_error(Code::Unpublished, &error).hint(
                format!("git config --replace-all remote.{remote}.pushurl \"$(git remote get-url {remote})\""),
            ),
            PublishError::Moved { .. } => Self::from_error(Code::Moved, &error),
            PublishError::Busy { .. } => Self::from_error(Code::LockedFile, &error),
            PublishError::Unclear { .. } => Self::from_error(Code::PublicationUnclear, &error),
            PublishError::Refused { via, .. } => {
                refused(Self::from_error(Code::Unpublished, &error), via)
            }
            PublishError::Unread { .. } | PublishError::NoCommit { .. } => {
                Self::from_error(Code::Unpublished, &error)
            }
        }
    }
}

/// A branch that takes no pushes has another one beside it.
fn refused(failure: Failure, via: &str) -> Failure {
    match words(via) {
        Some((remote, reference)) if reference != ROTATIONS => failure.hint(format!(
            "v-secure settings set rotation.via 'git {remote} {ROTATIONS}'  # where {reference} takes no pushes"
        )),
        _ => failure,
    }
}

const ROTATIONS: &str = "refs/heads/rotations";

/// The remote and the ref, for a shell.
fn words(via: &str) -> Option<(&str, String)> {
    let (remote, reference) = via.split_once(' ')?;
    Some((remote, shell_word::word(reference)?))
}
