//! `v-secure secret`: the commands about one secret, and their list.

pub mod get;
pub mod list;
pub mod restore;
pub mod rm;
pub mod rollback;
pub mod set;
pub mod show;
pub mod versions;

use crate::cli::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one a process")]
pub enum Secret {
    Set(set::Set),
    Get(get::Get),
    #[command(visible_alias = "ls")]
    List(list::List),
    Show(show::Show),
    Versions(versions::Versions),
    Rollback(rollback::Rollback),
    Rm(rm::Rm),
    Restore(restore::Restore),
}

impl Secret {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::Set(command) => command.run(context),
            Self::Get(command) => command.run(context),
            Self::List(command) => command.run(context),
            Self::Show(command) => command.run(context),
            Self::Versions(command) => command.run(context),
            Self::Rollback(command) => command.run(context),
            Self::Rm(command) => command.run(context),
            Self::Restore(command) => command.run(context),
        }
    }
}
