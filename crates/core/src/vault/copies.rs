//! The readable copies of what the log says.

use crate::crypto::id::VaultId;
use crate::file::model::VaultFile;
use crate::log::state::LogState;
use crate::record::ids;

/// Writes into the secrets' sections which versions are active; sections of which `state` knows nothing stay.
pub(crate) fn renew_copies(file: &mut VaultFile, state: &LogState, vault: VaultId) {
    for (name, secret) in &state.secrets {
        if let Some(section) = file.secrets.get_mut(&ids::secret_uid(&vault, name)) {
            section.active = secret.candidates.clone();
        }
    }
}
