//! The log entries that policy entries know of: they are there, and no policy entry knows less than
//! one before it.

use super::Case;
use crate::crypto::bytes::Id;
use crate::log::describe::short;
use crate::log::finding::{Code, Finding, Subject};

pub(super) fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = missing(case);
    findings.extend(backwards(case));
    findings
}

fn missing(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (position, id) in case.policy.ids().iter().enumerate() {
        let heads = case.policy.heads(position).iter();
        for head in heads.filter(|head| !case.file.entries.contains_key(*head)) {
            let message = format!(
                "policy entry {position} knows of entry {}, which is not in the log",
                short(head)
            );
            let finding = Finding::new(Code::PolicyHeadMissing, Subject::Policy(*id), message);
            findings.push(finding.hint("git log -p -- .v-secure/vault.toml"));
        }
    }
    findings
}

/// Comparing each entry that names heads with the next one that does is enough: ancestry carries on.
fn backwards(case: &Case<'_>) -> Vec<Finding> {
    let ids = case.policy.ids();
    let naming = || (0..ids.len()).filter(|at| !case.policy.heads(*at).is_empty());
    let pairs = naming().zip(naming().skip(1));
    let finding = |(earlier, later): (usize, usize)| {
        let head = first_unknown(case, case.policy.heads(earlier), case.policy.heads(later))?;
        let message = format!(
            "policy entry {later} does not know of entry {}, which policy entry {earlier} knew of",
            short(&head)
        );
        Some(Finding::new(Code::PolicyHeadsBackwards, Subject::Policy(ids[later]), message))
    };
    pairs.filter_map(finding).collect()
}

/// The first of `earlier` that is none of `later` and no ancestor of one. What the log does not hold
/// is reported as missing.
fn first_unknown(case: &Case<'_>, earlier: &[Id], later: &[Id]) -> Option<Id> {
    let later: Vec<usize> = later.iter().filter_map(|id| case.graph.place(id)).collect();
    let known =
        |place: usize| later.iter().any(|head| *head == place || case.graph.ancestor(place, *head));
    earlier.iter().copied().find(|id| case.graph.place(id).is_some_and(|place| !known(place)))
}
