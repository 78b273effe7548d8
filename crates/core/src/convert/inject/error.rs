//! Why a secret cannot become a variable. Names, never values; what helps is [`InjectError::hint`].

use super::guarded::Danger;
use super::is_identifier;
use crate::name::{Name, SecretName};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InjectError {
    /// The name has '.' or '-', or begins with a digit, and no variable was given.
    #[error("the name of {secret} is not a valid variable name, and no variable was set for it")]
    NoVariable { secret: SecretName },
    #[error("{secret} has the variable {variable}, which is not a valid variable name")]
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
    /// Several that the vault's settings do not let pass: [`InjectError::Guarded`] and
    /// [`InjectError::Unlisted`], told together so that one change of the settings serves all.
    #[error("the vault's settings do not let {} secrets pass under their names", .0.len())]
    Several(Vec<InjectError>),
    #[error("{first} and {second} would both set {variable}")]
    SharedVariable { variable: String, first: SecretName, second: SecretName },
    #[error("{variable} is to hold the path of {secret}, and another secret sets it")]
    Taken { secret: SecretName, variable: String },
    #[error("{variable} is already set, to a different value than that of {secret}")]
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
    /// Whether the vault's settings could let it pass.
    pub(crate) const fn is_of_settings(&self) -> bool {
        matches!(self, Self::Guarded { .. } | Self::Unlisted { .. })
    }

    /// What each of several is refused for.
    pub fn each(&self) -> &[Self] {
        match self {
            Self::Several(refused) => refused,
            _ => &[],
        }
    }

    /// The commands that settle it: of several, one for all that the settings can name.
    pub fn hints(&self) -> Vec<String> {
        let Self::Several(refused) = self else { return self.hint().into_iter().collect() };
        let named = |error: &&Self| error.listable().is_some();
        let others = refused.iter().filter(|error| !named(error)).filter_map(Self::hint);
        allowing(refused.iter()).into_iter().chain(others).collect()
    }

    /// The variable that `variables.allow` can name, and what it names already.
    fn listable(&self) -> Option<(&str, &[String])> {
        match self {
            Self::Guarded { variable, allowed, .. } | Self::Unlisted { variable, allowed, .. }
                if is_identifier(variable) =>
            {
                Some((variable, allowed))
            }
            _ => None,
        }
    }

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
            // The list takes variables alone.
            Self::Guarded { secret, .. } | Self::Unlisted { secret, .. } => {
                let rename = || format!("v-secure secret rename {secret} NAME");
                Some(allowing(std::iter::once(self)).unwrap_or_else(rename))
            }
            Self::Several(_) => allowing(self.each().iter()),
            Self::Nul { secret } | Self::NotText { secret } | Self::TooLong { secret, .. } => {
                Some(format!("v-secure exec --as-file VARIABLE={secret} -- PROGRAM"))
            }
            Self::Clash { .. } | Self::Taken { .. } => None,
        }
    }
}

/// The command that lets variables pass. The setting is replaced as a whole, and what it allows
/// already is to stay.
fn allowing<'a>(refused: impl Iterator<Item = &'a InjectError>) -> Option<String> {
    let mut list: Vec<&str> = Vec::new();
    for (variable, allowed) in refused.filter_map(InjectError::listable) {
        for name in allowed.iter().map(String::as_str).chain([variable]) {
            if !list.contains(&name) {
                list.push(name);
            }
        }
    }
    match list.as_slice() {
        [] => None,
        [one] => Some(format!("v-secure settings set variables.allow {one}")),
        many => Some(format!("v-secure settings set variables.allow '{}'", many.join(","))),
    }
}
