//! `v-secure history close`: closes the log up to an entry, by a checkpoint that owners sign.

use crate::cli::args::times::{self, Takes};
use crate::cli::confirm::ConfirmArgs;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::people::closing::{self as people_closing, entries, newly, size};
use crate::cli::people::policy;
use crate::cli::people::policy::ReasonArg;
use crate::cli::repository::project;
use crate::engine::door::Purpose;
use crate::engine::history::HistoryUse;
use crate::engine::judging;
use crate::engine::session::Session;
use crate::engine::transaction::TransactionError;
use clap::Args;
use v_secure_core::convert::duration;
use v_secure_core::convert::duration::rfc3339;
use v_secure_core::keys::policy_change;
use v_secure_core::log::closed::closing::ClosingError;
use v_secure_core::policy::op::PolicyOp;
use v_secure_core::report::view::history::HistoryCloseView;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::closing::{self, Foreseen, NothingToClose, PutAside};
use v_secure_core::vault::join;
use v_secure_core::vault::{Depth, Vault};

/// Put what is behind the vault's history in files beside it
#[derive(Debug, Args)]
#[command(
    after_help = "Owners sign which entries go on to matter; all others move to the folder 'history' beside the \
                  vault, with the versions that nothing needs any more. Commit that folder with the vault. \
                  Branches that began before the entry up to which it is closed merge as ever, and \
                  then every command reads the history until the next closing: so what is younger \
                  than a week stays open.\n\n\
                  Examples:\n  v-secure history close\n  v-secure history close --keep 30d\n  \
                  v-secure history close --all --yes"
)]
pub struct Close {
    /// Leave open what is younger than this
    #[arg(long, value_name = "DURATION", default_value = "7d", conflicts_with = "all")]
    keep: String,

    /// Close everything, branches and what is void too
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    reason: ReasonArg,
}

impl Close {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let until = self.until(context)?;
        let is_asked = self.all && self.join(context)?;
        let (mut aside, mut before) = (None, 0);
        let make = |vault: &Vault| {
            let Foreseen { now, then } = self.foreseen(vault, until);
            let then = then.map_err(|error| refused(&error))?;
            before = now;
            let op = PolicyOp::Checkpoint(then.checkpoint.clone());
            aside = Some(then);
            Ok(vec![op])
        };
        let mut new = 0;
        let ask = |vault: &Vault| {
            let then = self.foreseen(vault, until);
            if let Ok(aside) = &then.then {
                new = newly(vault, aside);
                if !is_asked {
                    self.ask(context, vault, then.now, aside)?;
                }
            }
            Ok(())
        };
        let changed = policy::take(context, (&self.reason, "close history"), make, ask)?;
        let Some(PutAside { summit, bytes, .. }) = aside else { return Ok(()) };
        project::write_git_files(&context.location()?.folder)?;
        // So that the next command knows the file by itself.
        let alone = Session { history: HistoryUse::AsNeeded, ..context.session()? };
        judging::open(context, &alone, Purpose::Use, Depth::Everything)?;
        if context.ui.json {
            return context.ui.object(&HistoryCloseView {
                entry: summit.entry,
                closed: summit.entries,
                bytes_before: before,
                bytes,
                changed: changed.written,
            });
        }
        context.ui.note(&format!(
            "{} closed, up to {}; the vault's file has {} instead of {}",
            entries(new),
            rfc3339(summit.ts),
            size(bytes),
            size(before)
        ));
        policy::tell(&context.ui, &changed.effects);
        people_closing::tell_next(context)
    }

    fn foreseen(&self, vault: &Vault, until: Option<UnixTime>) -> Foreseen {
        if self.all { closing::foreseen_all(vault) } else { closing::foreseen(vault, until) }
    }

    /// What is at least this old is closed.
    fn until(&self, context: &Context<'_>) -> Outcome<Option<UnixTime>> {
        if self.all {
            return Ok(None);
        }
        let keep = duration::parse_span(&self.keep)
            .map_err(|error| times::refuse("--keep", Takes::Duration, &error))?;
        let now = context.host.now().as_secs();
        Ok(Some(UnixTime::from_secs(now.saturating_sub(keep))))
    }

    /// Unites what stands beside each other, so that there is one entry that everything leads to; whether that was
    /// needed. Only where the closing that needs it may be made, and is wanted.
    fn join(&self, context: &Context<'_>) -> Outcome<bool> {
        let plan = |vault: &Vault, ctx: &Ctx<'_>| {
            let Some(change) = join::everything(vault, ctx) else { return Ok(false) };
            let joined = vault.clone().apply(change).map_err(TransactionError::from)?;
            let Foreseen { now, then } = closing::foreseen_all(&joined);
            let aside = then.map_err(|error| refused(&error))?;
            let op = PolicyOp::Checkpoint(aside.checkpoint.clone());
            policy_change::check(&joined, &[op], ctx)?;
            self.ask(context, &joined, now, &aside)?;
            Ok(true)
        };
        let make = |is_needed: bool, vault: &Vault, ctx: &Ctx<'_>| {
            let change = if is_needed { join::everything(vault, ctx) } else { None };
            Ok((is_needed, change))
        };
        let reason = self.reason.reason.as_deref();
        Ok(context.write_planned(reason, "close history", plan, make)?.0)
    }

    fn ask(
        &self,
        context: &Context<'_>,
        vault: &Vault,
        before: usize,
        aside: &PutAside,
    ) -> Outcome {
        let (extent, gain) =
            (people_closing::extent(vault, aside), people_closing::gain(aside, before));
        let question = format!("Close {extent}? {gain}");
        self.confirm.check(context, &question)
    }
}

fn refused(error: &NothingToClose) -> Failure {
    let failure = Failure::from_error(Code::NothingToClose, error);
    match error {
        NothingToClose::TooYoung => {
            failure.hint("v-secure history close --keep 1s").hint("v-secure history status")
        }
        NothingToClose::Beside => failure.hint("v-secure history close --all"),
        NothingToClose::Unsettled { secret }
        | NothingToClose::Other(ClosingError::Withdrawn { secret }) => {
            failure.hint(format!("v-secure set {secret}"))
        }
        NothingToClose::Closed | NothingToClose::NoGain { .. } | NothingToClose::Other(_) => {
            failure.hint("v-secure history status")
        }
    }
}
