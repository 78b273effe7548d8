//! The folder `pins` in the state folder: what this device knows of each vault, and its lock.

use super::PinError;
use crate::store::file::lock;
use crate::store::file::lock::Lock;
use crate::store::file::owners::Owners;
use crate::store::file::private;
use crate::store::file::private::PrivateError;
use crate::store::file::temp;
use std::path::{Path, PathBuf};
use v_secure_core::crypto::bytes::Id;

const NAME: &str = "pins";

/// What the files in it that are replaced end with.
const ENDINGS: [&str; 3] = [".chain", ".json", ".ledger"];

/// Where pins are kept, if anywhere.
#[derive(Debug, Clone)]
pub(crate) struct PinFolder {
    state: Option<PathBuf>,
    pub owners: Owners,
}

impl PinFolder {
    pub fn new(state: Option<&Path>, owners: Owners) -> Self {
        Self { state: state.map(Path::to_path_buf), owners }
    }

    pub(crate) fn has_state(&self) -> bool {
        self.state.is_some()
    }

    /// The folder, where it is there; makes nothing, so that reading works on a read-only disk.
    ///
    /// # Errors
    /// Both folders must be this user's alone to write: whoever can take a pin away turns a known
    /// vault into a first use.
    pub fn existing(&self) -> Result<Option<PathBuf>, PrivateError> {
        let Some(state) = &self.state else { return Ok(None) };
        let folder = private::existing_inner(state, NAME, self.owners)?;
        Ok(folder.map(|_| state.join(NAME)))
    }

    /// The right to write in the folder, which is made if missing; `None` without a state folder.
    pub fn lock(&self) -> Result<Option<Lock>, PinError> {
        let Some(state) = &self.state else { return Ok(None) };
        private::ensure_inner(state, NAME, self.owners)?;
        let lock = Lock::acquire(&state.join(NAME), lock::WAIT)?;
        temp::remove_leftovers_of(lock.open_folder(), is_ours);
        Ok(Some(lock))
    }
}

/// Whether a name is one of a file that is replaced here.
fn is_ours(name: &[u8]) -> bool {
    let Ok(name) = std::str::from_utf8(name) else { return false };
    ENDINGS.iter().filter_map(|end| name.strip_suffix(end)).any(|stem| Id::parse(stem).is_ok())
}
