//! Who stands behind whom: the signers of what let a credential or a member in, and of what confirmed
//! it since. Derived from the chain and shown to people; what is valid never depends on it
//! (`super::authority` judges that). Time grows with what the entries name.

mod alone;
mod judge;
mod plan;
#[cfg(test)]
mod tests;

pub use alone::Alone;
pub use judge::{Access, Standing, Verdict, Voucher};
pub use plan::{Gift, Receiver};

use super::chain::Chain;
use super::entry::PolicyEntry;
use super::error::ChainError;
use super::op::PolicyOp;
use super::state::{Member, State};
use crate::crypto::bytes::Id;
use crate::crypto::sign::key_id;
use crate::name::Name;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

/// How much of a key's id is shown: 60 bits, which nobody matches by trying.
const KEY_SHOWN: usize = 10;
/// How much of a recipient's end is shown: 60 bits of an age key.
const RECIPIENT_SHOWN: usize = 12;

/// What signs or opens in a member's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Credential {
    Key { device: Name, id: Id },
    Recipient(String),
}

impl Credential {
    /// What people are shown of it and can name it by.
    pub fn tag(&self) -> String {
        match self {
            Self::Key { id, .. } => id.to_string().chars().take(KEY_SHOWN).collect(),
            Self::Recipient(text) => {
                let skipped = text.chars().count().saturating_sub(RECIPIENT_SHOWN);
                text.chars().skip(skipped).collect()
            }
        }
    }

    /// Whether a text names it: its tag, or more of the id or key.
    pub fn is_named_by(&self, text: &str) -> bool {
        match self {
            Self::Key { id, .. } => text.len() >= KEY_SHOWN && id.to_string().starts_with(text),
            Self::Recipient(own) => text.len() >= RECIPIENT_SHOWN && own.ends_with(text),
        }
    }
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { device, .. } => write!(f, "device {device} {}", self.tag()),
            Self::Recipient(text) => {
                // An age key begins with its kind as far as the last '1', an SSH key as far as the space.
                let kind = match text.split_once(' ') {
                    Some((kind, _)) => format!("{kind} "),
                    None => text.rfind('1').map_or(String::new(), |at| text[..=at].to_owned()),
                };
                write!(f, "recipient {kind}…{}", self.tag())
            }
        }
    }
}

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

    fn take(&mut self, entry: &PolicyEntry, after: &State, confirms: bool) {
        let by = entry.sigs.iter().map(|signature| signature.key).collect();
        let signed = Signed { position: self.entries, by };
        if self.entries == 0 {
            self.roots.extend(&signed.by);
        }
        entry.ops.iter().for_each(|op| self.note(op, &signed));
        entry.ops.iter().for_each(|op| self.note_removal(op, after));
        if confirms {
            entry.ops.iter().for_each(|op| self.confirm(op, &signed, after));
        }
        self.entries += 1;
    }

    fn note(&mut self, op: &PolicyOp, signed: &Signed) {
        match op {
            PolicyOp::MemberAdd { member, recipients, .. } => {
                self.incarnations += 1;
                let recipients = recipients.iter().cloned().map(Credential::Recipient);
                let added = || Added { signed: signed.clone(), gone: false };
                let person = Person {
                    incarnation: self.incarnations,
                    added: signed.clone(),
                    credentials: recipients.map(|recipient| (recipient, added())).collect(),
                    confirmed: BTreeMap::new(),
                    roles: BTreeMap::new(),
                };
                self.people.insert(member.clone(), person);
            }
            PolicyOp::MemberRemove { member } => self.remove_member(member, signed.position),
            PolicyOp::RecipientAdd { member, recipient, .. } => {
                self.add(member, Credential::Recipient(recipient.clone()), signed);
            }
            PolicyOp::KeyAdd(add) => {
                let id = key_id(&add.key);
                let incarnation = self.people.get(&add.member).map_or(0, |p| p.incarnation);
                let member = add.member.clone();
                self.keys.insert(id, Holder { member, incarnation, lost: false });
                self.add(&add.member, Credential::Key { device: add.device.clone(), id }, signed);
            }
            _ => self.note_role(op, signed),
        }
    }

    fn note_role(&mut self, op: &PolicyOp, signed: &Signed) {
        match op {
            PolicyOp::RoleAdd { role } => {
                let behind = signed.by.iter().copied().collect();
                let made = Made { signed: signed.clone(), members: BTreeSet::new(), behind };
                self.roles.insert(role.clone(), made);
            }
            PolicyOp::RoleRemove { role } => {
                for member in self.roles.remove(role).into_iter().flat_map(|made| made.members) {
                    self.people.get_mut(&member).map(|person| person.roles.remove(role));
                }
            }
            PolicyOp::RoleJoin { role, member, .. } => {
                if let Some(person) = self.people.get_mut(member) {
                    person.roles.insert(role.clone(), signed.clone());
                }
                let made = self.roles.entry(role.clone()).or_default();
                made.members.insert(member.clone());
                made.behind.extend(&signed.by);
            }
            PolicyOp::RoleLeave { role, member } => {
                self.people.get_mut(member).map(|person| person.roles.remove(role));
                self.roles.get_mut(role).map(|made| made.members.remove(member));
            }
            PolicyOp::Grant { role, .. } => {
                self.roles.entry(role.clone()).or_default().behind.extend(&signed.by);
            }
            _ => {}
        }
    }

    fn add(&mut self, member: &Name, credential: Credential, signed: &Signed) {
        if let Some(person) = self.people.get_mut(member) {
            let added = Added { signed: signed.clone(), gone: false };
            person.credentials.insert(credential, added);
        }
    }

    fn remove_member(&mut self, member: &Name, position: usize) {
        let Some(person) = self.people.remove(member) else { return };
        self.departed.insert(person.incarnation, position);
        for role in person.roles.keys() {
            self.roles.get_mut(role).map(|made| made.members.remove(member));
        }
    }

    /// What one op takes away can be more than it names: the state says what is left.
    fn note_removal(&mut self, op: &PolicyOp, after: &State) {
        let (name, is_lost) = match op {
            PolicyOp::KeyRemove { member, lost, .. } => (member, *lost),
            PolicyOp::RecipientRemove { member, .. } => (member, false),
            _ => return,
        };
        let (Some(person), Some(left)) = (self.people.get_mut(name), after.member(name)) else {
            return;
        };
        for (credential, added) in &mut person.credentials {
            if added.gone || is_in_force(left, credential) {
                continue;
            }
            added.gone = true;
            if let Credential::Key { id, .. } = credential
                && let Some(holder) = self.keys.get_mut(id)
            {
                holder.lost |= is_lost;
            }
        }
    }

    /// Notes what an op's `gives` covers besides what the entry itself adds.
    fn confirm(&mut self, op: &PolicyOp, signed: &Signed, after: &State) {
        match op {
            PolicyOp::RoleJoin { role, member, .. } if after.role(role).is_some() => {
                self.confirm_member(member, signed);
            }
            PolicyOp::Grant { role, .. } => {
                let members = after.role(role).into_iter().flat_map(|role| role.members());
                members.for_each(|member| self.confirm_member(member, signed));
            }
            _ => {}
        }
    }

    fn confirm_member(&mut self, member: &Name, signed: &Signed) {
        if let Some(person) = self.people.get_mut(member) {
            person.confirmed.extend(signed.by.iter().map(|key| (*key, signed.position)));
        }
    }

    /// A member's credentials in force.
    pub fn credentials(&self, member: &Name) -> impl Iterator<Item = &Credential> {
        let all = self.people.get(member).into_iter().flat_map(|person| &person.credentials);
        all.filter(|(_, added)| !added.gone).map(|(credential, _)| credential)
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

fn is_in_force(member: &Member, credential: &Credential) -> bool {
    match credential {
        Credential::Key { id, .. } => member.keys.values().any(|key| key.id == *id),
        Credential::Recipient(text) => member.recipients.contains(text),
    }
}
