//! Which keys stand once somebody is gone: by genesis, by those who own the vault, or by the word of a
//! key that stands itself. Two who vouch for each other alone stand on nothing.

use super::alone::Going;
use super::{Credential, Vouching};
use crate::crypto::id::KeyId;
use crate::name::Name;
use crate::policy::position::PolicyPosition;
use crate::policy::state::{OWNER, PolicyState};
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

/// The keys that stand.
#[derive(Debug)]
pub struct Ground<'a> {
    vouching: &'a Vouching,
    going: Option<Going<'a>>,
    standing: HashSet<KeyId>,
}

impl Vouching {
    /// With everybody who is there.
    pub fn ground(&self, state: &PolicyState) -> Ground<'_> {
        let sole = self.people.keys().find_map(|member| super::alone::sole_key(state, member));
        self.ground_without(None, |key, _| Some(*key) == sole)
    }

    /// What stands without `going`. `is_given` names keys that stand in any case. The smallest such set,
    /// each key taken up once.
    pub(super) fn ground_without<'a>(
        &'a self,
        going: Option<Going<'a>>,
        is_given: impl Fn(&KeyId, &Name) -> bool,
    ) -> Ground<'a> {
        let mut ground = Ground { vouching: self, going, standing: HashSet::new() };
        let (mut open, mut waiting) = (Vec::new(), HashMap::<KeyId, Vec<KeyId>>::new());
        for (own, key, credential) in self.key_credentials() {
            let behind = self.all_behind(own, credential);
            if self.roots.contains(&key) || is_given(&key, own) || ground.stands(own, &behind) {
                open.push(key);
            } else {
                behind.iter().for_each(|by| waiting.entry(*by).or_default().push(key));
            }
        }
        while let Some(key) = open.pop() {
            if ground.standing.insert(key) && ground.counts(&key).is_some() {
                open.extend(waiting.remove(&key).unwrap_or_default());
            }
        }
        ground
    }

    fn key_credentials(&self) -> impl Iterator<Item = (&Name, KeyId, &Credential)> {
        self.people.iter().flat_map(|(own, person)| {
            person.credentials.keys().filter_map(move |credential| match credential {
                Credential::Key { id, .. } => Some((own, *id, credential)),
                Credential::Recipient(_) => None,
            })
        })
    }

    pub(super) fn all_behind(&self, member: &Name, credential: &Credential) -> Vec<KeyId> {
        let (added, confirmed) = self.behind(member, credential);
        added.into_iter().chain(confirmed).collect()
    }

    /// Whether it is a key that a present owner had on first becoming one: what was added later may be
    /// planted by whoever added it.
    fn is_owners(&self, key: &KeyId, member: &Name) -> bool {
        let Some(person) = self.people.get(member) else { return false };
        let since = self.keys.get(key).map(|holder| holder.since);
        person.roles.keys().any(|role| role.as_str() == OWNER)
            && person.owner_since.is_some_and(|at| since.is_some_and(|since| since <= at))
    }

    /// Who left, of those by whose word alone a credential is there, directly or through others who are
    /// there by it: with the position of the removal.
    pub(crate) fn sole_departed(
        &self,
        ground: &Ground<'_>,
        member: &Name,
        credential: &Credential,
    ) -> Option<(&Name, PolicyPosition)> {
        let mut open: VecDeque<KeyId> = self.all_behind(member, credential).into();
        let (mut seen, mut found) = (BTreeSet::new(), None);
        while let Some(key) = open.pop_front() {
            let Some(holder) = self.keys.get(&key).filter(|_| seen.insert(key)) else { continue };
            if ground.speaks(&key, None) {
                return None;
            }
            if let Some(at) = self.departed.get(&holder.incarnation) {
                found = found.or(Some((&holder.member, *at)));
            } else if let Some(credential) = self.key_of(&holder.member, &key) {
                open.extend(self.all_behind(&holder.member, credential));
            }
        }
        found
    }
}

impl Ground<'_> {
    /// Whether somebody whose word counts is among these; `own` is whose credential it is about.
    pub(super) fn stands(&self, own: &Name, keys: &[KeyId]) -> bool {
        keys.iter().any(|key| self.speaks(key, Some(own)))
    }

    /// The same of what is no credential.
    pub(super) fn stands_for<'k>(&self, mut keys: impl Iterator<Item = &'k KeyId>) -> bool {
        keys.any(|key| self.speaks(key, None))
    }

    /// Whether somebody who is there let a member into a role.
    pub(crate) fn backs_membership(&self, member: &Name, role: &Name) -> bool {
        let keys = self.vouching.behind_membership(member, role);
        self.stands_for(keys.iter()) || keys.iter().any(|key| self.vouching.roots.contains(key))
    }

    /// Whether somebody who is there had a hand in a role.
    pub(crate) fn backs_role(&self, role: &Name) -> bool {
        let made = self.vouching.roles.get(role);
        made.is_some_and(|made| self.stands_for(made.behind.iter()))
    }

    /// An owner's word counts for others even where nobody is left who let them in.
    fn speaks(&self, key: &KeyId, own: Option<&Name>) -> bool {
        self.counts(key).is_some_and(|member| {
            self.standing.contains(key)
                || (own != Some(member) && self.vouching.is_owners(key, member))
        })
    }

    fn counts(&self, key: &KeyId) -> Option<&Name> {
        let member = self.vouching.present(key)?;
        (!self.going.is_some_and(|going| going.has(key, member))).then_some(member)
    }
}
