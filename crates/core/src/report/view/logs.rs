//! An event: what `logs tail` and `audit export` print, a line each.

use super::audit::log::ReadView;
use crate::convert::duration::rfc3339;
use crate::crypto::bytes::Id;
use crate::policy::op::MemberKind;
use crate::report::controls;
use crate::report::history::HistoryRow;
use serde::Serialize;

/// An op of an entry, or one secret of a read; fields in the order of the columns.
#[derive(Debug, Serialize)]
pub struct EventView {
    pub timestamp: String,
    pub action: String,
    /// Empty for what is about no one secret.
    pub secret_id: String,
    pub actor: String,
    pub actor_type: &'static str,
    /// Always empty: an offline program knows of no address.
    pub source_ip: &'static str,
    pub reason: String,
    /// `counting` or `void`; `recorded` for a read.
    pub status: &'static str,
    pub compliance_standards: &'static [&'static str],
    /// What a change of policy is about.
    pub object: String,
    /// Of the entry, or of the journal's line.
    pub id: Id,
}

impl From<&HistoryRow> for EventView {
    fn from(row: &HistoryRow) -> Self {
        Self {
            timestamp: rfc3339(row.timestamp),
            action: row.action.to_owned(),
            secret_id: row.secret.as_ref().map(ToString::to_string).unwrap_or_default(),
            actor: row.actor.clone(),
            actor_type: row.actor_type.map(|kind| kind.as_str()).unwrap_or_default(),
            source_ip: "",
            reason: row.reason.clone(),
            status: row.status.as_str(),
            compliance_standards: controls::of(row.action),
            object: row.object.clone(),
            id: row.id,
        }
    }
}

impl EventView {
    /// One for each secret that was read, by a member of this kind.
    pub fn of_read<'a>(
        read: ReadView<'a>,
        kind: Option<MemberKind>,
    ) -> impl Iterator<Item = Self> + 'a {
        read.secrets.iter().map(move |secret| Self {
            timestamp: read.timestamp.clone(),
            action: read.action.to_owned(),
            secret_id: secret.clone(),
            actor: read.actor.to_owned(),
            actor_type: kind.map(MemberKind::as_str).unwrap_or_default(),
            source_ip: "",
            reason: read.reason.to_owned(),
            status: "recorded",
            compliance_standards: controls::OF_READS,
            object: String::new(),
            id: read.id,
        })
    }
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::audit::log;
    use crate::report::view::testing::{Examples, hold, json};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("logs-tail", events)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn events() -> Vec<Value> {
        let read = ["prod/API_KEY".to_owned(), "prod/DB_URL".to_owned()];
        let reads = EventView::of_read(log::read(&read), Some(MemberKind::Service));
        let rows = log::rows();
        let events: Vec<EventView> = rows.iter().map(EventView::from).chain(reads).collect();
        assert_eq!(events[4].secret_id, "prod/DB_URL");
        events.iter().map(json).collect()
    }
}
