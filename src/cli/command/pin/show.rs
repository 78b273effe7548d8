//! `v-secure pin show`: the line that names this vault to a machine that keeps no state.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::engine::door::Purpose;
use crate::engine::judging;
use clap::Args;
use v_secure_core::report::view::pin::PinShowView;
use v_secure_core::vault::Depth;
use v_secure_core::vault::pin::PinStatus;

/// Print the pin of the vault: one line, for V_SECURE_PIN or an identity's comment
#[derive(Debug, Args)]
#[command(
    after_help = "A vault that does not contain the policy entry that the pin names is refused.\n\n\
                        Examples:\n  v-secure pin show\n  export V_SECURE_PIN=$(v-secure pin show)"
)]
pub struct Show {}

impl Show {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        // What this device misses is said here however often it was.
        let session = context.session()?;
        session.note_current();
        let opened = session.open(Depth::Everything)?;
        judging::judge(context, &session, &opened, Purpose::Look)?;
        let report = PinShowView::of(opened.vault.chain(), opened.pin != PinStatus::Unknown);
        if context.ui.json {
            return context.ui.object(&report);
        }
        context.ui.line(&report.pin)?;
        context.ui.note_wrapped("vault   ", 8, &report.fingerprint);
        let policy = format!("{} ({} entries)", report.policy_fingerprint, report.entries);
        context.ui.note_wrapped("policy  ", 8, &policy);
        if !report.accepted {
            context
                .ui
                .warn("this device has not accepted the vault: compare it before you pass it on");
        }
        Ok(())
    }
}
