//! What a reference to a secret says: its name alone, or its environment too.

use crate::name::{Name, NameError, SecretName};

/// How a user names one secret where a whole environment is at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// In the environment that is used, or one that it extends.
    Here(Name),
    Full(SecretName),
}

impl Target {
    pub fn parse(text: &str) -> Result<Self, NameError> {
        match text.contains('/') {
            true => SecretName::parse(text).map(Self::Full),
            false => Name::new(text).map(Self::Here),
        }
    }
}
