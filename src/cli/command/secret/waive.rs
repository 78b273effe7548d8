//! `v-secure secret waive`: an owner lets an exposed value be.

use crate::cli::args::secret_arg::SecretArg;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::people::exposure;
use clap::Args;
use v_secure_core::name::SecretName;
use v_secure_core::record::text::{MAX_VALUE_TEXT, check_text};
use v_secure_core::report::view::secret::metadata::SecretWaiveView;
use v_secure_core::secret::waived;
use v_secure_core::vault::{Depth, Vault};

/// Waive an exposed value: one that is empty, an example, or not secret
#[derive(Debug, Args)]
#[command(
    after_help = "Only an owner can waive, and the reason is signed: from then on 'v-secure exposed' lists the secret as waived, \
                        with that reason, and --deadline ignores it. A waiver is for the current value only. It ends \
                        with the next value, and when its signer is no longer an owner. Whoever may write the secret can end a waiver, but not make one.\n\n\
                        Examples:\n  v-secure secret waive dev/EMPTY --reason 'an empty value is \
                        no secret'\n  \
                        v-secure secret waive dev/EMPTY --undo"
)]
pub struct Waive {
    #[command(flatten)]
    secret: SecretArg,

    /// Why the value may stay as it is; signed, and shown by 'v-secure exposed'
    #[arg(long, value_name = "TEXT", required_unless_present = "undo")]
    reason: Option<String>,

    /// List it again
    #[arg(long, conflicts_with = "reason")]
    undo: bool,
}

impl Waive {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let secret = self.secret.resolve(context)?;
        if let Some(reason) = &self.reason {
            check_reason(reason)?;
            let (_, opened) = context.open_to_write(Depth::Everything)?;
            must_be_exposed(context, &opened.vault, &secret)?;
        }
        let default = if self.undo { "end a waiver" } else { "waive" };
        let reason = self.reason.as_deref();
        let ((), (changed, _)) = context.write_if(None, default, |vault, ctx| {
            Ok(((), waived::waive(vault, &secret, reason, ctx)?))
        })?;
        let report = SecretWaiveView { secret: &secret, waived: !self.undo, changed };
        if context.ui.json {
            return context.ui.object(&report);
        }
        context.ui.note(&match (changed, self.undo) {
            (true, false) => format!("{secret}: waived until its next value"),
            (true, true) => format!("{secret}: listed again by 'v-secure exposed'"),
            (false, _) => format!("{secret}: nothing to change"),
        });
        Ok(())
    }
}

fn check_reason(reason: &str) -> Outcome {
    if reason.trim().is_empty() {
        let failure = Failure::new(Code::BadReason, "the reason is empty");
        return Err(failure.hint("--reason TEXT, which everybody can read who has the file"));
    }
    check_text(reason, MAX_VALUE_TEXT).map_err(|error| {
        Failure::new(Code::BadReason, "the reason cannot be stored").because(&error)
    })
}

/// A waiver in advance would hide what nobody has looked at.
fn must_be_exposed(context: &Context<'_>, vault: &Vault, secret: &SecretName) -> Outcome {
    let exposure = exposure::thoroughly(context, vault)?;
    let current = exposure.values.iter().filter(|value| value.is_current());
    let listed = current.map(|value| &value.secret);
    let waived = exposure.waived.iter().map(|waived| &waived.secret);
    if listed.chain(waived).any(|known| known == secret) {
        return Ok(());
    }
    v_secure_core::secret::read::find(vault, secret)?;
    let message = format!("the value of {secret} is not exposed: there is nothing to waive");
    Err(Failure::new(Code::NotExposed, message).hint("v-secure exposed"))
}
