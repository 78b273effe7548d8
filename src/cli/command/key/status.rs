//! `v-secure key status`: the keys of every audience, and what is due.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::policy::{givers, listed};
use crate::engine::door::Purpose;
use clap::Args;
use v_secure_core::convert::duration::relative;
use v_secure_core::keys::status::{AudienceKeys, KeyDue, KeyStatus, key_status};
use v_secure_core::name::Name;
use v_secure_core::report::view::key::status::{KeyScheduleView, KeyStatusView};
use v_secure_core::time::UnixTime;
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

impl StatusCommand {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (session, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let (vault, now) = (&opened.vault, session.now);
        let status = key_status(vault, now);
        if context.ui.json {
            let settings = vault.policy().settings();
            return context.ui.object(&KeyStatusView::of(settings, &status, now));
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

fn cells(keys: &AudienceKeys, now: UnixTime) -> Vec<String> {
    let oldest = keys.oldest_dek.as_ref().map(|oldest| relative(oldest.since, now));
    let due = match (keys.due, keys.due_at) {
        _ if !keys.in_use => "not in use".into(),
        (Some(KeyDue::MemberLeft), _) => "now: a member left".into(),
        (Some(KeyDue::Schedule), _) => "now".into(),
        (None, Some(at)) => relative(at, now),
        (None, None) => "-".into(),
    };
    vec![
        keys.audience.to_string(),
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
    let ui = &context.ui;
    let KeyScheduleView { kek, dek } = vault.policy().settings().into();
    let every = |span: Option<&str>| span.map_or("never".into(), |span| format!("every {span}"));
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
