//! What the owners signed about the variables that secrets set, and the one judgement that every way
//! out shares: `exec`, `export` in every format, and `inject`.
//!
//! What a person names one by one (`get`, `exec --as-file VAR=NAME`, the library's `retrieve`) is not
//! judged: there nobody who may only write chooses what happens.

use super::guarded;
use super::{InjectError, OWN_PREFIX, is_identifier};
use crate::name::SecretName;
use crate::policy::settings::Settings;

/// The signed settings `variables.allow` and `variables.strict`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consent {
    /// Variables that secrets may set, each a whole name, or at least one character of its beginning
    /// and then `*`. Any other entry, a bare `*` included, allows nothing. Compared without regard to
    /// case.
    pub allowed: Vec<String>,
    /// Whether nothing else passes, guarded or not.
    pub strict: bool,
}

impl Consent {
    pub fn of(settings: &Settings) -> Self {
        let list = settings.get("variables.allow");
        let allowed = list.map(|list| list.split(',').map(str::to_owned).collect());
        Self { allowed: allowed.unwrap_or_default(), strict: settings.has_strict_variables() }
    }

    /// Judges a secret that is given out under `name`, be it a variable or a key of a document.
    ///
    /// # Errors
    /// [`InjectError::Guarded`]; in strict mode [`InjectError::Unlisted`].
    pub fn judge(&self, secret: &SecretName, name: &str) -> Result<(), InjectError> {
        let upper = name.to_ascii_uppercase();
        if self.allowed.iter().any(|entry| allows(&entry.to_ascii_uppercase(), &upper)) {
            return Ok(());
        }
        let facts = || (secret.clone(), name.to_owned(), self.allowed.clone());
        match guarded::danger(name) {
            Some(danger) => {
                let (secret, variable, allowed) = facts();
                Err(InjectError::Guarded { secret, variable, danger, allowed })
            }
            None if self.strict => {
                let (secret, variable, allowed) = facts();
                Err(InjectError::Unlisted { secret, variable, allowed })
            }
            None => Ok(()),
        }
    }
}

/// What was judged one by one, or all at once that the settings do not let pass: who may not change
/// them asks an owner once.
///
/// # Errors
/// Those, [`InjectError::Several`] of more than one; else the first other.
pub fn together<T>(
    judged: impl IntoIterator<Item = Result<T, InjectError>>,
) -> Result<Vec<T>, InjectError> {
    let (mut passed, mut refused, mut other) = (Vec::new(), Vec::new(), None);
    for one in judged {
        match one {
            Ok(one) => passed.push(one),
            Err(error) if error.is_of_settings() => refused.push(error),
            Err(error) => other = other.or(Some(error)),
        }
    }
    match (refused.len(), other) {
        (0, None) => Ok(passed),
        (0, Some(other)) => Err(other),
        (1, _) => Err(refused.remove(0)),
        _ => Err(InjectError::Several(refused)),
    }
}

/// Whether a list for `variables.allow` names variables of this program's own, which no setting lets a
/// secret set.
pub fn names_own(list: &str) -> bool {
    list.split(',').any(|entry| entry.to_ascii_uppercase().starts_with(OWN_PREFIX))
}

/// Whether `entry` of `variables.allow` names `variable`; both in upper case. Narrower than the
/// table's patterns: consent to all variables at once is never meant.
fn allows(entry: &str, variable: &str) -> bool {
    // The list takes identifiers alone, so that a beginning covers nothing else.
    is_identifier(variable)
        && match entry.strip_suffix('*') {
            // A further `*` is a literal, which no identifier has.
            Some(start) => !start.is_empty() && variable.starts_with(start),
            None => entry == variable,
        }
}
