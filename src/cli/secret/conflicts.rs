//! Secrets with several active values: every way out gives the one with the highest number and says so, or
//! gives none where `--strict` asks for that.

use crate::cli::args::strict::StrictArgs;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::engine::giving;
use v_secure_core::name::SecretName;
use v_secure_core::vault::Vault;

/// Judges the secrets whose current values are about to be given out.
pub fn judge(
    context: &Context<'_>,
    vault: &Vault,
    secrets: &[SecretName],
    strict: &StrictArgs,
) -> Outcome {
    if strict.is_given() {
        giving::refuse_conflicts(vault, secrets)?;
    }
    tell(context, vault, secrets);
    Ok(())
}

/// Says of which secrets another value is active too.
pub fn tell(context: &Context<'_>, vault: &Vault, secrets: &[SecretName]) {
    for secret in giving::conflicts(vault, secrets) {
        context.ui.warn(&format!(
            "{secret} has several active versions since a merge; this is the one with the highest number, which says nothing about time. Choose one: v-secure secret resolve {secret} --take VERSION"
        ));
    }
}
