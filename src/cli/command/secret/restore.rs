//! `v-secure secret restore`: brings back what `rm` took away.

use crate::cli::args::secret_arg::{SecretArg, wanted_version};
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::secret::{rotations, variables};
use clap::Args;
use v_secure_core::report::view::secret::removal::SecretRestoreView;
use v_secure_core::secret::remove;

/// Bring a removed secret back
#[derive(Debug, Args)]
#[command(
    after_help = "Without --version it takes back the last removal: the value that was current then is current \
                        again. With --version only that version is no longer removed; 'secret rollback' makes it current.\n\n\
                        Examples:\n  v-secure secret restore OLD_TOKEN\n  \
                        v-secure secret restore OLD_TOKEN --version 2"
)]
pub struct Restore {
    #[command(flatten)]
    secret: SecretArg,

    /// Only this version, by the number or id that 'secret versions' shows
    #[arg(long, value_name = "VERSION", allow_hyphen_values = true)]
    version: Option<String>,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Restore {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let secret = self.secret.resolve(context)?;
        let wanted = wanted_version(self.version.as_deref());
        let (touched, vault) = context.write(self.reason.as_deref(), "restore", |vault, ctx| {
            Ok(remove::restore(vault, &secret, &wanted, ctx)?)
        })?;
        variables::remark(context, &vault, [&secret]);
        rotations::remark_going_on(context, &vault, &secret);
        let report = SecretRestoreView::of(&vault, &touched);
        if context.ui.json {
            return context.ui.object(&report);
        }
        let hint = report.versions.last().copied().unwrap_or_default();
        context.ui.note(&match report.version {
            Some(number) => format!("{secret}: version {number} is current"),
            None => format!(
                "{secret}: restored, but nothing is current: v-secure secret rollback {secret} --version {hint}"
            ),
        });
        Ok(())
    }
}
