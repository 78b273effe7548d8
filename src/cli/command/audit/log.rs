//! `v-secure audit log`: who did what, when and why.

use crate::cli::context::{Context, Purpose, short};
use crate::cli::error::{Failure, Outcome};
use crate::cli::secret_arg;
use crate::name::Name;
use crate::ops::duration::{self, TimeError};
use crate::ops::history::{self, Filter, Row};
use crate::ops::vault::Depth;
use crate::vault::text::escape_for_display;
use clap::Args;
use serde::Serialize;

/// Show the history, newest first: changes of secrets and of policy
#[derive(Debug, Args)]
#[command(
    after_help = "The order is that of the signed history; times are what the authors' clocks said.\n\n\
                  Examples:\n  v-secure audit log --since 7d\n  v-secure audit log --secret-id prod/API_KEY\n  \
                  v-secure audit log --action member-add --json"
)]
pub struct Log {
    /// Only this secret: NAME in the environment of -e, or ENVIRONMENT/NAME
    #[arg(long, value_name = "NAME")]
    #[arg(add = clap_complete::engine::ArgValueCompleter::new(crate::cli::complete::secrets))]
    secret_id: Option<String>,

    /// Only what this member signed
    #[arg(long, value_name = "MEMBER", add = clap_complete::engine::ArgValueCompleter::new(crate::cli::complete::members))]
    actor: Option<String>,

    /// Only this kind: put, field, remove, member-add, grant …
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,

    /// Only from then on: a date, a time, or a span such as 7d, which means ago
    #[arg(long, value_name = "TIME")]
    since: Option<String>,

    /// Only before then
    #[arg(long, value_name = "TIME")]
    until: Option<String>,

    /// At most so many rows
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
}

#[derive(Serialize)]
struct Record<'a> {
    id: String,
    timestamp: String,
    action: &'a str,
    /// Empty for what is about no one secret.
    secret_id: &'a str,
    /// What a change of policy is about.
    object: &'a str,
    actor: &'a str,
    /// `user`, `service` or `agent`; empty for who is no member any more.
    actor_type: &'a str,
    reason: &'a str,
    /// `counting`, or `void`: kept without effect.
    status: &'a str,
}

impl Log {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let filter = self.filter(context)?;
        let (_, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let mut rows = history::rows(&opened.vault, &filter);
        rows.truncate(self.limit.unwrap_or(usize::MAX));
        if context.ui.json {
            return context.ui.object(&rows.iter().map(record).collect::<Vec<_>>());
        }
        let header = ["time", "action", "on", "actor", "type", "status", "reason", "entry"];
        context.ui.table(&header, rows.iter().map(cells).collect())
    }

    fn filter(&self, context: &Context<'_>) -> Outcome<Filter> {
        let now = context.host.now();
        let secret = self.secret_id.as_deref().map(|text| secret_arg::parse(text, context));
        let actor = self.actor.as_deref().map(|text| {
            Name::new(text).map_err(|error| {
                Failure::usage("bad-name", "--actor is no name of a member").because(&error)
            })
        });
        Ok(Filter {
            secret: secret.transpose()?,
            actor: actor.transpose()?,
            action: self.action.clone(),
            since: time("--since", self.since.as_deref(), now)?,
            until: time("--until", self.until.as_deref(), now)?,
        })
    }
}

fn time(option: &str, text: Option<&str>, now: u64) -> Outcome<Option<u64>> {
    let read = |text: &str| match duration::parse_span(text) {
        Ok(span) => Ok(now.saturating_sub(span)),
        Err(TimeError::Span) => duration::parse_instant(text),
        Err(error) => Err(error),
    };
    text.map(read)
        .transpose()
        .map_err(|error| Failure::usage("bad-time", format!("{option} is no time")).because(&error))
}

fn record(row: &Row) -> Record<'_> {
    Record {
        id: row.entry.to_string(),
        timestamp: duration::rfc3339(row.timestamp),
        action: row.action,
        secret_id: row.secret.as_ref().map(|secret| secret.as_str()).unwrap_or_default(),
        object: &row.object,
        actor: &row.actor,
        actor_type: row.actor_type.map(|kind| kind.as_str()).unwrap_or_default(),
        reason: &row.reason,
        status: row.status.as_str(),
    }
}

fn cells(row: &Row) -> Vec<String> {
    let on = row.secret.as_ref().map_or_else(|| row.object.clone(), ToString::to_string);
    let kind = row.actor_type.map(|kind| kind.as_str()).unwrap_or_default();
    vec![
        duration::rfc3339(row.timestamp),
        row.action.to_owned(),
        escape_for_display(&on).into_owned(),
        row.actor.clone(),
        kind.to_owned(),
        row.status.as_str().to_owned(),
        escape_for_display(&row.reason).into_owned(),
        short(&row.entry),
    ]
}
