//! `v-secure pin`: what this device has accepted.

pub mod accept;
mod given_up;
pub mod show;

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  v-secure pin show\n  v-secure pin accept")]
pub enum Pin {
    Show(show::Show),
    Accept(accept::Accept),
}

impl Pin {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::Show(command) => command.run(context),
            Self::Accept(command) => command.run(context),
        }
    }
}
