//! `v-secure key status`: the keys of every audience, and what is due.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::policy::{givers, listed};
use crate::engine::door::Purpose;
use clap::Args;
use serde::Serialize;
use v_secure_core::convert::duration::{relative, rfc3339};
use v_secure_core::keys::status::{AudienceKeys, KeyDue, KeyStatus, key_status};
use v_secure_core::name::Name;
use v_secure_core::vault::{Depth, Vault};

/// Show the keys of every audience: how old they are, and what is due
#[derive(Debug, Args)]
#[command(
    after_help = "An audience is the set of roles that may read a secret. Its key (KEK) changes with every \
                        epoch; each value has a key of its own (DEK), which is under it. 'due' is when the setting \
                        rotation.kek wants a new epoch; values that rotation.dek wants encrypted again are counted below.\n\n\
                        Examples:\n  v-secure key status\n  v-secure key status --json\n  v-secure settings set rotation.kek 30d"
)]
pub struct StatusCommand {}

#[derive(Serialize)]
struct Report {
    schedule: Schedule,
    audiences: Vec<Row>,
    missing: Vec<String>,
}

#[derive(Serialize)]
struct Schedule {
    kek: Option<String>,
    dek: Option<String>,
}

#[derive(Serialize)]
struct Row {
    audience: String,
    roles: Vec<String>,
    readers: Vec<String>,
    epoch: String,
    since: String,
    age_seconds: u64,
    epochs: usize,
    in_use: bool,
    secrets: usize,
    under_current: usize,
    oldest_dek: Option<OldestDek>,
    deks_due: usize,
    due: bool,
    /// Why it is due.
    why: Option<&'static str>,
    due_at: Option<String>,
    able: Vec<String>,
}

#[derive(Serialize)]
struct OldestDek {
    secret: String,
    since: String,
}

impl StatusCommand {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (session, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let (vault, now) = (&opened.vault, session.now);
        let status = key_status(vault, now);
        if context.ui.json {
            let audiences = status.audiences.iter().map(|keys| row(keys, now)).collect();
            let (schedule, missing) = (schedule(vault), status.missing.clone());
            return context.ui.object(&Report { schedule, audiences, missing });
        }
        let rows = status.audiences.iter().map(|keys| cells(keys, now)).collect();
        context.ui.table(
            &["audience", "readers", "key", "epochs", "secrets", "oldest value key", "due"],
            rows,
        )?;
        remarks(context, vault, &status);
        Ok(())
    }
}

fn schedule(vault: &Vault) -> Schedule {
    let text = |key| vault.policy().settings().get(key).map(str::to_owned);
    Schedule { kek: text("rotation.kek"), dek: text("rotation.dek") }
}

fn row(keys: &AudienceKeys, now: u64) -> Row {
    let texts = |names: &[Name]| names.iter().map(Name::to_string).collect();
    Row {
        audience: keys.audience.clone(),
        roles: texts(&keys.roles),
        readers: texts(&keys.readers),
        epoch: keys.epoch.to_string(),
        since: rfc3339(keys.since),
        age_seconds: now.saturating_sub(keys.since),
        epochs: keys.epochs,
        in_use: keys.in_use,
        secrets: keys.secrets,
        under_current: keys.under_current,
        oldest_dek: keys.oldest_dek.as_ref().map(|oldest| OldestDek {
            secret: oldest.secret.to_string(),
            since: rfc3339(oldest.since),
        }),
        deks_due: keys.deks_due,
        due: keys.due.is_some(),
        why: keys.due.map(KeyDue::as_str),
        due_at: keys.due_at.map(rfc3339),
        able: texts(&keys.able),
    }
}

fn cells(keys: &AudienceKeys, now: u64) -> Vec<String> {
    let oldest = keys.oldest_dek.as_ref().map(|oldest| relative(oldest.since, now));
    let due = match (keys.due, keys.due_at) {
        _ if !keys.in_use => "not in use".into(),
        (Some(KeyDue::MemberLeft), _) => "now: a member left".into(),
        (Some(KeyDue::Schedule), _) => "now".into(),
        (None, Some(at)) => relative(at, now),
        (None, None) => "-".into(),
    };
    vec![
        keys.audience.clone(),
        few(&keys.readers),
        relative(keys.since, now),
        keys.epochs.to_string(),
        keys.secrets.to_string(),
        oldest.unwrap_or_else(|| "-".into()),
        due,
    ]
}

/// The first names, and how many there are besides: a table has a line for each audience.
fn few(names: &[Name]) -> String {
    const SHOWN: usize = 3;
    match names.len().saturating_sub(SHOWN) {
        0 => listed(names),
        more => format!("{} +{more}", listed(&names[..SHOWN])),
    }
}

/// What the table does not hold: the schedule, what it wants now, and who can do it.
fn remarks(context: &Context<'_>, vault: &Vault, status: &KeyStatus) {
    let (ui, Schedule { kek, dek }) = (&context.ui, schedule(vault));
    let every = |span: Option<String>| span.map_or("never".into(), |span| format!("every {span}"));
    ui.note(&format!("key schedule: audiences {}, values {}", every(kek), every(dek)));
    for keys in status.audiences.iter().filter(|keys| keys.due.is_some()) {
        let able = listed(&keys.able);
        let how = match keys.due {
            Some(KeyDue::MemberLeft) => "'v-secure access settle'",
            _ => "'v-secure key rotate --due'",
        };
        ui.warn(&format!("{} wants a new key: {how}, by one of: {able}", keys.audience));
    }
    let deks: usize = status.audiences.iter().map(|keys| keys.deks_due).sum();
    if deks > 0 {
        ui.warn(&format!(
            "{deks} values want fresh keys of their own: 'v-secure key rotate --due'"
        ));
    }
    if !status.missing.is_empty() {
        let (missing, who) = (status.missing.join(", "), givers(vault, &status.missing));
        ui.warn(&format!("without any key: {missing}; 'v-secure access settle', by one of: {who}"));
    }
}
