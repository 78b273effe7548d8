//! The whole history, of secrets and of policy, as rows: what `audit log` shows.

use crate::crypto::bytes::Id;
use crate::crypto::id::{EntryId, PolicyId};
use crate::log::history::{self, RowStatus};
use crate::log::op::Op;
use crate::name::{Name, SecretName};
use crate::policy::describe;
use crate::policy::entry::PolicyEntry;
use crate::policy::op::{MemberAdd, MemberKind, PolicyOp};
use crate::policy::position::PolicyPosition;
use crate::time::UnixTime;
use crate::vault::Vault;
use std::collections::BTreeSet;

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryKind {
    Secret,
    Policy,
}

/// One op of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    /// Of an entry of the log, or of the policy.
    pub id: Id,
    pub kind: HistoryKind,
    /// Whether something comes in the place of an older one: a value, or an audience's keys.
    pub rotates: bool,
    /// Seconds since the Unix epoch, as the author says.
    pub timestamp: UnixTime,
    pub action: &'static str,
    /// `None` for what is about no one secret, such as policy.
    pub secret: Option<SecretName>,
    /// What a policy op is about; of a promotion, whose value it is, if not the actor's; empty for other ops.
    pub object: String,
    /// Who signed, joined with `+` where several did.
    pub actor: String,
    /// As it last was; `None` for an actor that the policy never had.
    pub actor_type: Option<MemberKind>,
    pub reason: String,
    pub status: RowStatus,
}

/// Which rows are wanted; what is `None` does not restrict.
#[derive(Debug, Clone, Default)]
pub struct HistoryFilter {
    pub secret: Option<SecretName>,
    pub actor: Option<Name>,
    pub action: Option<String>,
    /// Seconds since the Unix epoch, inclusive.
    pub since: Option<UnixTime>,
    /// Seconds since the Unix epoch, exclusive.
    pub until: Option<UnixTime>,
    /// Entries of log and policy that are not wanted, as another state has them.
    pub known: BTreeSet<Id>,
}

/// All entries of a vault, of log and policy.
pub fn entries(vault: &Vault) -> BTreeSet<Id> {
    let log = vault.file().entries.keys().map(|id| Id::from(*id));
    log.chain(vault.chain().ids().iter().map(|id| Id::from(*id))).collect()
}

/// The rows that `filter` wants, newest first.
///
/// The order is that of cause, not of the clocks: a change of policy stands before what was written
/// under it, and within one policy entries stand in the order of the log.
pub fn rows(vault: &Vault, filter: &HistoryFilter) -> Vec<HistoryRow> {
    let mut rows: Vec<(PolicyPosition, HistoryRow)> = policy(vault, filter);
    rows.extend(log(vault, filter));
    // Stable: policy comes first at its position, and ops keep their order.
    rows.sort_by_key(|(position, _)| *position);
    let rows = rows.into_iter().rev().map(|(_, row)| row);
    rows.filter(|row| !filter.known.contains(&row.id)).collect()
}

/// Whether the op brings a value, or gets one ready, in the place of one that was there.
fn rotates(op: &Op) -> bool {
    match op {
        Op::Put(put) => !put.replaces.is_empty(),
        op => op.is_of_rotation(),
    }
}

/// Who stated the value that an op promotes, where that is another than who did.
fn author(vault: &Vault, op: &Op, actor: &Name) -> Option<String> {
    let Op::Promote(promote) = op else { return None };
    let author = &vault.secret(&promote.secret)?.version(&promote.object)?.author;
    (author != actor).then(|| author.to_string())
}

/// What kind of member somebody is, or last was.
pub fn kind_of(vault: &Vault, name: &Name) -> Option<MemberKind> {
    let added = |op: &PolicyOp| match op {
        PolicyOp::MemberAdd(MemberAdd { member, kind, .. }) if member == name => Some(*kind),
        _ => None,
    };
    let ops = vault.file().chain.iter().rev().flat_map(|entry| entry.ops.iter().rev());
    vault.policy().member(name).map(|member| member.kind).or_else(|| ops.filter_map(added).next())
}

/// Whether an entry, void or not, ever named the secret.
pub fn knows_secret(vault: &Vault, secret: &SecretName) -> bool {
    let mut ops = vault.file().entries.values().flat_map(|entry| &entry.ops);
    ops.any(|op| op.secret() == Some(secret))
}

/// Every action that a row can have.
pub fn actions() -> impl Iterator<Item = &'static str> {
    // Both have a checkpoint, the log one that is reserved.
    let policy = describe::ACTIONS.into_iter().filter(|action| !history::ACTIONS.contains(action));
    history::ACTIONS.into_iter().chain(policy)
}

fn log(vault: &Vault, filter: &HistoryFilter) -> Vec<(PolicyPosition, HistoryRow)> {
    let wanted = history::LogFilter {
        secret: filter.secret.as_ref(),
        actor: filter.actor.as_ref(),
        action: filter.action.as_deref(),
        since: filter.since,
        until: filter.until,
    };
    let (graph, standings) = (vault.graph(), vault.standings());
    let rows = history::rows(graph, &vault.file().entries, standings, vault.chain(), &wanted);
    let position = |entry: &EntryId| graph.place(entry).and_then(|place| standings.position(place));
    let owned = rows.into_iter().map(|row| {
        let history::LogRow { timestamp, action, secret_id, actor, actor_type, reason, .. } = row;
        let op = vault.file().entries.get(row.entry).and_then(|entry| entry.ops.get(row.op));
        let owned = HistoryRow {
            id: (*row.entry).into(),
            kind: HistoryKind::Secret,
            rotates: op.is_some_and(rotates),
            timestamp,
            action,
            secret: secret_id.cloned(),
            object: op.and_then(|op| author(vault, op, actor)).unwrap_or_default(),
            actor: actor.to_string(),
            actor_type: actor_type.or_else(|| kind_of(vault, actor)),
            reason: reason.to_owned(),
            status: row.status,
        };
        (position(row.entry).unwrap_or_default(), owned)
    });
    owned.collect()
}

fn policy(vault: &Vault, filter: &HistoryFilter) -> Vec<(PolicyPosition, HistoryRow)> {
    if filter.secret.is_some() {
        return Vec::new();
    }
    let entries = vault.file().chain.iter().zip(vault.chain().ids()).enumerate();
    let rows = entries.flat_map(|(position, (entry, id))| {
        let position = PolicyPosition::new(position);
        policy_rows(vault, filter, position, entry, *id).into_iter().map(move |row| (position, row))
    });
    rows.collect()
}

fn policy_rows(
    vault: &Vault,
    filter: &HistoryFilter,
    position: PolicyPosition,
    entry: &PolicyEntry,
    id: PolicyId,
) -> Vec<HistoryRow> {
    let signers = vault.chain().signing_members(position);
    let outside = filter.actor.as_ref().is_some_and(|actor| !signers.contains(actor))
        || filter.since.is_some_and(|since| entry.ts < since)
        || filter.until.is_some_and(|until| entry.ts >= until);
    if outside {
        return Vec::new();
    }
    let actor: Vec<&str> = signers.iter().map(|name| name.as_str()).collect();
    let kind = signers.iter().next().and_then(|name| kind_of(vault, name));
    let wanted = |action: &str| filter.action.as_deref().is_none_or(|other| other == action);
    let ops = entry.ops.iter().filter(|op| wanted(describe::action(op)));
    let rows = ops.map(|op| HistoryRow {
        id: id.into(),
        kind: HistoryKind::Policy,
        rotates: matches!(op, PolicyOp::Epoch(_)),
        timestamp: entry.ts,
        action: describe::action(op),
        secret: None,
        object: describe::object(op),
        actor: actor.join("+"),
        actor_type: kind,
        reason: entry.reason.clone(),
        status: RowStatus::Counting,
    });
    rows.collect()
}
