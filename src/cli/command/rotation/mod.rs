//! `v-secure rotation`: what is rotating, the ends of a rotation, and what goes on by itself.

pub mod list;
pub mod promote;
pub mod retire;
pub mod run;
pub mod settle;

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
#[command(
    after_help = "A rotation is begun by 'secret rotate', for a share of the instances with --to; with --resume it goes on, \
                  with --abort it is taken back. 'secret rotation-status' shows how it stands.\n\n\
                  Examples:\n  v-secure rotation list\n  \
                  v-secure rotation promote prod/STRIPE_KEY\n  \
                  v-secure rotation retire prod/STRIPE_KEY\n  \
                  v-secure rotation settle prod/DATABASE_URL\n  \
                  v-secure rotation run --due"
)]
pub enum Rotation {
    List(list::List),
    Promote(promote::Promote),
    Retire(retire::Retire),
    Run(run::Run),
    Settle(settle::Settle),
}

impl Rotation {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::List(command) => command.run(context),
            Self::Promote(command) => command.run(context),
            Self::Retire(command) => command.run(context),
            Self::Run(command) => command.run(context),
            Self::Settle(command) => command.run(context),
        }
    }
}
