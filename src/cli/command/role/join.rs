//! `v-secure role join`: gives a member a role.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::giving::{OlderArgs, VouchArgs};
use crate::cli::people::membership;
use crate::cli::people::policy::ReasonArg;
use clap::Args;
use v_secure_core::name::Name;

/// Give a member a role; it can read what the role may read, older values too
#[derive(Debug, Args)]
#[command(
    after_help = "Shows the devices and recipients that get access by it, and asks about those that nobody with the right to \
                        grant it has vouched for; without a terminal --vouch names them.\n\n\
                        Examples:\n  v-secure role join developer admin"
)]
pub struct Join {
    /// The role
    #[arg(value_name = "ROLE", add = clap_complete::engine::ArgValueCompleter::new(crate::cli::args::complete::roles))]
    role: Name,

    /// The member
    #[arg(value_name = "MEMBER", add = clap_complete::engine::ArgValueCompleter::new(crate::cli::args::complete::members))]
    member: Name,

    #[command(flatten)]
    vouch: VouchArgs,

    #[command(flatten)]
    older: OlderArgs,

    #[command(flatten)]
    reason: ReasonArg,
}

impl Join {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let Self { role, member, vouch, older, reason } = self;
        membership::give(context, (&role, &member), (&vouch, &older), &reason, || Ok(()))
    }
}
