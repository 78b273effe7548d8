//! `v-secure owner remove`: takes the role owner from a member. It is `role leave owner`, with a question.

use crate::cli::args::complete;
use crate::cli::confirm::ConfirmArgs;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::membership;
use crate::cli::people::policy::ReasonArg;
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use v_secure_core::name::Name;

/// Take the role owner from a member, who stays with its other roles
#[derive(Debug, Args)]
#[command(
    after_help = "Every audience gets new keys: what is written from then on is not for that member, unless another \
                        role of theirs reads it. What they could read, they can keep: 'v-secure exposed' lists it. \
                        For somebody who leaves altogether: v-secure member remove.\n\n\
                        Examples:\n  v-secure owner remove backend\n  v-secure owner remove backend --yes"
)]
pub struct Remove {
    /// The owner
    #[arg(value_name = "MEMBER", add = ArgValueCompleter::new(complete::members))]
    member: Name,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    reason: ReasonArg,
}

impl Remove {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let Self { member, confirm, reason } = self;
        let question = format!("Take the role owner from {member}, and make new keys?");
        let ask = || confirm.check(context, &question);
        membership::take(context, (&membership::owner()?, &member), &reason, ask)
    }
}
