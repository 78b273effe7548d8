//! What is in force in a state of the policy, one fact each: so that what one side of a rebase took away can be
//! told from what it left, and looked for in what comes out.

use crate::crypto::bytes::Id;
use crate::crypto::id::KeyId;
use crate::name::{Name, Pattern};
use crate::policy::chain::MAX_SIGNATURES;
use crate::policy::op::{PolicyOp, Right};
use crate::policy::state::{OWNER, PolicyState};
use std::collections::BTreeSet;

/// Something that can be taken away.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    Member(Name),
    Role(Name),
    Membership {
        role: Name,
        member: Name,
    },
    /// By id, in whomever: a key that was taken from one member is not another's either.
    Key(KeyId),
    Recipient(Id),
    /// A grant of just this pattern.
    Grant {
        role: Name,
        pattern: Pattern,
        right: Right,
    },
    /// A right on all of a pattern, by whatever grants.
    Held {
        by: Holder,
        pattern: Pattern,
        right: Right,
    },
    /// So many owners sign for everything: what a greater threshold takes from them.
    OwnersSuffice(usize),
}

/// Who has a right: a member by its roles, or a role for whoever joins it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    Member(Name),
    Role(Name),
}

impl Fact {
    /// Whether it is so in a state.
    pub fn holds(&self, state: &PolicyState) -> bool {
        match self {
            Self::Member(name) => state.member(name).is_some(),
            Self::Role(name) => state.role(name).is_some(),
            Self::Membership { role, member } => is_in(state, role, member),
            Self::Key(id) => state.key_owner(id).is_some(),
            Self::Recipient(id) => state.recipient_owner(id).is_some(),
            Self::Grant { role, pattern, right } => {
                let mut grants = state.role(role).into_iter().flat_map(|role| role.grants());
                grants.any(|(granted, rights)| granted == pattern && rights.has(*right))
            }
            Self::Held { by: Holder::Member(member), pattern, right } => {
                state.holds_pattern(member, *right, pattern)
            }
            Self::Held { by: Holder::Role(role), pattern, right } => {
                let mut grants = state.role(role).into_iter().flat_map(|role| role.grants());
                grants.any(|(granted, rights)| granted.contains(pattern) && rights.has(*right))
            }
            Self::OwnersSuffice(owners) => state.threshold() <= *owners,
        }
    }

    /// The op that ends it, where one does: a right that is held by another grant is no op's to name.
    pub(super) fn taking(&self, state: &PolicyState) -> Option<PolicyOp> {
        Some(match self {
            Self::Member(member) => PolicyOp::MemberRemove { member: member.clone() },
            Self::Role(role) => PolicyOp::RoleRemove { role: role.clone() },
            Self::Membership { role, member } => {
                PolicyOp::RoleLeave { role: role.clone(), member: member.clone() }
            }
            Self::Key(id) => {
                let member = state.key_owner(id)?.clone();
                let mut keys = state.member(&member)?.keys.iter();
                let (device, _) = keys.find(|(_, key)| key.id == *id)?;
                PolicyOp::KeyRemove { member, device: device.clone(), lost: false }
            }
            Self::Recipient(id) => {
                let member = state.recipient_owner(id)?.clone();
                let found = state.member(&member)?;
                let mut own = found.recipients.iter();
                let recipient = own.find(|text| found.recipient_id(text) == Some(id))?.clone();
                PolicyOp::RecipientRemove { member, recipient }
            }
            Self::Grant { role, pattern, right } => PolicyOp::Revoke {
                role: role.clone(),
                pattern: pattern.clone(),
                rights: vec![*right],
            },
            // The op that raises the threshold is made again itself.
            Self::Held { .. } | Self::OwnersSuffice(_) => return None,
        })
    }
}

/// Whether a member is in a role.
pub(super) fn is_in(state: &PolicyState, role: &Name, member: &Name) -> bool {
    state.role(role).is_some_and(|role| role.members().any(|name| name == member))
}

/// The patterns of all grants, and that of everything.
pub(super) fn patterns<'a>(states: impl IntoIterator<Item = &'a PolicyState>) -> BTreeSet<Pattern> {
    let roles = states.into_iter().flat_map(|state| state.roles());
    let granted = roles.flat_map(|(_, role)| role.grants()).map(|(pattern, _)| pattern.clone());
    granted.chain(Pattern::new("*")).collect()
}

/// All facts of a state but who holds what by several grants.
pub(super) fn stated(state: &PolicyState) -> BTreeSet<Fact> {
    let mut facts: BTreeSet<Fact> =
        (state.threshold()..=MAX_SIGNATURES).map(Fact::OwnersSuffice).collect();
    for (name, member) in state.members() {
        facts.insert(Fact::Member(name.clone()));
        facts.extend(member.keys.values().map(|key| Fact::Key(key.id)));
        let ids = member.recipients.iter().filter_map(|text| member.recipient_id(text));
        facts.extend(ids.map(|id| Fact::Recipient(*id)));
        facts.extend(
            member
                .roles()
                .map(|role| Fact::Membership { role: role.clone(), member: name.clone() }),
        );
    }
    for (name, role) in state.roles().filter(|(name, _)| name.as_str() != OWNER) {
        facts.insert(Fact::Role(name.clone()));
        facts.extend(role.grants().flat_map(|(pattern, rights)| {
            rights.iter().map(move |right| Fact::Grant {
                role: name.clone(),
                pattern: pattern.clone(),
                right,
            })
        }));
    }
    facts
}

/// What was in force after one of these states, the first of which is where the sides parted, and is not after
/// the last.
pub(super) fn taken(states: &[PolicyState], patterns: &BTreeSet<Pattern>) -> BTreeSet<Fact> {
    let Some(last) = states.last() else { return BTreeSet::new() };
    let all = states.iter().flat_map(|state| [stated(state), held(state, patterns)].into_iter());
    all.flatten().filter(|fact| !fact.holds(last)).collect()
}

/// Who holds what on each of the patterns.
fn held(state: &PolicyState, patterns: &BTreeSet<Pattern>) -> BTreeSet<Fact> {
    let members = state.members().map(|(name, _)| Holder::Member(name.clone()));
    let roles = state.roles().filter(|(name, _)| name.as_str() != OWNER);
    let holders = members.chain(roles.map(|(name, _)| Holder::Role(name.clone())));
    let asked = holders.flat_map(|by| {
        patterns.iter().flat_map(move |pattern| {
            let by = by.clone();
            Right::ALL.map(move |right| Fact::Held {
                by: by.clone(),
                pattern: pattern.clone(),
                right,
            })
        })
    });
    asked.filter(|fact| fact.holds(state)).collect()
}
