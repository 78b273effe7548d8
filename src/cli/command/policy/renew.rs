//! `v-secure policy renew`: makes a proposal anew that another change of the policy overtook.

use crate::cli::confirm::ConfirmArgs;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::giving::{OlderArgs, VouchArgs};
use crate::cli::people::policy;
use crate::cli::people::policy::ReasonArg;
use crate::cli::people::proposals;
use clap::Args;
use std::cell::RefCell;
use v_secure_core::proposal;
use v_secure_core::report::view::proposal::PolicyRenewView;
use v_secure_core::vault::Vault;

/// Propose again what was proposed for an earlier policy
#[derive(Debug, Args)]
#[command(
    after_help = "Makes the same changes for the policy as it is now, with new keys, signed by you; the signatures of \
                        before do not count for it. The old proposal is removed.\n\n\
                        Examples:\n  v-secure policy renew PROPOSAL"
)]
pub struct Renew {
    /// The proposal, or the beginning of its id
    #[arg(value_name = "PROPOSAL", allow_hyphen_values = true)]
    proposal: String,

    #[command(flatten)]
    vouch: VouchArgs,

    #[command(flatten)]
    older: OlderArgs,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    reason: ReasonArg,
}

impl Renew {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let session = context.session()?;
        let name = proposals::pick(&session, Some(&self.proposal))?;
        let old = proposals::read(&session, &name)?;
        let reason = old.entry.reason.clone();
        let signers = RefCell::new(Vec::new());
        let make = |vault: &Vault| {
            signers.replace(proposals::signed_by(vault, &name, &old)?);
            Ok(proposal::anew(&old))
        };
        let ask = || {
            proposals::tell(context, &old, &signers.borrow());
            self.confirm.check(context, "Propose that again?")
        };
        let asks = (&self.vouch, &self.older);
        let changed = policy::give(context, (&self.reason, &reason), asks, make, ask);
        // Proposed anew, or done at once where one signature is enough by now: in both cases the old one is over.
        let is_over = changed.as_ref().map_or_else(proposals::is_proposed, |made| made.written);
        if is_over {
            session.remove_proposal(&name)?;
        }
        let changed = changed?;
        if context.ui.json {
            return context.ui.object(&PolicyRenewView {
                proposal: &name,
                changed: changed.written,
                gives: &changed.gives,
                effects: &changed.effects,
            });
        }
        context.ui.note("it is in the vault: one signature is enough");
        policy::tell(&context.ui, &changed.effects);
        Ok(())
    }
}
