//! `v-secure settings`: signed settings.

pub mod set;
pub mod show;

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  v-secure settings show\n  \
                  v-secure settings set env.prod.extends default")]
pub enum Settings {
    Set(set::Set),
    Show(show::Show),
}

impl Settings {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::Set(command) => command.run(context),
            Self::Show(command) => command.run(context),
        }
    }
}
