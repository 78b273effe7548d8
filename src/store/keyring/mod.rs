//! The keyrings of the machine: memory of the kernel, and the store of the desktop or the operating
//! system. The one place that touches them.
//!
//! Whether a keyring can be relied on shows only by using it: a container forbids the system calls, a
//! bus is there and nobody answers on it, a collection is locked. So [`probe`] sets, reads and
//! removes before anything depends on it, and what cannot be done is an error that says why, which
//! the caller takes for "the next way, then".

#[cfg(target_os = "linux")]
mod kernel;
mod os;
pub mod session;
pub mod slot_file;

use crate::host::{Random, random};
use std::time::Duration;
use v_secure_core::secret_value::SecretValue;

/// Why a keyring cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    #[error("the kernel keyring cannot be used: {reason}")]
    Kernel { reason: &'static str },
    #[error("{bytes} bytes do not fit the kernel keyring, which has room for {limit}")]
    TooLong { bytes: usize, limit: usize },
    #[error("this system has no keyring that is built in")]
    Unsupported,
    #[error("the OS keyring cannot be used")]
    Os(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the OS keyring is locked")]
    Locked,
    #[error("the OS keyring did not answer within {} s", waited.as_secs())]
    NoAnswer { waited: Duration },
    #[error("the {keyring} does not give back what was put into it")]
    Forgetful { keyring: &'static str },
}

/// A place in memory that outlives a process.
pub trait Keyring {
    /// As messages name it.
    fn name(&self) -> &'static str;

    /// Puts a secret under a name, in the place of what is there. A keyring that can forgets it after
    /// `seconds`.
    fn set(
        &self,
        item: &str,
        secret: &SecretValue,
        seconds: Option<u64>,
    ) -> Result<(), KeyringError>;

    /// What was put under the name, if it is still there.
    fn get(&self, item: &str) -> Result<Option<SecretValue>, KeyringError>;

    /// Takes a secret away; whether there was one.
    fn remove(&self, item: &str) -> Result<bool, KeyringError>;

    /// The names that begin with `prefix`, where the keyring can list them.
    fn names(&self, prefix: &str) -> Result<Vec<String>, KeyringError>;
}

/// The kernel's keyring of this user.
pub fn kernel() -> Result<Box<dyn Keyring>, KeyringError> {
    #[cfg(target_os = "linux")]
    return Ok(Box::new(kernel::KernelKeyring::open()?));
    #[cfg(not(target_os = "linux"))]
    Err(KeyringError::Unsupported)
}

/// The operating system's keyring: Secret Service, Keychain, Credential Manager. Nothing is asked of
/// it before the first use. `patience` is for a user who may have to unlock it.
pub fn os(patience: Duration) -> Box<dyn Keyring> {
    Box::new(os::OsKeyring::new(patience))
}

/// Sets, reads and removes something random.
pub fn probe(keyring: &dyn Keyring, source: &dyn Random) -> Result<(), KeyringError> {
    let item = format!("probe:{}", v_secure_core::crypto::bytes::encode(&random::<16>(source)));
    let secret = SecretValue::new(random::<32>(source).to_vec());
    keyring.set(&item, &secret, Some(60))?;
    let found = keyring.get(&item);
    let removed = keyring.remove(&item)?;
    let gone = keyring.get(&item)?.is_none();
    match found? {
        Some(value) if value.same_as(&secret) && removed && gone => Ok(()),
        _ => Err(KeyringError::Forgetful { keyring: keyring.name() }),
    }
}

#[cfg(test)]
pub(super) mod testing {
    //! A keyring in this process.

    use super::*;
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    #[derive(Default)]
    pub(crate) struct Memory {
        pub items: RefCell<BTreeMap<String, Vec<u8>>>,
        /// Takes everything and keeps nothing.
        pub forgetful: bool,
    }

    impl Keyring for Memory {
        fn name(&self) -> &'static str {
            "test keyring"
        }

        fn set(
            &self,
            item: &str,
            secret: &SecretValue,
            _: Option<u64>,
        ) -> Result<(), KeyringError> {
            if !self.forgetful {
                self.items.borrow_mut().insert(item.to_owned(), secret.expose().to_vec());
            }
            Ok(())
        }

        fn get(&self, item: &str) -> Result<Option<SecretValue>, KeyringError> {
            Ok(self.items.borrow().get(item).cloned().map(SecretValue::new))
        }

        fn remove(&self, item: &str) -> Result<bool, KeyringError> {
            Ok(self.items.borrow_mut().remove(item).is_some())
        }

        fn names(&self, prefix: &str) -> Result<Vec<String>, KeyringError> {
            let items = self.items.borrow();
            Ok(items.keys().filter(|name| name.starts_with(prefix)).cloned().collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::Memory;
    use super::*;
    use crate::host::real::RealHost;

    #[test]
    fn a_probe_leaves_nothing_and_finds_out_who_forgets() {
        let good = Memory::default();
        probe(&good, &RealHost).unwrap();
        assert!(good.items.borrow().is_empty());
        let bad = Memory { forgetful: true, ..Memory::default() };
        let error = probe(&bad, &RealHost).unwrap_err();
        assert!(matches!(error, KeyringError::Forgetful { .. }), "{error}");
    }
}
