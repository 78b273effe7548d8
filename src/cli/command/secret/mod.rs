//! `v-secure secret`: the commands about one secret, and their list.

pub mod get;
pub mod set;

use crate::cli::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Secret {
    Set(set::Set),
    Get(get::Get),
}

impl Secret {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::Set(command) => command.run(context),
            Self::Get(command) => command.run(context),
        }
    }
}
