//! What only one member, or only some keys, stand behind: what is to be looked at when these go.

use super::{Credential, Vouching};
use crate::crypto::bytes::Id;
use crate::name::Name;
use crate::policy::state::{OWNER, State};
use std::collections::BTreeSet;

/// Who goes.
#[derive(Debug, Clone, Copy)]
pub enum Going<'a> {
    Member(&'a Name),
    /// Keys of this member that were lost: what they signed may be another's.
    Keys(&'a Name, &'a BTreeSet<Id>),
}

impl<'a> Going<'a> {
    pub fn member(self) -> &'a Name {
        match self {
            Self::Member(member) | Self::Keys(member, _) => member,
        }
    }

    fn has(self, key: &Id, holder: &Name) -> bool {
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

impl Vouching {
    /// What is left without anybody present behind it once somebody is gone, and was not before. Whoever
    /// signs that with the key `by` is there, and stands for it and for what it is sealed to.
    pub fn alone(&self, going: Going<'_>, by: &Id) -> Alone {
        let mut alone = Alone::default();
        for name in self.people.keys().filter(|name| *name != going.member()) {
            let all: Vec<&Credential> = self.paired(name);
            let bare: Vec<&Credential> =
                all.iter().copied().filter(|c| self.is_alone(name, c, going, by)).collect();
            match !all.is_empty() && bare.len() == all.len() {
                true => alone.members.push(name.clone()),
                false => {
                    alone.credentials.extend(bare.into_iter().map(|c| (name.clone(), c.clone())));
                }
            }
        }
        alone.roles = self.roles_of(going);
        alone.memberships = self.memberships_by(going, by, &alone);
        alone
    }

    /// Whether anybody who is there stands behind a credential. An owner who is alone with one key has
    /// nobody else who could: it stands for itself.
    pub fn is_backed(&self, state: &State, member: &Name, credential: &Credential) -> bool {
        let mut seen = own_seen(sole_key(state, member));
        self.is_sole(state, member, credential)
            || self.is_root(credential)
            || self.stands(member, &self.all_behind(member, credential), None, &mut seen)
    }

    /// Whether it is the one key of the one owner, or what that is sealed to.
    pub fn is_sole(&self, state: &State, member: &Name, credential: &Credential) -> bool {
        sole_key(state, member).is_some_and(|key| self.is_of_key(credential, &key))
    }

    fn is_alone(&self, member: &Name, found: &Credential, going: Going<'_>, by: &Id) -> bool {
        // Who has a device that was lost has not written genesis, which everybody accepts.
        let is_accepted = matches!(going, Going::Keys(..)) && self.is_of_genesis(member, found);
        if self.is_root(found) || is_accepted || self.is_of_key(found, by) {
            return false;
        }
        let keys = self.all_behind(member, found);
        let now = self.stands(member, &keys, None, &mut Seen::default());
        now && !self.stands(member, &keys, Some(going), &mut own_seen(Some(*by)))
    }

    fn is_root(&self, credential: &Credential) -> bool {
        matches!(credential, Credential::Key { id, .. } if self.roots.contains(id))
    }

    fn is_of_genesis(&self, member: &Name, credential: &Credential) -> bool {
        let person = self.people.get(member);
        let added = person.and_then(|person| person.credentials.get(credential));
        added.is_some_and(|added| added.signed.position == 0)
    }

    /// Whether it is the key, or what the key is sealed to.
    fn is_of_key(&self, credential: &Credential, key: &Id) -> bool {
        match credential {
            Credential::Key { id, .. } => id == key,
            Credential::Recipient(text) => self.sealed_to(key) == Some(text),
        }
    }

    fn all_behind(&self, member: &Name, credential: &Credential) -> Vec<Id> {
        let (added, confirmed) = self.behind(member, credential);
        added.into_iter().chain(confirmed).collect()
    }

    /// Whether somebody who is there stands behind it, without counting those who go.
    fn stands(&self, own: &Name, keys: &[Id], without: Option<Going<'_>>, seen: &mut Seen) -> bool {
        keys.iter().any(|key| match self.present(key) {
            Some(member) if without.is_some_and(|going| going.has(key, member)) => false,
            Some(member) if member == own => {
                self.roots.contains(key)
                    || seen.backed == Some(*key)
                    || self.own_stands(own, key, without, seen)
            }
            Some(_) => true,
            None => false,
        })
    }

    fn own_stands(
        &self,
        own: &Name,
        key: &Id,
        without: Option<Going<'_>>,
        seen: &mut Seen,
    ) -> bool {
        if !seen.keys.insert(*key) {
            return false;
        }
        let Some(credential) = self.key_of(own, key) else { return false };
        self.stands(own, &self.all_behind(own, credential), without, seen)
    }

    fn roles_of(&self, going: Going<'_>) -> Vec<Name> {
        let by = |keys: &BTreeSet<Id>| self.only_by(keys.iter(), going);
        let found =
            self.roles.iter().filter(|(name, made)| name.as_str() != OWNER && by(&made.behind));
        found.map(|(name, _)| name.clone()).collect()
    }

    fn memberships_by(&self, going: Going<'_>, by: &Id, alone: &Alone) -> Vec<(Name, Name)> {
        let signer = self.present(by);
        let others = self.people.iter().filter(|(name, _)| {
            *name != going.member() && Some(*name) != signer && !alone.members.contains(name)
        });
        let joined =
            others.flat_map(|(name, person)| person.roles.iter().map(move |found| (name, found)));
        let is_accepted = |position| position == 0 && matches!(going, Going::Keys(..));
        let by = joined.filter(|(_, (role, signed))| {
            !alone.roles.contains(role)
                && !is_accepted(signed.position)
                && self.only_by(signed.by.iter(), going)
        });
        by.map(|(member, (role, _))| (role.clone(), member.clone())).collect()
    }

    fn only_by<'k>(&self, keys: impl Iterator<Item = &'k Id> + Clone, going: Going<'_>) -> bool {
        let goes = |key: &Id| self.present(key).map(|member| going.has(key, member));
        keys.clone().any(|key| goes(key) == Some(true))
            && keys.clone().all(|key| goes(key) != Some(false))
    }
}

/// The keys that were asked about on the way, and one that stands for itself.
#[derive(Default)]
struct Seen {
    keys: BTreeSet<Id>,
    backed: Option<Id>,
}

fn own_seen(backed: Option<Id>) -> Seen {
    Seen { backed, ..Seen::default() }
}

/// The one key of the one owner.
fn sole_key(state: &State, member: &Name) -> Option<Id> {
    let is_alone = state.is_owner(member) && state.owners().count() == 1;
    let mut keys = state.member(member).filter(|_| is_alone)?.keys.values();
    let first = keys.next()?;
    keys.next().is_none().then_some(first.id)
}
