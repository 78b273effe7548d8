//! What a provider answers.

use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;

/// An answer to any verb: what a verb has no use for is not there.
#[derive(Debug, Default)]
pub struct Answer {
    /// To `Test` and `Validate`.
    pub state: Option<State>,
    /// To `Generate`, and to `Set` where the provider makes values.
    pub value: Option<SecretValue>,
    /// To `LastUsed`, in seconds since the Unix epoch; `None` where the provider does not know.
    pub last_used: Option<UnixTime>,
    /// To `List`.
    pub listed: Vec<Listed>,
    /// By the provider's clock, in seconds since the Unix epoch.
    pub time: Option<UnixTime>,
    /// Why, for people: one line, without control characters and without any value that was sent.
    pub why: Option<String>,
}

/// Whether a credential works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Active,
    Inactive,
    /// The provider cannot tell, now or ever.
    Unknown,
}

/// A credential that the provider keeps for a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// By which the provider knows it. It is no secret.
    pub handle: String,
}

impl State {
    /// As the contract writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Unknown => "unknown",
        }
    }
}
