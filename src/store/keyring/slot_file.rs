//! The sealed halves of this device's keyring slots: `keyring/VAULT.json` in the state folder, 0600.

use crate::store::file::atomic;
use crate::store::file::atomic::Expected;
use crate::store::file::error::WriteError;
use crate::store::file::lock;
use crate::store::file::lock::{Lock, LockError};
use crate::store::file::owners::Owners;
use crate::store::file::private;
use crate::store::file::private::PrivateError;
use crate::store::file::read::ReadError;
use crate::store::sys::Folder;
use std::path::{Path, PathBuf};
use v_secure_core::crypto::id::VaultId;
use v_secure_core::file::keyring_slot::{KeyringSlotError, SealedHalf};

const FOLDER: &str = "keyring";
/// The most bytes of a file: an identity of any kind, sealed.
const LIMIT: u64 = 128 << 10;

/// Why a sealed half was not read, written or removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum SlotFileError {
    #[error("there is no state folder to keep a keyring slot in")]
    NoState,
    #[error("{path} cannot be used")]
    Damaged { path: PathBuf, source: KeyringSlotError },
    #[error("{path} is of another vault")]
    OtherVault { path: PathBuf },
    #[error(transparent)]
    Private(#[from] PrivateError),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// The sealed halves in a state folder.
#[derive(Debug, Clone)]
pub(crate) struct SlotFiles {
    state: Option<PathBuf>,
    owners: Owners,
}

impl SlotFiles {
    pub fn new(state: Option<PathBuf>, owners: Owners) -> Self {
        Self { state, owners }
    }

    /// Where the half of a vault is, or would be.
    pub fn path(&self, vault: &VaultId) -> Result<PathBuf, SlotFileError> {
        self.folder().map(|folder| folder.join(format!("{vault}.json")))
    }

    fn folder(&self) -> Result<PathBuf, SlotFileError> {
        self.state.as_ref().map(|state| state.join(FOLDER)).ok_or(SlotFileError::NoState)
    }

    /// The folder of halves, where it is there.
    fn opened(&self) -> Result<Option<Folder>, PrivateError> {
        let Some(state) = &self.state else { return Ok(None) };
        private::existing_inner(state, FOLDER, self.owners)
    }

    /// The half for a vault, if there is one.
    pub fn load(&self, vault: &VaultId) -> Result<Option<SealedHalf>, SlotFileError> {
        let path = match self.path(vault) {
            Ok(path) => path,
            Err(SlotFileError::NoState) => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(folder) = self.opened()? else { return Ok(None) };
        let bytes = match private::read_own_in(&folder, &path, LIMIT, self.owners) {
            Ok(bytes) => bytes,
            Err(PrivateError::Read(ReadError::Missing { .. })) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        match SealedHalf::parse(&bytes) {
            Ok(half) if half.vault == *vault => Ok(Some(half)),
            Ok(_) => Err(SlotFileError::OtherVault { path }),
            Err(source) => Err(SlotFileError::Damaged { path, source }),
        }
    }

    /// Puts a half in the place of whatever is there.
    pub fn save(&self, half: &SealedHalf) -> Result<PathBuf, SlotFileError> {
        let folder = self.folder()?;
        let state = self.state.as_deref().unwrap_or(Path::new("."));
        private::ensure_inner(state, FOLDER, self.owners)?;
        let lock = Lock::acquire(&folder, lock::WAIT)?;
        let path = folder.join(format!("{}.json", half.vault));
        let text = half.to_json();
        atomic::replace(&lock, &path, text.as_bytes(), private::FILE_MODE, Expected::Any)?;
        Ok(path)
    }

    /// Removes the half of a vault; whether there was one.
    pub fn remove(&self, vault: &VaultId) -> Result<bool, SlotFileError> {
        let path = self.path(vault)?;
        let Some(folder) = self.opened()? else { return Ok(false) };
        match atomic::remove_in(&folder, &path) {
            Ok(()) => Ok(true),
            Err(WriteError::Missing { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::real::RealHost;
    use std::fs;
    use tempfile::tempdir;
    use v_secure_core::crypto::identity::{generate_identity, parse_identity};
    use v_secure_core::file::keyring_slot;
    use v_secure_core::name::Name;

    const VAULT: VaultId = VaultId([1; 32]);

    fn half(vault: &VaultId) -> SealedHalf {
        let identity = parse_identity(&generate_identity().text).unwrap();
        let member = Name::new("owner").unwrap();
        keyring_slot::seal(&RealHost, vault, &member, &identity).unwrap().half
    }

    #[test]
    fn a_half_is_kept_replaced_and_removed() {
        let root = tempdir().unwrap();
        let files = SlotFiles::new(Some(root.path().join("state")), Owners::current());
        assert_eq!(files.load(&VAULT).unwrap(), None);
        assert!(!files.remove(&VAULT).unwrap());
        for _ in 0..2 {
            let made = half(&VAULT);
            let path = files.save(&made).unwrap();
            assert_eq!(files.load(&VAULT).unwrap(), Some(made));
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            }
        }
        assert!(files.remove(&VAULT).unwrap());
        assert_eq!(files.load(&VAULT).unwrap(), None);
    }

    #[test]
    fn what_is_not_this_vaults_or_damaged_is_an_error() {
        let root = tempdir().unwrap();
        let files = SlotFiles::new(Some(root.path().join("state")), Owners::current());
        files.save(&half(&VAULT)).unwrap();
        let path = files.path(&VAULT).unwrap();
        fs::write(&path, half(&VaultId([2; 32])).to_json()).unwrap();
        let error = files.load(&VAULT).unwrap_err();
        assert!(matches!(error, SlotFileError::OtherVault { .. }), "{error}");
        fs::write(&path, "{}").unwrap();
        let error = files.load(&VAULT).unwrap_err();
        assert!(matches!(error, SlotFileError::Damaged { .. }), "{error}");
        let nowhere = SlotFiles::new(None, Owners::current());
        assert!(matches!(nowhere.save(&half(&VAULT)), Err(SlotFileError::NoState)));
        assert_eq!(nowhere.load(&VAULT).unwrap(), None);
    }
}
