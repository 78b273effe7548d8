//! `v-secure secret rotate`: a new value for a secret that exists, from its own generator or given.

use super::expiry::ExpiryArgs;
use super::interval::IntervalArg;
use super::set::value::{self, ValueArgs};
use crate::cli::args::secret_arg::SecretArg;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::unlocking;
use clap::Args;
use std::collections::BTreeSet;
use v_secure_core::convert::{duration, generate};
use v_secure_core::log::state::Version;
use v_secure_core::name::SecretName;
use v_secure_core::report::view::secret::value::SecretRotateView;
use v_secure_core::secret::put;
use v_secure_core::secret::put::{NewValue, PutRequest};
use v_secure_core::secret::read;
use v_secure_core::secret::read::VersionSelector;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::{Depth, Vault};

/// Give a secret a new value; its metadata stays
#[derive(Debug, Args)]
#[command(
    after_help = "The value comes from the generator that 'set --generate' stored, unless one is given: with \
                        --generate, with --file, on standard input, or, where none is stored, at a prompt. Without any of \
                        these nothing is written: a provider would not know a value made up \
                        here. --generate is used this once, \
                        and is not stored.\n\n\
                        A value with an expiry gets the same lifetime again, from now, unless --ttl, --expires-at or --no-expiry \
                        says otherwise. Needs rotate or write; --rotation-interval needs write.\n\n\
                        Examples:\n  v-secure secret rotate SESSION_KEY\n  \
                        printf %s \"$NEW\" | v-secure secret rotate prod/STRIPE_KEY --ttl 90d\n  \
                        v-secure secret rotate DB_PASSWORD --generate=alnum:40 --rotation-interval 30d"
)]
pub struct Rotate {
    #[command(flatten)]
    secret: SecretArg,

    #[command(flatten)]
    value: ValueArgs,

    #[command(flatten)]
    expiry: ExpiryArgs,

    /// Let the new value never expire
    #[arg(long, conflicts_with_all = ["ttl", "expires_at"])]
    no_expiry: bool,

    #[command(flatten)]
    interval: IntervalArg,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// A new value, and the generator that made it.
struct Made {
    value: SecretValue,
    generated: Option<String>,
}

impl Rotate {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let secret = self.secret.resolve(context)?;
        let stated = self.expiry.expires(context.host.now())?;
        let interval = self.interval.field()?;
        // Before the lock is taken: nobody waits for somebody who types a value.
        let Made { value, generated } = self.made(context, &secret)?;
        let (is_same, vault) = context.write(self.reason.as_deref(), "rotate", |vault, ctx| {
            let version = live(vault, &secret)?;
            let expires = match self.no_expiry {
                true => None,
                false => stated.or_else(|| same_lifetime(version, ctx.now)),
            };
            let fields = put::changed(vault.secret(&secret), interval.into_iter().collect());
            let same = put::same_as_current(vault, &secret, &value, ctx);
            let is_same = !same.is_empty();
            let value = Some(NewValue { value, expires, same });
            let request = PutRequest { secret: secret.clone(), value, fields };
            Ok((is_same, put::put(vault, vec![request], ctx)?))
        })?;
        if is_same {
            context.ui.warn(&format!(
                "{secret} has the same value as before: anybody who knew it still knows it"
            ));
        }
        report(context, &vault, &secret, generated)
    }

    fn made(&self, context: &Context<'_>, secret: &SecretName) -> Outcome<Made> {
        let names = BTreeSet::from([secret.clone()]);
        let (_, opened) = context.open_to_write(Depth::Secrets(&names))?;
        live(&opened.vault, secret)?;
        let stored = read::find(&opened.vault, secret)?.generate();
        let given = self.value.value(context, secret, true, || Ok(true))?;
        match (given, stored) {
            (Some(value), _) => Ok(Made { value, generated: self.value.generator()? }),
            (None, Some(spec)) => {
                let spec = stored_spec(secret, spec)?;
                let value = generate::generate(&spec, context.host);
                Ok(Made { value, generated: Some(spec.to_string()) })
            }
            (None, None) => {
                permitted(context, &opened.vault, secret)?;
                match context.interactive() {
                    true => Ok(Made { value: value::prompt(context, secret)?, generated: None }),
                    false => Err(no_source(secret)),
                }
            }
        }
    }
}

/// Refuses before a value is asked for, where it can be known without asking for anything else.
fn permitted(context: &Context<'_>, vault: &Vault, secret: &SecretName) -> Outcome {
    match unlocking::unlock_without_asking(context, vault) {
        Ok(opened) => Ok(put::permit_value(vault, secret, opened.who.member())?),
        Err(_) => Ok(()),
    }
}

/// The current version; a secret without one has nothing to rotate.
fn live<'a>(vault: &'a Vault, secret: &SecretName) -> Outcome<&'a Version> {
    Ok(read::select(read::find(vault, secret)?, secret, &VersionSelector::Current)?)
}

/// The generator in a secret's metadata, which another program may have written.
fn stored_spec(secret: &SecretName, text: &str) -> Outcome<generate::Spec> {
    text.parse().map_err(|error: generate::SpecError| {
        let message = format!("the generator that {secret} has is not understood");
        Failure::new(Code::BadGenerator, message)
            .because(&error)
            .hint(format!("v-secure set {secret} --generate=KIND, which replaces it"))
    })
}

/// As long as the version before was made for, from now.
fn same_lifetime(version: &Version, now: UnixTime) -> Option<UnixTime> {
    let lifetime = version.expires?.since(version.ts);
    Some(now.saturating_add(lifetime.max(1)))
}

fn no_source(secret: &SecretName) -> Failure {
    let message = format!("{secret} has no generator, so its new value has to be given");
    Failure::new(Code::NoValue, message)
        .hint(format!("printf %s \"$VALUE\" | v-secure secret rotate {secret}, for a key that somebody else issues"))
        .hint(format!("v-secure secret rotate {secret} --generate, where any random value will do"))
        .hint(format!("v-secure set {secret} --generate, which also stores the generator for the next time"))
}

fn report(
    context: &Context<'_>,
    vault: &Vault,
    secret: &SecretName,
    generated: Option<String>,
) -> Outcome {
    let version = vault.secret(secret).and_then(|found| found.current());
    let expires = version.and_then(|version| version.expires);
    let report = SecretRotateView::of(vault, secret, generated);
    if context.ui.json {
        return context.ui.object(&report);
    }
    let number = report.current.version.map_or("none".into(), |number| number.to_string());
    let made = report.generated.map(|spec| format!(", generated ({spec})")).unwrap_or_default();
    let now = context.host.now();
    let expires = expires.map(|at| format!(", expires {}", duration::relative(at, now)));
    context.ui.note(&format!("{secret}: version {number}{made}{}", expires.unwrap_or_default()));
    Ok(())
}
