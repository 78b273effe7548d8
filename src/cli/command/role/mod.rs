//! `v-secure role`: named lists of members with grants.

pub mod create;
pub mod join;
pub mod leave;
pub mod list;
pub mod rm;

use crate::cli::command::access::{grant, revoke};
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  v-secure role create developer --grant 'read,write:dev/*'\n  \
                  v-secure role join developer backend\n  \
                  v-secure role list"
)]
pub enum Role {
    List(list::List),
    Create(create::Create),
    Join(join::Join),
    Leave(leave::Leave),
    Rm(rm::Rm),
    Grant(grant::Grant),
    Revoke(revoke::Revoke),
}

impl Role {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::List(command) => command.run(context),
            Self::Create(command) => command.run(context),
            Self::Join(command) => command.run(context),
            Self::Leave(command) => command.run(context),
            Self::Rm(command) => command.run(context),
            Self::Grant(command) => command.run(context),
            Self::Revoke(command) => command.run(context),
        }
    }
}
