//! `v-secure rotation retire`: says that the provider accepts old values no more.

use crate::cli::args::secret_arg::{SecretArg, wanted_version};
use crate::cli::confirm::ConfirmArgs;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::rotating::{self, Published};
use crate::cli::secret::rotations::listed;
use clap::Args;
use std::collections::BTreeSet;
use v_secure_core::crypto::id::ObjectId;
use v_secure_core::name::SecretName;
use v_secure_core::report::view::rotation::{RetiredView, RotationRetireView};
use v_secure_core::secret::rotate::{self, Retired, Retiring};
use v_secure_core::vault::Depth;

/// Revoke old values of a secret at its provider, or say that it was done
#[derive(Debug, Args)]
#[command(
    after_help = "Where a provider serves the secret, the old credential is revoked there, once the overlap since the \
                  promotion or the abort is over and it is not used any more; then that is written down.\n\n\
                  Otherwise, and with --by-hand, revoke them there first; this writes down that it was done. Nobody rolls back to a retired version after \
                  that, and it is not taken back. Without --version it is about all that rotations gave out or were over, \
                  as far as it is not in use; what was closed counts where the folder 'history' is here.\n\n\
                  Examples:\n  v-secure rotation retire prod/STRIPE_KEY\n  \
                  v-secure rotation retire prod/STRIPE_KEY --version 3 --yes\n  \
                  v-secure rotation retire prod/DATABASE_URL --wait"
)]
pub struct Retire {
    #[command(flatten)]
    secret: SecretArg,

    /// This version alone, by the number or id that 'secret versions' and 'secret rotation-status' show
    #[arg(long, value_name = "VERSION", allow_hyphen_values = true)]
    version: Option<String>,

    /// Wait until the provider may revoke them
    #[arg(long, conflicts_with_all = ["by_hand", "version"])]
    wait: bool,

    /// Do not ask the provider of the secret: they were revoked there
    #[arg(long)]
    by_hand: bool,

    #[command(flatten)]
    confirm: ConfirmArgs,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Retire {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let secret = self.secret.resolve(context)?;
        let retired = match rotating::is_served(context, &secret)? && !self.by_hand {
            true => self.at_provider(context, &secret)?,
            false => self.said(context, &secret)?,
        };
        let retired: Vec<RetiredView> = retired.iter().map(RetiredView::from).collect();
        if context.ui.json {
            return context.ui.object(&RotationRetireView { secret: &secret, retired });
        }
        match retired.is_empty() {
            // The provider had made it for a rotation that ended before the value was recorded.
            true => context.ui.note(&format!("{secret}: revoked what nobody could read")),
            false => context.ui.note(&format!("{secret}: {} retired", listed(&retired))),
        }
        Ok(())
    }

    fn at_provider(&self, context: &Context<'_>, secret: &SecretName) -> Outcome<Vec<Retired>> {
        if self.version.is_some() {
            let message =
                format!("{secret} is served by a provider, which revokes whatever is over");
            return Err(Failure::new(Code::Usage, message).hint(format!(
                "v-secure rotation retire {secret} --by-hand --version VERSION  # where it was revoked by hand"
            )));
        }
        let mut published = Published::open_for(context, self.reason.as_deref())?;
        match self.wait {
            true => rotating::retire_in_time(&mut published, secret, 0),
            false => rotating::with(&mut published, secret, false, |engine| engine.retire(0)),
        }
    }

    /// By somebody's word.
    fn said(&self, context: &Context<'_>, secret: &SecretName) -> Outcome<Vec<Retired>> {
        if self.wait {
            let message = format!("no provider serves {secret}: nothing is waited for");
            return Err(Failure::new(Code::ProviderMissing, message)
                .hint(format!("v-secure rotation retire {secret}")));
        }
        let retiring = match self.version.as_deref() {
            None => Retiring::WhatIsOver,
            version => Retiring::One(wanted_version(version)),
        };
        let asked = self.ask(context, secret, &retiring)?;
        let (retired, _) = context.write(self.reason.as_deref(), "retire", |vault, ctx| {
            // What came up since the question was not agreed to.
            let due = rotate::to_retire(vault, secret, &retiring)?;
            let due = due.into_iter().filter(|one| asked.contains(&one.object));
            Ok(rotate::retire(vault, secret, due.collect(), ctx)?)
        })?;
        Ok(retired)
    }

    /// Asks about what would be retired. Returns what that is.
    fn ask(
        &self,
        context: &Context<'_>,
        secret: &SecretName,
        retiring: &Retiring,
    ) -> Outcome<BTreeSet<ObjectId>> {
        let names = BTreeSet::from([secret.clone()]);
        let (_, opened) = context.open_to_write(Depth::Secrets(&names))?;
        let due = rotate::to_retire(&opened.vault, secret, retiring)?;
        let views: Vec<RetiredView> = due.iter().map(RetiredView::from).collect();
        self.confirm.check(context, &question(secret, &views))?;
        Ok(due.into_iter().map(|one| one.object).collect())
    }
}

fn question(secret: &SecretName, due: &[RetiredView]) -> String {
    let were = if due.len() == 1 { "Was" } else { "Were" };
    let listed = listed(due);
    format!("This is not taken back. {were} {listed} of {secret} revoked at the provider?")
}
