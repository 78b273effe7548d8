//! `v-secure` alone: which vault, who you are in it, what there is and what needs attention.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::exposure;
use crate::cli::people::policy::count;
use crate::cli::unlocking;
use crate::engine::door::Purpose;
use serde::Serialize;
use std::collections::BTreeMap;
use v_secure_core::convert::duration;
use v_secure_core::file::request::fingerprint_words;
use v_secure_core::record::text::escape_for_display;
use v_secure_core::secret::list;
use v_secure_core::secret::list::ListFilter;
use v_secure_core::vault::unlock::Unlocked;
use v_secure_core::vault::{Depth, Vault};

/// How near an expiry is worth a line, in seconds.
const SOON: u64 = 7 * 24 * 3600;

#[derive(Serialize)]
struct Status {
    vault: String,
    id: String,
    path: String,
    fingerprint: String,
    pinned: bool,
    member: Option<String>,
    roles: Vec<String>,
    /// The way that unlocked the vault.
    unlocked_by: Option<String>,
    /// Until when 'v-secure unlock' keeps it open, if that unlocked it.
    open_until: Option<String>,
    /// Why nothing is unlocked, if nothing is.
    locked: Option<String>,
    #[serde(skip)]
    way_in: &'static str,
    environments: BTreeMap<String, usize>,
    expiring: Vec<Expiring>,
    attention: Vec<String>,
}

#[derive(Serialize)]
struct Expiring {
    secret: String,
    at: String,
    expired: bool,
    when: String,
}

pub fn run(context: &Context<'_>) -> Outcome {
    let (session, opened) = context.open(Purpose::Look, Depth::Everything)?;
    let vault = &opened.vault;
    let unlocked = unlocking::unlock_without_asking(context, vault);
    let who = unlocked.as_ref().map(|unlocked| &unlocked.who);
    let kept_until = who.as_ref().ok().and_then(|who| who.kept_until());
    let status = Status {
        vault: vault.file().header.name.to_string(),
        id: vault.id().to_string(),
        path: session.location.vault.display().to_string(),
        fingerprint: fingerprint_words(&vault.id()),
        pinned: opened.pin != v_secure_core::vault::pin::PinStatus::Unknown,
        member: who.as_ref().ok().map(|who| who.member().to_string()),
        roles: who.as_ref().map(|who| roles(vault, who)).unwrap_or_default(),
        unlocked_by: unlocked.as_ref().ok().map(|unlocked| unlocked.way.clone()),
        open_until: kept_until.map(duration::rfc3339),
        locked: who.err().map(|failure| failure.causes.join("; ")),
        way_in: way_in(vault),
        environments: environments(vault, session.now),
        expiring: expiring(vault, session.now),
        attention: attention(context, vault, session.now),
    };
    if context.ui.json {
        return context.ui.object(&status);
    }
    show(context, &status, kept_until.map(|until| duration::relative(until, session.now)))
}

fn way_in(vault: &Vault) -> &'static str {
    match unlocking::may_ask(vault) {
        true => {
            "to unlock it for a while: v-secure unlock; as a new member: v-secure member request"
        }
        false => {
            "unlock it with --identity FILE, or ask to become a member: v-secure member request"
        }
    }
}

fn roles(vault: &Vault, who: &Unlocked) -> Vec<String> {
    let member = vault.policy().member(who.member());
    member.map(|member| member.roles().map(ToString::to_string).collect()).unwrap_or_default()
}

/// Environments with the number of their secrets.
fn environments(vault: &Vault, now: u64) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for listed in list::list(vault, &ListFilter::default(), now) {
        *counts.entry(listed.name.environment().to_owned()).or_insert(0) += 1;
    }
    counts
}

/// Those too whose values were pruned since: a program that wants them does not start.
fn expiring(vault: &Vault, now: u64) -> Vec<Expiring> {
    let soon = Some(now.saturating_add(SOON));
    let filter = ListFilter { expiring: soon, expired: true, ..ListFilter::default() };
    let mut found: Vec<(u64, Expiring)> = list::list(vault, &filter, now)
        .into_iter()
        .filter_map(|listed| Some((listed.name, listed.version.expires?)))
        .map(|(name, at)| {
            let (expired, when) = (now >= at, duration::relative(at, now));
            (at, Expiring { secret: name.to_string(), at: duration::rfc3339(at), expired, when })
        })
        .collect();
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, expiring)| expiring).collect()
}

fn attention(context: &Context<'_>, vault: &Vault, now: u64) -> Vec<String> {
    let mut lines: Vec<String> = vault
        .remarks(now)
        .into_iter()
        .filter(|finding| finding.code.as_str() != "expired")
        .map(|finding| finding.message)
        .collect();
    lines.extend(expired_members(vault, now));
    lines.extend(exposed(context, vault));
    let conflicts = vault.live().filter(|(_, secret)| secret.is_conflict());
    for (name, _) in conflicts {
        let line = format!("{name} has two active versions; settle it with 'v-secure set {name}'");
        if !lines.iter().any(|known| known.contains(name.as_str())) {
            lines.push(line);
        }
    }
    lines
}

fn exposed(context: &Context<'_>, vault: &Vault) -> Option<String> {
    let secrets = exposure::all(context, vault).map_or(0, |exposed| exposed.values.len());
    let line = || {
        format!(
            "known to somebody without the right to read them: {}: v-secure exposed",
            count(secrets)
        )
    };
    (secrets > 0).then(line)
}

/// The clock warns; only a signed removal ends rights.
fn expired_members(vault: &Vault, now: u64) -> Vec<String> {
    let members = vault.policy().members();
    let expiring = members.filter_map(|(name, member)| Some((name, member.expires?)));
    let soon = expiring.filter(|(_, at)| *at <= now.saturating_add(SOON));
    soon.map(|(name, at)| {
        let when = duration::relative(at, now);
        match at <= now {
            true => format!("member {name} expired {when}: v-secure member remove {name}"),
            false => format!("member {name} expires {when}"),
        }
    })
    .collect()
}

fn show(context: &Context<'_>, status: &Status, ends: Option<String>) -> Outcome {
    let ui = &context.ui;
    let path = escape_for_display(&status.path);
    let line = |label: &str, text: &str| ui.wrapped(&format!("{label:<14}"), 14, text);
    line("vault", &format!("{} ({path})", ui.strong(&status.vault)))?;
    line("fingerprint", &status.fingerprint)?;
    if !status.pinned {
        line("pin", "not accepted on this device yet")?;
    }
    match (&status.member, &status.locked) {
        (Some(member), _) => {
            line("you", &format!("{member} ({})", status.roles.join(", ")))?;
            if let Some(way) = &status.unlocked_by {
                let ends = ends.map(|ends| format!(" (ends {ends})")).unwrap_or_default();
                line("unlocked by", &format!("{}{ends}", escape_for_display(way)))?;
            }
        }
        (None, Some(why)) => {
            line("you", &format!("locked: {}", escape_for_display(why)))?;
            line("", status.way_in)?;
        }
        (None, None) => {}
    }
    let counts: Vec<String> =
        status.environments.iter().map(|(name, count)| format!("{name} {count}")).collect();
    let counts =
        if counts.is_empty() { "none yet: v-secure import .env".into() } else { counts.join(", ") };
    line("environments", &counts)?;
    for expiring in &status.expiring {
        let word = if expiring.expired { "expired" } else { "expires" };
        line(word, &format!("{} {}", expiring.secret, expiring.when))?;
    }
    for text in &status.attention {
        line("attention", &escape_for_display(text))?;
    }
    Ok(())
}
