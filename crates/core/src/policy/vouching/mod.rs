//! Who stands behind whom: the signers of what let a credential or a member in, and of what confirmed
//! it since. Derived from the chain and shown to people; what is valid never depends on it
//! (`super::authority` judges that). Time grows with what the entries name.

mod alone;
mod credential;
mod fold;
mod ground;
mod judge;
mod plan;
#[cfg(test)]
mod tests;

pub use alone::{Alone, Going};
pub use credential::{Credential, named, pair};
pub use ground::Ground;
pub use judge::{AccessOfRole, Voucher, VoucherStatus, VouchingVerdict};
pub use plan::{Gift, Receiver};

use super::chain::Chain;
use super::entry::PolicyEntry;
use super::error::ChainError;
use super::rights::Rights;
use super::state::PolicyState;
use crate::crypto::id::KeyId;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::name::{Name, Pattern};
use crate::policy::position::PolicyPosition;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Something that an entry brought in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Signed {
    position: PolicyPosition,
    /// The keys that signed the entry.
    by: Vec<KeyId>,
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
    /// Where it was added.
    since: PolicyPosition,
    /// Taken away as lost: what it signed may be another's.
    lost: bool,
}

/// What a later signature gave: a role, or rights on a pattern to the role.
type Deed = (Name, Option<(Pattern, Rights)>);

/// A signature over all credentials that a member had: it vouches for what was given by it, and no more.
/// Otherwise an owner's word for little would pass as their word for everything.
#[derive(Debug, Clone)]
struct Confirmed {
    position: PolicyPosition,
    given: Arc<AccessOfRole>,
}

/// A present member.
#[derive(Debug, Clone)]
struct Person {
    /// A name that is removed and added again is somebody else.
    incarnation: u64,
    added: Signed,
    credentials: BTreeMap<Credential, Added>,
    /// By key that signed for all credentials that there were.
    confirmed: BTreeMap<KeyId, BTreeMap<Deed, Confirmed>>,
    roles: BTreeMap<Name, Signed>,
    /// Where it first became an owner.
    owner_since: Option<PolicyPosition>,
}

/// A present role.
#[derive(Debug, Clone, Default)]
struct Made {
    signed: Signed,
    members: BTreeSet<Name>,
    /// Keys that signed for what is in it: that made it, granted it something, let somebody in.
    behind: BTreeSet<KeyId>,
}

/// Who stands behind whom after the last entry.
#[derive(Debug, Clone, Default)]
pub struct Vouching {
    entries: PolicyPosition,
    incarnations: u64,
    people: BTreeMap<Name, Person>,
    roles: BTreeMap<Name, Made>,
    /// Every key that there was.
    keys: HashMap<KeyId, Holder>,
    /// By key: the recipient that it is sealed to.
    sealed: HashMap<KeyId, RecipientText>,
    /// The keys that signed genesis: whoever accepts the vault accepts them.
    roots: BTreeSet<KeyId>,
    /// By incarnation: where it was removed.
    departed: HashMap<u64, PolicyPosition>,
}

impl Vouching {
    /// Of the entries of a chain that was built before.
    ///
    /// # Errors
    /// The first entry that breaks a rule.
    pub fn of(entries: &[PolicyEntry]) -> Result<Self, ChainError> {
        let mut vouching = Self::default();
        Chain::replay_whole(entries, |position, chain| {
            vouching.take(&entries[position.index()], chain.state(), Some(chain));
        })?;
        Ok(vouching)
    }

    /// As it would be with one more entry, but for what that entry confirms of what was there.
    fn with_planned(&self, entry: &PolicyEntry, after: &PolicyState) -> Self {
        let mut planned = self.clone();
        planned.take(entry, after, None);
        planned
    }

    /// A member's credentials in force.
    pub fn credentials(&self, member: &Name) -> impl Iterator<Item = &Credential> {
        let all = self.people.get(member).into_iter().flat_map(|person| &person.credentials);
        all.filter(|(_, added)| !added.gone).map(|(credential, _)| credential)
    }

    /// The recipient that a key is sealed to.
    pub(crate) fn sealed_to(&self, key: &KeyId) -> Option<&RecipientText> {
        self.sealed.get(key)
    }

    /// A member's credentials in force, each device with the recipient that is its own.
    pub(crate) fn paired(&self, member: &Name) -> Vec<&Credential> {
        let mut all: Vec<&Credential> = self.credentials(member).collect();
        credential::pair(&mut all, |found| found, |key| self.sealed_to(key));
        all
    }

    /// The keys that stand behind a credential, those that let it in first.
    fn behind(&self, member: &Name, credential: &Credential) -> (Vec<KeyId>, Vec<KeyId>) {
        self.behind_if(member, credential, |_| true)
    }

    /// Those of them that speak about `access`: that let it in, or gave it as much since.
    fn behind_for(
        &self,
        member: &Name,
        credential: &Credential,
        access: &AccessOfRole,
    ) -> (Vec<KeyId>, Vec<KeyId>) {
        self.behind_if(member, credential, |given| access.is_within(given))
    }

    fn behind_if(
        &self,
        member: &Name,
        credential: &Credential,
        speaks: impl Fn(&[&AccessOfRole]) -> bool,
    ) -> (Vec<KeyId>, Vec<KeyId>) {
        let found = self.people.get(member);
        let Some((person, added)) = found.and_then(|p| Some((p, p.credentials.get(credential)?)))
        else {
            return Default::default();
        };
        let (since, by) = (added.signed.position, &added.signed.by);
        let later = person.confirmed.iter().filter(|(key, deeds)| {
            let known = deeds.values().filter(|deed| deed.position >= since);
            let given: Vec<&AccessOfRole> = known.map(|deed| &*deed.given).collect();
            !by.contains(key) && !given.is_empty() && speaks(&given)
        });
        (by.clone(), later.map(|(key, _)| *key).collect())
    }

    /// Whose key it is, if they are there and it was not lost.
    fn present(&self, key: &KeyId) -> Option<&Name> {
        let holder = self.keys.get(key).filter(|holder| !holder.lost)?;
        let person = self.people.get(&holder.member)?;
        (person.incarnation == holder.incarnation).then_some(&holder.member)
    }
}
