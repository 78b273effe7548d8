//! `v-secure secret rename`: a secret under another name, in one entry.

use crate::cli::args::secret_arg;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::secret::copying;
use crate::cli::secret::copying::Copying;
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use v_secure_core::secret::copy::CopyRequest;

/// Give a secret another name; its metadata and expiry go along
#[derive(Debug, Args)]
#[command(
    after_help = "The value is encrypted again and the old name is removed, in one entry. The old versions stay \
                        in the history under the old name. Needs read and delete there, and write here.\n\n\
                        Examples:\n  v-secure secret rename DB_URL DATABASE_URL\n  \
                        v-secure secret rename dev/TOKEN prod/API_TOKEN --reason 'wrong place'"
)]
pub struct Rename {
    /// The secret: NAME in the environment of -e, or ENVIRONMENT/NAME
    #[arg(value_name = "OLD", add = ArgValueCompleter::new(crate::cli::args::complete::secrets))]
    old: String,

    /// Its new name: NAME in the environment of the old one, or ENVIRONMENT/NAME
    #[arg(value_name = "NEW", add = ArgValueCompleter::new(crate::cli::args::complete::secrets))]
    new: String,

    /// Replace a secret that has the new name
    #[arg(long)]
    overwrite: bool,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Rename {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let from = secret_arg::parse(&self.old, context)?;
        let to = match self.new.contains('/') {
            true => secret_arg::parse(&self.new, context)?,
            false => secret_arg::parse(&format!("{}/{}", from.environment(), self.new), context)?,
        };
        let request = CopyRequest { from, to, rename: true, overwrite: self.overwrite };
        let copying = Copying { request, action: "rename", reason: self.reason.as_deref() };
        copying::run(context, copying)
    }
}
