//! `v-secure key`: the keys that values are encrypted under.

pub mod rotate;
pub mod status;

use crate::cli::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Key {
    Status(status::Status),
    Rotate(rotate::Rotate),
}

impl Key {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::Status(command) => command.run(context),
            Self::Rotate(command) => command.run(context),
        }
    }
}
