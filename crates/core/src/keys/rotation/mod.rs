//! Renewing keys: new epochs of audiences ([`kek`]), and values encrypted anew under fresh keys of
//! their own ([`dek`]). A plan says what would be done and what is for others to do; it is made of a
//! vault that was verified whole, and made again under the lock before anything is written.

pub mod dek;
pub mod kek;

use super::policy_change::PolicyChangeError;
use crate::name::audience::AudienceName;
use crate::secret::put::PutError;
use crate::secret::read::ReadError;

/// Why keys were not renewed.
#[derive(Debug, thiserror::Error)]
pub enum KeyRotationError {
    #[error("the vault has no audience {audience}")]
    NoAudience { audience: String, known: Vec<AudienceName> },
    #[error("the audience {audience} has a role that no longer exists: nothing is sealed to it")]
    Retired { audience: AudienceName },
    #[error(transparent)]
    Policy(#[from] PolicyChangeError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Put(#[from] PutError),
}

#[cfg(test)]
mod tests;
