//! `v-secure role leave`: takes a role from a member.

use crate::cli::args::complete;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::membership;
use crate::cli::people::policy::ReasonArg;
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use v_secure_core::name::Name;

/// Take a role from a member, who can keep what the role could read
#[derive(Debug, Args)]
#[command(
    after_help = "The audiences that the role is in get new keys. A member may leave a role by itself.\n\n\
                        Examples:\n  v-secure role leave developer backend"
)]
pub struct Leave {
    /// The role
    #[arg(value_name = "ROLE", add = ArgValueCompleter::new(complete::roles))]
    role: Name,

    /// The member
    #[arg(value_name = "MEMBER", add = ArgValueCompleter::new(complete::members))]
    member: Name,

    #[command(flatten)]
    reason: ReasonArg,
}

impl Leave {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let Self { role, member, reason } = self;
        membership::take(context, (&role, &member), &reason, || Ok(()))
    }
}
