//! `v-secure rotation retire`: says that the provider accepts old values no more.

use crate::cli::args::secret_arg::{SecretArg, wanted_version};
use crate::cli::confirm::ConfirmArgs;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Args;
use std::collections::BTreeSet;
use v_secure_core::crypto::id::ObjectId;
use v_secure_core::log::describe::short;
use v_secure_core::name::SecretName;
use v_secure_core::report::view::rotation::{RetiredView, RotationRetireView};
use v_secure_core::secret::rotate::{self, Retiring};
use v_secure_core::vault::Depth;

/// Say that the provider accepts old values of a secret no more
#[derive(Debug, Args)]
#[command(
    after_help = "Revoke them there first; this writes down that it was done. Nobody rolls back to a retired version after \
                  that, and it is not taken back. Without --version it is about what the current version was promoted over \
                  and the values of rotations that were aborted.\n\n\
                  Examples:\n  v-secure rotation retire prod/STRIPE_KEY\n  \
                  v-secure rotation retire prod/STRIPE_KEY --version 3 --yes"
)]
pub struct Retire {
    #[command(flatten)]
    secret: SecretArg,

    /// This version alone, by the number or id that 'secret versions' and 'secret rotation-status' show
    #[arg(long, value_name = "VERSION", allow_hyphen_values = true)]
    version: Option<String>,

    #[command(flatten)]
    confirm: ConfirmArgs,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Retire {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let secret = self.secret.resolve(context)?;
        let retiring = match self.version.as_deref() {
            None => Retiring::WhatIsOver,
            version => Retiring::One(wanted_version(version)),
        };
        let asked = self.ask(context, &secret, &retiring)?;
        let (retired, _) = context.write(self.reason.as_deref(), "retire", |vault, ctx| {
            // What came up since the question was not agreed to.
            let due = rotate::to_retire(vault, &secret, &retiring)?;
            let due = due.into_iter().filter(|one| asked.contains(&one.object));
            Ok(rotate::retire(vault, &secret, due.collect(), ctx)?)
        })?;
        let retired: Vec<RetiredView> = retired.iter().map(RetiredView::from).collect();
        if context.ui.json {
            return context.ui.object(&RotationRetireView { secret: &secret, retired });
        }
        context.ui.note(&format!("{secret}: {} retired", listed(&retired)));
        Ok(())
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

fn listed(retired: &[RetiredView]) -> String {
    let one = |view: &RetiredView| match view.version {
        Some(number) => format!("version {number}"),
        None => format!("the value {}", short(&view.id)),
    };
    retired.iter().map(one).collect::<Vec<_>>().join(", ")
}
