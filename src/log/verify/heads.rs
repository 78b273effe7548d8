//! The log entries that policy entries know of: they are there, and no policy entry knows less than
//! one before it.

use super::Case;
use crate::log::describe::short;
use crate::log::finding::{Code, Finding, Subject};
use crate::log::known::Forgotten;

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

fn backwards(case: &Case<'_>) -> Vec<Finding> {
    let finding = |forgotten: &Forgotten| {
        let Forgotten { earlier, later, head } = forgotten;
        let message = format!(
            "policy entry {later} does not know of entry {}, which policy entry {earlier} knew of",
            short(head)
        );
        let subject = Subject::Policy(case.policy.ids()[*later]);
        Finding::new(Code::PolicyHeadsBackwards, subject, message)
    };
    case.standings.known().forgotten().iter().map(finding).collect()
}
