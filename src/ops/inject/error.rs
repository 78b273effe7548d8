//! Why a secret cannot become a variable. Names, never values; what helps is [`InjectError::hint`].

use super::guarded::Danger;
use super::is_identifier;
use crate::name::{Name, SecretName};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InjectError {
    /// The name has '.' or '-', or begins with a digit, and no variable was given.
    #[error("the name of {secret} is no variable name, and it was given no variable")]
    NoVariable { secret: SecretName },
    #[error("{secret} was given the variable {variable}, which is no variable name")]
    NotAVariable { secret: SecretName, variable: Name },
    #[error("{secret} would set {variable}: variables of v-secure itself never reach a program")]
    OwnVariable { secret: SecretName, variable: String },
    #[error("{secret} would set {variable}, which {danger}; the vault's settings do not allow it")]
    Guarded { secret: SecretName, variable: String, danger: Danger, allowed: Vec<String> },
    /// The vault is in strict mode.
    #[error(
        "{secret} would pass as {variable}, and the vault's settings let only listed names pass"
    )]
    Unlisted { secret: SecretName, variable: String, allowed: Vec<String> },
    #[error("{first} and {second} would both set {variable}")]
    SharedVariable { variable: String, first: SecretName, second: SecretName },
    #[error("{variable} is to hold the path of {secret}, and another secret sets it")]
    Taken { secret: SecretName, variable: String },
    #[error("{variable} is set already, to another value than that of {secret}")]
    Clash { secret: SecretName, variable: String },
    #[error("the value of {secret} contains a NUL byte, which no variable can hold")]
    Nul { secret: SecretName },
    /// Windows only.
    #[error("the value of {secret} is not UTF-8 text, which variables are on this system")]
    NotText { secret: SecretName },
    /// `size` and `limit` count `NAME=VALUE` and a closing NUL, in the system's units.
    #[error("the value of {secret} is too long for a variable: {size}, and at most {limit} fit")]
    TooLong { secret: SecretName, size: usize, limit: usize },
}

impl InjectError {
    /// The command that settles it, where there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoVariable { secret }
            | Self::NotAVariable { secret, .. }
            | Self::OwnVariable { secret, .. } => {
                Some(format!("v-secure secret set {secret} --var NAME"))
            }
            Self::SharedVariable { second, .. } => {
                Some(format!("v-secure secret set {second} --var NAME"))
            }
            // The setting is replaced as a whole, and what it allows already is to stay.
            // The list takes variables alone.
            Self::Unlisted { secret, variable, .. } if !is_identifier(variable) => {
                Some(format!("v-secure secret rename {secret} NAME"))
            }
            Self::Guarded { variable, allowed, .. } | Self::Unlisted { variable, allowed, .. }
                if !allowed.is_empty() =>
            {
                let list = allowed.join(",");
                Some(format!("v-secure settings set variables.allow '{list},{variable}'"))
            }
            Self::Guarded { variable, .. } | Self::Unlisted { variable, .. } => {
                Some(format!("v-secure settings set variables.allow {variable}"))
            }
            Self::Nul { secret } | Self::NotText { secret } | Self::TooLong { secret, .. } => {
                Some(format!("v-secure exec --as-file VARIABLE={secret} -- PROGRAM"))
            }
            Self::Clash { .. } | Self::Taken { .. } => None,
        }
    }
}
