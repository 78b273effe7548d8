//! Where a rotation's records are kept and published: what is recorded is there for everybody before a provider is asked
//! for what rests on it.

use super::EngineError;
use std::time::Duration;
use v_secure_core::log::state::Version;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::Vault;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::change::Change;

/// Makes the change that is to be published of the newest state. It may be called again where another writer was first.
pub type Make<'a, E> = dyn FnMut(&Vault, &Ctx<'_>) -> Result<Change, E> + 'a;

/// A vault that is read and written by one member, and published.
pub trait Publication {
    type Error: From<EngineError>;

    /// Takes in what others have published.
    ///
    /// # Errors
    /// It cannot be had, or is refused; what is here is not all published, so that who is given what would rest on records that
    /// nobody else has.
    fn refresh(&mut self) -> Result<(), Self::Error>;

    /// The newest state that is known here.
    fn vault(&self) -> &Vault;

    /// Who rotates.
    fn member(&self) -> &Name;

    /// Seconds since the Unix epoch.
    fn now(&self) -> UnixTime;

    fn pause(&self, span: Duration);

    /// The value of a version, which is recorded as read.
    ///
    /// # Errors
    /// It cannot be read, or not be recorded.
    fn value(&self, secret: &SecretName, version: &Version) -> Result<SecretValue, Self::Error>;

    /// Records a change, signed, and publishes it. Nothing is recorded that is not published.
    ///
    /// # Errors
    /// Those of `make`; it is not published, or it is not known whether it is.
    fn publish(
        &mut self,
        reason: &str,
        make: &mut Make<'_, Self::Error>,
    ) -> Result<(), Self::Error>;

    /// Is told what is done next.
    fn told(&self, step: Step);
}

/// What takes a while, for people who wait for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Checking,
    Setting,
    Testing,
    /// What was asked for may have been done, or not: it is asked for again.
    Again,
    Promoting,
    Finishing,
    /// Until then, in seconds since the Unix epoch, the old credential is left as it is.
    Waiting {
        until: UnixTime,
    },
    Revoking,
}
