//! `v-secure policy withdraw`: takes a proposal away.

use crate::cli::confirm::ConfirmArgs;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::proposals;
use clap::Args;
use v_secure_core::record::text::escape_for_display;
use v_secure_core::report::view::proposal::PolicyWithdrawView;

/// Remove a proposal that nobody wants any more
#[derive(Debug, Args)]
#[command(
    after_help = "It is a folder in .v-secure/proposals, also one that cannot be read, and comes back with a branch \
                        that has it. What is in the vault already is not changed by it.\n\n\
                        Examples:\n  v-secure policy withdraw PROPOSAL"
)]
pub struct Withdraw {
    /// The proposal, or the beginning of its id
    #[arg(value_name = "PROPOSAL", allow_hyphen_values = true)]
    proposal: String,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

impl Withdraw {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let session = context.session()?;
        let found = proposals::pick_any(&session, Some(&self.proposal))?;
        let name = found.to_string_lossy();
        self.confirm.check(context, &format!("Remove the proposal {name}?"))?;
        session.remove_proposal(&found)?;
        if context.ui.json {
            return context.ui.object(&PolicyWithdrawView { proposal: &name });
        }
        context.ui.note(&format!("the proposal {} is removed", escape_for_display(&name)));
        Ok(())
    }
}
