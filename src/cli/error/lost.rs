//! What is said where the policy lacks what this device accepted: what it was, whose, and what leads
//! out. Commands, the hook, `pin` and `doctor` say the same.

use super::pin_failures::{ACCEPT, pin_failure};
use crate::cli::error::Failure;
use crate::engine::lost::{Lost, LostEntry, Trace};
use crate::engine::session::{OpenedVault, Session};
use std::collections::BTreeSet;
use v_secure_core::name::Name;
use v_secure_core::vault::demoted::{Demoted, Loss};
use v_secure_core::vault::pin::PinStatus;
use v_secure_core::vault::taken::Taking;

/// What gives up a change that was thrown away.
pub const GIVE_UP: &str = "v-secure pin accept  # shows what is given up, and asks";

/// How many entries are named.
const NAMED: usize = 3;

/// What is known of the entries that a file lacks. What cannot be read says nothing.
pub fn of(session: &Session, opened: &OpenedVault) -> Option<Lost> {
    session.lost(opened).ok().flatten()
}

/// Why a vault whose pin does not fit is refused, with what was lost by it.
pub fn refusal(session: &Session, opened: &OpenedVault) -> Failure {
    let mut failure = pin_failure(&opened.pin, &session.location.vault);
    let PinStatus::Diverged { .. } = opened.pin else { return failure };
    let Some(lost) = of(session, opened) else { return failure };
    let demoted = session.demoted(opened).unwrap_or_default();
    let mut said = demotions(&demoted);
    said.insert(0, format!("{}. {}", failure.message, sentence(&lost)));
    failure.message = said.join("; ");
    if lost.is_discarded() {
        failure.hints = vec![GIVE_UP.to_owned()];
    } else if !failure.hints.iter().any(|hint| hint == ACCEPT) {
        failure.hints.push(ACCEPT.to_owned());
    }
    failure.hints.extend(again(&lost, &demoted));
    failure
}

/// What the policy that is there takes from who signs on this device.
pub(crate) fn demotions(demoted: &[Demoted]) -> Vec<String> {
    let told = |one: &Demoted| {
        let member = &one.member;
        match &one.loss {
            Loss::Membership => {
                format!("by this policy {member}, whose key this device has, is no longer a member")
            }
            Loss::Key => format!("by this policy the key of this device is no longer {member}'s"),
            Loss::Roles(roles) => {
                let names = roles.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
                format!(
                    "by this policy {member}, whose key this device has, no longer has: {names}"
                )
            }
        }
    };
    demoted.iter().map(told).collect()
}

/// What remains to be done where policy entries of this device are given up: who was removed can only
/// ask for it.
pub fn again(lost: &Lost, demoted: &[Demoted]) -> Option<String> {
    let own: Vec<&str> =
        lost.entries.iter().filter(|one| one.is_own).map(|one| one.what.as_str()).collect();
    if own.is_empty() {
        return None;
    }
    let changes = own.join("; ");
    let is_out = demoted.iter().any(|one| matches!(one.loss, Loss::Membership | Loss::Key));
    Some(match is_out {
        true => format!(
            "ask an owner to make the policy change again, if it is still wanted: {changes}"
        ),
        false => {
            format!("make the policy change again afterwards, if it is still wanted: {changes}")
        }
    })
}

/// An older state, for a warning.
pub fn older(seen: usize, accepted: usize, lost: Option<&Lost>) -> String {
    let text =
        format!("its policy has {seen} of the {accepted} entries that were seen here before");
    match lost {
        Some(lost) if lost.is_discarded() => {
            format!("{text}. {}: 'v-secure pin accept' gives it up", sentence(lost))
        }
        Some(lost) => format!("{text} (an old branch?). {}", sentence(lost)),
        None => format!("{text} (an old branch?)"),
    }
}

/// The same in one line, for commands that are about something else.
pub fn older_in_short(seen: usize, accepted: usize, lost: Option<&Lost>) -> String {
    if lost.is_some_and(Lost::is_discarded) {
        return older(seen, accepted, lost);
    }
    let entries = lost.map_or(&[][..], |lost| &lost.entries);
    let taken: BTreeSet<&str> = entries.iter().map(|one| taking(one.takes)).collect();
    let taken: String = taken.into_iter().collect();
    let taken = if taken.is_empty() { taken } else { format!("; one is missing{taken}") };
    format!(
        "its policy has {seen} of the {accepted} entries that were seen here before{taken} \
         (an older branch, or a roll-back): v-secure doctor"
    )
}

/// What is missing, by whom and where it still is.
pub fn sentence(lost: &Lost) -> String {
    let named: Vec<String> = lost.entries.iter().take(NAMED).map(entry).collect();
    let more = match lost.entries.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("Missing: {}{more}; {}", named.join("; "), whose(lost))
}

fn entry(one: &LostEntry) -> String {
    format!("policy entry {} ({}){}", one.position, one.what, taking(one.takes))
}

const fn taking(takes: Option<Taking>) -> &'static str {
    match takes {
        None => "",
        Some(Taking::Rights) => ", which took rights away",
        Some(Taking::Keys) => ", which made new keys since somebody had left",
        Some(Taking::Leeway) => ", which made a setting stricter",
    }
}

fn whose(lost: &Lost) -> String {
    if lost.entries.iter().any(|one| !one.is_own) {
        return "not all of it was signed by this device alone".to_owned();
    }
    let own = "signed by this device";
    match &lost.trace {
        Trace::Nothing if lost.is_discarded() => {
            format!("{own} and in no commit here: a change that was discarded")
        }
        Trace::Nothing => format!(
            "{own} and in no commit here: if you discarded it, 'v-secure pin accept' gives it up, and \
             what it took away is back"
        ),
        Trace::Commit => format!("{own}, and in a commit of this repository"),
        Trace::CommitAt(path) => {
            format!("{own}, and in a commit of the repository of {}", path.display())
        }
        Trace::File(path) => format!("{own}, and still in {}", path.display()),
        Trace::Unclear => format!("{own}; it is unknown whether a commit has it"),
    }
}
