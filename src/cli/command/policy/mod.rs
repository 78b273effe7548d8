//! `v-secure policy`: who stands behind what there is, two policies that are to be one again, and what waits for
//! signatures.

pub mod log;
pub mod proposals;
pub mod rebase;
pub mod renew;
pub mod review;
pub mod sign;
pub mod withdraw;

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  v-secure policy log\n  v-secure policy review\n  v-secure policy rebase\n  \
                  v-secure policy sign"
)]
pub enum Policy {
    Log(log::Log),
    Review(review::Review),
    Rebase(Box<rebase::Rebase>),
    Proposals(proposals::Proposals),
    Sign(sign::Sign),
    Renew(renew::Renew),
    Withdraw(withdraw::Withdraw),
}

impl Policy {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::Log(command) => command.run(context),
            Self::Review(command) => command.run(context),
            Self::Rebase(command) => command.run(context),
            Self::Proposals(command) => command.run(context),
            Self::Sign(command) => command.run(context),
            Self::Renew(command) => command.run(context),
            Self::Withdraw(command) => command.run(context),
        }
    }
}
