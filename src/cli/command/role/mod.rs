//! `v-secure role`: named lists of members with grants.

pub mod create;
pub mod join;
pub mod list;

use crate::cli::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Role {
    List(list::List),
    Create(create::Create),
    Join(join::Join),
}

impl Role {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::List(command) => command.run(context),
            Self::Create(command) => command.run(context),
            Self::Join(command) => command.run(context),
        }
    }
}
