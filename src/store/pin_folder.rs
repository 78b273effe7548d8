//! The folder `pins` in the state folder: what this device knows of each vault, and its lock.

use super::lock::{self, Lock};
use super::owners::Owners;
use super::pins::PinError;
use super::private::{self, PrivateError};
use super::temp;
use std::io;
use std::path::{Path, PathBuf};

const NAME: &str = "pins";

/// What the files in it that are replaced end with.
const ENDINGS: [&[u8]; 3] = [b".chain", b".json", b".ledger"];

/// Where pins are kept, if anywhere.
#[derive(Debug, Clone)]
pub struct PinFolder {
    state: Option<PathBuf>,
    pub owners: Owners,
}

impl PinFolder {
    pub fn new(state: Option<&Path>, owners: Owners) -> Self {
        Self { state: state.map(Path::to_path_buf), owners }
    }

    pub fn has_state(&self) -> bool {
        self.state.is_some()
    }

    /// The folder, where it is there; makes nothing, so that reading works on a read-only disk.
    ///
    /// # Errors
    /// Both folders must be this user's alone to write: whoever can take a pin away turns a known
    /// vault into a first use.
    pub fn existing(&self) -> Result<Option<PathBuf>, PrivateError> {
        let Some(state) = &self.state else { return Ok(None) };
        let folder = state.join(NAME);
        for path in [state, &folder] {
            if is_missing(path) {
                return Ok(None);
            }
            private::ensure_folder(path, self.owners)?;
        }
        Ok(Some(folder))
    }

    /// The right to write in the folder, which is made if missing; `None` without a state folder.
    pub fn lock(&self) -> Result<Option<Lock>, PinError> {
        let Some(state) = &self.state else { return Ok(None) };
        private::ensure_folder(state, self.owners)?;
        let folder = state.join(NAME);
        private::ensure_folder(&folder, self.owners)?;
        let lock = Lock::acquire(&folder, lock::WAIT)?;
        temp::remove_leftovers_in(&folder, |name| ENDINGS.iter().any(|end| name.ends_with(end)));
        Ok(Some(lock))
    }
}

/// Whether nothing is there. A link that leads nowhere is something: its disk may be away.
fn is_missing(path: &Path) -> bool {
    match path.symlink_metadata() {
        Ok(_) => false,
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}
