//! `v-secure history`: how much of the vault's file is history, and putting that aside.

pub mod close;
pub mod status;

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
#[command(
    after_help = "What happened is told by 'v-secure audit log' and 'v-secure secret versions'.\n\n\
                        Examples:\n  v-secure history status\n  v-secure history close"
)]
pub enum History {
    Status(status::Status),
    Close(close::Close),
}

impl History {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::Status(command) => command.run(context),
            Self::Close(command) => command.run(context),
        }
    }
}
