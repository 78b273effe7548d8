//! `v-secure key`: the keys that values are encrypted under, and the slots that seal identities.

pub mod restore;
pub mod rotate;
pub mod slot;
pub mod status;

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  v-secure key status\n  \
                  v-secure key rotate --due\n  v-secure key restore\n  \
                  v-secure key slot list")]
pub enum Key {
    /// Passphrases that unlock the vault
    #[command(subcommand)]
    Slot(slot::Slot),
    Status(status::StatusCommand),
    Rotate(rotate::Rotate),
    Restore(restore::Restore),
}

impl Key {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::Slot(command) => command.run(context),
            Self::Status(command) => command.run(context),
            Self::Rotate(command) => command.run(context),
            Self::Restore(command) => command.run(context),
        }
    }
}
