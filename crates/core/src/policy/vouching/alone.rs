//! What only one member, or only some keys, stand behind: what is to be looked at when these go.

use super::{Credential, Ground, Vouching};
use crate::crypto::id::KeyId;
use crate::name::Name;
use crate::policy::position::PolicyPosition;
use crate::policy::state::{OWNER, PolicyState};
use std::collections::BTreeSet;

/// Who goes.
#[derive(Debug, Clone, Copy)]
pub enum Going<'a> {
    Member(&'a Name),
    /// Keys of this member that were lost: what they signed may be another's.
    Keys(&'a Name, &'a BTreeSet<KeyId>),
}

impl<'a> Going<'a> {
    pub fn member(self) -> &'a Name {
        match self {
            Self::Member(member) | Self::Keys(member, _) => member,
        }
    }

    pub(super) fn has(self, key: &KeyId, holder: &Name) -> bool {
        match self {
            Self::Member(member) => holder == member,
            Self::Keys(_, keys) => keys.contains(key),
        }
    }
}

/// What nobody else who is there vouches for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Alone {
    /// Members of whom all is vouched for by that one alone.
    pub members: Vec<Name>,
    /// Single credentials of other members.
    pub credentials: Vec<(Name, Credential)>,
    /// Role and member, of members that are not among [`Alone::members`].
    pub memberships: Vec<(Name, Name)>,
    /// Roles in which nobody else had a hand.
    pub roles: Vec<Name>,
}

/// What stands while those who go are there, and what does without them.
struct WithAndWithout<'a> {
    before: Ground<'a>,
    after: Ground<'a>,
}

impl Vouching {
    /// What is left without anybody present behind it once somebody is gone, and was not before, through
    /// any number of others. Whoever signs that with the key `by` is there, and stands for it and for
    /// what it is sealed to.
    pub fn alone(&self, going: Going<'_>, by: &KeyId) -> Alone {
        let mut alone = Alone::default();
        let change = WithAndWithout {
            before: self.ground_without(None, |key, member| going.has(key, member)),
            after: self.ground_without(Some(going), |key, _| key == by),
        };
        for name in self.people.keys().filter(|name| *name != going.member()) {
            let all: Vec<&Credential> = self.paired(name);
            let bare: Vec<&Credential> = all
                .iter()
                .copied()
                .filter(|c| self.is_alone(name, c, going, by, &change))
                .collect();
            match !all.is_empty() && bare.len() == all.len() {
                true => alone.members.push(name.clone()),
                false => {
                    alone.credentials.extend(bare.into_iter().map(|c| (name.clone(), c.clone())));
                }
            }
        }
        alone.roles = self.roles_of(&change);
        alone.memberships = self.memberships_by(going, by, &alone, &change);
        alone
    }

    /// Whether anybody who is there stands behind a credential. An owner who is alone with one key has
    /// nobody else who could: it stands for itself.
    pub(crate) fn is_backed(
        &self,
        ground: &Ground<'_>,
        state: &PolicyState,
        member: &Name,
        credential: &Credential,
    ) -> bool {
        self.is_sole(state, member, credential)
            || self.is_root(credential)
            || ground.stands(member, &self.all_behind(member, credential))
    }

    /// Whether it is the one key of the one owner, or what that is sealed to.
    pub(crate) fn is_sole(
        &self,
        state: &PolicyState,
        member: &Name,
        credential: &Credential,
    ) -> bool {
        sole_key(state, member).is_some_and(|key| self.is_of_key(credential, &key))
    }

    fn is_alone(
        &self,
        member: &Name,
        found: &Credential,
        going: Going<'_>,
        by: &KeyId,
        change: &WithAndWithout<'_>,
    ) -> bool {
        // Who has a device that was lost has not written genesis, which everybody accepts.
        let is_accepted = matches!(going, Going::Keys(..)) && self.is_of_genesis(member, found);
        if self.is_root(found) || is_accepted || self.is_of_key(found, by) {
            return false;
        }
        let keys = self.all_behind(member, found);
        change.before.stands(member, &keys) && !change.after.stands(member, &keys)
    }

    fn is_root(&self, credential: &Credential) -> bool {
        matches!(credential, Credential::Key { id, .. } if self.roots.contains(id))
    }

    fn is_of_genesis(&self, member: &Name, credential: &Credential) -> bool {
        let person = self.people.get(member);
        let added = person.and_then(|person| person.credentials.get(credential));
        added.is_some_and(|added| added.signed.position == PolicyPosition::GENESIS)
    }

    /// Whether it is the key, or what the key is sealed to.
    fn is_of_key(&self, credential: &Credential, key: &KeyId) -> bool {
        match credential {
            Credential::Key { id, .. } => id == key,
            Credential::Recipient(text) => self.sealed_to(key) == Some(text),
        }
    }

    fn roles_of(&self, change: &WithAndWithout<'_>) -> Vec<Name> {
        let by = |keys: &BTreeSet<KeyId>| change.takes(keys.iter());
        let found =
            self.roles.iter().filter(|(name, made)| name.as_str() != OWNER && by(&made.behind));
        found.map(|(name, _)| name.clone()).collect()
    }

    fn memberships_by(
        &self,
        going: Going<'_>,
        by: &KeyId,
        alone: &Alone,
        change: &WithAndWithout<'_>,
    ) -> Vec<(Name, Name)> {
        let signer = self.present(by);
        let others = self.people.iter().filter(|(name, _)| {
            *name != going.member() && Some(*name) != signer && !alone.members.contains(name)
        });
        let joined =
            others.flat_map(|(name, person)| person.roles.iter().map(move |found| (name, found)));
        let is_accepted =
            |position| position == PolicyPosition::GENESIS && matches!(going, Going::Keys(..));
        let by = joined.filter(|(_, (role, signed))| {
            !alone.roles.contains(role)
                && !is_accepted(signed.position)
                && change.takes(signed.by.iter())
        });
        by.map(|(member, (role, _))| (role.clone(), member.clone())).collect()
    }
}

impl WithAndWithout<'_> {
    fn takes<'k>(&self, keys: impl Iterator<Item = &'k KeyId> + Clone) -> bool {
        self.before.stands_for(keys.clone()) && !self.after.stands_for(keys)
    }
}

/// The one key of the one owner.
pub(super) fn sole_key(state: &PolicyState, member: &Name) -> Option<KeyId> {
    let is_alone = state.is_owner(member) && state.owners().count() == 1;
    let mut keys = state.member(member).filter(|_| is_alone)?.keys.values();
    let first = keys.next()?;
    keys.next().is_none().then_some(first.id)
}
