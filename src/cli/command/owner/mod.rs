//! `v-secure owner`: who has every right, and how many of them must sign what only owners may do.

pub mod add;
pub mod list;
pub mod remove;
pub mod threshold;

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  v-secure owner list\n  v-secure owner add backend\n  \
                        v-secure owner threshold 2\n  v-secure owner remove backend")]
pub enum Owner {
    List(list::List),
    Add(add::Add),
    Remove(remove::Remove),
    Threshold(threshold::Threshold),
}

impl Owner {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::List(command) => command.run(context),
            Self::Add(command) => command.run(context),
            Self::Remove(command) => command.run(context),
            Self::Threshold(command) => command.run(context),
        }
    }
}
