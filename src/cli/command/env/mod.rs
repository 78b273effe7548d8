//! `v-secure env`: the environments that secrets are in.

pub mod copy;
pub mod list;
pub mod rm;

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::meant;
use crate::cli::error::{Failure, Outcome};
use clap::Subcommand;
use v_secure_core::name::environment::EnvironmentName;
use v_secure_core::secret::list as list_op;
use v_secure_core::vault::Vault;

#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  v-secure env list\n  v-secure env copy staging review\n  v-secure env rm review"
)]
pub enum Env {
    #[command(visible_alias = "ls")]
    List(list::List),
    #[command(visible_alias = "cp")]
    Copy(copy::Copy),
    #[command(visible_alias = "remove")]
    Rm(rm::Rm),
}

impl Env {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::List(command) => command.run(context),
            Self::Copy(command) => command.run(context),
            Self::Rm(command) => command.run(context),
        }
    }
}

/// Refuses an environment without secrets.
fn must_hold(vault: &Vault, environment: &EnvironmentName) -> Outcome {
    meant::must_exist(vault, environment)?;
    if !list_op::own(vault, environment).is_empty() {
        return Ok(());
    }
    let message = format!("the environment {environment} holds no secrets of its own");
    Err(Failure::new(Code::NoSecrets, message).hint("v-secure env list"))
}
