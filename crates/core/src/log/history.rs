//! The history as rows, one an op: what `audit log` shows.

use super::entry::Entry;
use super::graph::Graph;
use super::op::Op;
use super::policy_view::PolicyView;
use super::register::At;
use super::standing::{EntryStatus, Standings};
use crate::crypto::id::EntryId;
use crate::name::{Name, SecretName};
use crate::policy::op::MemberKind;
use crate::time::UnixTime;
use std::collections::BTreeMap;

/// One op of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow<'a> {
    /// Seconds since the Unix epoch, as the author says.
    pub timestamp: UnixTime,
    pub action: &'static str,
    /// The full name; a checkpoint and a join have none.
    pub secret_id: Option<&'a SecretName>,
    pub actor: &'a Name,
    /// `None` for an actor that the policy never had.
    pub actor_type: Option<MemberKind>,
    pub reason: &'a str,
    pub status: RowStatus,
    pub entry: &'a EntryId,
    /// Index of the op in the entry.
    pub op: usize,
}

/// Whether the row's op counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowStatus {
    Counting,
    Void,
    Forged,
}

impl RowStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counting => "counting",
            Self::Void => "void",
            Self::Forged => "forged",
        }
    }
}

impl RowStatus {
    fn of(standings: &Standings, at: At) -> Self {
        match standings.of(at.place as usize) {
            EntryStatus::Forged(_) => Self::Forged,
            _ if standings.voided(at).is_some() => Self::Void,
            _ => Self::Counting,
        }
    }
}

/// Which rows are wanted; what is `None` does not restrict.
#[derive(Debug, Clone, Default)]
pub struct LogFilter<'a> {
    pub secret: Option<&'a SecretName>,
    pub actor: Option<&'a Name>,
    pub action: Option<&'a str>,
    /// Seconds since the Unix epoch, inclusive.
    pub since: Option<UnixTime>,
    /// Seconds since the Unix epoch, exclusive.
    pub until: Option<UnixTime>,
}

impl LogFilter<'_> {
    fn wants(&self, row: &LogRow<'_>) -> bool {
        self.secret.is_none_or(|secret| row.secret_id == Some(secret))
            && self.actor.is_none_or(|actor| row.actor == actor)
            && self.action.is_none_or(|action| row.action == action)
            && self.since.is_none_or(|since| row.timestamp >= since)
            && self.until.is_none_or(|until| row.timestamp < until)
    }
}

/// Every kind of op.
pub(crate) const ACTIONS: [&str; 15] = [
    "put",
    "field",
    "resolve",
    "restore",
    "remove",
    "expire",
    "prune",
    "rewrap",
    "pending",
    "rollout",
    "abort",
    "retire",
    "promote",
    "checkpoint",
    "join",
];

/// An op's kind as it stands in the file.
pub const fn action(op: &Op) -> &'static str {
    match op {
        Op::Put(_) => "put",
        Op::Field(_) => "field",
        Op::Resolve(_) => "resolve",
        Op::Restore(_) => "restore",
        Op::Remove(_) => "remove",
        Op::Expire(_) => "expire",
        Op::Prune { .. } => "prune",
        Op::Rewrap { .. } => "rewrap",
        Op::Pending(_) => "pending",
        Op::Rollout { .. } => "rollout",
        Op::Abort(_) => "abort",
        Op::Retire(_) => "retire",
        Op::Promote(_) => "promote",
        Op::Checkpoint { .. } => "checkpoint",
        Op::Join(_) => "join",
    }
}

/// The rows that `filter` wants, oldest first, in the order (lamport, entry id, op index).
pub fn rows<'a>(
    graph: &'a Graph,
    entries: &'a BTreeMap<EntryId, Entry>,
    standings: &Standings,
    policy: &dyn PolicyView,
    filter: &LogFilter<'_>,
) -> Vec<LogRow<'a>> {
    let mut rows = Vec::new();
    for (place, entry) in graph.in_order(entries).into_iter().enumerate() {
        for (op, what) in entry.ops.iter().enumerate() {
            let status = RowStatus::of(standings, At::new(place, op));
            let mut row = row(graph.id(place), entry, op, what, status);
            if filter.wants(&row) {
                row.actor_type = policy.member_kind(&entry.actor);
                rows.push(row);
            }
        }
    }
    rows
}

fn row<'a>(
    id: &'a EntryId,
    entry: &'a Entry,
    op: usize,
    what: &'a Op,
    status: RowStatus,
) -> LogRow<'a> {
    LogRow {
        timestamp: entry.ts,
        action: action(what),
        secret_id: what.secret(),
        actor: &entry.actor,
        actor_type: None,
        reason: &entry.reason,
        status,
        entry: id,
        op,
    }
}
