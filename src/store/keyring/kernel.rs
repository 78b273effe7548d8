//! The Linux kernel's keyring of this user (`@u`, user-keyring(7)).
//!
//! It is the user's and not the session's: a session keyring ends with the shell of an SSH login and
//! is another one in each `keyctl session`, and what is unlocked in one terminal is meant for the next
//! one too. A key there may be read only by who *possesses* it, that is, reaches it from one of its
//! own keyrings, which a session without a link to `@u` does not. So this process links `@u` into its
//! process keyring, which ends with it and which no child inherits; the permissions of the keys stay
//! what the kernel gives.

use super::{Keyring, KeyringError};
use linux_keyutils::{Key, KeyError, KeyRing, KeyRingIdentifier};
use v_secure_core::secret_value::SecretValue;

/// Before the name of every key of this program.
const PREFIX: &str = "v-secure:";
/// Most bytes of a key of type `user`; a user without privilege has 20,000 for all of them.
const LIMIT: usize = 32_767;
/// More keys than any user may have by default, root apart.
const MAX_KEYS: usize = 1 << 16;

pub(super) struct KernelKeyring(KeyRing);

impl KernelKeyring {
    #[expect(clippy::disallowed_methods, reason = "this is what the fence leads to")]
    pub(super) fn open() -> Result<Self, KeyringError> {
        let process = KeyRing::from_special_id(KeyRingIdentifier::Process, true).map_err(failed)?;
        process.link_keyring_id(KeyRingIdentifier::User).map_err(failed)?;
        KeyRing::from_special_id(KeyRingIdentifier::User, true).map(Self).map_err(failed)
    }

    fn find(&self, item: &str) -> Result<Option<Key>, KeyringError> {
        match self.0.search(&format!("{PREFIX}{item}")) {
            Ok(key) => Ok(Some(key)),
            Err(error) if is_gone(error) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }
}

impl Keyring for KernelKeyring {
    fn name(&self) -> &'static str {
        "kernel keyring"
    }

    fn set(
        &self,
        item: &str,
        secret: &SecretValue,
        seconds: Option<u64>,
    ) -> Result<(), KeyringError> {
        if secret.len() > LIMIT {
            return Err(KeyringError::TooLong { bytes: secret.len(), limit: LIMIT });
        }
        // A key that is updated keeps its time-out.
        self.remove(item)?;
        let key = self.0.add_key(&format!("{PREFIX}{item}"), secret.expose()).map_err(failed)?;
        let seconds = seconds.map(|seconds| usize::try_from(seconds).unwrap_or(usize::MAX));
        let Some(seconds) = seconds else { return Ok(()) };
        key.set_timeout(seconds).map_err(|error| {
            // Without a time-out it would stay until the machine is switched off.
            let _ = key.invalidate();
            failed(error)
        })
    }

    fn get(&self, item: &str) -> Result<Option<SecretValue>, KeyringError> {
        let Some(key) = self.find(item)? else { return Ok(None) };
        match key.read_to_vec() {
            Ok(bytes) => Ok(Some(SecretValue::new(bytes))),
            Err(error) if is_gone(error) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    fn remove(&self, item: &str) -> Result<bool, KeyringError> {
        let Some(key) = self.find(item)? else { return Ok(false) };
        // Invalid at once; unlinking would leave it to whoever else has a link to it.
        match key.invalidate() {
            Ok(()) => Ok(true),
            Err(error) if is_gone(error) => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }

    fn names(&self, prefix: &str) -> Result<Vec<String>, KeyringError> {
        let links = self.0.get_links(MAX_KEYS).map_err(failed)?;
        let keys = links.iter().filter_map(|link| link.as_key());
        // What cannot be described has just gone.
        let descriptions = keys.filter_map(|key| key.metadata().ok());
        let names = descriptions.filter_map(|found| {
            let name = found.get_description().strip_prefix(PREFIX)?;
            name.starts_with(prefix).then(|| name.to_owned())
        });
        Ok(names.collect())
    }
}

fn is_gone(error: KeyError) -> bool {
    matches!(
        error,
        KeyError::KeyDoesNotExist
            | KeyError::KeyExpired
            | KeyError::KeyRevoked
            | KeyError::MissingFileOrDirectory
    )
}

fn failed(error: KeyError) -> KeyringError {
    let reason = match error {
        KeyError::PermissionDenied => "the system forbids it, as containers do",
        KeyError::AccessDenied => "no permission",
        KeyError::QuotaExceeded => "the user's quota of keys is used up",
        KeyError::OperationNotSupported | KeyError::Unknown(_) => "the kernel has none",
        KeyError::OutOfMemory => "the kernel has no memory for it",
        _ => "the kernel refuses it",
    };
    KeyringError::Kernel { reason }
}

#[cfg(test)]
mod tests {
    use super::super::probe;
    use super::*;
    use crate::host::{random, real::RealHost};

    #[test]
    fn a_key_comes_back_times_out_and_is_listed() {
        let Ok(keyring) = KernelKeyring::open() else {
            return eprintln!("skipped: the kernel keyring cannot be used here");
        };
        if let Err(error) = probe(&keyring, &RealHost) {
            return eprintln!("skipped: {error}");
        }
        let item =
            format!("test:{}", v_secure_core::crypto::bytes::encode(&random::<16>(&RealHost)));
        let secret = SecretValue::new(b"one".to_vec());
        keyring.set(&item, &secret, Some(1)).unwrap();
        assert!(keyring.get(&item).unwrap().unwrap().same_as(&secret));
        assert_eq!(keyring.names(&item).unwrap(), std::slice::from_ref(&item));
        std::thread::sleep(std::time::Duration::from_millis(2_100));
        assert!(keyring.get(&item).unwrap().is_none());
        assert!(!keyring.remove(&item).unwrap());
        let long = SecretValue::new(vec![0; LIMIT + 1]);
        let error = keyring.set(&item, &long, None).unwrap_err();
        assert!(matches!(error, KeyringError::TooLong { .. }), "{error}");
    }
}
