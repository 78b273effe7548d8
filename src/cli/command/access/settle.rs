//! `v-secure access settle`: lets readers open what was wrapped before they could read it.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::people::exposure;
use crate::cli::people::policy;
use crate::cli::people::policy::{ReasonArg, count, givers};
use crate::cli::people::shortfall;
use clap::Args;
use v_secure_core::keys::policy_change;
use v_secure_core::name::audience::AudienceName;
use v_secure_core::report::view::effects::EffectsView;
use v_secure_core::vault::Vault;

/// Wrap secrets for the members who may read them but cannot open them yet
#[derive(Debug, Args)]
#[command(
    after_help = "Also gives keys to audiences that have none, or that a member left, and takes what members \
                        who may not read have sealed under the readers' key, after a look whether it opens. Values do not change.\n\n\
                        Examples:\n  v-secure access settle"
)]
pub struct Settle {
    #[command(flatten)]
    reason: ReasonArg,
}

impl Settle {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let reason = self.reason.reason.as_deref();
        let (outcome, (written, vault)) =
            context.write_if(reason, "settle access", |vault, ctx| {
                let (change, outcome) = policy_change::settle(vault, ctx)?;
                Ok((outcome, change))
            })?;
        let effects = EffectsView::from(&outcome);
        if !written && !effects.is_complete() {
            return Err(refusal(&vault, &effects));
        }
        if context.ui.json {
            return context.ui.object(&effects);
        }
        if !written {
            context.ui.note("everything is settled");
        }
        exposure::tell_renewed(context, &outcome.renewed);
        policy::tell(&context.ui, &effects);
        Ok(())
    }
}

/// Nothing could be done, though there is something to do.
fn refusal(vault: &Vault, effects: &EffectsView) -> Failure {
    let mut parts = Vec::new();
    let waiting = effects.unsettled.iter().filter(|left| !left.is_closed()).count();
    if waiting > 0 {
        parts.push(format!("{} unsettled", count(waiting)));
    }
    if !effects.without_keys.is_empty() {
        parts.push(format!(
            "without keys: {}",
            shortfall::few(effects.without_keys.iter().map(AudienceName::as_str))
        ));
    }
    if parts.is_empty() || !effects.lacks.closed.is_empty() {
        return closed(effects);
    }
    let stuck = &effects.lacks.unstatable;
    if waiting == 0 && stuck.len() == effects.without_keys.len() {
        let message = shortfall::unstatable_text(stuck);
        return Failure::new(Code::Unstatable, message).hint("v-secure member list");
    }
    let message = format!("nothing here is yours to settle ({})", parts.join("; "));
    let failure = Failure::new(Code::Unsettled, message);
    match effects.settlers().as_slice() {
        [] => failure.hint(format!(
            "ask one of these for it, who can: {}",
            givers(vault, &effects.without_keys)
        )),
        able => failure.hint(format!("who can: {}", able.join(", "))),
    }
}

/// What there is to do would be this member's, and does not open.
fn closed(effects: &EffectsView) -> Failure {
    let closed: Vec<&str> = effects
        .unsettled
        .iter()
        .filter(|left| left.is_closed())
        .map(|left| left.secret.as_str())
        .chain(effects.lacks.closed.iter().map(|closed| closed.audience.as_str()))
        .collect();
    let message = format!("what is unsettled does not open: {}", closed.join(", "));
    let failure = Failure::new(Code::Closed, message);
    let failure = match effects.lacks.closed.first() {
        Some(closed) => failure
            .hint("v-secure key restore")
            .hint(format!("v-secure key rotate --audience {}", closed.audience)),
        None => failure,
    };
    match effects.unsettled.iter().find(|left| left.is_closed()) {
        Some(left) => failure.hint(format!("v-secure set {}", left.secret)),
        None => failure,
    }
}
