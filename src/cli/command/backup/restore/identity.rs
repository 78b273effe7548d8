//! The identity that may be in a backup, and where it goes.

use super::Restore;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::unlocking::identities;
use crate::store::file::new_file;
use crate::store::file::private;
use crate::store::file::private::FILE_MODE;
use std::path::{Path, PathBuf};
use v_secure_core::backup::container::Backup;
use v_secure_core::secret_value::SecretValue;

/// What becomes of the identity in the backup.
pub(super) enum Destination {
    Write(PathBuf),
    /// The config folder has another one.
    Taken(PathBuf),
    /// It is there already.
    There(PathBuf),
    None,
}

impl Restore {
    pub(super) fn destination(
        &self,
        context: &Context<'_>,
        backup: &Backup<'_>,
    ) -> Outcome<Destination> {
        let Some(text) = backup.identity else {
            return match &self.identity_out {
                None => Ok(Destination::None),
                Some(_) => {
                    let message = format!("{} holds no identity", self.file.display());
                    Err(Failure::new(Code::BackupIdentity, message)
                        .hint("v-secure backup create FILE --with-identity --passphrase, where the identity is"))
                }
            };
        };
        let text = SecretValue::new(text.to_vec());
        let own = identities::parse(context, &text, &self.file.display().to_string())?;
        if let Some(path) = &self.identity_out {
            return match path.symlink_metadata() {
                Err(_) => Ok(Destination::Write(path.clone())),
                Ok(_) => {
                    Err(Failure::new(Code::Exists, format!("{} exists already", path.display()))
                        .hint("--identity-out OTHER_FILE"))
                }
            };
        }
        let Some(path) = identities::default_file(context) else { return Ok(Destination::None) };
        if path.symlink_metadata().is_err() {
            return Ok(Destination::Write(path));
        }
        let there = identities::read_file(context, &path)
            .and_then(|text| identities::parse(context, &text, &path.display().to_string()));
        let same = there.is_ok_and(|there| {
            own.iter().all(|own| there.iter().any(|one| one.recipient() == own.recipient()))
        });
        Ok(if same { Destination::There(path) } else { Destination::Taken(path) })
    }
}

pub(super) fn write_identity(context: &Context<'_>, path: &Path, text: &[u8]) -> Outcome {
    if identities::default_file(context).as_deref() == Some(path)
        && let Some(folder) = path.parent()
    {
        private::ensure_folder(folder, context.owners()).map_err(|error| {
            let message = "the folder for the identity cannot be used; the vault is restored";
            Failure::new(Code::ConfigFolder, message).because(&error).hint("--identity-out FILE")
        })?;
    }
    Ok(new_file::write_new(path, text, FILE_MODE)?)
}
