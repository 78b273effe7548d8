//! `v-secure policy`: who stands behind what there is.

pub mod review;

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  v-secure policy review")]
pub enum Policy {
    Review(review::Review),
}

impl Policy {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::Review(command) => command.run(context),
        }
    }
}
