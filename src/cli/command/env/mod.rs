//! `v-secure env`: the environments that secrets are in.

pub mod list;

use crate::cli::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  v-secure env list")]
pub enum Env {
    #[command(visible_alias = "ls")]
    List(list::List),
}

impl Env {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::List(command) => command.run(context),
        }
    }
}
