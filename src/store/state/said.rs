//! What this device has said about the vault at a path, so that a state that stays is said once.
//!
//! A help and no promise: without a state folder, or where its file cannot be used, it is said again.

use crate::store::file::new_file;
use crate::store::file::owners::Owners;
use crate::store::file::private;
use crate::store::file::private::FILE_MODE;
use crate::store::sys;
use std::path::{Path, PathBuf};
use v_secure_core::crypto::digest;

const FOLDER: &str = "told";

/// The longest text that is kept.
const LIMIT: u64 = 1 << 20;

/// The texts of this device, by the path of the vault: worktrees differ in what they lack.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    state: Option<PathBuf>,
    owners: Owners,
}

impl Said {
    /// Texts in `state/told`.
    pub fn new(state: Option<&Path>, owners: Owners) -> Self {
        Self { state: state.map(Path::to_path_buf), owners }
    }

    /// Whether `state` of the vault at `path` is another one than was told last. It is from now on.
    pub(crate) fn is_news(&self, path: &Path, state: &str) -> bool {
        let known = self.load(path);
        if known.as_deref() == Some(state) {
            return false;
        }
        self.write(path, state);
        true
    }

    /// Whether `state` is what was told last.
    pub(crate) fn is_known(&self, path: &Path, state: &str) -> bool {
        self.load(path).as_deref() == Some(state)
    }

    /// Nothing is to be told any more: the next state is news, whichever it is.
    pub fn clear(&self, path: &Path) {
        if self.load(path).is_some_and(|known| !known.is_empty()) {
            self.write(path, "");
        }
    }

    fn load(&self, path: &Path) -> Option<String> {
        let state = self.state.as_ref()?;
        let folder = private::existing_inner(state, FOLDER, self.owners).ok()??;
        let file = state.join(FOLDER).join(file_name(path));
        let bytes = private::read_own_in(&folder, &file, LIMIT, self.owners).ok()?;
        String::from_utf8(bytes.to_vec()).ok()
    }

    fn write(&self, path: &Path, text: &str) {
        let Some(state) = &self.state else { return };
        if text.len() as u64 <= LIMIT
            && let Ok(folder) = private::ensure_inner(state, FOLDER, self.owners)
        {
            let file = state.join(FOLDER).join(file_name(path));
            let _ = new_file::write_over_in(&folder, &file, text.as_bytes(), FILE_MODE);
        }
    }
}

fn file_name(path: &Path) -> String {
    digest::file_hash(&sys::path_bytes(path)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::tempdir;

    #[test]
    fn a_state_is_news_once_until_it_is_over() {
        let state = tempdir().unwrap();
        let told = Said::new(Some(state.path()), Owners::current());
        let (here, there) = (Path::new("/a/vault.toml"), Path::new("/b/vault.toml"));
        assert!(told.is_news(here, "1 missing"));
        assert!(!told.is_news(here, "1 missing"));
        assert!(told.is_news(there, "1 missing"), "another worktree");
        assert!(told.is_news(here, "2 missing"));
        told.clear(here);
        assert!(told.is_news(here, "2 missing"));
    }

    #[test]
    fn without_a_state_folder_it_is_said_again() {
        let told = Said::new(None, Owners::current());
        assert!([(), ()].iter().all(|()| told.is_news(Path::new("/a"), "x")));
    }
}
