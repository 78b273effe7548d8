//! Secrets with several active values, or a value that somebody withdrew: every way out gives the one that is current and
//! says so, or gives none where `--strict` asks for that.

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
        giving::refuse_unsettled(vault, secrets, context.host.now())?;
    }
    tell(context, vault, secrets);
    for secret in giving::withdrawn(vault, secrets) {
        context.ui.warn(&format!(
            "the current value of {secret} was withdrawn by somebody: it may not be accepted any more. See: v-secure secret rotation-status {secret}"
        ));
    }
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
