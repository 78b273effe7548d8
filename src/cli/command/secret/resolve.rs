//! `v-secure secret resolve`: ends a conflict of values.

use crate::cli::args::secret_arg::{SecretArg, wanted_version};
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::engine::door::Purpose;
use clap::Args;
use std::collections::BTreeSet;
use v_secure_core::convert::duration::rfc3339;
use v_secure_core::log::describe::quoted;
use v_secure_core::log::state::Version;
use v_secure_core::name::SecretName;
use v_secure_core::report::view::secret::removal::SecretResolveView;
use v_secure_core::secret::read;
use v_secure_core::secret::resolve::{self, ResolveError};
use v_secure_core::vault::Depth;

/// Choose which value stays, where two branches changed one secret
#[derive(Debug, Args)]
#[command(
    after_help = "After a merge a secret can have several active versions; the one with the highest number is served until \
                  one is chosen; the number says nothing about time. \
                  The others stay in the history. To take none of them, set a new value.\n\n\
                  Examples:\n  v-secure secret resolve DATABASE_URL  # lists the versions to choose from\n  \
                  v-secure secret resolve DATABASE_URL --take 3"
)]
pub struct Resolve {
    #[command(flatten)]
    secret: SecretArg,

    /// The version that stays, by the number or id that `secret versions` shows; without it those to choose from
    /// are listed
    #[arg(long, value_name = "VERSION", allow_hyphen_values = true)]
    take: Option<String>,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Resolve {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let secret = self.secret.resolve(context)?;
        let Some(take) = &self.take else { return Err(choices(context, &secret)?) };
        let take = wanted_version(Some(take));
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

/// The versions that one of has to stay, each with what takes it.
fn choices(context: &Context<'_>, secret: &SecretName) -> Outcome<Failure> {
    let names = BTreeSet::from([secret.clone()]);
    let (_, opened) = context.open(Purpose::Look, Depth::Secrets(&names))?;
    let state = read::find(&opened.vault, secret)?;
    if !state.is_conflict() {
        return Ok(ResolveError::NoConflict { secret: secret.clone() }.into());
    }
    let versions: Vec<&Version> = state.active().collect();
    let message = format!("{secret} has several active versions: --take names the one that stays");
    let mut failure = Failure::new(Code::Conflict, message);
    failure.causes = versions.iter().map(|version| described(version)).collect();
    for version in versions {
        failure =
            failure.hint(format!("v-secure secret resolve {secret} --take {}", version.number));
    }
    Ok(failure.hint(format!("v-secure get {secret} --version NUMBER  # to look at each first")))
}

fn described(version: &Version) -> String {
    let Version { number, author, .. } = version;
    let (date, reason) = (rfc3339(version.ts), quoted(&version.reason));
    format!("version {number}, by {author} at {date}: {reason}")
}
