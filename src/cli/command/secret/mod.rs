//! `v-secure secret`: the commands about one secret, and their list.

pub mod copy;
pub mod describe;
pub mod diff;
pub mod edit;
pub mod expire;
mod expiry;
pub mod get;
mod interval;
pub mod list;
pub mod rename;
pub mod resolve;
pub mod restore;
pub mod rm;
pub mod rollback;
pub mod rotate;
pub mod rotation_status;
pub mod set;
pub mod show;
pub mod tag;
pub mod versions;
pub mod waive;

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  v-secure secret rotate SESSION_KEY\n  \
                  v-secure secret versions DATABASE_URL\n  \
                  v-secure secret diff staging prod")]
pub enum Secret {
    Set(set::Set),
    Get(get::Get),
    #[command(visible_alias = "ls")]
    List(list::List),
    Show(show::Show),
    Versions(versions::Versions),
    Rotate(rotate::Rotate),
    RotationStatus(rotation_status::RotationStatus),
    Edit(edit::Edit),
    Tag(tag::Tag),
    Describe(describe::Describe),
    Expire(expire::Expire),
    Rename(rename::Rename),
    Copy(copy::Copy),
    Diff(diff::Diff),
    Rollback(rollback::Rollback),
    Rm(rm::Rm),
    Restore(restore::Restore),
    Resolve(resolve::Resolve),
    Waive(waive::Waive),
}

impl Secret {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::Set(command) => command.run(context),
            Self::Get(command) => command.run(context),
            Self::List(command) => command.run(context),
            Self::Show(command) => command.run(context),
            Self::Versions(command) => command.run(context),
            Self::Rotate(command) => command.run(context),
            Self::RotationStatus(command) => command.run(context),
            Self::Edit(command) => command.run(context),
            Self::Tag(command) => command.run(context),
            Self::Describe(command) => command.run(context),
            Self::Expire(command) => command.run(context),
            Self::Rename(command) => command.run(context),
            Self::Copy(command) => command.run(context),
            Self::Diff(command) => command.run(context),
            Self::Rollback(command) => command.run(context),
            Self::Rm(command) => command.run(context),
            Self::Restore(command) => command.run(context),
            Self::Resolve(command) => command.run(context),
            Self::Waive(command) => command.run(context),
        }
    }
}
