//! The keyring of the operating system, through the crate of that name: Secret Service over D-Bus,
//! the macOS Keychain, the Windows Credential Manager.
//!
//! Each call runs on a thread of its own, since a service that waits for a dialogue that nobody sees
//! never answers; after the patience that the caller has, it is left behind.

use super::{Keyring, KeyringError};
use keyring::{Entry, Error};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use v_secure_core::secret_value::SecretValue;

/// The service under which all items of this program are filed.
const SERVICE: &str = "v-secure";

pub(super) struct OsKeyring {
    patience: Duration,
}

impl OsKeyring {
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience }
    }

    fn call<T: Send + 'static>(
        &self,
        item: &str,
        work: impl FnOnce(&Entry) -> Result<T, Error> + Send + 'static,
    ) -> Result<Option<T>, KeyringError> {
        let item = item.to_owned();
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            // Nobody listens any more where the patience has run out.
            let _ = sender.send(entry(&item).and_then(|entry| settle(work(&entry))));
        });
        receiver.recv_timeout(self.patience).unwrap_or_else(|error| {
            Err(match error {
                RecvTimeoutError::Timeout => KeyringError::NoAnswer { waited: self.patience },
                RecvTimeoutError::Disconnected => KeyringError::Os("it failed within".into()),
            })
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "this is what the fence leads to")]
fn entry(item: &str) -> Result<Entry, KeyringError> {
    if let Err(error) = Entry::store_status() {
        let text = match error {
            Error::PlatformFailure(source) | Error::NoStorageAccess(source) => source.to_string(),
            error => error.to_string(),
        };
        return Err(KeyringError::Os(text.into()));
    }
    settle(Entry::new(SERVICE, item))?.ok_or(KeyringError::Unsupported)
}

/// What is not there is no error.
fn settle<T>(result: Result<T, Error>) -> Result<Option<T>, KeyringError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::NoEntry) => Ok(None),
        Err(Error::NoStorageAccess(_)) => Err(KeyringError::Locked),
        // These hold what was read, which may be secret: their text is not passed on.
        Err(Error::BadEncoding(_) | Error::BadDataFormat(..)) => {
            Err(KeyringError::Os("what is stored there is damaged".into()))
        }
        Err(Error::PlatformFailure(source)) => Err(KeyringError::Os(source)),
        Err(error) => Err(KeyringError::Os(Box::new(error))),
    }
}

impl Keyring for OsKeyring {
    fn name(&self) -> &'static str {
        "OS keyring"
    }

    /// No keyring of this kind forgets by itself, so that `seconds` is for who reads it.
    fn set(&self, item: &str, secret: &SecretValue, _: Option<u64>) -> Result<(), KeyringError> {
        let secret = SecretValue::new(secret.expose().to_vec());
        self.call(item, move |entry| entry.set_secret(secret.expose())).map(drop)
    }

    fn get(&self, item: &str) -> Result<Option<SecretValue>, KeyringError> {
        self.call(item, |entry| entry.get_secret().map(SecretValue::new))
    }

    fn remove(&self, item: &str) -> Result<bool, KeyringError> {
        Ok(self.call(item, Entry::delete_credential)?.is_some())
    }

    /// None: the services list only what they find by exact attributes.
    fn names(&self, _: &str) -> Result<Vec<String>, KeyringError> {
        Ok(Vec::new())
    }
}
