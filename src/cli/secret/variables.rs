//! What a command that writes secrets says of their names: `exec` would refuse them later.

use crate::cli::door::context::Context;
use v_secure_core::convert::inject;
use v_secure_core::convert::inject::{Consent, InjectError};
use v_secure_core::name::{Name, SecretName};
use v_secure_core::vault::Vault;

/// Says in one remark which of the secrets `exec` cannot give to a program, and what settles it.
pub fn remark<'a>(
    context: &Context<'_>,
    vault: &Vault,
    secrets: impl IntoIterator<Item = &'a SecretName>,
) {
    let consent = Consent::of(vault.serving());
    let mut refused = Refused::default();
    for secret in secrets {
        if let Some(error) = refusal(vault, secret, &consent) {
            refused.add(secret, error);
        }
    }
    if let Some(text) = refused.sentence() {
        context.ui.note(&text);
    }
}

fn refusal(vault: &Vault, secret: &SecretName, consent: &Consent) -> Option<InjectError> {
    let given = vault.secret(secret).and_then(|found| found.var()).map(Name::new);
    let given = given.transpose().ok()?;
    inject::variable(secret, given.as_ref(), consent).err()
}

/// Each error has the whole setting with it, so that not all of them are kept.
#[derive(Default)]
struct Refused<'a> {
    secrets: Vec<&'a SecretName>,
    /// What the owners can let pass, but for that of `unconsented`.
    variables: Vec<String>,
    /// The last one that the owners can let pass.
    unconsented: Option<InjectError>,
    /// The first one that needs another variable.
    unfit: Option<InjectError>,
}

impl<'a> Refused<'a> {
    fn add(&mut self, secret: &'a SecretName, error: InjectError) {
        self.secrets.push(secret);
        match error {
            InjectError::Guarded { .. } | InjectError::Unlisted { .. } => {
                let earlier = self.unconsented.replace(error);
                self.variables.extend(earlier.and_then(to_allow));
            }
            _ => {
                self.unfit.get_or_insert(error);
            }
        }
    }

    fn sentence(mut self) -> Option<String> {
        // The setting is replaced as a whole: the command names what all of them need.
        if let Some(InjectError::Guarded { allowed, .. } | InjectError::Unlisted { allowed, .. }) =
            &mut self.unconsented
        {
            allowed.append(&mut self.variables);
        }
        let errors: Vec<_> = [self.unconsented, self.unfit].into_iter().flatten().collect();
        let said = match self.secrets.as_slice() {
            [_] => match errors.first()? {
                InjectError::NoVariable { .. } => {
                    "exec leaves it out, because its name is not a valid variable name".to_owned()
                }
                error => format!("exec cannot give it to a program: {error}"),
            },
            [] => return None,
            many => {
                let names: Vec<String> = many.iter().map(ToString::to_string).collect();
                format!("exec cannot give these to a program: {}", names.join(", "))
            }
        };
        let hints: Vec<String> = errors.iter().filter_map(InjectError::hint).collect();
        Some(format!("{said}: {}", hints.join("; ")))
    }
}

/// The variable that the owners can let pass.
fn to_allow(error: InjectError) -> Option<String> {
    match error {
        InjectError::Guarded { variable, .. } | InjectError::Unlisted { variable, .. } => {
            Some(variable)
        }
        _ => None,
    }
}
