//! The policy chain entry by entry: what `policy log` shows. `audit log` has the same changes op by op, among those
//! of secrets.

use crate::crypto::id::PolicyId;
use crate::name::Name;
use crate::policy::describe;
use crate::policy::op::{EpochReseal, EpochStart, KeyAdd, MemberAdd, PolicyOp};
use crate::policy::position::PolicyPosition;
use crate::time::UnixTime;
use crate::vault::Vault;

/// An entry of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyLogRow {
    pub position: PolicyPosition,
    pub id: PolicyId,
    /// As the first signer's clock said.
    pub timestamp: UnixTime,
    /// Whose keys signed: member and device.
    pub signers: Vec<(Name, Name)>,
    /// Kind and object of each op, in order.
    pub changes: Vec<(&'static str, String)>,
    pub reason: String,
}

/// Which entries are wanted; what is `None` does not restrict.
#[derive(Debug, Clone, Default)]
pub struct PolicyLogFilter {
    /// Signed by this member.
    pub actor: Option<Name>,
    /// With an op about this member.
    pub member: Option<Name>,
    /// With an op about this role.
    pub role: Option<Name>,
    /// Inclusive.
    pub since: Option<UnixTime>,
    /// Exclusive.
    pub until: Option<UnixTime>,
}

/// The entries that `filter` wants, newest first.
pub fn rows(vault: &Vault, filter: &PolicyLogFilter) -> Vec<PolicyLogRow> {
    let entries = vault.file().chain.iter().zip(vault.chain().ids()).enumerate();
    let rows = entries.filter_map(|(position, (entry, id))| {
        let wanted = filter.since.is_none_or(|since| entry.ts >= since)
            && filter.until.is_none_or(|until| entry.ts < until)
            && filter.member.as_ref().is_none_or(|name| entry.ops.iter().any(|op| is_of(op, name)))
            && filter.role.as_ref().is_none_or(|role| entry.ops.iter().any(|op| names(op, role)));
        let position = PolicyPosition::new(position);
        let signers = signers(vault, position);
        let signed = |actor: &Name| signers.iter().any(|(member, _)| member == actor);
        (wanted && filter.actor.as_ref().is_none_or(signed)).then(|| PolicyLogRow {
            position,
            id: *id,
            timestamp: entry.ts,
            signers,
            changes: entry
                .ops
                .iter()
                .map(|op| (describe::action(op), describe::object(op)))
                .collect(),
            reason: entry.reason.clone(),
        })
    });
    let mut rows: Vec<PolicyLogRow> = rows.collect();
    rows.reverse();
    rows
}

fn signers(vault: &Vault, position: PolicyPosition) -> Vec<(Name, Name)> {
    let chain = vault.chain();
    let facts = chain.signers(position).iter().filter_map(|key| chain.key(key));
    let mut signers: Vec<(Name, Name)> =
        facts.map(|fact| (fact.member.clone(), fact.device.clone())).collect();
    signers.sort();
    signers
}

/// Whether an op is about a member.
fn is_of(op: &PolicyOp, name: &Name) -> bool {
    match op {
        PolicyOp::MemberAdd(MemberAdd { member, .. })
        | PolicyOp::KeyAdd(KeyAdd { member, .. })
        | PolicyOp::MemberRemove { member }
        | PolicyOp::RecipientAdd { member, .. }
        | PolicyOp::RecipientRemove { member, .. }
        | PolicyOp::KeyRemove { member, .. }
        | PolicyOp::RoleJoin { member, .. }
        | PolicyOp::RoleLeave { member, .. } => member == name,
        _ => false,
    }
}

/// Whether an op is about a role, or gives keys to those in it.
fn names(op: &PolicyOp, name: &Name) -> bool {
    match op {
        PolicyOp::RoleAdd { role }
        | PolicyOp::RoleRemove { role }
        | PolicyOp::RoleJoin { role, .. }
        | PolicyOp::RoleLeave { role, .. }
        | PolicyOp::Grant { role, .. }
        | PolicyOp::Revoke { role, .. } => role == name,
        PolicyOp::Epoch(EpochStart { audience, .. })
        | PolicyOp::Reseal(EpochReseal { audience, .. }) => {
            audience.as_str().split('+').any(|role| role == name.as_str())
        }
        _ => false,
    }
}
