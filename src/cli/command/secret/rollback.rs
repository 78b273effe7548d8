//! `v-secure secret rollback`: makes an old value active again, as a new version.

use crate::cli::args::secret_arg::{SecretArg, wanted_version};
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Args;
use v_secure_core::report::view::secret::value::{CurrentView, SecretRollbackView};
use v_secure_core::secret::rollback;

/// Make an old value current again, as a new version; history stays
#[derive(Debug, Args)]
#[command(
    after_help = "Whoever could read the old value can still do so: roll back a bad change, not a leak.\n\n\
                        Examples:\n  v-secure secret versions DATABASE_URL\n  \
                        v-secure secret rollback DATABASE_URL --version 2 --reason 'new host is down'"
)]
pub struct Rollback {
    #[command(flatten)]
    secret: SecretArg,

    /// The version to go back to, by the number or id that 'secret versions' shows
    #[arg(long, value_name = "VERSION", required = true, allow_hyphen_values = true)]
    version: String,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Rollback {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let secret = self.secret.resolve(context)?;
        let wanted = wanted_version(Some(&self.version));
        let (from, vault) = context.write(self.reason.as_deref(), "roll back", |vault, ctx| {
            Ok(rollback::rollback(vault, &secret, &wanted, ctx)?)
        })?;
        let current = CurrentView::of(&vault, &secret);
        let report = SecretRollbackView { secret: &secret, from, current };
        if context.ui.json {
            return context.ui.object(&report);
        }
        let number = report.current.version.map_or("none".into(), |number| number.to_string());
        context.ui.note(&format!("{secret}: version {number}, with the value of version {from}"));
        Ok(())
    }
}
