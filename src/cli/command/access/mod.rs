//! `v-secure access`: who may do what.

pub mod list;
pub mod grant;

use crate::cli::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Access {
    List(list::List),
    Grant(grant::Grant),
}

impl Access {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::List(command) => command.run(context),
            Self::Grant(command) => command.run(context),
        }
    }
}
