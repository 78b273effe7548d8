//! The plaintext of a backup, by its passphrase or by an identity that is here.

use super::Restore;
use crate::cli::args::source;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::shell_word;
use crate::cli::unlocking::asked_passphrase as passphrase;
use crate::cli::unlocking::asked_passphrase::BACKUP;
use crate::cli::unlocking::identities;
use v_secure_core::backup::container::MAX_PLAIN;
use v_secure_core::crypto::envelope::{self, EnvelopeError};
use v_secure_core::crypto::passphrase_file::{self, PassphraseError};
use v_secure_core::secret_value::SecretValue;

/// The most bytes of a backup: armored, with the headers of many recipients.
const MAX_FILE: u64 = (MAX_PLAIN as u64) / 2 * 3;

impl Restore {
    /// The plaintext.
    pub(super) fn open(&self, context: &Context<'_>) -> Outcome<SecretValue> {
        let bytes = source::read(context, &self.file, MAX_FILE)?;
        let dearmored = match bytes.expose().starts_with(b"-----BEGIN ") {
            true => {
                let text = bytes.expose_str().unwrap_or_default();
                Some(envelope::dearmor(text).map_err(|error| self.damaged(&error))?)
            }
            false => None,
        };
        let file = dearmored.as_deref().unwrap_or(bytes.expose());
        if passphrase_file::is_passphrase_file(file) {
            let question = "Passphrase of the backup: ";
            let passphrase =
                passphrase::present(context, &BACKUP, self.backup_passphrase_fd, question)?;
            return passphrase_file::decrypt(&passphrase, file, MAX_PLAIN).map_err(|error| {
                match error {
                    PassphraseError::File(error) => self.damaged(&error),
                    _ => Failure::from_error(Code::BackupLocked, &error)
                        .hint(format!("v-secure backup restore {}", shell_word::file(&self.file))),
                }
            });
        }
        let found = identities::found(context)?;
        let open = found.into_iter().filter_map(|(_, found)| found.ok()).flatten();
        // A locked SSH key opens nothing, and is asked for its passphrase where a vault needs it.
        let all: Vec<_> = open.filter(|identity| !identity.is_locked()).collect();
        envelope::decrypt(&all, file, MAX_PLAIN).map_err(|error| match error {
            EnvelopeError::NoMatch => {
                let message = format!("no identity here opens {}", self.file.display());
                Failure::new(Code::BackupLocked, message)
                    .hint(format!(
                        "v-secure --identity FILE backup restore {}",
                        shell_word::file(&self.file)
                    ))
                    .hint("v-secure identity show")
            }
            error => self.damaged(&error),
        })
    }
}
