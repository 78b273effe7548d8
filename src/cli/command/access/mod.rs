//! `v-secure access`: who may do what.

pub mod grant;
pub mod list;
pub mod revoke;
pub mod settle;

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  v-secure access grant developer 'dev/*' read,write\n  \
                  v-secure access list --member backend")]
pub enum AccessCommand {
    List(list::List),
    Grant(grant::Grant),
    Revoke(revoke::Revoke),
    Settle(settle::Settle),
}

impl AccessCommand {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::List(command) => command.run(context),
            Self::Grant(command) => command.run(context),
            Self::Revoke(command) => command.run(context),
            Self::Settle(command) => command.run(context),
        }
    }
}
