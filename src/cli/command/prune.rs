//! `v-secure prune`: drops the values of versions that are due to go.

use crate::cli::door::context::Context;
use crate::cli::door::pruning::summary;
use crate::cli::error::Outcome;
use crate::engine::door::Purpose;
use clap::Args;
use v_secure_core::name::Name;
use v_secure_core::report::view::prune::PruneView;
use v_secure_core::secret::prune;
use v_secure_core::secret::prune::{GRACE, Look, PruneDue, Shares};
use v_secure_core::vault::{Depth, Vault};

/// Drop the values of versions that have expired, or that the settings do not keep
#[derive(Debug, Args)]
#[command(
    after_help = "A version is due if it expired a day ago or earlier, if it is superseded and beyond retention.versions \
                        or retention.days, or if a merge brought it back after it was pruned. An active version is \
                        pruned only by its own expiry. Versions keep their place in the history; what was committed stays \
                        in git.\n\n\
                        Commands that write do this by themselves; what has expired is pruned by \
                        every command (setting ttl), except in CI.\n\n\
                        Examples:\n  v-secure prune --dry-run\n  v-secure prune --no-grace --reason 'audit'"
)]
pub struct Prune {
    /// Show what is due and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Also prune what expired less than a day ago
    #[arg(long)]
    no_grace: bool,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Prune {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (_, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let due = self.due(context, &opened.vault);
        if due.is_empty() {
            return self.report(context, Shares::default());
        }
        if self.dry_run {
            // Without an identity all of it waits for others.
            let who = context.unlock(&opened.vault).ok();
            let member = who.as_ref().map(|who| who.member());
            return self.report(context, prune::share(&opened.vault, member, due));
        }
        drop(opened);
        let reason = self.reason.as_deref();
        let (shares, _) = context.write_if(reason, "prune what is due", |vault, ctx| {
            let shares = prune::share(vault, Some(ctx.who.member()), self.due(context, vault));
            let change = prune::prune(vault, &shares.own, ctx);
            Ok((shares, change))
        })?;
        self.report(context, shares)
    }

    fn due(&self, context: &Context<'_>, vault: &Vault) -> Vec<PruneDue> {
        let (now, grace) = (context.host.now(), if self.no_grace { 0 } else { GRACE });
        prune::due(vault, Look { now, grace, superseded: true })
    }

    fn report(&self, context: &Context<'_>, shares: Shares) -> Outcome {
        if context.ui.json {
            return context.ui.object(&PruneView::of(self.dry_run, &shares));
        }
        let cells = |due: &PruneDue| {
            vec![due.secret.to_string(), due.number.to_string(), due.why.as_str().to_owned()]
        };
        if !shares.own.is_empty() {
            let rows = shares.own.iter().map(cells).collect();
            context.ui.table(&["secret", "version", "why"], rows)?;
        }
        match (shares.own.is_empty(), self.dry_run) {
            (true, _) if shares.others.is_empty() => context.ui.note("nothing is due"),
            (true, _) => {}
            (false, true) => context.ui.note("nothing was changed (--dry-run)"),
            (false, false) => context.ui.note(&summary(&shares.own)),
        }
        for (secret, waiting) in &shares.others {
            context.ui.note(&format!(
                "{secret}: {} due, which these may prune: {}",
                versions(waiting.due.len()),
                waiting.able.iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
            ));
        }
        Ok(())
    }
}

fn versions(count: usize) -> String {
    if count == 1 { "1 version is".into() } else { format!("{count} versions are") }
}
