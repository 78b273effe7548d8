//! What holds in a vault that verifies, and what happened in it.

use super::Lines;
use crate::convert::duration::rfc3339;
use crate::crypto::bytes::Id;
use crate::log::describe::quoted;
use crate::log::history::RowStatus;
use crate::log::state::{SecretState, Version};
use crate::name::SecretName;
use crate::report::facts;
use crate::report::facts::Subject;
use crate::report::history;
use crate::report::history::{HistoryFilter, HistoryRow};
use crate::vault::Vault;
use std::collections::BTreeMap;

/// The headings of the policy's facts, each with the kinds that stand under it.
const POLICY: [(&str, &[&str]); 4] = [
    ("members", &["member", "device", "recipient"]),
    ("roles and grants", &["role", "membership", "grant", "threshold"]),
    ("settings", &["setting"]),
    ("keys", &["keys"]),
];

pub(super) fn tell(lines: &mut Lines, vault: &Vault, verdict: &str) {
    lines.heading("vault");
    lines.fact(&format!("{} {}", vault.file().header.name, vault.id()));
    lines.fact(verdict);
    let facts = facts::of(vault.policy());
    for (heading, kinds) in POLICY {
        lines.heading(heading);
        let of_these = facts.iter().filter(|(subject, _)| kinds.contains(&subject.kind()));
        of_these.for_each(|(subject, said)| lines.fact(&fact(subject, said)));
    }
    lines.heading("secrets");
    vault.state().secrets.iter().for_each(|(name, state)| secret(lines, name, state));
    lines.heading("history");
    let rows = history::rows(vault, &HistoryFilter::default());
    let numbers = numbers(vault);
    rows.iter().rev().for_each(|row| lines.fact(&event(row, &numbers)));
}

fn fact(subject: &Subject, said: &str) -> String {
    let text = match subject {
        Subject::Membership { role, member } => format!("member {member} is in {role}"),
        Subject::Grant { role, pattern } => format!("grant to {role} on {pattern}"),
        other => format!("{} {other}", other.kind()),
    };
    if said.is_empty() { text } else { format!("{text}: {said}") }
}

fn secret(lines: &mut Lines, name: &SecretName, state: &SecretState) {
    for version in &state.versions {
        let number = version.number;
        lines.fact(&format!("{name} version {number}: {}", standing(state, version)));
        if let Some(at) = version.expires {
            lines.fact(&format!("{name} version {number} expires {}", rfc3339(at)));
        }
    }
    for (field, register) in &state.fields {
        if let Some(value) = &register.value {
            lines.fact(&format!("{name} {field}: {}", quoted(value)));
        }
        let others = register.others.iter().flatten();
        others.for_each(|value| lines.fact(&format!("{name} {field}, too: {}", quoted(value))));
    }
}

/// As [`SecretState::status`], without the clock.
fn standing(state: &SecretState, version: &Version) -> &'static str {
    let is_active = state.candidates.contains(&version.object);
    match version {
        Version { pruned: true, .. } => "pruned",
        Version { removed: true, .. } => "removed",
        _ if is_active && state.is_conflict() => "conflicting",
        _ if is_active => "current",
        Version { retired: true, .. } => "retired",
        _ => "replaced",
    }
}

/// The numbers of versions, by the entries that put them.
fn numbers(vault: &Vault) -> BTreeMap<(Id, &SecretName), usize> {
    let secrets = vault.state().secrets.iter();
    let versions = secrets.flat_map(|(name, state)| {
        state.versions.iter().map(move |version| ((Id::from(version.entry), name), version.number))
    });
    versions.collect()
}

fn event(row: &HistoryRow, numbers: &BTreeMap<(Id, &SecretName), usize>) -> String {
    let mut text = format!("{} {} {}", rfc3339(row.timestamp), row.actor, row.action);
    if let Some(secret) = &row.secret {
        text.push_str(&format!(" {secret}"));
        let number =
            numbers.get(&(row.id, secret)).filter(|_| matches!(row.action, "put" | "promote"));
        text.extend(number.map(|number| format!(" version {number}")));
    }
    if !row.object.is_empty() {
        text.push_str(&format!(" {}", row.object));
    }
    if row.status != RowStatus::Counting {
        text.push_str(&format!(" ({})", row.status.as_str()));
    }
    text.push_str(&format!(" {}", quoted(&row.reason)));
    text
}
