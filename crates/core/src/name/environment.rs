//! The name of an environment, which is the first part of a secret's full name.

use super::{Name, NameError};

/// An environment's name: a name like those of secrets, members and roles, that is in the place of none
/// of these.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvironmentName(Name);

impl EnvironmentName {
    /// # Errors
    /// Those of a [`Name`].
    pub fn new(text: impl AsRef<str>) -> Result<Self, NameError> {
        Name::new(text).map(Self)
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}
