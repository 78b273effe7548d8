//! `policy rebase`.

use super::effects::EffectsView;
use super::giving::GivenView;
use crate::crypto::id::EntryId;
use crate::log::history;
use crate::name::{Name, SecretName};
use crate::policy::describe;
use crate::policy::position::PolicyPosition;
use crate::policy::rebase::{PlannedEntry, PlannedOp, Verdict};
use crate::secret::carry::{LackingEntry, LeftOut};
use serde::Serialize;
use std::collections::BTreeSet;

#[derive(Serialize)]
pub struct PolicyRebaseView<'a> {
    /// What the side that stays as it is is called.
    pub stays: &'a str,
    pub gives_way: &'a str,
    pub ops: Vec<RebasedOpView>,
    pub entries: Vec<RebasedEntryView>,
    /// What was to be issued anew and could not be.
    pub not_again: Vec<LeftOutView>,
    /// Secrets whose value is known to members who may not read it.
    pub known_to: Vec<KnownToView>,
    /// Entries that counted on one side and do not count now.
    pub void: Vec<EntryId>,
    /// Secrets of which several values are active.
    pub conflicts: Vec<SecretName>,
    pub gives: Vec<GivenView>,
    #[serde(flatten)]
    pub effects: EffectsView,
}

/// A change of the policy that gives way.
#[derive(Debug, Serialize)]
pub struct RebasedOpView {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<usize>,
    /// The number of its policy entry on that side.
    pub policy_entry: PolicyPosition,
    pub by: Vec<Name>,
    pub action: &'static str,
    pub object: String,
    pub verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What helps where it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<&'static str>,
}

/// Of a closing, which is not made again.
const OPEN: &str = "what it closed, and the side that stays did not, is open";

/// What was written under that policy.
#[derive(Debug, Serialize)]
pub struct RebasedEntryView {
    pub number: usize,
    pub entry: EntryId,
    pub actor: Name,
    pub changes: Vec<String>,
    pub verdict: &'static str,
}

#[derive(Debug, Serialize)]
pub struct KnownToView {
    pub secret: SecretName,
    pub members: BTreeSet<Name>,
}

#[derive(Debug, Serialize)]
pub struct LeftOutView {
    pub entry: EntryId,
    pub action: &'static str,
    /// Empty for what is about no one secret.
    pub secret: String,
    pub why: String,
}

impl RebasedOpView {
    pub fn all(entry: &PlannedEntry) -> Vec<Self> {
        entry.ops.iter().map(|planned| Self::of(entry, planned)).collect()
    }

    fn of(entry: &PlannedEntry, planned: &PlannedOp) -> Self {
        let (why, advice) = match &planned.verdict {
            Verdict::Asked { why, .. } => (Some(why.to_string()), None),
            Verdict::Refused(why) => (Some(why.to_string()), Some(why.advice())),
            Verdict::OpenAgain => {
                (Some(OPEN.to_owned()), Some("v-secure history close, afterwards"))
            }
            Verdict::Again | Verdict::There => (None, None),
        };
        Self {
            number: planned.number,
            policy_entry: entry.position,
            by: entry.by.clone(),
            action: describe::action(&planned.op),
            object: describe::object(&planned.op),
            verdict: planned.verdict.as_str(),
            why,
            advice,
        }
    }
}

impl RebasedEntryView {
    pub fn of(number: usize, lacking: &LackingEntry<'_>, verdict: &'static str) -> Self {
        let changes = lacking.ops().map(|(_, op)| {
            let action = history::action(op);
            op.secret().map_or_else(|| action.to_owned(), |secret| format!("{action} {secret}"))
        });
        let changes = changes.collect();
        Self { number, entry: lacking.id, actor: lacking.entry.actor.clone(), changes, verdict }
    }

    /// Its changes, for people.
    pub fn what(&self) -> String {
        self.changes.join(", ")
    }
}

impl From<&LeftOut> for LeftOutView {
    fn from(left: &LeftOut) -> Self {
        let secret = left.secret.as_ref().map(ToString::to_string).unwrap_or_default();
        Self { entry: left.entry, action: left.action, secret, why: left.why.to_string() }
    }
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::effects;
    use crate::report::view::testing::{Examples, ID, hold, json, name, secret};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("policy-rebase", all)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn op(verdict: &'static str, number: Option<usize>) -> RebasedOpView {
        let refused = matches!(verdict, "refused" | "open-again");
        RebasedOpView {
            number,
            policy_entry: PolicyPosition::new(4),
            by: vec![name("admin")],
            action: "role-join",
            object: "backend developer".into(),
            verdict,
            why: (refused || verdict == "declined").then(|| "there is no role developer".into()),
            advice: refused.then_some("v-secure role create developer"),
        }
    }

    fn entry(verdict: &'static str) -> RebasedEntryView {
        RebasedEntryView {
            number: 9,
            entry: EntryId(ID.0),
            actor: name("backend"),
            changes: vec!["put prod/API_KEY".into()],
            verdict,
        }
    }

    fn all() -> Vec<Value> {
        let [some, none] = effects::examples();
        let verdicts = ["again", "declined", "there", "open-again", "refused"];
        let left = LeftOutView {
            entry: EntryId(ID.0),
            action: "put",
            secret: "prod/API_KEY".into(),
            why: "its time is over".into(),
        };
        let full = PolicyRebaseView {
            stays: "ours",
            gives_way: "theirs",
            ops: verdicts
                .map(|verdict| op(verdict, Some(1)))
                .into_iter()
                .chain([op("again", None)])
                .collect(),
            entries: ["again", "declined"].map(entry).into(),
            not_again: vec![left],
            known_to: vec![KnownToView {
                secret: secret(),
                members: BTreeSet::from([name("backend")]),
            }],
            void: vec![EntryId(ID.0)],
            conflicts: vec![secret()],
            gives: crate::report::view::giving::examples(),
            effects: some,
        };
        let empty = PolicyRebaseView {
            stays: "main",
            gives_way: "what is checked out",
            ops: Vec::new(),
            entries: Vec::new(),
            not_again: Vec::new(),
            known_to: Vec::new(),
            void: Vec::new(),
            conflicts: Vec::new(),
            gives: Vec::new(),
            effects: none,
        };
        vec![json(&full), json(&empty)]
    }
}
