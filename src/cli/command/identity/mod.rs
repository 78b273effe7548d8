//! `v-secure identity`: this device's identity.

pub mod new;
pub mod restore;
pub mod show;

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  v-secure identity new\n  v-secure identity show")]
pub enum Identity {
    New(new::New),
    Restore(restore::Restore),
    Show(show::Show),
}

impl Identity {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::New(command) => command.run(context),
            Self::Restore(command) => command.run(context),
            Self::Show(command) => command.run(context),
        }
    }
}
