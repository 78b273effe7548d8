//! Who stands behind whom: the signers of what let a credential or a member in, and of what confirmed
//! it since. Derived from the chain and shown to people; what is valid never depends on it
//! (`super::authority` judges that). Time grows with what the entries name.

mod alone;
mod credential;
mod fold;
mod judge;
mod plan;
#[cfg(test)]
mod tests;

pub use alone::{Alone, Going};
pub use credential::{Credential, pair};
pub use judge::{Access, Standing, Verdict, Voucher};
pub use plan::{Gift, Receiver};

use super::chain::Chain;
use super::entry::PolicyEntry;
use super::error::ChainError;
use super::state::State;
use crate::crypto::bytes::Id;
use crate::name::Name;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Something that an entry brought in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Signed {
    position: usize,
    /// The keys that signed the entry.
    by: Vec<Id>,
}

#[derive(Debug, Clone)]
struct Added {
    signed: Signed,
    /// A key that is gone may have let others in.
    gone: bool,
}

/// Whose key it is or was.
#[derive(Debug, Clone)]
struct Holder {
    member: Name,
    incarnation: u64,
    /// Taken away as lost: what it signed may be another's.
    lost: bool,
}

/// A present member.
#[derive(Debug, Clone)]
struct Person {
    /// A name that is removed and added again is somebody else.
    incarnation: u64,
    added: Signed,
    credentials: BTreeMap<Credential, Added>,
    /// Keys that signed for all credentials that there were, with where they last did.
    confirmed: BTreeMap<Id, usize>,
    roles: BTreeMap<Name, Signed>,
}

/// A present role.
#[derive(Debug, Clone, Default)]
struct Made {
    signed: Signed,
    members: BTreeSet<Name>,
    /// Keys that signed for what is in it: that made it, granted it something, let somebody in.
    behind: BTreeSet<Id>,
}

/// Who stands behind whom after the last entry.
#[derive(Debug, Clone, Default)]
pub struct Vouching {
    entries: usize,
    incarnations: u64,
    people: BTreeMap<Name, Person>,
    roles: BTreeMap<Name, Made>,
    /// Every key that there was.
    keys: HashMap<Id, Holder>,
    /// By key: the recipient that it is sealed to.
    sealed: HashMap<Id, String>,
    /// The keys that signed genesis: whoever accepts the vault accepts them.
    roots: BTreeSet<Id>,
    /// By incarnation: where it was removed.
    departed: HashMap<u64, usize>,
}

impl Vouching {
    /// Of the entries of a chain that was built before.
    ///
    /// # Errors
    /// The first entry that breaks a rule.
    pub fn of(entries: &[PolicyEntry]) -> Result<Self, ChainError> {
        let mut vouching = Self::default();
        Chain::replay(entries, |position, state| vouching.take(&entries[position], state, true))?;
        Ok(vouching)
    }

    /// As it would be with one more entry, but for what that entry confirms of what was there.
    fn with_planned(&self, entry: &PolicyEntry, after: &State) -> Self {
        let mut planned = self.clone();
        planned.take(entry, after, false);
        planned
    }

    /// A member's credentials in force.
    pub fn credentials(&self, member: &Name) -> impl Iterator<Item = &Credential> {
        let all = self.people.get(member).into_iter().flat_map(|person| &person.credentials);
        all.filter(|(_, added)| !added.gone).map(|(credential, _)| credential)
    }

    /// The recipient that a key is sealed to.
    pub fn sealed_to(&self, key: &Id) -> Option<&String> {
        self.sealed.get(key)
    }

    /// A member's credentials in force, each device with the recipient that is its own.
    pub fn paired(&self, member: &Name) -> Vec<&Credential> {
        let mut all: Vec<&Credential> = self.credentials(member).collect();
        credential::pair(&mut all, |found| found, |key| self.sealed_to(key));
        all
    }

    /// The keys that stand behind a credential, those that let it in first.
    fn behind(&self, member: &Name, credential: &Credential) -> (Vec<Id>, Vec<Id>) {
        let found = self.people.get(member);
        let Some((person, added)) = found.and_then(|p| Some((p, p.credentials.get(credential)?)))
        else {
            return Default::default();
        };
        let (since, by) = (added.signed.position, &added.signed.by);
        let later = person.confirmed.iter().filter(|(key, at)| **at >= since && !by.contains(key));
        (by.clone(), later.map(|(key, _)| *key).collect())
    }

    /// Whose key it is, if they are there and it was not lost.
    fn present(&self, key: &Id) -> Option<&Name> {
        let holder = self.keys.get(key).filter(|holder| !holder.lost)?;
        let person = self.people.get(&holder.member)?;
        (person.incarnation == holder.incarnation).then_some(&holder.member)
    }

    /// The only one who ever stood behind a credential, where that one was removed: with the position
    /// of the removal.
    pub fn sole_departed(&self, member: &Name, credential: &Credential) -> Option<(&Name, usize)> {
        let (added, confirmed) = self.behind(member, credential);
        let mut holders = added.iter().chain(&confirmed).filter_map(|key| self.keys.get(key));
        let first = holders.next()?;
        let alone = holders.all(|holder| holder.incarnation == first.incarnation);
        let at = self.departed.get(&first.incarnation)?;
        alone.then_some((&first.member, *at))
    }
}
