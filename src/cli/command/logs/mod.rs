//! `v-secure logs`: what happened lately, and what happens.

pub mod tail;

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  v-secure logs tail --follow")]
pub enum Logs {
    Tail(tail::Tail),
}

impl Logs {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::Tail(command) => command.run(context),
        }
    }
}
