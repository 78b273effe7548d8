//! What a provider can be asked for.

use std::fmt;
use std::str::FromStr;

/// A thing to ask a provider for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// What can it do?
    Describe,
    /// Make up a value for a new credential. The provider does not know it yet.
    Generate,
    /// Accept the new credential, beside the one that is in use. Where the provider makes values itself, it answers
    /// with the value.
    Set,
    /// Does the new credential do what the one in use does?
    Test,
    /// The new credential is the active one from now on.
    Finish,
    /// Does this credential work?
    Validate,
    /// When was it used last?
    LastUsed,
    /// Which credentials were made for this rotation?
    List,
    /// Accept it no more.
    Revoke,
    /// Bring the value to where it is used.
    Deliver,
}

/// A text is no verb.
#[derive(Debug, thiserror::Error)]
#[error("there is no such verb")]
pub struct UnknownVerb;

impl Verb {
    pub const ALL: [Self; 10] = [
        Self::Describe,
        Self::Generate,
        Self::Set,
        Self::Test,
        Self::Finish,
        Self::Validate,
        Self::LastUsed,
        Self::List,
        Self::Revoke,
        Self::Deliver,
    ];

    /// Whether the provider is another one after it: without an answer, nobody knows which.
    pub const fn changes(self) -> bool {
        matches!(self, Self::Set | Self::Finish | Self::Revoke | Self::Deliver)
    }

    /// As the contract writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Describe => "describe",
            Self::Generate => "generate",
            Self::Set => "set",
            Self::Test => "test",
            Self::Finish => "finish",
            Self::Validate => "validate",
            Self::LastUsed => "last_used",
            Self::List => "list",
            Self::Revoke => "revoke",
            Self::Deliver => "deliver",
        }
    }
}

impl FromStr for Verb {
    type Err = UnknownVerb;

    fn from_str(text: &str) -> Result<Self, UnknownVerb> {
        Self::ALL.into_iter().find(|verb| verb.as_str() == text).ok_or(UnknownVerb)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
