//! `v-secure policy`: who stands behind what there is, and two policies that are to be one again.

pub mod log;
pub mod rebase;
pub mod review;

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  v-secure policy log\n  v-secure policy review\n  v-secure policy rebase"
)]
pub enum Policy {
    Log(log::Log),
    Review(review::Review),
    Rebase(Box<rebase::Rebase>),
}

impl Policy {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::Log(command) => command.run(context),
            Self::Review(command) => command.run(context),
            Self::Rebase(command) => command.run(context),
        }
    }
}
