//! `v-secure secret rotate`: a new value for a secret that exists, from its own generator or given; at once, or to a
//! share of the instances first.

mod served;
mod staged;
mod value;

use super::expiry::ExpiryArgs;
use super::interval::IntervalArg;
use super::set::value::ValueArgs;
use crate::cli::args::secret_arg::SecretArg;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::rotating;
use clap::Args;
use served::ServedArgs;
use staged::StagedArgs;
use v_secure_core::convert::duration;
use v_secure_core::log::state::Version;
use v_secure_core::name::SecretName;
use v_secure_core::report::view::secret::value::SecretRotateView;
use v_secure_core::secret::put;
use v_secure_core::secret::put::{NewValue, PutRequest};
use v_secure_core::secret::read;
use v_secure_core::secret::read::VersionSelector;
use v_secure_core::secret::rotate::begin;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::Vault;
use v_secure_core::vault::author::Ctx;
use value::Made;

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
                        Where a provider serves the secret (docs/providers.md), it is asked for a new credential, that is tried out, and \
                        promoted. --resume goes on where one stopped, from any clone. The value is made by the provider, or is 32 \
                        letters and digits or what --generate says: the stored generator is not asked, since whoever may \
                        write the secret states it.\n\n\
                        --to makes the value ready and gives it to that share of the instances that 'exec --instance' names, while \
                        everybody else is given the current one; the provider has to accept both. --resume --to goes on, to more or to \
                        fewer; 'rotation promote' ends it, and --abort takes the value back from all.\n\n\
                        Examples:\n  v-secure secret rotate SESSION_KEY\n  \
                        printf %s \"$NEW\" | v-secure secret rotate prod/STRIPE_KEY --ttl 90d\n  \
                        v-secure secret rotate DB_PASSWORD --generate=alnum:40 --rotation-interval 30d\n  \
                        printf %s \"$NEW\" | v-secure secret rotate prod/STRIPE_KEY --to 5%\n  \
                        v-secure secret rotate prod/STRIPE_KEY --resume --to 50%\n  \
                        v-secure secret rotate prod/STRIPE_KEY --abort\n\n\
                        Examples at a provider:\n  v-secure secret rotate prod/DATABASE_URL --dry-run\n  \
                        v-secure secret rotate prod/DATABASE_URL --overlap 48h\n  \
                        v-secure secret rotate prod/DATABASE_URL --resume"
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

    #[command(flatten)]
    staged: StagedArgs,

    #[command(flatten)]
    served: ServedArgs,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Rotate {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let secret = self.secret.resolve(context)?;
        if rotating::is_served(context, &secret)? {
            return self.at_provider(context, &secret);
        }
        self.served.refuse(&secret)?;
        if let Some(goes_on) = self.staged.goes_on()? {
            return goes_on.run(context, &secret, self.reason.as_deref());
        }
        let share = self.staged.share()?;
        let stated = self.expiry.expires(context.host.now())?;
        let interval = self.interval.field()?;
        // Before the lock is taken: nobody waits for somebody who types a value.
        let Made { value, generated } =
            value::made(context, &secret, &self.value, share.is_some())?;
        if let Some(share) = share {
            let expires = |version: &Version, ctx: &Ctx<'_>| self.expires(stated, version, ctx);
            let begins = staged::Begins { secret: &secret, value, generated, share };
            return begins.run(context, self.reason.as_deref(), &expires);
        }
        let (is_same, vault) = context.write(self.reason.as_deref(), "rotate", |vault, ctx| {
            let expires = self.expires(stated, live(vault, &secret)?, ctx);
            begin::refuse_open(vault, &secret)?;
            let fields = put::changed(vault.secret(&secret), interval.into_iter().collect());
            let same = put::same_as_current(vault, &secret, &value, ctx);
            let is_same = !same.is_empty();
            let value = Some(NewValue { value, expires, same });
            let request = PutRequest { secret: secret.clone(), value, fields };
            Ok((is_same, put::put(vault, vec![request], ctx)?))
        })?;
        if is_same {
            tell_same(context, &secret);
        }
        report(context, &vault, &secret, generated)
    }

    fn expires(
        &self,
        stated: Option<UnixTime>,
        version: &Version,
        ctx: &Ctx<'_>,
    ) -> Option<UnixTime> {
        match self.no_expiry {
            true => None,
            false => stated.or_else(|| same_lifetime(version, ctx.now)),
        }
    }
}

fn tell_same(context: &Context<'_>, secret: &SecretName) {
    context.ui.warn(&format!(
        "{secret} has the same value as before: anybody who knew it still knows it"
    ));
}

/// The current version; a secret without one has nothing to rotate.
fn live<'a>(vault: &'a Vault, secret: &SecretName) -> Outcome<&'a Version> {
    Ok(read::select(read::find(vault, secret)?, secret, &VersionSelector::Current)?)
}

/// As long as the version before was made for, from now.
fn same_lifetime(version: &Version, now: UnixTime) -> Option<UnixTime> {
    let lifetime = version.expires?.since(version.ts);
    Some(now.saturating_add(lifetime.max(1)))
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
