//! `v-secure owner add`: makes a member an owner. It is `role join owner`, by the same rooms, with a question.

use crate::cli::args::complete;
use crate::cli::confirm::ConfirmArgs;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::giving::{OlderArgs, VouchArgs};
use crate::cli::people::membership;
use crate::cli::people::policy::ReasonArg;
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use v_secure_core::name::Name;

/// Make a member an owner, who may do and read everything
#[derive(Debug, Args)]
#[command(
    after_help = "The member is there already: 'v-secure member add' lets somebody in. Shows the devices and \
                        recipients that get every right by it, and asks about those that no owner has vouched for; \
                        without a terminal --vouch names them.\n\n\
                        Examples:\n  v-secure owner add backend\n  v-secure owner add backend --yes"
)]
pub struct Add {
    /// The member
    #[arg(value_name = "MEMBER", add = ArgValueCompleter::new(complete::members))]
    member: Name,

    #[command(flatten)]
    vouch: VouchArgs,

    #[command(flatten)]
    older: OlderArgs,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    reason: ReasonArg,
}

impl Add {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let Self { member, vouch, older, confirm, reason } = self;
        let question = format!("Make {member} an owner?");
        let ask = || confirm.check(context, &question);
        membership::give(context, (&membership::owner()?, &member), (&vouch, &older), &reason, ask)
    }
}
