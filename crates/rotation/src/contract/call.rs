//! One thing that a provider is asked for.

use super::Verb;
use v_secure_core::crypto::id::{ObjectId, RotationId};
use v_secure_core::name::SecretName;
use v_secure_core::secret_value::SecretValue;

/// What is asked, about what.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    pub verb: Verb,
    pub secret: &'a SecretName,
    /// The rotation that it is asked for; `None` outside of one.
    pub rotation: Option<&'a RotationId>,
    /// What the rotation began on: the credential in use.
    pub base: Option<Credential<'a>>,
    /// What is to be set, tested, finished, validated, revoked; `None` for `Describe`, `Generate`, `List`, and `Set`
    /// where the provider makes the value.
    pub credential: Option<Credential<'a>>,
    /// A credential whose value nobody has: the name that [`super::Listed`] gave it.
    pub handle: Option<&'a str>,
    /// For `Set`: the provider may hold any other credential and not just `base`. Only settling says so.
    pub is_forced: bool,
}

/// A version of a secret, with its value.
#[derive(Debug, Clone, Copy)]
pub struct Credential<'a> {
    /// By which the provider remembers what it was set to.
    pub id: &'a ObjectId,
    pub value: &'a SecretValue,
}

impl<'a> Call<'a> {
    /// A call about a secret, and nothing more yet.
    pub const fn new(verb: Verb, secret: &'a SecretName) -> Self {
        Self {
            verb,
            secret,
            rotation: None,
            base: None,
            credential: None,
            handle: None,
            is_forced: false,
        }
    }
}
