//! The furthest policy chain that was accepted of each vault, one file a vault.

use super::FORMAT;
use super::error::{PinDamage, PinError};
use super::stored;
use crate::store::file::lock::Lock;
use crate::store::file::owners::Owners;
use serde::{Deserialize, Serialize};
use std::path::Path;
use v_secure_core::crypto::id::VaultId;
use v_secure_core::policy::entry::PolicyEntry;

/// Key order is the field order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    format: u32,
    vault: VaultId,
    chain: Vec<String>,
}

/// The chain of `vault`; `path` is where it stands now, for messages.
pub(super) fn load(
    folder: &Path,
    vault: &VaultId,
    path: &Path,
    owners: Owners,
) -> Result<Option<Vec<String>>, PinError> {
    let file = folder.join(file_name(vault));
    let failed = |unread| stored::error(unread, &file, path);
    let Some(found) = stored::read::<Stored>(&file, owners).map_err(failed)? else {
        return Ok(None);
    };
    let checked = match found.vault == *vault {
        true => check(vault, &found.chain),
        false => Err(PinDamage::NotItsGenesis { vault: *vault }),
    };
    checked.map_err(|source| failed(stored::Unread::Damage(source)))?;
    Ok(Some(found.chain))
}

pub(super) fn check(vault: &VaultId, chain: &[String]) -> Result<(), PinDamage> {
    match chain.first() {
        Some(genesis) if VaultId::from(PolicyEntry::id_of_line(genesis)) == *vault => Ok(()),
        _ => Err(PinDamage::NotItsGenesis { vault: *vault }),
    }
}

pub(super) fn write(lock: &Lock, vault: &VaultId, chain: &[String]) -> Result<(), PinError> {
    let record = Stored { format: FORMAT, vault: *vault, chain: chain.to_vec() };
    stored::write(lock, &file_name(vault), &record)
}

pub(super) fn missing(folder: &Path, vault: &VaultId, path: &Path) -> PinError {
    let file = folder.join(file_name(vault));
    PinError::Damaged { file, vault: path.into(), source: PinDamage::Gone }
}

pub(super) fn differs(folder: &Path, vault: &VaultId, path: &Path) -> PinError {
    PinError::Differs { file: folder.join(file_name(vault)), vault: path.into() }
}

pub(super) fn file_name(vault: &VaultId) -> String {
    format!("{vault}.chain")
}
