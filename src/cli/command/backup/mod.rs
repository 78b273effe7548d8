//! `v-secure backup`: one encrypted file with the vault and, on request, an identity.

pub mod create;
pub mod restore;

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  v-secure backup create vault.age\n  \
                  v-secure backup restore vault.age")]
pub enum Backup {
    Create(create::Create),
    Restore(restore::Restore),
}

impl Backup {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::Create(command) => command.run(context),
            Self::Restore(command) => command.run(context),
        }
    }
}
