//! `v-secure secret resolve`: ends a conflict of values.

use crate::cli::args::secret_arg::{SecretArg, wanted_version};
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Args;
use v_secure_core::report::view::secret::removal::SecretResolveView;
use v_secure_core::secret::resolve;

/// Choose which value stays, where two branches changed one secret
#[derive(Debug, Args)]
#[command(
    after_help = "After a merge a secret can have several active versions; the one with the highest number is served until \
                  one is chosen; the number says nothing about time. \
                  The others stay in the history. To take none of them, set a new value.\n\n\
                  Examples:\n  v-secure secret versions DATABASE_URL\n  \
                  v-secure secret resolve DATABASE_URL --take 3"
)]
pub struct Resolve {
    #[command(flatten)]
    secret: SecretArg,

    /// The version that stays, by the number or id that `secret versions` shows
    #[arg(long, value_name = "VERSION", allow_hyphen_values = true)]
    take: String,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Resolve {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let secret = self.secret.resolve(context)?;
        let take = wanted_version(Some(&self.take));
        let (number, _) = context.write(self.reason.as_deref(), "resolve", |vault, ctx| {
            Ok(resolve::resolve(vault, &secret, &take, ctx)?)
        })?;
        if context.ui.json {
            return context.ui.object(&SecretResolveView { secret: &secret, version: number });
        }
        context.ui.note(&format!("{secret}: version {number} is current"));
        Ok(())
    }
}
