//! `v-secure audit log`: who did what, when and why; with `--reads`, who read what here.

use crate::cli::args::secret_arg;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::trail;
use crate::engine::door::Purpose;
use crate::engine::session::Session;
use crate::store::git::base;
use crate::store::state::reads::Read;
use clap::Args;
use std::collections::BTreeSet;
use std::path::Path;
use v_secure_core::convert::duration;
use v_secure_core::crypto::bytes::Id;
use v_secure_core::log::describe::short;
use v_secure_core::record::text::escape_for_display;
use v_secure_core::report::history;
use v_secure_core::report::history::{HistoryFilter, HistoryRow};
use v_secure_core::report::view::audit::log::{HistoryRowView, ReadView};
use v_secure_core::vault::{Depth, Vault};

/// Show the history, newest first: changes of secrets and of policy
#[derive(Debug, Args)]
#[command(
    after_help = "The order is that of the signed history; times are what the authors' clocks said.\n\n\
                  Examples:\n  v-secure audit log --since 7d\n  v-secure audit log --secret-id prod/API_KEY\n  \
                  v-secure audit log --base origin/main   # what is not on the server yet\n  \
                  v-secure audit log --action member-add --json\n  v-secure audit log --reads --actor ci"
)]
pub struct Log {
    /// Show instead the values that this device has read, from its journal
    #[arg(long)]
    reads: bool,

    /// Only this secret: NAME in the environment of -e, or ENVIRONMENT/NAME
    #[arg(long, value_name = "NAME")]
    #[arg(add = clap_complete::engine::ArgValueCompleter::new(crate::cli::args::complete::secrets))]
    secret_id: Option<String>,

    /// Only what this member signed
    #[arg(long, value_name = "MEMBER", add = clap_complete::engine::ArgValueCompleter::new(crate::cli::args::complete::members))]
    actor: Option<String>,

    /// Only this kind: put, field, remove, member-add, grant …; of reads: get, exec, export …
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,

    /// Only what another state lacks: a git revision, or a file (./FILE)
    #[arg(long, value_name = "REV|FILE", conflicts_with = "reads")]
    base: Option<String>,

    /// Only from this time on: a date, a time, or a span such as 7d, counted back from now
    #[arg(long, value_name = "TIME")]
    since: Option<String>,

    /// Only before this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,

    /// At most this many rows
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
}

impl Log {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let mut filter = self.filter(context)?;
        let (session, opened) = context.open(Purpose::Look, Depth::Everything)?;
        check(&opened.vault, &filter)?;
        if let Some(base) = &self.base {
            filter.known = known(context, &session, &opened.vault, base)?;
        }
        if self.reads {
            return self.reads(context, &session, &filter);
        }
        if let Some(action) = &filter.action {
            trail::known_action(action, history::actions())?;
        }
        let mut rows = history::rows(&opened.vault, &filter);
        rows.truncate(self.limit.unwrap_or(usize::MAX));
        if context.ui.json {
            let rows: Vec<HistoryRowView<'_>> = rows.iter().map(HistoryRowView::from).collect();
            return context.ui.object(&rows);
        }
        if let (Some(base), true) = (&self.base, rows.is_empty()) {
            context.ui.note(&format!("{base} has all of this history that is asked for"));
        }
        let header = ["time", "action", "on", "actor", "type", "status", "reason", "entry"];
        context.ui.table(&header, rows.iter().map(cells).collect())
    }

    fn reads(&self, context: &Context<'_>, session: &Session, filter: &HistoryFilter) -> Outcome {
        let journal = trail::journal(session)?;
        trail::warn_of_breaks(context, &journal);
        let wanted = journal.reads.iter().rev().filter(|read| wants(filter, read));
        let reads: Vec<&Read> = wanted.take(self.limit.unwrap_or(usize::MAX)).collect();
        if context.ui.json {
            let reads: Vec<ReadView<'_>> = reads.into_iter().map(trail::read_view).collect();
            return context.ui.object(&reads);
        }
        let header = ["time", "action", "environment", "secrets", "actor", "reason", "id"];
        context.ui.table(&header, reads.into_iter().map(read_cells).collect())
    }

    fn filter(&self, context: &Context<'_>) -> Outcome<HistoryFilter> {
        let now = context.host.now();
        let secret = self.secret_id.as_deref().map(|text| secret_arg::parse(text, context));
        let actor = self.actor.as_deref().map(|text| trail::actor("--actor", text));
        Ok(HistoryFilter {
            secret: secret.transpose()?,
            actor: actor.transpose()?,
            action: self.action.clone(),
            since: trail::time("--since", self.since.as_deref(), now)?,
            until: trail::time("--until", self.until.as_deref(), now)?,
            known: BTreeSet::new(),
        })
    }
}

/// The entries that the base has.
fn known(
    context: &Context<'_>,
    session: &Session,
    vault: &Vault,
    text: &str,
) -> Outcome<BTreeSet<Id>> {
    let bytes = base::read(&session.location, &context.current_dir()?, text)?;
    let base = session.other(Path::new(text), &bytes)?;
    if base.id() == vault.id() {
        return Ok(history::entries(&base));
    }
    let message = format!("{text} belongs to another vault, {}", base.file().header.name);
    Err(Failure::new(Code::BaseOtherVault, message))
}

fn check(vault: &Vault, filter: &HistoryFilter) -> Outcome {
    if let Some(secret) = &filter.secret {
        trail::known_secret(vault, secret)?;
    }
    filter.actor.as_ref().map_or(Ok(()), |actor| trail::known_actor(vault, actor))
}

fn wants(filter: &HistoryFilter, read: &Read) -> bool {
    let named = |wanted: &str| read.secrets.iter().any(|secret| secret == wanted);
    filter.secret.as_ref().is_none_or(|secret| named(secret.as_str()))
        && filter.actor.as_ref().is_none_or(|actor| read.actor == actor.as_str())
        && filter.action.as_ref().is_none_or(|action| read.action == *action)
        && filter.since.is_none_or(|since| read.ts >= since)
        && filter.until.is_none_or(|until| read.ts < until)
}

fn read_cells(read: &Read) -> Vec<String> {
    vec![
        duration::rfc3339(read.ts),
        read.action.clone(),
        read.environment.clone(),
        read.secrets.join(", "),
        read.actor.clone(),
        read.reason.clone(),
        short(&read.id),
    ]
}

fn cells(row: &HistoryRow) -> Vec<String> {
    let on = match &row.secret {
        Some(secret) if row.object.is_empty() => secret.to_string(),
        Some(secret) => format!("{secret}, value of {}", row.object),
        None => row.object.clone(),
    };
    let kind = row.actor_type.map(|kind| kind.as_str()).unwrap_or_default();
    vec![
        duration::rfc3339(row.timestamp),
        row.action.to_owned(),
        escape_for_display(&on).into_owned(),
        row.actor.clone(),
        kind.to_owned(),
        row.status.as_str().to_owned(),
        escape_for_display(&row.reason).into_owned(),
        short(&row.id),
    ]
}
