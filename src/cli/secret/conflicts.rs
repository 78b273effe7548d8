//! Secrets with several active values: every way out gives the latest and says so, or gives none where
//! `--strict` asks for that.

use crate::cli::args::strict::StrictArgs;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use v_secure_core::name::SecretName;
use v_secure_core::vault::Vault;

/// Judges the secrets whose current values are about to be given out.
pub fn judge<'a>(
    context: &Context<'_>,
    vault: &Vault,
    secrets: impl IntoIterator<Item = &'a SecretName>,
    strict: &StrictArgs,
) -> Outcome {
    for secret in secrets {
        if !vault.secret(secret).is_some_and(|found| found.is_conflict()) {
            continue;
        }
        if strict.is_given() {
            let message = format!("{secret} has several active versions since a merge");
            return Err(Failure::new(Code::Conflict, message)
                .hint(format!("v-secure secret versions {secret}"))
                .hint(format!("v-secure secret resolve {secret} --take VERSION")));
        }
        context.ui.warn(&format!(
            "{secret} has several active versions since a merge; this is the latest. Choose one: v-secure secret resolve {secret} --take VERSION"
        ));
    }
    Ok(())
}
