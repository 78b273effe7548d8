//! `policy log`.

use crate::convert::duration::rfc3339;
use crate::crypto::id::PolicyId;
use crate::name::Name;
use crate::report::policy_log::PolicyLogRow;
use serde::Serialize;

#[derive(Serialize)]
pub struct PolicyLogView<'a> {
    pub entries: Vec<PolicyEntryView<'a>>,
}

/// An entry of the chain.
#[derive(Serialize)]
pub struct PolicyEntryView<'a> {
    /// From 0, the genesis.
    pub position: usize,
    pub id: PolicyId,
    pub timestamp: String,
    pub signed_by: Vec<SignerView<'a>>,
    pub changes: Vec<PolicyChangeView<'a>>,
    pub reason: &'a str,
}

#[derive(Serialize)]
pub struct SignerView<'a> {
    pub member: &'a Name,
    pub device: &'a Name,
}

#[derive(Serialize)]
pub struct PolicyChangeView<'a> {
    pub action: &'static str,
    pub object: &'a str,
}

impl<'a> From<&'a [PolicyLogRow]> for PolicyLogView<'a> {
    fn from(rows: &'a [PolicyLogRow]) -> Self {
        Self { entries: rows.iter().map(PolicyEntryView::from).collect() }
    }
}

impl<'a> From<&'a PolicyLogRow> for PolicyEntryView<'a> {
    fn from(row: &'a PolicyLogRow) -> Self {
        let signers = row.signers.iter();
        let changes = row.changes.iter();
        Self {
            position: row.position.index(),
            id: row.id,
            timestamp: rfc3339(row.timestamp),
            signed_by: signers.map(|(member, device)| SignerView { member, device }).collect(),
            changes: changes.map(|(action, object)| PolicyChangeView { action, object }).collect(),
            reason: &row.reason,
        }
    }
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::position::PolicyPosition;
    use crate::report::view::testing::{Examples, ID, hold, json, name};
    use crate::time::UnixTime;
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("policy-log", log)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn log() -> Vec<Value> {
        let row = PolicyLogRow {
            position: PolicyPosition::new(3),
            id: ID.into(),
            timestamp: UnixTime::from_secs(1_800_000_000),
            signers: vec![(name("admin"), name("laptop")), (name("second"), name("desk"))],
            changes: vec![("role-add", "developer".into()), ("epoch", "developer+owner".into())],
            reason: "developers".into(),
        };
        vec![json(&PolicyLogView::from(&[row][..])), json(&PolicyLogView::from(&[][..]))]
    }
}
