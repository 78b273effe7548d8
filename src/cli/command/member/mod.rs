//! `v-secure member`: people and services.

pub mod add;
pub mod key;
pub mod list;
pub mod remove;
pub mod request;
pub mod show;

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  v-secure member request\n  \
                  v-secure member add backend --request backend.request --role developer\n  \
                  v-secure member list")]
pub enum Member {
    Request(request::Request),
    Add(add::Add),
    List(list::List),
    Show(show::Show),
    Remove(remove::Remove),
    /// The devices of members
    #[command(subcommand)]
    Key(key::Key),
}

impl Member {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::Request(command) => command.run(context),
            Self::Add(command) => command.run(context),
            Self::List(command) => command.run(context),
            Self::Show(command) => command.run(context),
            Self::Remove(command) => command.run(context),
            Self::Key(command) => command.run(context),
        }
    }
}
