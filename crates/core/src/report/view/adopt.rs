//! `adopt`, `adopt --list`.

use crate::convert::duration::rfc3339;
use crate::crypto::id::EntryId;
use crate::log::history::action;
use crate::log::op::Op;
use crate::name::{Name, SecretName};
use crate::policy::position::PolicyPosition;
use crate::secret::adopt::{Adopted, VoidEntry};
use crate::vault::Vault;
use serde::Serialize;
use std::collections::BTreeSet;

#[derive(Serialize)]
pub struct AdoptListView<'a> {
    pub void: Vec<VoidEntryView<'a>>,
}

#[derive(Serialize)]
pub struct VoidEntryView<'a> {
    pub entry: EntryId,
    pub timestamp: String,
    pub actor: &'a Name,
    pub device: Option<&'a Name>,
    pub changes: Vec<VoidOpView>,
    pub reason: &'a str,
    /// The number of the policy entry that took the right away.
    pub policy_entry: PolicyPosition,
    pub adopted: bool,
}

#[derive(Serialize)]
pub struct VoidOpView {
    pub action: &'static str,
    /// Empty for what is about no one secret.
    pub secret: String,
}

#[derive(Serialize)]
pub struct AdoptView<'a> {
    pub entries: &'a [EntryId],
    pub secrets: &'a BTreeSet<SecretName>,
    pub left_out: Vec<LeftOutOpView>,
}

/// What is not issued anew.
#[derive(Serialize)]
pub struct LeftOutOpView {
    pub entry: EntryId,
    pub action: &'static str,
}

impl<'a> VoidEntryView<'a> {
    pub fn of(vault: &'a Vault, void: &VoidEntry<'a>) -> Self {
        let entry = void.entry;
        Self {
            entry: void.id,
            timestamp: rfc3339(entry.ts),
            actor: &entry.actor,
            device: vault.chain().key(&entry.key).map(|fact| &fact.device),
            changes: void.void().map(|(_, op)| VoidOpView::from(op)).collect(),
            reason: &entry.reason,
            policy_entry: void.position(),
            adopted: void.is_adopted(),
        }
    }
}

impl From<&Op> for VoidOpView {
    fn from(op: &Op) -> Self {
        let secret = op.secret().map(ToString::to_string).unwrap_or_default();
        Self { action: action(op), secret }
    }
}

impl<'a> From<&'a Adopted> for AdoptView<'a> {
    fn from(adopted: &'a Adopted) -> Self {
        let left_out = adopted.left_out.iter();
        let left_out =
            left_out.map(|left| LeftOutOpView { entry: left.entry, action: left.action });
        Self { entries: &adopted.entries, secrets: &adopted.secrets, left_out: left_out.collect() }
    }
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, ID, hold, json, name, secret};
    use crate::secret::adopt::LeftOutOp;
    use crate::time::UnixTime;
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("adopt", all)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn all() -> Vec<Value> {
        let adopted = Adopted {
            entries: vec![EntryId(ID.0)],
            secrets: BTreeSet::from([secret()]),
            left_out: vec![LeftOutOp { entry: EntryId(ID.0), action: "rollout", promotes: None }],
        };
        let (actor, device) = (name("backend"), name("laptop"));
        let void = |device| VoidEntryView {
            entry: EntryId(ID.0),
            timestamp: rfc3339(UnixTime::from_secs(1_800_000_000)),
            actor: &actor,
            device,
            changes: vec![VoidOpView { action: "put", secret: "prod/API_KEY".into() }],
            reason: "new key",
            policy_entry: PolicyPosition::new(7),
            adopted: false,
        };
        let list = AdoptListView { void: vec![void(None), void(Some(&device))] };
        vec![json(&list), json(&AdoptView::from(&adopted))]
    }
}
