//! What only one member stands behind: what is to be looked at when that member leaves.

use super::{Credential, Vouching};
use crate::crypto::bytes::Id;
use crate::name::Name;
use crate::policy::state::OWNER;
use std::collections::BTreeSet;

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

impl Alone {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Vouching {
    /// What is left without anybody present behind it once `leaver` is gone, and was not before.
    pub fn alone(&self, leaver: &Name) -> Alone {
        let mut alone = Alone::default();
        for name in self.people.keys().filter(|name| *name != leaver) {
            let all: Vec<&Credential> = self.credentials(name).collect();
            let bare: Vec<&Credential> =
                all.iter().copied().filter(|c| self.is_alone(name, c, leaver)).collect();
            match !all.is_empty() && bare.len() == all.len() {
                true => alone.members.push(name.clone()),
                false => {
                    alone.credentials.extend(bare.into_iter().map(|c| (name.clone(), c.clone())));
                }
            }
        }
        alone.roles = self.roles_of(leaver);
        alone.memberships = self.memberships_by(leaver, &alone);
        alone
    }

    /// Whether anybody who is there stands behind a credential.
    pub fn is_backed(&self, member: &Name, credential: &Credential) -> bool {
        let (added, confirmed) = self.behind(member, credential);
        let keys: Vec<Id> = added.into_iter().chain(confirmed).collect();
        let is_root = matches!(credential, Credential::Key { id, .. } if self.roots.contains(id));
        is_root || self.stands(member, &keys, None, &mut BTreeSet::new())
    }

    fn is_alone(&self, member: &Name, credential: &Credential, leaver: &Name) -> bool {
        let (added, confirmed) = self.behind(member, credential);
        let keys: Vec<Id> = added.into_iter().chain(confirmed).collect();
        let is_root = matches!(credential, Credential::Key { id, .. } if self.roots.contains(id));
        !is_root
            && self.stands(member, &keys, None, &mut BTreeSet::new())
            && !self.stands(member, &keys, Some(leaver), &mut BTreeSet::new())
    }

    /// Whether somebody who is there stands behind it, without counting one of them.
    fn stands(
        &self,
        own: &Name,
        keys: &[Id],
        without: Option<&Name>,
        seen: &mut BTreeSet<Id>,
    ) -> bool {
        keys.iter().any(|key| match self.present(key) {
            Some(member) if Some(member) == without => false,
            Some(member) if member == own => {
                self.roots.contains(key) || self.own_stands(own, key, without, seen)
            }
            Some(_) => true,
            None => false,
        })
    }

    fn own_stands(
        &self,
        own: &Name,
        key: &Id,
        without: Option<&Name>,
        seen: &mut BTreeSet<Id>,
    ) -> bool {
        if !seen.insert(*key) {
            return false;
        }
        let Some(credential) = self.key_of(own, key) else { return false };
        let (added, confirmed) = self.behind(own, credential);
        let keys: Vec<Id> = added.into_iter().chain(confirmed).collect();
        self.stands(own, &keys, without, seen)
    }

    fn roles_of(&self, leaver: &Name) -> Vec<Name> {
        let by = |keys: &BTreeSet<Id>| self.only_by(keys.iter(), leaver);
        let found =
            self.roles.iter().filter(|(name, made)| name.as_str() != OWNER && by(&made.behind));
        found.map(|(name, _)| name.clone()).collect()
    }

    fn memberships_by(&self, leaver: &Name, alone: &Alone) -> Vec<(Name, Name)> {
        let others =
            self.people.iter().filter(|(name, _)| *name != leaver && !alone.members.contains(name));
        let joined =
            others.flat_map(|(name, person)| person.roles.iter().map(move |found| (name, found)));
        let by = joined.filter(|(_, (role, signed))| {
            !alone.roles.contains(role) && self.only_by(signed.by.iter(), leaver)
        });
        by.map(|(member, (role, _))| (role.clone(), member.clone())).collect()
    }

    fn only_by<'k>(&self, mut keys: impl Iterator<Item = &'k Id> + Clone, leaver: &Name) -> bool {
        let is_there = keys.clone().any(|key| self.present(key) == Some(leaver));
        is_there && keys.all(|key| self.present(key).is_none_or(|member| member == leaver))
    }
}
