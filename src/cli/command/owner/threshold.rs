//! `v-secure owner threshold`: how many owners must sign what only owners may do.

use crate::cli::confirm::ConfirmArgs;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::policy;
use crate::cli::people::policy::ReasonArg;
use clap::Args;
use v_secure_core::people::owners;
use v_secure_core::policy::state::PolicyState;
use v_secure_core::report::view::owner::OwnerThresholdView;
use v_secure_core::vault::Vault;

/// Change how many owners must sign what only owners may do
#[derive(Debug, Args)]
#[command(
    after_help = "As many as now must sign the change itself. With more than one, a command that needs owners writes \
                        a proposal, which the others sign with 'v-secure policy sign'. Keep one owner more than must \
                        sign: where too few are left who can, nobody can change owners or settings any more.\n\n\
                        Examples:\n  v-secure owner threshold 2\n  v-secure owner threshold 1 --yes"
)]
pub struct Threshold {
    /// How many, 1 to 16, and no more than there are owners
    #[arg(value_name = "N", value_parser = clap::value_parser!(u32).range(1..=16))]
    owners: u32,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    reason: ReasonArg,
}

impl Threshold {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let owners = self.owners;
        let reason = format!("let {owners} of the owners sign");
        let make = |vault: &Vault| Ok(owners::threshold(vault.policy(), owners));
        let ask = |vault: &Vault| self.ask(context, vault.policy());
        let changed = policy::take(context, (&self.reason, &reason), make, ask)?;
        let state = changed.vault.policy();
        if context.ui.json {
            return context.ui.object(&OwnerThresholdView {
                threshold: owners,
                owners: state.owners().count(),
                changed: changed.written,
                effects: &changed.effects,
            });
        }
        let verb = if changed.written { "must" } else { "had to" };
        context.ui.note(&format!(
            "of {} {verb} sign: {owners}",
            policy::owners_counted(state.owners().count())
        ));
        if owners::lacks_spare(state) {
            context.ui.warn(
                "no owner can be spared: where one loses every key, owners and settings stay as they are; \
                 v-secure owner add MEMBER",
            );
        }
        policy::tell(&context.ui, &changed.effects);
        Ok(())
    }

    fn ask(&self, context: &Context<'_>, state: &PolicyState) -> Outcome {
        let (owners, of) = (self.owners, policy::owners_counted(state.owners().count()));
        let question = format!("Let what only owners may do take {owners} of {of}?");
        self.confirm.check(context, &question)
    }
}
