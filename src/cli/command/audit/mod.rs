//! `v-secure audit`: the history.

pub mod export;
pub mod log;
pub mod verify;

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  v-secure audit verify --base origin/main\n  \
                  v-secure audit log --secret-id prod/DATABASE_URL")]
pub enum Audit {
    Verify(verify::Verify),
    Log(log::Log),
    Export(export::Export),
}

impl Audit {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::Verify(command) => command.run(context),
            Self::Log(command) => command.run(context),
            Self::Export(command) => command.run(context),
        }
    }
}
