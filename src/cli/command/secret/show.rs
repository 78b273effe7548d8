//! `v-secure secret show`: everything about a secret but its value. Unlocks nothing.

use crate::cli::args::secret_arg::SecretArg;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::output::metadata;
use crate::engine::door::Purpose;
use clap::Args;
use std::collections::BTreeSet;
use v_secure_core::report::view::secret::show::SecretShowView;
use v_secure_core::secret::list;
use v_secure_core::secret::list::Listed;
use v_secure_core::secret::read;
use v_secure_core::secret::read::ReadError;
use v_secure_core::secret::rotation_due::Ages;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::Depth;

/// Show all that is known about a secret, but never its value
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  v-secure secret show DATABASE_URL\n  v-secure secret show prod/TLS_KEY --json"
)]
pub struct Show {
    #[command(flatten)]
    secret: SecretArg,
}

impl Show {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let secret = self.secret.resolve(context)?;
        let names = BTreeSet::from([secret.clone()]);
        let (session, opened) = context.open(Purpose::Look, Depth::Secrets(&names))?;
        let vault = &opened.vault;
        let state = read::find(vault, &secret)?;
        let listed = list::listed(&secret, state, session.now)
            .ok_or_else(|| ReadError::NotFound { secret: secret.clone() })?;
        let ages = Ages::new(vault);
        let due = ages.due(listed.state, listed.version);
        let report = SecretShowView::of(vault, &listed, &ages);
        if context.ui.json {
            return context.ui.object(&report);
        }
        context.ui.table(&["field", "value"], table(context, &report, &listed, due, session.now))
    }
}

fn table(
    context: &Context<'_>,
    report: &SecretShowView<'_>,
    listed: &Listed<'_>,
    due: Option<UnixTime>,
    now: UnixTime,
) -> Vec<Vec<String>> {
    let row = &report.row;
    let created = listed.state.versions.first().map(|first| first.ts);
    let readers: Vec<&str> = report.readers.iter().map(|name| name.as_str()).collect();
    let when = |seconds| metadata::when(context, seconds, now);
    let mut rows = vec![
        ("secret", row.secret.to_string()),
        ("state", row.state.to_owned()),
        ("version", format!("{} of {}", row.version, report.versions)),
        ("id", row.id.to_string()),
        ("type", optional(row.kind)),
        ("description", optional(row.description)),
        ("var", optional(row.var)),
        ("tags", metadata::shown(&row.tags.join(","))),
        ("generate", optional(report.generate)),
        ("rotation-interval", optional(row.rotation_interval)),
        ("rotation due", when(due)),
        ("expires", metadata::expires(context, listed.version, now)),
        ("created", when(created)),
        ("updated", when(Some(listed.version.ts))),
        ("who", row.who.to_string()),
        ("audience", report.audience.join(",")),
        ("readers", readers.join(",")),
        ("conflict", metadata::shown(&attention(report))),
    ];
    if report.unsettled {
        rows.push(("unsettled", "yes: v-secure access settle".to_owned()));
    }
    rows.extend(report.expiry_conflict.iter().map(|number| {
        let command =
            format!("v-secure secret expire {} --version {number} --at 2027-01-31", row.secret);
        ("expiry conflict", format!("version {number}: {command}"))
    }));
    rows.extend(report.overruled.iter().map(|number| {
        let command = format!("v-secure secret rollback {} --version {number}", row.secret);
        ("overruled", format!("version {number}: {}: {command}", metadata::OVERRULED))
    }));
    let meta = row.meta.iter().map(|(key, value)| (format!("meta.{key}"), metadata::shown(value)));
    rows.into_iter()
        .map(|(field, value)| (field.to_owned(), value))
        .chain(meta)
        .map(|(field, value)| vec![field, value])
        .collect()
}

fn optional(text: Option<&str>) -> String {
    metadata::shown(text.unwrap_or_default())
}

/// The conflicting versions and fields, in a few words.
fn attention(report: &SecretShowView<'_>) -> String {
    let versions = report.conflict.iter().map(|number| format!("version {number}"));
    let fields = report.field_conflicts.keys().map(ToString::to_string);
    versions.chain(fields).collect::<Vec<_>>().join(",")
}
