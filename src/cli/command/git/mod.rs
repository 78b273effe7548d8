//! `v-secure git`: the hook.

pub mod pre_commit;
pub mod install;

use crate::cli::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Git {
    PreCommit(pre_commit::PreCommit),
    Install(install::Install),
}

impl Git {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::PreCommit(command) => command.run(context),
            Self::Install(command) => command.run(context),
        }
    }
}
