//! A value that passed through this process, noted until the engine has made of it what is kept, or dropped it.

use super::{LONGEST, SHORTEST};
use crate::crypto::bytes::Id;
use crate::name::SecretName;
use crate::secret_value::SecretValue;

pub struct Noted {
    pub secret: SecretName,
    /// The commitment of its version: public, and of this one alone.
    pub mark: Id,
    /// As much of the value as counts: white space is no part of what is compared.
    pub(super) beginning: SecretValue,
}

impl Noted {
    /// `None` of a value that is too short to be kept anything of.
    pub fn of(secret: &SecretName, mark: Id, value: &SecretValue) -> Option<Self> {
        let bytes = value.expose();
        if bytes.len() < SHORTEST {
            return None;
        }
        let beginning = SecretValue::new(bytes[..bytes.len().min(2 * LONGEST)].to_vec());
        Some(Self { secret: secret.clone(), mark, beginning })
    }
}
