//! `v-secure git`: what git and the vault need of each other.

mod again;
pub mod install;
pub mod merge_driver;
pub mod pre_commit;
pub mod resolve;
pub mod textconv;

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::store::git::command as git_command;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  v-secure git install\n  v-secure git resolve")]
pub enum Git {
    PreCommit(pre_commit::PreCommit),
    Install(install::Install),
    Resolve(Box<resolve::Resolve>),
    MergeDriver(merge_driver::MergeDriver),
    Textconv(textconv::Textconv),
}

impl Git {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::PreCommit(command) => command.run(context),
            Self::Install(command) => command.run(context),
            Self::Resolve(command) => command.run(context),
            Self::MergeDriver(command) => command.run(context),
            Self::Textconv(command) => command.run(context),
        }
    }
}

fn no_repository() -> Failure {
    if !git_command::is_there() {
        return Failure::new(Code::NoGit, "the program git is not there");
    }
    Failure::new(Code::NoRepository, "this folder is not in a git working tree").hint("git init")
}
