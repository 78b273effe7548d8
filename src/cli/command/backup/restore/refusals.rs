//! Why a backup is not restored, and what to type instead.

use super::Restore;
use crate::cli::error::codes::Code;
use crate::cli::error::pin_failures::pin_failure;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::shell_word;
use crate::engine::session::{OpenedVault, Session, SessionError};
use crate::engine::transaction::TransactionError;
use v_secure_core::backup::comparison::Missing;
use v_secure_core::backup::maker::MakerError;
use v_secure_core::file::request::fingerprint_words;
use v_secure_core::vault::Vault;
use v_secure_core::vault::pin::PinStatus;

/// Where another vault may be restored: in the project it would take the accepted one's place.
const OUTSIDE: &str = ", with a folder outside this project";

impl Restore {
    pub(super) fn damaged(&self, error: &dyn std::error::Error) -> Failure {
        let message = format!("{} is not a usable backup", self.file.display());
        Failure::new(Code::BackupDamaged, message).because(error)
    }

    pub(super) fn forged(&self, error: &MakerError) -> Failure {
        let message = format!("{} was not made by the member it names", self.file.display());
        Failure::new(Code::BackupSignature, message).because(error)
    }

    /// This place is known to hold something that the backup is at odds with.
    pub(super) fn refuse_pinned(&self, new: &OpenedVault) -> Outcome {
        use PinStatus::{Continues, Prefix, Unknown};
        if matches!(new.pin, Unknown | Continues | Prefix { .. }) {
            return Ok(());
        }
        let mut failure = pin_failure(&new.pin, &self.file);
        let outside = matches!(new.pin, PinStatus::OtherInProject { .. });
        let outside = if outside { OUTSIDE } else { "" };
        let accept = "v-secure pin accept  # once the .v-secure from there is here".to_owned();
        failure.hints = vec![self.elsewhere() + outside, accept];
        Err(failure)
    }

    pub(super) fn elsewhere(&self) -> String {
        format!("v-secure --vault EMPTY_FOLDER backup restore {}", shell_word::file(&self.file))
    }

    /// What is there does not verify: a backup is wanted now, and what is there is not ours to drop.
    pub(super) fn unreadable(&self, session: &Session, error: TransactionError) -> Failure {
        let damaged = matches!(
            &error,
            TransactionError::Session(
                SessionError::Open { .. }
                    | SessionError::Lacking { .. }
                    | SessionError::Empty { .. }
            )
        );
        let mut failure = Failure::from(error);
        if damaged {
            let path = shell_word::file(&session.location.vault);
            failure.hints = vec![
                format!("mv {path} {path}.damaged, and then"),
                format!("v-secure backup restore {}", shell_word::file(&self.file)),
            ];
        }
        failure
    }

    pub(super) fn other(&self, session: &Session, there: &Vault, backup: &Vault) -> Failure {
        let message = format!(
            "{} is a backup of the vault {} ({}), but {} is another vault ({})",
            self.file.display(),
            backup.file().header.name,
            fingerprint_words(&backup.id()),
            session.location.vault.display(),
            fingerprint_words(&there.id()),
        );
        Failure::new(Code::BackupOtherVault, message).hint(self.elsewhere() + OUTSIDE)
    }

    pub(super) fn newer(&self, session: &Session, there: &Vault, missing: &Missing) -> Failure {
        let message = format!(
            "{} has changes that {} lacks, so it was not replaced",
            session.location.vault.display(),
            self.file.display()
        );
        let mut failure = Failure::new(Code::BackupOlder, message);
        failure.causes = missing.lines(there);
        failure.hint(self.elsewhere())
    }
}
