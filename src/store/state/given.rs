//! Which variables `exec` has given programs, by vault and environment: so that a name that is new
//! there is said once.
//!
//! A help and no promise. Where there is no state folder, or its file cannot be used, nothing is known
//! and nothing is said. Names stay known: those that a branch lacks are no news when it is left again.

use crate::store::file::owners::Owners;
use crate::store::file::private;
use crate::store::file::private::FILE_MODE;
use crate::store::file::temp;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use v_secure_core::crypto::digest;
use v_secure_core::crypto::id::VaultId;
use v_secure_core::name::environment::EnvironmentName;

const FOLDER: &str = "given";

/// The longest list, in bytes: more names than a program can be given.
const LIMIT: u64 = 8 << 20;

/// The lists of this device.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    state: Option<PathBuf>,
    owners: Owners,
}

impl Given {
    /// Lists in `state/given`.
    pub fn new(state: Option<&Path>, owners: Owners) -> Self {
        Self { state: state.map(Path::to_path_buf), owners }
    }

    /// The names given so far; `None` where nothing is known.
    pub fn load(&self, vault: &VaultId, environment: &EnvironmentName) -> Option<BTreeSet<String>> {
        let state = self.state.as_ref()?;
        let folder = private::existing_inner(state, FOLDER, self.owners).ok()??;
        let path = state.join(FOLDER).join(file_name(vault, environment));
        let bytes = private::read_own_in(&folder, &path, LIMIT, self.owners).ok()?;
        Some(std::str::from_utf8(&bytes).ok()?.lines().map(str::to_owned).collect())
    }

    /// Adds names to those that are `known`, as [`Given::load`] has it, and returns those that are new; none where
    /// nothing was known before.
    pub fn add(
        &self,
        vault: &VaultId,
        environment: &EnvironmentName,
        known: Option<BTreeSet<String>>,
        names: &BTreeSet<String>,
    ) -> Vec<String> {
        let (first, known) = (known.is_none(), known.unwrap_or_default());
        let new: Vec<String> = names.difference(&known).cloned().collect();
        if first || !new.is_empty() {
            let all: BTreeSet<String> = known.into_iter().chain(new.iter().cloned()).collect();
            self.write(&file_name(vault, environment), &all);
        }
        if first { Vec::new() } else { new }
    }

    fn write(&self, file: &str, names: &BTreeSet<String>) {
        let Some(state) = &self.state else { return };
        let text: String = names.iter().flat_map(|name| [name.as_str(), "\n"]).collect();
        if text.len() as u64 <= LIMIT
            && let Ok(folder) = private::ensure_inner(state, FOLDER, self.owners)
        {
            if folder.look(file.as_ref()).is_ok_and(|seen| !seen.is_file()) {
                return;
            }
            temp::remove_leftovers(&folder, file.as_ref());
            // No lock and no sync: of two that write at once, and after a power failure, a name is said once more.
            let _ = temp::replace_unsynced(&folder, file.as_ref(), text.as_bytes(), FILE_MODE);
        }
    }
}

/// By a hash: environments that differ in case alone are two on every file system.
fn file_name(vault: &VaultId, environment: &EnvironmentName) -> String {
    digest::file_hash(&[vault.as_bytes(), environment.as_str().as_bytes()].concat()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::tempdir;

    fn names(text: &str) -> BTreeSet<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    fn add(
        given: &Given,
        vault: &VaultId,
        environment: &EnvironmentName,
        text: &str,
    ) -> Vec<String> {
        given.add(vault, environment, given.load(vault, environment), &names(text))
    }

    #[test]
    fn a_name_is_new_once_by_vault_and_environment() {
        let state = tempdir().unwrap();
        let given = Given::new(Some(state.path()), Owners::current());
        let (vault, prod) =
            (VaultId::from(digest::file_hash(b"vault")), EnvironmentName::new("prod").unwrap());
        let add = |text| add(&given, &vault, &prod, text);
        assert!(add("A B").is_empty(), "nothing was known");
        assert_eq!(add("A B C"), ["C"]);
        assert!(add("A B C").is_empty());
        assert!(add("A").is_empty());
        assert!(add("A C").is_empty(), "a branch without it makes it no news");
        let other = EnvironmentName::new("Prod").unwrap();
        let (other, vault_of_others) = (&other, digest::file_hash(b"other").into());
        assert!(super::tests::add(&given, &vault, other, "X").is_empty());
        assert_eq!(super::tests::add(&given, &vault_of_others, &prod, "X"), [""; 0]);
        assert_eq!(given.load(&vault, &prod).unwrap(), names("A B C"));
    }

    #[test]
    fn without_a_state_folder_nothing_is_known_or_said() {
        let given = Given::new(None, Owners::current());
        let (vault, prod) =
            (VaultId::from(digest::file_hash(b"vault")), EnvironmentName::new("prod").unwrap());
        for text in ["A", "A B"] {
            assert!(add(&given, &vault, &prod, text).is_empty());
        }
    }
}
