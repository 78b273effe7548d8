//! `v-secure recovery`: the identity that is kept for the day when every device is lost.

pub mod new;
pub mod test;

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  v-secure recovery new\n  v-secure recovery test")]
pub enum Recovery {
    New(new::New),
    Test(test::Test),
}

impl Recovery {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::New(command) => command.run(context),
            Self::Test(command) => command.run(context),
        }
    }
}
