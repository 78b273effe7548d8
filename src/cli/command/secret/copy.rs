//! `v-secure secret copy`: a secret's value and metadata in another environment.

use crate::cli::args::secret_arg;
use crate::cli::args::secret_arg::SecretArg;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::secret::copying;
use crate::cli::secret::copying::Copying;
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use v_secure_core::secret::copy::CopyRequest;

/// Copy a secret, with its metadata and expiry, into another environment
#[derive(Debug, Args)]
#[command(
    after_help = "The copy is a secret of its own: a later value of one does not reach the other (an environment \
                        that extends another inherits instead: 'settings set env.NAME.extends'). \
                        Needs the right read there, and write here.\n\n\
                        Examples:\n  v-secure secret copy STRIPE_KEY --to-env staging\n  \
                        v-secure secret copy dev/TOKEN --to-env prod --as API_TOKEN"
)]
pub struct Copy {
    #[command(flatten)]
    secret: SecretArg,

    /// The environment to copy into
    #[arg(long, value_name = "ENV", required_unless_present = "name_there")]
    #[arg(add = ArgValueCompleter::new(crate::cli::args::complete::environments))]
    to_env: Option<String>,

    /// The copy's name, if it is to be another one
    #[arg(long = "as", id = "name_there", value_name = "NEW")]
    #[arg(add = ArgValueCompleter::new(crate::cli::args::complete::secrets))]
    new: Option<String>,

    /// Replace an existing secret
    #[arg(long)]
    overwrite: bool,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Copy {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let from = self.secret.resolve(context)?;
        let environment = self.to_env.as_deref().unwrap_or(from.environment());
        let name = self.new.as_deref().unwrap_or(from.name());
        let to = secret_arg::parse(&format!("{environment}/{name}"), context)?;
        let request = CopyRequest { from, to, rename: false, overwrite: self.overwrite };
        let copying = Copying { request, action: "copy", reason: self.reason.as_deref() };
        copying::run(context, copying)
    }
}
