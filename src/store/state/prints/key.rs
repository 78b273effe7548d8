//! The key of this device's prints: in the OS keyring where there is one that answers when it is made, and else
//! in a file of this user's alone. Where it is does not change by itself, since a second key knows nothing of what
//! the first one kept.

use super::PrintError;
use crate::host::{Random, random};
use crate::store::file::new_file;
use crate::store::file::owners::Owners;
use crate::store::file::private;
use crate::store::file::private::{FILE_MODE, PrivateError};
use crate::store::file::read::ReadError;
use crate::store::keyring::{self, Keyring, KeyringError};
use crate::store::sys::Folder;
use std::path::{Path, PathBuf};
use std::time::Duration;
use v_secure_core::crypto::bytes;
use v_secure_core::scan::print::ScanKey;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;

/// The key itself.
const KEY: &str = "key";
/// The name of the keyring's item that has it.
const ITEM: &str = "keyring";
/// Until when a keyring that did not answer is left alone.
const ASIDE: &str = "aside";
const LIMIT: u64 = 256;
/// Reads come one after the other, and each would wait, or ask a person to unlock the keyring.
const LEFT_ALONE: u64 = 15 * 60;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    #[error("the key of the fingerprints is gone")]
    Lost,
    #[error("the key of the fingerprints is in the OS keyring")]
    Keyring(#[source] KeyringError),
    #[error("the OS keyring with the key of the fingerprints did not answer a while ago")]
    Aside,
    #[error("the key of the fingerprints cannot be read")]
    Private(#[from] PrivateError),
}

/// Where the key is.
pub(super) struct Keys<'a> {
    pub state: &'a Path,
    pub folder: &'static str,
    pub owners: Owners,
    pub patience: Duration,
}

impl Keys<'_> {
    /// The key; `None` where none was made.
    pub fn find(&self) -> Result<Option<ScanKey>, KeyError> {
        let Some(folder) = private::existing_inner(self.state, self.folder, self.owners)? else {
            return Ok(None);
        };
        if let Some(bytes) = self.read(&folder, KEY)? {
            let is_private = folder
                .look(KEY.as_ref())
                .is_ok_and(|seen| seen.mode().unwrap_or(0) & private::ANY_FOR_OTHERS == 0);
            // What others could read, or is none, protects nothing.
            let key = ScanKey::parse(SecretValue::new(bytes)).filter(|_| is_private);
            return key.map(Some).ok_or(KeyError::Lost);
        }
        let Some(item) = self.read(&folder, ITEM)? else { return Ok(None) };
        let item = String::from_utf8(item).map_err(|_| KeyError::Lost)?;
        let found = keyring::os(self.patience).get(&item).map_err(KeyError::Keyring)?;
        found.and_then(ScanKey::parse).map(Some).ok_or(KeyError::Lost)
    }

    /// Makes the key, in the place of one that is lost. The folder is locked.
    pub fn make(&self, source: &dyn Random) -> Result<ScanKey, PrintError> {
        let folder = private::ensure_inner(self.state, self.folder, self.owners)?;
        for name in [KEY, ITEM] {
            let _ = folder.remove(name.as_ref());
        }
        let key = ScanKey::generate(source);
        let item = format!("scan:{}", bytes::encode(&random::<16>(source)));
        let (name, bytes) = match in_keyring(keyring::os(self.patience).as_ref(), &item, &key) {
            true => (ITEM, item.as_bytes()),
            false => (KEY, key.expose().expose()),
        };
        new_file::write_new_in(&folder, &self.path(name), bytes, FILE_MODE)?;
        Ok(key)
    }

    /// Leaves a keyring that did not answer alone for a while.
    pub fn set_aside(&self, now: UnixTime, error: KeyError) -> KeyError {
        let Ok(Some(folder)) = private::existing_inner(self.state, self.folder, self.owners) else {
            return error;
        };
        if matches!(error, KeyError::Keyring(_)) {
            let until = now.as_secs().saturating_add(LEFT_ALONE).to_string();
            let _ =
                new_file::write_over_in(&folder, &self.path(ASIDE), until.as_bytes(), FILE_MODE);
        }
        error
    }

    /// Whether the keyring is left alone.
    pub fn is_aside(&self, now: UnixTime) -> bool {
        let until = || {
            let folder = private::existing_inner(self.state, self.folder, self.owners).ok()??;
            let text = String::from_utf8(self.read(&folder, ASIDE).ok()??).ok()?;
            text.parse().ok().map(UnixTime::from_secs)
        };
        // A note of the future is of another clock.
        until().is_some_and(|until| now < until && until.since(now) <= LEFT_ALONE)
    }

    fn read(&self, folder: &Folder, name: &str) -> Result<Option<Vec<u8>>, PrivateError> {
        match private::read_own_in(folder, &self.path(name), LIMIT, self.owners) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(PrivateError::Read(ReadError::Missing { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.state.join(self.folder).join(name)
    }
}

/// Puts the key into a keyring, and sees that it is there.
fn in_keyring(keyring: &dyn Keyring, item: &str, key: &ScanKey) -> bool {
    if keyring.set(item, key.expose(), None).is_err() {
        return false;
    }
    let is_kept = matches!(keyring.get(item), Ok(Some(kept)) if kept.same_as(key.expose()));
    if !is_kept {
        let _ = keyring.remove(item);
    }
    is_kept
}
