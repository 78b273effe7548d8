//! Why a provider did not do what it was asked for, as far as that is known.

use super::Verb;

/// Why there is no answer. What it says is one line of a provider's words, without control characters and without any
/// value that was sent.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nothing was changed, and the same call may succeed later.
    #[error("the provider asks to try again later: {why}")]
    Again { why: String },
    /// Nothing was changed.
    #[error("the provider refuses: {why}")]
    Refused { why: String },
    /// Nothing was changed: the provider holds another credential than the call goes by.
    #[error("another credential was set since: {why}")]
    Fenced { why: String },
    /// It may have been done, or not.
    #[error("it is not known whether the provider did it: {why}")]
    Unclear { why: String },
    /// It is not among what the provider says it can do.
    #[error("the provider has no '{verb}'")]
    NotThere { verb: Verb },
    /// It is not the provider that the owners named. It was not asked.
    #[error("the provider was not asked: {why}")]
    Untrusted { why: String },
}

impl CallError {
    /// Whether nothing was changed by the call.
    pub const fn is_without_effect(&self) -> bool {
        !matches!(self, Self::Unclear { .. })
    }

    /// The same with what it says changed.
    #[must_use]
    pub fn map(self, say: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Again { why } => Self::Again { why: say(why) },
            Self::Refused { why } => Self::Refused { why: say(why) },
            Self::Fenced { why } => Self::Fenced { why: say(why) },
            Self::Unclear { why } => Self::Unclear { why: say(why) },
            Self::Untrusted { why } => Self::Untrusted { why: say(why) },
            Self::NotThere { verb } => Self::NotThere { verb },
        }
    }
}
