//! `v-secure provider`: the places where secrets are rotated.

pub mod list;
pub mod test;

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  v-secure provider list\n  \
                  v-secure provider test /opt/providers/shop.sh")]
pub enum Provider {
    List(list::List),
    Test(test::Test),
}

impl Provider {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::List(command) => command.run(context),
            Self::Test(command) => command.run(context),
        }
    }
}
