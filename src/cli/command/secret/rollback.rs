//! `v-secure secret rollback`: makes an old value active again, as a new version; or withdraws what is pending.

use crate::cli::args::secret_arg::{SecretArg, wanted_version};
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::secret::rotations;
use clap::Args;
use v_secure_core::crypto::id::RotationId;
use v_secure_core::name::SecretName;
use v_secure_core::report::view::secret::value::{CurrentView, SecretRollbackView};
use v_secure_core::secret::rollback;
use v_secure_core::secret::rotate::{self, RotateError};
use v_secure_core::vault::Vault;

/// Make an old value current again, as a new version, or withdraw what a rotation made ready; history stays
#[derive(Debug, Args)]
#[command(
    after_help = "Whoever could read the old value can still do so: roll back a bad change, not a leak.\n\n\
                        While a rotation is open, its value is withdrawn: without --version that is all, as by 'secret rotate --abort'.\n\n\
                        Examples:\n  v-secure secret versions DATABASE_URL\n  \
                        v-secure secret rollback DATABASE_URL --version 2 --reason 'new host is down'\n  \
                        v-secure secret rollback STRIPE_KEY  # while it rotates"
)]
pub struct Rollback {
    #[command(flatten)]
    secret: SecretArg,

    /// The version to go back to, by the number or id that 'secret versions' shows
    #[arg(long, value_name = "VERSION", allow_hyphen_values = true)]
    version: Option<String>,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Rollback {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let secret = self.secret.resolve(context)?;
        let ((from, aborted), vault) = match self.version.as_deref() {
            Some(version) => self.to(context, &secret, version)?,
            None => self.withdraw(context, &secret)?,
        };
        let current = CurrentView::of(&vault, &secret);
        let report = SecretRollbackView { secret: &secret, from, aborted, current };
        if context.ui.json {
            return context.ui.object(&report);
        }
        let number = report.current.version.map_or("none".into(), |number| number.to_string());
        context.ui.note(&match from {
            Some(from) => format!("{secret}: version {number}, with the value of version {from}"),
            None => format!("{secret}: version {number} is given to everybody again"),
        });
        if from.is_some() {
            rotations::remark_untold(context, &vault, [&secret]);
        }
        if !report.aborted.is_empty() {
            context.ui.note(&format!(
                "what was pending is withdrawn; once nobody uses it: v-secure rotation retire {secret}"
            ));
        }
        Ok(())
    }

    fn to(
        &self,
        context: &Context<'_>,
        secret: &SecretName,
        version: &str,
    ) -> Outcome<(Done, Vault)> {
        let wanted = wanted_version(Some(version));
        context.write(self.reason.as_deref(), "roll back", |vault, ctx| {
            let aborted = open(vault, secret);
            let (from, change) = rollback::rollback(vault, secret, &wanted, ctx)?;
            Ok(((Some(from), aborted), change))
        })
    }

    fn withdraw(&self, context: &Context<'_>, secret: &SecretName) -> Outcome<(Done, Vault)> {
        context.write(self.reason.as_deref(), "roll back", |vault, ctx| {
            let change = rotate::withdraw(vault, secret, ctx).map_err(|error| match error {
                RotateError::NoneOpen { .. } => no_version(secret),
                error => error.into(),
            })?;
            Ok(((None, open(vault, secret)), change))
        })
    }
}

/// The version whose value is active again, and the rotations that were withdrawn.
type Done = (Option<usize>, Vec<RotationId>);

fn open(vault: &Vault, secret: &SecretName) -> Vec<RotationId> {
    vault
        .secret(secret)
        .into_iter()
        .flat_map(|state| state.open_rotations())
        .map(|of| of.id)
        .collect()
}

/// Nothing rotates, so that it has to be said what to go back to.
fn no_version(secret: &SecretName) -> Failure {
    let message = format!("no rotation of {secret} is open: --version names what to go back to");
    Failure::new(Code::NoVersionGiven, message)
        .hint(format!("v-secure secret versions {secret}"))
        .hint(format!("v-secure secret rollback {secret} --version NUMBER"))
}
