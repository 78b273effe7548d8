//! What another policy takes from the members whose keys somebody has: their place in the vault, or roles.

use crate::crypto::id::KeyId;
use crate::name::Name;
use crate::policy::state::PolicyState;

/// A member who is less than before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Demoted {
    pub member: Name,
    pub loss: Loss,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// There is no such member any more.
    Membership,
    /// There is a member of that name, and this key is not theirs.
    Key,
    Roles(Vec<Name>),
}

/// What who signs by these keys had `before` and has not `now`.
pub fn demoted<'k>(
    before: &PolicyState,
    now: &PolicyState,
    keys: impl IntoIterator<Item = &'k KeyId>,
) -> Vec<Demoted> {
    let owned = keys.into_iter().filter_map(|key| Some((key, before.key_owner(key)?)));
    let lost = |(key, name): (&KeyId, &Name)| {
        Some(Demoted { member: name.clone(), loss: loss(before, now, key, name)? })
    };
    let mut found: Vec<Demoted> = owned.filter_map(lost).collect();
    found.sort();
    found.dedup();
    found
}

fn loss(before: &PolicyState, now: &PolicyState, key: &KeyId, name: &Name) -> Option<Loss> {
    let Some(member) = now.member(name) else { return Some(Loss::Membership) };
    if now.key_owner(key) != Some(name) {
        return Some(Loss::Key);
    }
    let gone = |role: &&Name| !member.roles().any(|one| one == *role);
    let roles: Vec<Name> = before.member(name)?.roles().filter(gone).cloned().collect();
    (!roles.is_empty()).then_some(Loss::Roles(roles))
}
