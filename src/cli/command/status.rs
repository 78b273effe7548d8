//! `v-secure` alone: which vault, who you are in it, what there is and what needs attention.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::exposure;
use crate::cli::people::policy::count;
use crate::cli::people::proposals;
use crate::cli::unlocking;
use crate::engine::door::Purpose;
use crate::engine::history::HistoryUse;
use crate::engine::judging;
use crate::engine::session::{OpenedVault, Session};
use crate::store::git::driver;
use std::collections::BTreeMap;
use v_secure_core::convert::duration;
use v_secure_core::file::request::fingerprint_words;
use v_secure_core::log::finding::{Finding, FindingCode, Subject};
use v_secure_core::name::Name;
use v_secure_core::record::text::escape_for_display;
use v_secure_core::report::view::status::{ExpiringSecretView, SOON, StatusView, environments};
use v_secure_core::time::UnixTime;
use v_secure_core::vault::{Depth, Vault, closing};

/// As many findings of one kind are shown about the rotations of a secret.
const SHOWN: usize = 8;

pub fn run(context: &Context<'_>) -> Outcome {
    let (session, opened) = context.open(Purpose::Look, Depth::Everything)?;
    let vault = &opened.vault;
    let unlocked = unlocking::unlock_without_asking(context, vault);
    let who = unlocked.as_ref().map(|unlocked| &unlocked.who);
    let member = who.as_ref().ok().and_then(|who| vault.policy().member(who.member()));
    let member_name = who.as_ref().ok().map(|who| who.member());
    let kept_until = who.as_ref().ok().and_then(|who| who.kept_until());
    let status = StatusView {
        vault: &vault.file().header.name,
        id: vault.id(),
        path: session.location.vault.display().to_string(),
        fingerprint: fingerprint_words(&vault.id()),
        pinned: opened.pin != v_secure_core::vault::pin::PinStatus::Unknown,
        member: who.as_ref().ok().map(|who| who.member()),
        roles: member.into_iter().flat_map(|member| member.roles()).collect(),
        unlocked_by: unlocked.as_ref().ok().map(|unlocked| unlocked.way.as_str()),
        open_until: kept_until.map(duration::rfc3339),
        locked: who.err().map(|failure| failure.causes.join("; ")),
        environments: environments(vault, session.now),
        expiring: ExpiringSecretView::all(vault, session.now),
        attention: attention(context, vault, &session, member_name),
    };
    if context.ui.json {
        return context.ui.object(&status);
    }
    let ends = kept_until.map(|until| duration::relative(until, session.now));
    show(context, &status, ends, way_in(vault))
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

/// What the findings say. Whoever may rotate can make any number of one kind: the first ones of a secret stand for all.
fn told(findings: Vec<Finding>) -> Vec<String> {
    let (mut lines, mut many) = (Vec::new(), BTreeMap::<_, usize>::new());
    for finding in findings.into_iter().filter(|finding| finding.code != FindingCode::Expired) {
        let secret = match finding.subject {
            Subject::Secret(secret) | Subject::Object { secret, .. } => Some(secret),
            _ => None,
        };
        let is_of_rotations =
            matches!(finding.code, FindingCode::RotationStale | FindingCode::RotationLeft);
        if let Some(secret) = secret.filter(|_| is_of_rotations) {
            let count = many.entry((secret, finding.code.as_str())).or_default();
            *count += 1;
            if *count > SHOWN {
                continue;
            }
        }
        lines.push(finding.message);
    }
    lines.extend(many.into_iter().filter(|(_, count)| *count > SHOWN).map(
        |((secret, code), count)| {
            let more = count - SHOWN;
            format!("{more} more of {secret}, {code}: v-secure secret rotation-status {secret}")
        },
    ));
    lines
}

fn attention(
    context: &Context<'_>,
    vault: &Vault,
    session: &Session,
    member: Option<&Name>,
) -> Vec<String> {
    let now = session.now;
    let mut lines = told(vault.remarks(now));
    lines.extend(expired_members(vault, now));
    let whole = whole(context, session, vault);
    let judged = whole.as_ref().map_or(vault, |opened| &opened.vault);
    let waiting = member.map(|member| proposals::waiting(session, judged, member));
    lines.extend(waiting.into_iter().flatten().map(|proposal| {
        format!("a change waits for your signature as an owner: v-secure policy sign {proposal}")
    }));
    lines.extend(exposed(context, vault));
    let conflicts = vault.live().filter(|(_, secret)| secret.is_conflict());
    for (name, _) in conflicts {
        let line = format!(
            "{name} has several active versions: v-secure secret resolve {name} --take VERSION"
        );
        if !lines.iter().any(|known| known.contains(name.as_str())) {
            lines.push(line);
        }
    }
    lines.extend(closing::pays(vault, now.saturating_sub(closing::LEFT_OPEN)).map(|entries| {
        format!("{entries} entries of the log are history: v-secure history close")
    }));
    if needs_history(session, vault) {
        let line =
            "without .v-secure/history some secrets cannot be read: v-secure history close --all";
        lines.push(line.to_owned());
    }
    lines.extend(untold(session));
    lines
}

/// The vault with its closed history, where there are proposals and it was read without: a closing is judged by all of
/// the log.
fn whole(context: &Context<'_>, session: &Session, vault: &Vault) -> Option<OpenedVault> {
    if !vault.is_upon_checkpoint() || session.proposal_names().is_ok_and(|names| names.is_empty()) {
        return None;
    }
    let whole = Session { history: HistoryUse::Whole, ..session.clone() };
    judging::open(context, &whole, Purpose::Look, Depth::Everything).ok()
}

/// Whether what was closed had to be read to tell of the secrets as they are, as after the merge of a branch that
/// began before the closing: a clone without the folder cannot.
fn needs_history(session: &Session, vault: &Vault) -> bool {
    session.history == HistoryUse::AsNeeded && vault.has_history()
}

/// A clone that was made of a repository whose vault has the merge driver, and does not know it, or does not know
/// what shows changes.
fn untold(session: &Session) -> Option<String> {
    let location = &session.location;
    location.git_common_dir.as_ref()?;
    // Attributes of an older version name the first alone.
    let named = driver::named(&location.vault);
    if !named.merge {
        return None;
    }
    let told = driver::registered(&location.folder);
    let what = match (told.merge, named.diff && told.diff) {
        (true, true) => return None,
        (true, false) => "this clone shows changes of the vault as lines of its text",
        (false, _) => "this clone merges the vault as text",
    };
    Some(format!("{what}: v-secure git install"))
}

fn exposed(context: &Context<'_>, vault: &Vault) -> Option<String> {
    let secrets = exposure::secrets(context, vault).unwrap_or(0);
    let line = || {
        format!(
            "known to somebody without the right to read them: {}: v-secure exposed",
            count(secrets)
        )
    };
    (secrets > 0).then(line)
}

/// The clock warns; only a signed removal ends rights.
fn expired_members(vault: &Vault, now: UnixTime) -> Vec<String> {
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

fn show(
    context: &Context<'_>,
    status: &StatusView<'_>,
    ends: Option<String>,
    way_in: &str,
) -> Outcome {
    let ui = &context.ui;
    let path = escape_for_display(&status.path);
    let line = |label: &str, text: &str| ui.wrapped(&format!("{label:<14}"), 14, text);
    line("vault", &format!("{} ({path})", ui.strong(status.vault.as_str())))?;
    line("fingerprint", &status.fingerprint)?;
    if !status.pinned {
        line("pin", "not accepted on this device yet")?;
    }
    match (&status.member, &status.locked) {
        (Some(member), _) => {
            let roles: Vec<&str> = status.roles.iter().map(|role| role.as_str()).collect();
            line("you", &format!("{member} ({})", roles.join(", ")))?;
            if let Some(way) = &status.unlocked_by {
                let ends = ends.map(|ends| format!(" (ends {ends})")).unwrap_or_default();
                line("unlocked by", &format!("{}{ends}", escape_for_display(way)))?;
            }
        }
        (None, Some(why)) => {
            line("you", &format!("locked: {}", escape_for_display(why)))?;
            line("", way_in)?;
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
