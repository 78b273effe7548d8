//! `audit log`, and with `--reads` what this device has read.

use crate::convert::duration::rfc3339;
use crate::crypto::bytes::Id;
use crate::report::history::HistoryRow;
use serde::Serialize;

#[derive(Serialize)]
pub struct HistoryRowView<'a> {
    pub id: Id,
    pub timestamp: String,
    pub action: &'a str,
    /// Empty for what is about no one secret.
    pub secret_id: &'a str,
    /// What a change of policy is about; whose value somebody else promotes.
    pub object: &'a str,
    pub actor: &'a str,
    /// `user`, `service` or `agent`, as it last was.
    pub actor_type: &'a str,
    pub reason: &'a str,
    /// `counting`, or `void`: kept without effect.
    pub status: &'a str,
}

/// A line of a device's journal of reads, which is not the vault's.
#[derive(Serialize)]
pub struct ReadView<'a> {
    pub timestamp: String,
    pub action: &'a str,
    pub actor: &'a str,
    pub environment: &'a str,
    pub secrets: &'a [String],
    pub reason: &'a str,
    pub id: Id,
}

impl<'a> From<&'a HistoryRow> for HistoryRowView<'a> {
    fn from(row: &'a HistoryRow) -> Self {
        Self {
            id: row.id,
            timestamp: rfc3339(row.timestamp),
            action: row.action,
            secret_id: row.secret.as_ref().map(|secret| secret.as_str()).unwrap_or_default(),
            object: &row.object,
            actor: &row.actor,
            actor_type: row.actor_type.map(|kind| kind.as_str()).unwrap_or_default(),
            reason: &row.reason,
            status: row.status.as_str(),
        }
    }
}

#[cfg(test)]
pub use tests::{examples, read, rows};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::history::RowStatus;
    use crate::policy::op::MemberKind;
    use crate::report::history::HistoryKind;
    use crate::report::view::testing::{ID, json, secret};
    use crate::time::UnixTime;
    use serde_json::Value;

    /// One of each kind of member, about a secret and about policy, and one that is void.
    pub fn rows() -> [HistoryRow; 3] {
        let row = |kind, secret, actor, status| HistoryRow {
            id: ID,
            kind,
            rotates: false,
            timestamp: UnixTime::from_secs(1_800_000_000),
            action: "put",
            secret,
            object: "developer".into(),
            actor: "admin+second".into(),
            actor_type: Some(actor),
            reason: "new key".into(),
            status,
        };
        [
            row(HistoryKind::Secret, Some(secret()), MemberKind::User, RowStatus::Counting),
            row(HistoryKind::Policy, None, MemberKind::Service, RowStatus::Counting),
            row(HistoryKind::Secret, Some(secret()), MemberKind::Agent, RowStatus::Void),
        ]
    }

    pub fn read(secrets: &[String]) -> ReadView<'_> {
        let (action, actor, environment) = ("get", "ci", "prod");
        let timestamp = rfc3339(UnixTime::from_secs(1_800_000_000));
        ReadView { timestamp, action, actor, environment, secrets, reason: "", id: ID }
    }

    pub fn examples() -> Vec<Value> {
        let rows = rows();
        let rows: Vec<HistoryRowView<'_>> = rows.iter().map(HistoryRowView::from).collect();
        vec![json(&rows), json(&[read(&["prod/API_KEY".into()])])]
    }
}
