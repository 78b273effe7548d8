//! Where the keys of an unlocked vault are kept: one item a vault, in the kernel keyring where there
//! is one, and else in the OS keyring. Never in a file.
//!
//! An OS keyring costs a connection to a service, and forgets nothing by itself. So a marker in the
//! state folder, which holds no secret, tells that there is something to ask it for, and until when.

use super::{Keyring, KeyringError};
use crate::store::file::atomic;
use crate::store::file::atomic::Expected;
use crate::store::file::error::WriteError;
use crate::store::file::lock;
use crate::store::file::lock::{Lock, LockError};
use crate::store::file::owners::Owners;
use crate::store::file::private;
use crate::store::file::private::PrivateError;
use crate::store::sys::Folder;
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;
use v_secure_core::crypto::id::VaultId;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;

const FOLDER: &str = "sessions";
const PREFIX: &str = "session:";
const LIMIT: u64 = 4 << 10;

/// Why keys were not kept or not taken away.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum SessionStoreError {
    #[error("no keyring here can keep the keys")]
    NoKeyring { reasons: Vec<String> },
    #[error("the keys cannot be taken out of the OS keyring")]
    Remove(#[source] KeyringError),
    #[error("the note on what the OS keyring keeps cannot be written")]
    Private(#[from] PrivateError),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// What is kept, and for how long.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    pub vault: &'a VaultId,
    pub text: &'a SecretValue,
    /// Seconds since the Unix epoch.
    pub now: UnixTime,
    pub until: UnixTime,
}

#[derive(Serialize, Deserialize)]
struct Marker {
    vault: VaultId,
    until: UnixTime,
}

/// The keyrings that keep sessions, and the folder of markers.
pub(crate) struct SessionStore {
    kernel: Result<Box<dyn Keyring>, KeyringError>,
    os: Box<dyn Keyring>,
    state: Option<PathBuf>,
    owners: Owners,
}

impl SessionStore {
    /// The keyrings of this machine.
    pub fn new(state: Option<PathBuf>, owners: Owners, patience: Duration) -> Self {
        Self { kernel: super::kernel(), os: super::os(patience), state, owners }
    }

    /// Keeps the keys of a vault in place of what was kept before; says in which keyring.
    pub fn keep(&self, item: Item<'_>) -> Result<&'static str, SessionStoreError> {
        let in_kernel = match &self.kernel {
            Ok(kernel) => put(kernel.as_ref(), item),
            Err(error) => Err(reason(error)),
        };
        match in_kernel {
            Ok(name) => {
                self.forget_in_os(item.vault)?;
                Ok(name)
            }
            Err(first) => self.keep_in_os(item, first),
        }
    }

    /// The marker comes first: a killed process leaves a note too many, never keys that nobody
    /// knows of.
    fn keep_in_os(&self, item: Item<'_>, first: String) -> Result<&'static str, SessionStoreError> {
        if self.state.is_none() {
            let second = "the OS keyring: there is no state folder to note its use in".to_owned();
            return Err(SessionStoreError::NoKeyring { reasons: vec![first, second] });
        }
        self.write_marker(item.vault, item.until)?;
        put(self.os.as_ref(), item).map_err(|second| {
            let _ = self.remove_marker(item.vault);
            SessionStoreError::NoKeyring { reasons: vec![first, second] }
        })
    }

    /// The keys of a vault, if there are any. A keyring that cannot be used holds none.
    pub fn find(&self, vault: &VaultId, now: UnixTime) -> Option<SecretValue> {
        let name = item_name(vault);
        if let Ok(kernel) = &self.kernel
            && let Ok(Some(text)) = kernel.get(&name)
        {
            return Some(text);
        }
        let marker = self.marker(&self.marker_path(vault)?)?;
        if now >= marker.until {
            // Late by as long as nobody asked; whatever fails is tried again by the next one.
            let _ = self.forget_in_os(vault);
            return None;
        }
        self.os.get(&name).ok()?
    }

    /// Takes the keys of a vault away; whether there were any.
    pub(crate) fn forget(&self, vault: &VaultId) -> Result<bool, SessionStoreError> {
        let in_kernel = match &self.kernel {
            Ok(kernel) => kernel.remove(&item_name(vault)).map_err(SessionStoreError::Remove)?,
            Err(_) => false,
        };
        Ok(self.forget_in_os(vault)? || in_kernel)
    }

    /// Takes the keys of every vault away; says of which.
    pub(crate) fn forget_all(&self) -> Result<Vec<VaultId>, SessionStoreError> {
        let mut vaults = self.marked();
        if let Ok(kernel) = &self.kernel {
            let names = kernel.names(PREFIX).map_err(SessionStoreError::Remove)?;
            vaults
                .extend(names.iter().filter_map(|name| VaultId::parse(&name[PREFIX.len()..]).ok()));
        }
        vaults.sort_unstable();
        vaults.dedup();
        let mut gone = Vec::new();
        for vault in vaults {
            if self.forget(&vault)? {
                gone.push(vault);
            }
        }
        Ok(gone)
    }

    fn forget_in_os(&self, vault: &VaultId) -> Result<bool, SessionStoreError> {
        let marked = self.marker_path(vault).is_some_and(|path| self.marker(&path).is_some());
        if !marked {
            return Ok(false);
        }
        let removed = self.os.remove(&item_name(vault)).map_err(SessionStoreError::Remove)?;
        self.remove_marker(vault)?;
        Ok(removed)
    }

    fn folder(&self) -> Option<PathBuf> {
        self.state.as_ref().map(|state| state.join(FOLDER))
    }

    /// The folder, where it is there and this user's.
    fn opened(&self) -> Option<Folder> {
        private::existing_inner(self.state.as_deref()?, FOLDER, self.owners).ok()?
    }

    fn marker_path(&self, vault: &VaultId) -> Option<PathBuf> {
        self.folder().map(|folder| folder.join(format!("{vault}.json")))
    }

    fn marker(&self, path: &Path) -> Option<Marker> {
        let bytes = private::read_own_in(&self.opened()?, path, LIMIT, self.owners).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    fn write_marker(&self, vault: &VaultId, until: UnixTime) -> Result<(), SessionStoreError> {
        let (Some(state), Some(folder)) = (&self.state, self.folder()) else { return Ok(()) };
        private::ensure_inner(state, FOLDER, self.owners)?;
        let lock = Lock::acquire(&folder, lock::WAIT)?;
        let text = serde_json::to_string(&Marker { vault: *vault, until }).unwrap_or_default();
        let path = folder.join(format!("{vault}.json"));
        atomic::replace(&lock, &path, text.as_bytes(), private::FILE_MODE, Expected::Any)?;
        Ok(())
    }

    fn remove_marker(&self, vault: &VaultId) -> Result<(), SessionStoreError> {
        let (Some(path), Some(folder)) = (self.marker_path(vault), self.opened()) else {
            return Ok(());
        };
        match atomic::remove_in(&folder, &path) {
            Ok(()) | Err(WriteError::Missing { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn marked(&self) -> Vec<VaultId> {
        let names = self.opened().and_then(|folder| folder.names().ok()).unwrap_or_default();
        let vault = |name: &OsString| VaultId::parse(name.to_str()?.strip_suffix(".json")?).ok();
        names.iter().filter_map(vault).collect()
    }
}

fn item_name(vault: &VaultId) -> String {
    format!("{PREFIX}{vault}")
}

/// Puts the keys into a keyring, and sees that they are there.
fn put(keyring: &dyn Keyring, item: Item<'_>) -> Result<&'static str, String> {
    let name = item_name(item.vault);
    let seconds = item.until.since(item.now);
    keyring.set(&name, item.text, Some(seconds)).map_err(|error| reason(&error))?;
    match keyring.get(&name) {
        Ok(Some(found)) if found.same_as(item.text) => Ok(keyring.name()),
        found => {
            let _ = keyring.remove(&name);
            Err(match found {
                Err(error) => reason(&error),
                Ok(_) => reason(&KeyringError::Forgetful { keyring: keyring.name() }),
            })
        }
    }
}

/// An error with its causes, on one line.
pub fn reason(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::testing::Memory;
    use super::*;
    use tempfile::{TempDir, tempdir};

    const ONE: VaultId = VaultId([1; 32]);
    const TWO: VaultId = VaultId([2; 32]);

    fn store(root: &TempDir, kernel: bool, os: Memory) -> SessionStore {
        let kernel: Result<Box<dyn Keyring>, _> = match kernel {
            true => Ok(Box::new(Memory::default())),
            false => Err(KeyringError::Kernel { reason: "test" }),
        };
        let state = Some(root.path().join("state"));
        SessionStore { kernel, os: Box::new(os), state, owners: Owners::current() }
    }

    fn keep(store: &SessionStore, vault: &VaultId) -> Result<&'static str, SessionStoreError> {
        let text = SecretValue::new(b"keys".to_vec());
        store.keep(Item {
            vault,
            text: &text,
            now: UnixTime::from_secs(100),
            until: UnixTime::from_secs(200),
        })
    }

    #[test]
    fn the_kernel_keeps_and_no_file_tells() {
        let root = tempdir().unwrap();
        let store = store(&root, true, Memory::default());
        keep(&store, &ONE).unwrap();
        assert_eq!(store.find(&ONE, UnixTime::from_secs(150)).unwrap().expose(), b"keys");
        assert!(store.find(&TWO, UnixTime::from_secs(150)).is_none());
        assert!(!root.path().join("state").exists());
        assert!(store.forget(&ONE).unwrap() && !store.forget(&ONE).unwrap());
        assert!(store.find(&ONE, UnixTime::from_secs(150)).is_none());
    }

    #[test]
    fn without_the_kernel_the_os_keeps_until_the_time_is_over() {
        let root = tempdir().unwrap();
        let store = store(&root, false, Memory::default());
        keep(&store, &ONE).unwrap();
        assert_eq!(store.find(&ONE, UnixTime::from_secs(199)).unwrap().expose(), b"keys");
        assert!(store.find(&ONE, UnixTime::from_secs(200)).is_none());
        assert!(store.find(&ONE, UnixTime::from_secs(150)).is_none(), "it was taken away");
        assert_eq!(store.marked(), []);
    }

    #[test]
    fn all_are_forgotten_wherever_they_are() {
        let root = tempdir().unwrap();
        for kernel in [true, false] {
            let store = store(&root, kernel, Memory::default());
            keep(&store, &ONE).unwrap();
            keep(&store, &TWO).unwrap();
            assert_eq!(store.forget_all().unwrap(), [ONE, TWO]);
            assert_eq!(store.forget_all().unwrap(), []);
        }
    }

    #[test]
    fn where_nothing_keeps_the_reasons_are_told_and_nothing_is_left() {
        let root = tempdir().unwrap();
        let store = store(&root, false, Memory { forgetful: true, ..Memory::default() });
        let SessionStoreError::NoKeyring { reasons } = keep(&store, &ONE).unwrap_err() else {
            panic!("another error");
        };
        assert_eq!(reasons.len(), 2, "{reasons:?}");
        assert_eq!(store.marked(), []);
    }
}
