//! The log entries that policy entries know of are there: whether ops count hangs on them.

use super::Case;
use crate::log::describe::short;
use crate::log::finding::{Finding, FindingCode, Subject};
use crate::policy::position::PolicyPosition;

pub(super) fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    // Without the history nobody can say whether one that is not there is closed.
    if case.file.closed.is_some() {
        return findings;
    }
    for (position, id) in case.policy.ids().iter().enumerate() {
        let heads = case.policy.heads(PolicyPosition::new(position)).iter();
        for head in heads.filter(|head| !case.file.entries.contains_key(*head)) {
            let message = format!(
                "policy entry {position} knows of entry {}, which is not in the log",
                short(head)
            );
            let finding =
                Finding::new(FindingCode::PolicyHeadMissing, Subject::Policy(*id), message);
            findings.push(finding.hint("git log -p -- .v-secure/vault.toml"));
        }
    }
    findings
}
