//! What of a policy has gone stale, is used by nobody, or hangs on one person: what a review remarks beside who
//! vouches for what ([`super::review`]).
//!
//! All of it is known without a key, from the policy and from what was signed. Who read what is in no vault.

use crate::name::{Name, Pattern, SecretName};
use crate::people::loss::{self, Loss};
use crate::policy::op::{MemberAdd, PolicyOp, Right};
use crate::policy::position::PolicyPosition;
use crate::policy::state::{Member, OWNER, Role};
use crate::time::UnixTime;
use crate::vault::Vault;
use std::collections::BTreeMap;

/// Something that is worth a look, though somebody vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// The member was to be here until then.
    Expired { member: Name, at: UnixTime },
    /// The member is in no role.
    NoRole { member: Name },
    /// The member signed nothing since `since`; `last` is when it last did.
    Silent { member: Name, last: Option<UnixTime>, since: UnixTime },
    /// The role has no members.
    RoleEmpty { role: Name },
    /// No secret matches what the role is granted.
    MatchesNothing { role: Name, pattern: Pattern },
    /// Nobody in the role wrote anything there since `since`, as far as these rights are for that.
    Unused { role: Name, pattern: Pattern, rights: Vec<Right>, since: UnixTime },
    /// Nobody else reads these secrets.
    OneReader { member: Name, secrets: Vec<SecretName> },
    /// What one loss would end.
    Loss(Loss),
}

/// What is asked of: the point in time that is now, and since when is long.
#[derive(Debug, Clone, Copy)]
pub struct Since {
    pub now: UnixTime,
    pub since: UnixTime,
}

/// What was signed: by whom, when last.
struct Activity<'a> {
    vault: &'a Vault,
    last: BTreeMap<&'a Name, UnixTime>,
}

/// Everything that is to be remarked, members first.
pub fn remarks(vault: &Vault, asked: Since) -> Vec<Remark> {
    let activity = Activity::of(vault);
    let members = vault.policy().members();
    let members = members.flat_map(|(name, member)| of_member(&activity, asked, name, member));
    let roles = vault.policy().roles().filter(|(name, _)| name.as_str() != OWNER);
    let roles = roles.flat_map(|(name, role)| of_role(&activity, asked, name, role));
    let losses = loss::of(vault.policy()).into_iter().map(Remark::Loss);
    members.chain(roles).chain(one_reader(vault)).chain(losses).collect()
}

fn of_member(activity: &Activity<'_>, asked: Since, name: &Name, member: &Member) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let of = || name.clone();
    if let Some(at) = member.expires.filter(|at| *at <= asked.now) {
        remarks.push(Remark::Expired { member: of(), at });
    }
    if member.roles().next().is_none() {
        remarks.push(Remark::NoRole { member: of() });
    }
    let last = activity.last.get(name).copied();
    let is_new = activity.added(name).is_none_or(|at| at >= asked.since);
    if !is_new && last.is_none_or(|last| last < asked.since) {
        remarks.push(Remark::Silent { member: of(), last, since: asked.since });
    }
    remarks
}

fn of_role(activity: &Activity<'_>, asked: Since, name: &Name, role: &Role) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let is_empty = role.members().next().is_none();
    if is_empty {
        remarks.push(Remark::RoleEmpty { role: name.clone() });
    }
    for (pattern, rights) in role.grants() {
        let (role_name, on) = (name.clone(), pattern.clone());
        if !activity.vault.live().any(|(secret, _)| pattern.matches(secret)) {
            remarks.push(Remark::MatchesNothing { role: role_name, pattern: on });
            continue;
        }
        let unused = |right: &Right| {
            // Who reads leaves no trace in the vault, and who passes a right on leaves one of the policy.
            let leaves_trace = !matches!(right, Right::Read | Right::Grant);
            let granted = activity.granted(name, pattern, *right);
            leaves_trace
                && granted.is_some_and(|at| at < asked.since)
                && !activity.used(role, pattern, *right, asked.since)
        };
        let rights: Vec<Right> = rights.iter().filter(unused).collect();
        if !rights.is_empty() && !is_empty {
            let since = asked.since;
            remarks.push(Remark::Unused { role: role_name, pattern: on, rights, since });
        }
    }
    remarks
}

/// By the one member who reads them.
fn one_reader(vault: &Vault) -> Vec<Remark> {
    let mut alone: BTreeMap<Name, Vec<SecretName>> = BTreeMap::new();
    for (secret, _) in vault.live() {
        let readers = vault.policy().who_can_read(secret);
        if let (1, Some(reader)) = (readers.len(), readers.first()) {
            alone.entry((*reader).clone()).or_default().push(secret.clone());
        }
    }
    alone.into_iter().map(|(member, secrets)| Remark::OneReader { member, secrets }).collect()
}

impl<'a> Activity<'a> {
    fn of(vault: &'a Vault) -> Self {
        let mut last: BTreeMap<&Name, UnixTime> = BTreeMap::new();
        let mut note = |member: &'a Name, at: UnixTime| {
            let known = last.entry(member).or_insert(at);
            *known = at.max(*known);
        };
        vault.file().entries.values().for_each(|entry| note(&entry.actor, entry.ts));
        for (index, entry) in vault.file().chain.iter().enumerate() {
            let signers = vault.chain().signing_members(PolicyPosition::new(index));
            signers.into_iter().for_each(|member| note(member, entry.ts));
        }
        Self { vault, last }
    }

    /// When the chain last did what `is` tells of.
    fn when(&self, is: impl Fn(&PolicyOp) -> bool) -> Option<UnixTime> {
        let mut entries = self.vault.file().chain.iter().rev();
        entries.find(|entry| entry.ops.iter().any(&is)).map(|entry| entry.ts)
    }

    fn added(&self, name: &Name) -> Option<UnixTime> {
        self.when(
            |op| matches!(op, PolicyOp::MemberAdd(MemberAdd { member, .. }) if member == name),
        )
    }

    fn granted(&self, name: &Name, on: &Pattern, right: Right) -> Option<UnixTime> {
        self.when(|op| match op {
            PolicyOp::Grant { role, pattern, rights, .. } => {
                role == name && pattern == on && rights.contains(&right)
            }
            _ => false,
        })
    }

    /// Whether somebody who is in the role did what the right is for.
    fn used(&self, role: &Role, pattern: &Pattern, right: Right, since: UnixTime) -> bool {
        use crate::log::op::Op;
        let is_for = |op: &Op| match op {
            Op::Remove(_) | Op::Prune { .. } => right == Right::Delete,
            Op::Expire(_) => matches!(right, Right::Write | Right::Delete),
            Op::Pending { .. } | Op::Rollout { .. } => {
                matches!(right, Right::Write | Right::Rotate)
            }
            // To wrap anew is a reader's work, whatever else they may do.
            Op::Rewrap { .. } | Op::Checkpoint { .. } | Op::Join(_) => false,
            // With the right to write one may rotate: a rotation says of neither that it is unused.
            Op::Put(put) => {
                right == Right::Write || (right == Right::Rotate && !put.replaces.is_empty())
            }
            Op::Field(_) | Op::Resolve { .. } | Op::Restore(_) => right == Right::Write,
        };
        let covers = |op: &Op| op.secret().is_some_and(|secret| pattern.matches(secret));
        let mut entries = self.vault.file().entries.values().filter(|entry| entry.ts >= since);
        entries.any(|entry| {
            role.members().any(|member| *member == entry.actor)
                && entry.ops.iter().any(|op| is_for(op) && covers(op))
        })
    }
}
