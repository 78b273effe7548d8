//! `v-secure secret show`: everything about a secret but its value. Unlocks nothing.

use crate::cli::args::secret_arg::SecretArg;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::output::metadata;
use crate::cli::output::metadata::SecretRow;
use crate::engine::door::Purpose;
use clap::Args;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use v_secure_core::log::state::{SecretState, Version};
use v_secure_core::name::SecretName;
use v_secure_core::secret::list;
use v_secure_core::secret::list::Listed;
use v_secure_core::secret::read;
use v_secure_core::secret::read::ReadError;
use v_secure_core::secret::rotation_due::Ages;
use v_secure_core::vault::{Depth, Vault};

/// Show all that is known about a secret, but never its value
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  v-secure secret show DATABASE_URL\n  v-secure secret show prod/TLS_KEY --json"
)]
pub struct Show {
    #[command(flatten)]
    secret: SecretArg,
}

#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    row: SecretRow,
    /// The generator of its values, if it has one.
    generate: Option<String>,
    versions: usize,
    created: String,
    /// The roles that may read it, and their members.
    audience: Vec<String>,
    readers: Vec<String>,
    /// The numbers of the active versions, where there are several.
    conflict: Vec<usize>,
    /// Fields with values that differ since a merge: the losing ones.
    field_conflicts: BTreeMap<String, Vec<Option<String>>>,
    /// The numbers of the versions whose expiry was changed in several ways since a merge.
    expiry_conflict: Vec<usize>,
    /// The numbers of the versions that set nothing, since what they rotate was removed.
    overruled: Vec<usize>,
    /// Whether a value in force is wrapped for other readers than the grants say.
    unsettled: bool,
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
        let report = report(vault, &listed, &ages);
        if context.ui.json {
            return context.ui.object(&report);
        }
        context.ui.table(&["field", "value"], table(context, &report, &listed, due, session.now))
    }
}

fn report<'a>(vault: &'a Vault, listed: &Listed<'a>, ages: &Ages<'a>) -> Report {
    let Listed { name, state, .. } = listed;
    let policy = vault.policy();
    let audience = policy.audience_of(name);
    let conflict = match state.is_conflict() {
        true => state.active().map(|version| version.number).collect::<BTreeSet<_>>(),
        false => BTreeSet::new(),
    };
    Report {
        row: metadata::row(listed, ages),
        generate: state.generate().map(str::to_owned),
        versions: state.versions.len(),
        created: v_secure_core::convert::duration::rfc3339(
            state.versions.first().map_or(0, |first| first.ts),
        ),
        readers: policy.members_of(&audience).into_iter().map(ToString::to_string).collect(),
        unsettled: state.active().any(|version| is_unsettled(vault, name, version, &audience)),
        audience: audience.split('+').map(str::to_owned).collect(),
        conflict: conflict.into_iter().collect(),
        field_conflicts: field_conflicts(state),
        expiry_conflict: numbers(state, |version| version.expiry_conflict && !version.pruned),
        overruled: numbers(state, metadata::is_overruled),
    }
}

fn is_unsettled(vault: &Vault, name: &SecretName, version: &Version, audience: &str) -> bool {
    let wrap = vault.wrap(&vault.uid(name), &version.live_wrap.wrap);
    wrap.is_some_and(|wrap| wrap.audience != audience)
}

fn numbers(state: &SecretState, which: impl Fn(&Version) -> bool) -> Vec<usize> {
    state.versions.iter().filter(|v| which(v)).map(|version| version.number).collect()
}

fn field_conflicts(state: &SecretState) -> BTreeMap<String, Vec<Option<String>>> {
    let conflicting = state.fields.iter().filter(|(_, register)| !register.others.is_empty());
    conflicting.map(|(field, register)| (field.clone(), register.others.clone())).collect()
}

fn table(
    context: &Context<'_>,
    report: &Report,
    listed: &Listed<'_>,
    due: Option<u64>,
    now: u64,
) -> Vec<Vec<String>> {
    let row = &report.row;
    let created = listed.state.versions.first().map(|first| first.ts);
    let when = |seconds| metadata::when(context, seconds, now);
    let mut rows = vec![
        ("secret", row.secret.clone()),
        ("state", row.state.to_owned()),
        ("version", format!("{} of {}", row.version, report.versions)),
        ("id", row.id.clone()),
        ("type", optional(row.kind.as_deref())),
        ("description", optional(row.description.as_deref())),
        ("var", optional(row.var.as_deref())),
        ("tags", metadata::shown(&row.tags.join(","))),
        ("generate", optional(report.generate.as_deref())),
        ("rotation-interval", optional(row.rotation_interval.as_deref())),
        ("rotation due", when(due)),
        ("expires", metadata::expires(context, listed.version, now)),
        ("created", when(created)),
        ("updated", when(Some(listed.version.ts))),
        ("who", row.who.clone()),
        ("audience", report.audience.join(",")),
        ("readers", report.readers.join(",")),
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
fn attention(report: &Report) -> String {
    let versions = report.conflict.iter().map(|number| format!("version {number}"));
    let fields = report.field_conflicts.keys().cloned();
    versions.chain(fields).collect::<Vec<_>>().join(",")
}
