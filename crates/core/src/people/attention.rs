//! What of a policy has gone stale, is used by nobody, or hangs on one person: what a review remarks beside who
//! vouches for what ([`super::review`]).
//!
//! All of it is known without a key, from the policy and from what was signed. Who read what is in no vault.

use crate::crypto::id::EntryId;
use crate::log::entry::Entry;
use crate::log::op::Op;
use crate::name::{Name, Pattern, SecretName};
use crate::people::loss::{self, Loss};
use crate::policy::op::{MemberAdd, PolicyOp, Right};
use crate::policy::position::PolicyPosition;
use crate::policy::state::{Member, OWNER, Role};
use crate::time::UnixTime;
use crate::vault::Vault;
use std::collections::{BTreeMap, BTreeSet};

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
    /// The member signed something that is dated after now.
    Ahead { member: Name, at: UnixTime },
    /// What one loss would end.
    Loss(Loss),
}

/// What is asked of: the point in time that is now, and since when is long.
#[derive(Debug, Clone, Copy)]
pub struct Since {
    pub now: UnixTime,
    pub since: UnixTime,
}

/// How far clocks of colleagues may be apart, in seconds.
const TOLERANCE: u64 = 300;

/// What was signed and counts: by whom, when last. A time is the signer's word, and nothing is refused for it. What is
/// dated after now says nothing of when it was done.
struct Activity<'a> {
    vault: &'a Vault,
    last: BTreeMap<&'a Name, UnixTime>,
    /// By member: the latest of the dates after now.
    ahead: BTreeMap<&'a Name, UnixTime>,
    entries: Vec<(&'a Entry, Vec<&'a Op>)>,
    until: UnixTime,
}

/// Everything that is to be remarked, members first.
pub fn remarks(vault: &Vault, asked: Since) -> Vec<Remark> {
    let activity = Activity::of(vault, asked.now);
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
    if let Some(at) = activity.ahead.get(name).copied() {
        remarks.push(Remark::Ahead { member: of(), at });
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
            let granted = activity.granted(name, pattern, *right);
            let used = || match right {
                // Who reads leaves no trace in the vault.
                Right::Read => true,
                Right::Grant => activity.passed_on(role, pattern, asked.since),
                _ => activity.used(role, pattern, *right, asked.since),
            };
            granted.is_some_and(|at| at < asked.since) && !used()
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
    fn of(vault: &'a Vault, now: UnixTime) -> Self {
        let (last, ahead) = (BTreeMap::new(), BTreeMap::new());
        let (entries, until) = (counting(vault), now.saturating_add(TOLERANCE));
        let mut activity = Self { vault, last, ahead, entries, until };
        let log = activity.entries.iter().map(|(entry, _)| (&entry.actor, entry.ts));
        let mut signed: Vec<(&'a Name, UnixTime)> = log.collect();
        for (index, entry) in vault.file().chain.iter().enumerate() {
            let signers = vault.chain().signing_members(PolicyPosition::new(index));
            signed.extend(signers.into_iter().map(|member| (member, entry.ts)));
        }
        for (member, at) in signed {
            let is_ahead = at > activity.until;
            let times = if is_ahead { &mut activity.ahead } else { &mut activity.last };
            let known = times.entry(member).or_insert(at);
            *known = at.max(*known);
        }
        activity
    }

    fn is_within(&self, at: UnixTime, since: UnixTime) -> bool {
        (since..=self.until).contains(&at)
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
        let is_for = |op: &Op| match op {
            Op::Remove(_) | Op::Prune { .. } => right == Right::Delete,
            Op::Expire(_) => matches!(right, Right::Write | Right::Delete),
            Op::Pending(_) | Op::Rollout { .. } | Op::Abort(_) | Op::Retire(_) | Op::Promote(_) => {
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
        let mut entries = self.entries.iter().filter(|(entry, _)| self.is_within(entry.ts, since));
        entries.any(|(entry, ops)| {
            role.members().any(|member| *member == entry.actor)
                && ops.iter().any(|op| is_for(op) && covers(op))
        })
    }

    /// Whether somebody who is in the role let somebody in, or took something away, for which it takes a right to
    /// grant there: on the pattern itself, or within it where the op names one. What it takes elsewhere too counts.
    fn passed_on(&self, role: &Role, on: &Pattern, since: UnixTime) -> bool {
        let chain = self.vault.chain();
        let state = chain.state();
        let of_role = |name: &Name| {
            let mut grants =
                state.role(name).into_iter().flat_map(|found| found.grants()).peekable();
            grants.peek().is_none() || grants.any(|(pattern, _)| on.contains(pattern))
        };
        let is_for = |op: &PolicyOp| match op {
            PolicyOp::Grant { pattern, .. } | PolicyOp::Revoke { pattern, .. } => {
                on.contains(pattern)
            }
            PolicyOp::RoleJoin { role, .. } | PolicyOp::RoleLeave { role, .. } => of_role(role),
            PolicyOp::MemberAdd(_)
            | PolicyOp::MemberRemove { .. }
            | PolicyOp::KeyAdd(_)
            | PolicyOp::KeyRemove { .. }
            | PolicyOp::RecipientAdd { .. }
            | PolicyOp::RecipientRemove { .. }
            | PolicyOp::RoleAdd { .. }
            | PolicyOp::RoleRemove { .. } => true,
            _ => false,
        };
        let entries = self.vault.file().chain.iter().enumerate();
        let mut within = entries.filter(|(_, entry)| self.is_within(entry.ts, since));
        within.any(|(index, entry)| {
            let signers = chain.signing_members(PolicyPosition::new(index));
            role.members().any(|member| signers.contains(member)) && entry.ops.iter().any(is_for)
        })
    }
}

/// The entries of the log with the ops that count; without those of which all is void.
fn counting(vault: &Vault) -> Vec<(&Entry, Vec<&Op>)> {
    let void: BTreeSet<(EntryId, usize)> = vault
        .standings()
        .void_ops()
        .map(|(at, _)| (*vault.graph().id(at.place as usize), at.op as usize))
        .collect();
    let entries = vault.file().entries.iter().map(|(id, entry)| {
        let ops = entry.ops.iter().enumerate();
        let ops = ops.filter(|(index, _)| !void.contains(&(*id, *index))).map(|(_, op)| op);
        (entry, ops.collect::<Vec<_>>())
    });
    entries.filter(|(entry, ops)| !ops.is_empty() || entry.ops.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::identity::{generate_identity, parse_identities};
    use crate::host::testing::TestHost;
    use crate::people::init::{self, InitRequest};
    use crate::secret::put::{self, NewValue, PutRequest};
    use crate::secret_value::SecretValue;
    use crate::vault::testing::{Actor, open};

    /// A clock is whatever its owner says: it makes nobody look busy.
    #[test]
    fn what_is_dated_after_now_is_remarked_and_is_no_recent_activity() {
        let (made, name) = (generate_identity(), |text| Name::new(text).unwrap());
        let (start, now) = (UnixTime::from_secs(1_000), UnixTime::from_secs(2_000_000));
        let request = InitRequest {
            name: name("shop"),
            member: name("olga"),
            device: name("laptop"),
            recipient: made.recipient.clone(),
            now: start,
        };
        let vault = open(&init::init(&request, &TestHost).unwrap());
        let olga = Actor::new(&vault, parse_identities(&made.text).unwrap());
        let set = |at: UnixTime| {
            let value = SecretValue::new(b"v".to_vec());
            let value = Some(NewValue { value, expires: None, same: Vec::new() });
            let secret = SecretName::parse("prod/A").unwrap();
            let request = PutRequest { secret, value, fields: Vec::new() };
            let vault = open(vault.file());
            let change = put::put(&vault, vec![request], &olga.at(at)).unwrap();
            vault.apply(change).unwrap()
        };
        let asked = Since { now, since: now.saturating_sub(1_000) };
        let of_olga = |vault: &Vault| {
            let found = remarks(vault, asked).into_iter();
            found
                .filter(|r| matches!(r, Remark::Silent { .. } | Remark::Ahead { .. }))
                .collect::<Vec<_>>()
        };
        let later = now.saturating_add(TOLERANCE + 1);
        let ahead = Remark::Ahead { member: name("olga"), at: later };
        let silent = Remark::Silent { member: name("olga"), last: Some(start), since: asked.since };
        assert_eq!(of_olga(&set(later)), [ahead, silent]);
        assert_eq!(of_olga(&set(now.saturating_add(TOLERANCE))), []);
    }
}
