//! `v-secure secret rm`, `v-secure rm`: removes secrets; their history stays.

use crate::cli::args::secret_arg::SecretArgs;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::secret::rotations;
use clap::Args;
use std::collections::BTreeSet;
use v_secure_core::name::SecretName;
use v_secure_core::report::view::secret::removal::{RemovedSecretView, SecretRmView};
use v_secure_core::secret::read;
use v_secure_core::secret::remove;
use v_secure_core::secret::remove::Touched;
use v_secure_core::vault::Depth;

/// Remove secrets; their values stay in the history
#[derive(Debug, Args)]
#[command(
    after_help = "Asks on a terminal. 'secret restore' brings a secret back. Its values stay in git \
                        for good: revoke a leaked value at its provider.\n\n\
                        Examples:\n  v-secure rm OLD_TOKEN\n  v-secure rm --yes prod/A prod/B --reason 'service retired'"
)]
pub struct Rm {
    #[command(flatten)]
    secrets: SecretArgs,

    /// Do not ask
    #[arg(long, short = 'y')]
    yes: bool,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Rm {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let secrets = self.secrets.resolve(context)?;
        if !self.yes && context.interactive() {
            confirm(context, &secrets)?;
        }
        let secrets: Vec<SecretName> = secrets.into_iter().collect();
        let ((touched, open, left), vault) =
            context.write(self.reason.as_deref(), "remove", |vault, ctx| {
                let (touched, change) = remove::remove(vault, &secrets, ctx)?;
                let (open, left) =
                    (rotations::open(vault, &secrets), rotations::left(vault, &secrets));
                Ok(((touched, open, left), change))
            })?;
        rotations::remark_removed(context, &vault, &open);
        rotations::remark_left(context, &left);
        report(context, &touched)
    }
}

/// Asks before the lock is taken: nobody waits for somebody who reads a question.
fn confirm(context: &Context<'_>, secrets: &BTreeSet<SecretName>) -> Outcome {
    let (_, opened) = context.open_to_write(Depth::Secrets(secrets))?;
    for secret in secrets {
        read::find(&opened.vault, secret)?;
    }
    let names: Vec<&str> = secrets.iter().map(SecretName::as_str).collect();
    let question = format!("Remove {}?", names.join(", "));
    let answer = context.ui.confirm(&question, false)?;
    match answer {
        true => Ok(()),
        false => Err(Failure::new(Code::Declined, "nothing was removed")),
    }
}

fn report(context: &Context<'_>, touched: &[Touched]) -> Outcome {
    if context.ui.json {
        let secrets = touched.iter().map(RemovedSecretView::from).collect();
        return context.ui.object(&SecretRmView { secrets });
    }
    for Touched { secret, .. } in touched {
        context.ui.note(&format!("{secret}: removed (v-secure secret restore {secret})"));
    }
    Ok(())
}
