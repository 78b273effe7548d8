//! Of writes that were not made: what would have been written is not fit for it, or the disk is not.

use super::policy::chain_failure;
use crate::cli::error::Failure;
use crate::cli::error::codes::Code;
use crate::cli::error::exit::Exit;
use crate::engine::history::BesideError;
use crate::engine::transaction::TransactionError;
use crate::store::file::error::WriteError;
use crate::store::file::lock::LockError;
use v_secure_core::log::closed::closing::ClosingError;
use v_secure_core::vault::ApplyError;

impl From<TransactionError> for Failure {
    fn from(error: TransactionError) -> Self {
        match error {
            TransactionError::Session(error) => error.into(),
            TransactionError::Apply(error) => error.into(),
            TransactionError::Write(error) => error.into(),
            TransactionError::SplitsPolicy => Self::from_error(Code::SplitsPolicy, &error).hint(
                "git merge BRANCH, with the branch that has them, and then the same command again",
            ),
            TransactionError::Lock(LockError::Busy { .. })
            | TransactionError::Beside(BesideError::Lock(LockError::Busy { .. })) => {
                Self::from_error(Code::LockedFile, &error)
            }
            TransactionError::TooLarge { .. } => Self::from_error(Code::VaultFull, &error)
                .hint("v-secure history close")
                .hint("v-secure prune"),
            // It is this change that has more in one piece than a file may.
            TransactionError::Unreadable(ref source) => {
                Self::from_error(Code::Of(source.into()), &error)
                    .with_exit(Exit::Conflict)
                    .hint("make it in several changes, each of less")
            }
            TransactionError::Lock(_) | TransactionError::Beside(_) => {
                Self::from_error(Code::Write, &error)
            }
        }
    }
}

impl From<ApplyError> for Failure {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Chain(source) => chain_failure(&source),
            ApplyError::NotCounting => Self::from_error(Code::NotPermitted, &error),
            ApplyError::Voids { ref actor, .. } => Self::from_error(Code::VoidsWork, &error)
                .hint(format!("v-secure audit log --actor {actor}  # to see that work"))
                .hint("make the change again, from the vault as it is now"),
            ApplyError::Record(source) => {
                Self::new(Code::Of(source.into()), "this cannot be stored")
                    .with_exit(Exit::Usage)
                    .because(&source)
            }
            ApplyError::Findings(ref findings) => {
                let code = findings.first().map_or(Code::Refused, |one| Code::Of(one.code.into()));
                let mut failure = Self::from_error(code, &error).with_exit(Exit::Integrity);
                let told = findings.iter().take(5).map(|finding| finding.message.clone());
                failure.causes.extend(told);
                failure.hint("v-secure audit verify")
            }
            ApplyError::Torn => {
                Self::from_error(Code::Refused, &error).hint("v-secure audit verify")
            }
            ApplyError::Checkpoint(ClosingError::Unsettled { ref secrets }) => {
                let failure = Self::from_error(Code::NothingToClose, &error);
                secrets
                    .iter()
                    .take(1)
                    .fold(failure, |failure, secret| failure.hint(format!("v-secure set {secret}")))
            }
            ApplyError::Checkpoint(ClosingError::Withdrawn { ref secret }) => {
                Self::from_error(Code::NothingToClose, &error)
                    .hint(format!("v-secure set {secret}"))
            }
            ApplyError::Checkpoint(_) | ApplyError::CheckpointFalse => {
                Self::from_error(Code::NothingToClose, &error).hint("v-secure history status")
            }
        }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        match &error {
            WriteError::Exists { .. } => {
                Self::from_error(Code::Exists, &error).hint("-o FILE, to write to another file")
            }
            _ => Self::from_error(Code::Write, &error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use std::time::Duration;
    use v_secure_core::crypto::id::EntryId;
    use v_secure_core::name::SecretName;

    fn failure(error: impl Into<TransactionError>) -> (&'static str, u8, Vec<String>) {
        let failure = Failure::from(error.into());
        let steps = failure.steps().into_iter().map(str::to_owned).collect();
        (failure.code.as_str(), failure.exit.code(), steps)
    }

    fn too_large() -> TransactionError {
        TransactionError::TooLarge { what: "it".to_owned() }
    }

    /// No room on the disk makes a vault smaller, or a closing true.
    #[test]
    fn what_is_not_the_disks_fault_is_not_looked_for_there() {
        let (entry, secret) = (EntryId([1; 32]), SecretName::parse("prod/A").unwrap());
        let closing = |source| failure(ApplyError::Checkpoint(source));
        let busy = || LockError::Busy { path: PathBuf::from("x"), waited: Duration::ZERO };
        let all = [
            (failure(too_large()), "vault-full", "v-secure history close"),
            (failure(ApplyError::CheckpointFalse), "nothing-to-close", "v-secure history status"),
            (
                closing(ClosingError::Unknown { entry }),
                "nothing-to-close",
                "v-secure history status",
            ),
            (
                closing(ClosingError::Unsettled { secrets: vec![secret.clone()] }),
                "nothing-to-close",
                "v-secure set prod/A",
            ),
            (
                closing(ClosingError::Withdrawn { secret: secret.clone() }),
                "nothing-to-close",
                "v-secure set prod/A",
            ),
            (failure(ApplyError::Torn), "refused", "v-secure audit verify"),
            (failure(ApplyError::Findings(Vec::new())), "refused", "v-secure audit verify"),
            (failure(BesideError::Lock(busy())), "locked-file", "try again"),
            (failure(busy()), "locked-file", "try again"),
        ];
        for ((code, exit, steps), wanted, first) in all {
            assert_eq!((code, steps[0].as_str()), (wanted, first));
            assert!(exit > 1, "{code}: {exit}");
        }
        let write = WriteError::Missing { path: PathBuf::from("x") };
        assert_eq!(failure(write).0, "write");
    }

    #[test]
    fn what_would_be_too_large_is_said() {
        let failure = Failure::from(too_large());
        assert_eq!(failure.message, "the vault is unchanged: it would exceed 256 MiB");
    }
}
