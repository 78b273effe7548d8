//! Facts with the positions at which they hold, so that a right can be asked for at any position
//! of the chain without a state for each.
//!
//! A position is an index into the chain and means the state after that entry. Memory grows with
//! the number of ops, not with entries times members.

use super::op::Right;
use super::rights::Rights;
use super::state::OWNER;
use crate::crypto::bytes::{Fixed, Id};
use crate::crypto::id::{EpochId, KeyId};
use crate::crypto::identity::recipient_text::RecipientText;
use crate::crypto::sign::VerifyingKey;
use crate::name::audience::AudienceName;
use crate::name::{Name, Pattern, SecretName};
use crate::policy::position::PolicyPosition;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Spans of positions at which a fact holds: ordered, disjoint, the last one perhaps still open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Timeline(Vec<(u32, u32)>);

const OPEN: u32 = u32::MAX;

impl Timeline {
    fn start(&mut self, at: u32) {
        match self.0.last_mut() {
            Some((_, OPEN)) => {}
            // Stopped and started again by one entry: no position is without it.
            Some((_, until)) if *until == at => *until = OPEN,
            _ => self.0.push((at, OPEN)),
        }
    }

    fn stop(&mut self, at: u32) {
        match self.0.last_mut() {
            Some((from, OPEN)) if *from == at => drop(self.0.pop()),
            Some((_, until)) if *until == OPEN => *until = at,
            _ => {}
        }
    }

    fn holds(&self, at: u32) -> bool {
        let next = self.0.partition_point(|(from, _)| *from <= at);
        next.checked_sub(1).is_some_and(|i| at < self.0[i].1)
    }
}

/// A device key that is or was in the chain.
#[derive(Debug, Clone)]
pub struct KeyFact {
    pub member: Name,
    pub device: Name,
    pub public: Fixed<32>,
    pub verifying: VerifyingKey,
    /// The recipient that the seed is sealed to.
    pub recipient: RecipientText,
    /// The id of that recipient.
    pub(super) recipient_id: Id,
    /// The keys that signed the entry that adds it.
    pub sponsors: Arc<[KeyId]>,
    /// The position of that entry.
    pub since: PolicyPosition,
    pub(super) active: Timeline,
}

/// An epoch of an audience, by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochFact {
    pub audience: AudienceName,
    pub recipient: RecipientText,
    /// The KEK's commitment.
    pub kek: Fixed<32>,
    pub position: PolicyPosition,
}

/// One change of the facts, as an op makes it.
#[derive(Debug, Clone)]
pub(super) enum FactChange {
    KeyOn(KeyId, Box<KeyFact>),
    /// A member's new recipient, and the keys that signed the entry.
    Recipient(Name, Id, Arc<[KeyId]>),
    KeyOff(KeyId),
    Join(Name, Name),
    Leave(Name, Name),
    Grant(Name, Pattern, Rights),
    Revoke(Name, Pattern, Rights),
    Epoch(EpochId, EpochFact),
}

/// What a member acts or reads by.
#[derive(Debug, Clone)]
enum Credential {
    Key(KeyId),
    Recipient(Id, Arc<[KeyId]>),
}

/// What is not to be trusted any more when a key is lost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tainted {
    pub keys: BTreeSet<KeyId>,
    /// Their ids.
    pub recipients: BTreeSet<Id>,
}

/// All facts of a chain.
#[derive(Debug, Clone, Default)]
pub struct History {
    keys: HashMap<KeyId, KeyFact>,
    /// By the member's name, all that were ever added, in the order of the chain.
    credentials: BTreeMap<Name, Vec<Credential>>,
    /// Ordered, not hashed, for the same reason as the positions of a chain.
    epochs: BTreeMap<EpochId, EpochFact>,
    /// Member, role.
    memberships: HashMap<Name, BTreeMap<Name, Timeline>>,
    /// Role, pattern, right.
    grants: HashMap<Name, BTreeMap<Pattern, [Timeline; 5]>>,
    removals: Vec<PolicyPosition>,
}

impl History {
    pub(super) fn record(&mut self, position: PolicyPosition, change: FactChange) {
        // The chain's limit is far below; a position past it would be refused, not wrapped.
        let at = index(position);
        match change {
            FactChange::KeyOn(id, mut fact) => {
                fact.active.start(at);
                let credentials = self.credentials.entry(fact.member.clone()).or_default();
                credentials.push(Credential::Key(id));
                self.keys.insert(id, *fact);
            }
            FactChange::Recipient(member, id, sponsors) => {
                let credentials = self.credentials.entry(member).or_default();
                credentials.push(Credential::Recipient(id, sponsors));
            }
            FactChange::Join(member, role) => {
                self.memberships.entry(member).or_default().entry(role).or_default().start(at);
            }
            FactChange::Grant(role, pattern, rights) => {
                let spans = self.grants.entry(role).or_default().entry(pattern).or_default();
                rights.iter().for_each(|right| spans[right as usize].start(at));
            }
            FactChange::Epoch(epoch, fact) => {
                self.epochs.insert(epoch, fact);
            }
            FactChange::KeyOff(_) | FactChange::Leave(..) | FactChange::Revoke(..) => {
                self.end(position, change)
            }
        }
    }

    fn end(&mut self, position: PolicyPosition, change: FactChange) {
        let at = index(position);
        if self.removals.last() != Some(&position) {
            self.removals.push(position);
        }
        match change {
            FactChange::KeyOff(id) => {
                if let Some(fact) = self.keys.get_mut(&id) {
                    fact.active.stop(at);
                }
            }
            FactChange::Leave(member, role) => {
                let roles = self.memberships.get_mut(&member);
                if let Some(span) = roles.and_then(|roles| roles.get_mut(&role)) {
                    span.stop(at);
                }
            }
            FactChange::Revoke(role, pattern, rights) => {
                let patterns = self.grants.get_mut(&role);
                if let Some(spans) = patterns.and_then(|patterns| patterns.get_mut(&pattern)) {
                    rights.iter().for_each(|right| spans[right as usize].stop(at));
                }
            }
            FactChange::KeyOn(..)
            | FactChange::Recipient(..)
            | FactChange::Join(..)
            | FactChange::Grant(..)
            | FactChange::Epoch(..) => {}
        }
    }

    /// The positions, ascending, at which some right or key may have stopped.
    pub fn removals(&self) -> &[PolicyPosition] {
        &self.removals
    }

    /// Any key that was ever in the chain.
    pub fn key(&self, id: &KeyId) -> Option<&KeyFact> {
        self.keys.get(id)
    }

    pub fn epoch(&self, epoch: &EpochId) -> Option<&EpochFact> {
        self.epochs.get(epoch)
    }

    /// Whose key this is after `position`, if it is anybody's.
    pub(crate) fn actor_at(&self, position: PolicyPosition, key: &KeyId) -> Option<&Name> {
        let fact = self.keys.get(key)?;
        fact.active.holds(index(position)).then_some(&fact.member)
    }

    /// Whether `member` has `right` on the secret after `position`.
    pub fn holds(
        &self,
        position: PolicyPosition,
        member: &Name,
        right: Right,
        secret: &SecretName,
    ) -> bool {
        self.holds_where(position, member, right, |pattern| pattern.matches(secret))
    }

    /// Whether `member` has `right` after `position` by one grant that covers all of `pattern`.
    pub(crate) fn holds_pattern(
        &self,
        position: PolicyPosition,
        member: &Name,
        right: Right,
        pattern: &Pattern,
    ) -> bool {
        self.holds_where(position, member, right, |granted| granted.contains(pattern))
    }

    /// Whether `member` has `right` after `position` on any pattern.
    pub fn holds_anywhere(&self, position: PolicyPosition, member: &Name, right: Right) -> bool {
        self.holds_where(position, member, right, |_| true)
    }

    fn holds_where(
        &self,
        position: PolicyPosition,
        member: &Name,
        right: Right,
        covers: impl Fn(&Pattern) -> bool,
    ) -> bool {
        let at = index(position);
        let granted = |role: &Name| {
            let patterns = self.grants.get(role).into_iter().flatten();
            role.as_str() == OWNER
                || patterns
                    .into_iter()
                    .any(|(pattern, spans)| spans[right as usize].holds(at) && covers(pattern))
        };
        let roles = self.memberships.get(member).into_iter().flatten();
        roles.into_iter().any(|(role, span)| span.holds(at) && granted(role))
    }

    /// The patterns on which a role of this name has or ever had the right to read.
    ///
    /// An epoch's envelope carries every earlier epoch, so whoever joins the role can come to open
    /// what the role once read.
    pub(super) fn ever_read<'a>(
        &'a self,
        role: &Name,
    ) -> impl Iterator<Item = &'a Pattern> + use<'a> {
        let patterns = self.grants.get(role).into_iter().flatten();
        patterns
            .filter(|(_, spans)| spans[Right::Read as usize] != Timeline::default())
            .map(|p| p.0)
    }

    /// How many patterns a role of this name was ever granted something on, and whether `pattern` is
    /// among them.
    pub(super) fn ever_granted(&self, role: &Name, pattern: &Pattern) -> (usize, bool) {
        let patterns = self.grants.get(role);
        patterns.map_or((0, false), |found| (found.len(), found.contains_key(pattern)))
    }

    /// What `member` got by the word of a lost key, through any number of keys between: keys and
    /// recipients that an entry adds which a tainted key signs, and keys sealed to such recipients.
    ///
    /// It walks through what is gone already: a thief's second key stays a thief's when the first is
    /// removed.
    pub(super) fn tainted(&self, member: &Name, lost: &KeyId) -> Tainted {
        let mut tainted = Tainted { keys: BTreeSet::from([*lost]), ..Tainted::default() };
        // A key signs only entries after the one that adds it, so that one pass does, except in
        // genesis, whose signers vouch directly for all that it adds.
        for credential in self.credentials.get(member).into_iter().flatten() {
            match credential {
                Credential::Key(id) => {
                    let Some(fact) = self.keys.get(id) else { continue };
                    if tainted.keys_sign(&fact.sponsors)
                        || tainted.recipients.contains(&fact.recipient_id)
                    {
                        tainted.keys.insert(*id);
                    }
                }
                Credential::Recipient(id, sponsors) => {
                    if tainted.keys_sign(sponsors) {
                        tainted.recipients.insert(*id);
                    }
                }
            }
        }
        tainted
    }
}

impl Tainted {
    fn keys_sign(&self, signers: &[KeyId]) -> bool {
        signers.iter().any(|key| self.keys.contains(key))
    }
}

fn index(position: PolicyPosition) -> u32 {
    u32::try_from(position.index()).unwrap_or(OPEN - 1).min(OPEN - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeline_holds_from_its_start_to_before_its_stop() {
        let mut line = Timeline::default();
        line.start(2);
        line.start(3);
        line.stop(5);
        line.start(7);
        let held: Vec<u32> = (0..10).filter(|at| line.holds(*at)).collect();
        assert_eq!(held, [2, 3, 4, 7, 8, 9]);
    }

    #[test]
    fn what_one_entry_starts_and_stops_leaves_no_span() {
        let mut line = Timeline::default();
        line.start(2);
        line.stop(2);
        assert_eq!(line, Timeline::default());
        line.start(3);
        line.stop(5);
        line.start(5);
        assert_eq!(line.0, [(3, OPEN)]);
        line.stop(5);
        assert!(line.holds(4) && !line.holds(5));
    }
}
