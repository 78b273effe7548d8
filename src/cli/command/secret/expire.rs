//! `v-secure secret expire`: another time at which a value that is there expires.

use super::expiry::DeadlineArgs;
use crate::cli::args::secret_arg::{SecretArg, wanted_version};
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Args;
use v_secure_core::convert::duration;
use v_secure_core::report::view::secret::metadata::SecretExpireView;
use v_secure_core::secret::expire;

/// Change when a secret's value expires
#[derive(Debug, Args)]
#[command(
    override_usage = "v-secure secret expire [OPTIONS] --ttl SPAN|--at TIME|--never NAME",
    after_help = "The value stays as it is: one that has expired and is not pruned yet is served \
                        again. Needs the rights write and delete. Also settles a conflict \
                        between times set on two branches.\n\n\
                        Examples:\n  v-secure secret expire STRIPE_KEY --ttl 30d\n  \
                        v-secure secret expire STRIPE_KEY --at 2027-01-31 --reason 'audit moved'\n  \
                        v-secure secret expire STRIPE_KEY --never --version 2"
)]
pub struct Expire {
    #[command(flatten)]
    secret: SecretArg,

    #[command(flatten)]
    deadline: DeadlineArgs,

    /// This version, by the number or id that 'secret versions' shows, instead of the current one
    #[arg(long, value_name = "VERSION", allow_hyphen_values = true)]
    version: Option<String>,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Expire {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let secret = self.secret.resolve(context)?;
        let wanted = wanted_version(self.version.as_deref());
        let now = context.host.now();
        let at = self.deadline.at(now)?;
        let reason = self.reason.as_deref();
        let (number, (changed, vault)) =
            context.write_if(reason, "change expiry", |vault, ctx| {
                Ok(expire::expire(vault, &secret, &wanted, at, ctx)?)
            })?;
        let version = vault.secret(&secret).and_then(|found| found.numbered(number));
        let expires = version.and_then(|version| version.expires);
        if context.ui.json {
            return context.ui.object(&SecretExpireView {
                secret: &secret,
                version: number,
                id: version.map(|version| version.object),
                changed,
                expires: expires.map(duration::rfc3339),
            });
        }
        let when = match expires {
            None => "never expires".to_owned(),
            Some(at) if at <= now => "has expired: get and exec refuse it".to_owned(),
            Some(at) => format!("expires {}", duration::relative(at, now)),
        };
        context.ui.note(&match changed {
            true => format!("{secret}: version {number} {when}"),
            false => format!("{secret}: nothing to change (version {number} {when})"),
        });
        Ok(())
    }
}
