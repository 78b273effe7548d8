//! `v-secure member key`: the devices of members.

pub mod remove;

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  v-secure member key remove backend/thinkpad --lost")]
pub enum Key {
    Remove(remove::Remove),
}

impl Key {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::Remove(command) => command.run(context),
        }
    }
}
