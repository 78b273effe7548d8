//! Policy ops in words, for the history.

use super::entry::PolicyEntry;
use super::op::{Checkpoint, EpochReseal, EpochStart, MemberAdd, PolicyOp, Right, VaultStart};

/// Every kind of op.
pub(crate) const ACTIONS: [&str; 19] = [
    "vault",
    "member-add",
    "member-remove",
    "recipient-add",
    "recipient-remove",
    "key-add",
    "key-remove",
    "role-add",
    "role-remove",
    "role-join",
    "role-leave",
    "grant",
    "revoke",
    "epoch",
    "reseal",
    "setting",
    "rebase",
    "threshold",
    "checkpoint",
];

/// An op's kind as it stands in the file.
pub const fn action(op: &PolicyOp) -> &'static str {
    match op {
        PolicyOp::Vault(_) => "vault",
        PolicyOp::MemberAdd(_) => "member-add",
        PolicyOp::MemberRemove { .. } => "member-remove",
        PolicyOp::RecipientAdd { .. } => "recipient-add",
        PolicyOp::RecipientRemove { .. } => "recipient-remove",
        PolicyOp::KeyAdd(_) => "key-add",
        PolicyOp::KeyRemove { .. } => "key-remove",
        PolicyOp::RoleAdd { .. } => "role-add",
        PolicyOp::RoleRemove { .. } => "role-remove",
        PolicyOp::RoleJoin { .. } => "role-join",
        PolicyOp::RoleLeave { .. } => "role-leave",
        PolicyOp::Grant { .. } => "grant",
        PolicyOp::Revoke { .. } => "revoke",
        PolicyOp::Epoch(_) => "epoch",
        PolicyOp::Reseal(_) => "reseal",
        PolicyOp::Setting { .. } => "setting",
        PolicyOp::Rebase { .. } => "rebase",
        PolicyOp::Threshold { .. } => "threshold",
        PolicyOp::Checkpoint(_) => "checkpoint",
    }
}

/// The ops of an entry, but for the keys that come with them. What a rebase left behind is counted, as ids tell
/// nobody anything.
pub fn entry(entry: &PolicyEntry) -> String {
    let left = entry.ops.iter().filter(|op| matches!(op, PolicyOp::Rebase { .. })).count();
    let told =
        entry.ops.iter().filter(|op| !matches!(op, PolicyOp::Epoch(_) | PolicyOp::Rebase { .. }));
    let told = told.map(|op| format!("{} {}", action(op), object(op)));
    let told: Vec<String> = told.chain(rebased(left)).collect();
    if told.is_empty() { "new keys".to_owned() } else { told.join(", ") }
}

fn rebased(left: usize) -> Option<String> {
    match left {
        0 => None,
        1 => Some("policy rebase, of 1 entry that gave way".to_owned()),
        many => Some(format!("policy rebase, of {many} entries that gave way")),
    }
}

/// What an op is about: whom it lets in or out, to what.
pub fn object(op: &PolicyOp) -> String {
    match op {
        PolicyOp::Vault(VaultStart { name, .. }) => name.to_string(),
        PolicyOp::MemberAdd(MemberAdd { member, kind, .. }) => {
            format!("{member} ({})", kind.as_str())
        }
        PolicyOp::MemberRemove { member } => member.to_string(),
        PolicyOp::RecipientAdd { member, recipient, .. }
        | PolicyOp::RecipientRemove { member, recipient } => format!("{member} {recipient}"),
        PolicyOp::KeyAdd(key) => format!("{}/{}", key.member, key.device),
        PolicyOp::KeyRemove { member, device, .. } => format!("{member}/{device}"),
        PolicyOp::RoleAdd { role } | PolicyOp::RoleRemove { role } => role.to_string(),
        PolicyOp::RoleJoin { role, member, .. } | PolicyOp::RoleLeave { role, member } => {
            format!("{member} {role}")
        }
        PolicyOp::Grant { role, pattern, rights, .. }
        | PolicyOp::Revoke { role, pattern, rights } => {
            let rights: Vec<&str> = rights.iter().map(|right: &Right| right.as_str()).collect();
            format!("{role} {pattern} {}", rights.join(","))
        }
        PolicyOp::Epoch(EpochStart { audience, .. })
        | PolicyOp::Reseal(EpochReseal { audience, .. }) => audience.to_string(),
        PolicyOp::Setting { key, value } => format!("{key}={value}"),
        PolicyOp::Rebase { head } => head.to_string(),
        PolicyOp::Threshold { owners } => owners.to_string(),
        PolicyOp::Checkpoint(Checkpoint { entries, entry, .. }) => {
            let entry = entry.to_string();
            format!("closes the history up to entry {entry:.10}: {entries} entries in all")
        }
    }
}
