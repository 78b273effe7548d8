//! Versions that hold the same value, by what their writers stated and by what was compared, and the wraps that the log ever
//! named for each.

use super::holders::Holders;
use crate::crypto::id::{KeyId, ObjectId, WrapId};
use crate::log::entry::Entry;
use crate::log::op::Op;
use crate::log::standing::EntryStatus;
use crate::name::{Name, SecretName};
use crate::policy::position::PolicyPosition;
use crate::time::UnixTime;
use crate::vault::Vault;
use std::collections::{BTreeSet, HashMap};

/// A wrap that an entry named for a version, void entries too: their wraps open all the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Disclosure {
    pub wrap: WrapId,
    /// The entry's time, in seconds since the Unix epoch, as its author says.
    pub ts: UnixTime,
    /// The position of the policy that the entry was written under.
    pub position: PolicyPosition,
    /// The key of who put the value, and so had it.
    pub author: Option<KeyId>,
}

#[derive(Default)]
struct Of<'a> {
    secret: Option<&'a SecretName>,
    disclosures: Vec<Disclosure>,
    /// What its writers say holds the same value, and what was found to.
    stated: BTreeSet<ObjectId>,
    /// The versions that say so of this one, with the member who wrote that.
    claims: Vec<(ObjectId, &'a Name)>,
}

pub(super) struct SameValues<'a>(HashMap<ObjectId, Of<'a>>);

impl<'a> SameValues<'a> {
    pub fn of(vault: &'a Vault) -> Self {
        let mut same = Self(HashMap::new());
        let (graph, entries) = (vault.graph(), &vault.file().entries);
        for (place, entry) in graph.in_order(entries).into_iter().enumerate() {
            if matches!(vault.standings().of(place), EntryStatus::Forged(_)) {
                continue;
            }
            let position = vault.standings().position(place).unwrap_or_default();
            for op in &entry.ops {
                same.note(op, entry, position);
            }
        }
        same
    }

    fn note(&mut self, op: &'a Op, entry: &'a Entry, position: PolicyPosition) {
        let Some((secret, object, wrap)) = op.wraps() else { return };
        let (object, wrap) = (*object, *wrap);
        let of = self.0.entry(object).or_default();
        of.secret.get_or_insert(secret);
        let author = op.states().map(|_| entry.key);
        of.disclosures.push(Disclosure { wrap, ts: entry.ts, position, author });
        let Op::Put(put) = op else { return };
        of.stated.extend(&put.same);
        for other in &put.same {
            self.0.entry(*other).or_default().claims.push((object, &entry.actor));
        }
    }

    /// When a version was first stated: one that a rotation made ready was so before it was promoted. The end of all
    /// time if that is behind what is closed.
    pub fn stated(&self, object: &ObjectId) -> UnixTime {
        let all = self.0.get(object).into_iter().flat_map(|of| &of.disclosures);
        let stated = all.filter(|disclosure| disclosure.author.is_some());
        stated.map(|disclosure| disclosure.ts).min().unwrap_or(UnixTime::MAX)
    }

    /// Takes note of two versions that were opened and hold the same value.
    pub fn join(&mut self, one: ObjectId, other: ObjectId) {
        self.0.entry(one).or_default().stated.insert(other);
        self.0.entry(other).or_default().stated.insert(one);
    }

    /// The version and all that hold its value, each with its secret and its wraps.
    ///
    /// What its own writers stated counts in any case. That another version holds this one's value is
    /// believed of a writer who could open this one: anybody else would only be making noise about a
    /// secret that is not theirs.
    pub(crate) fn family(
        &self,
        vault: &Vault,
        holders: &Holders,
        object: &ObjectId,
    ) -> Vec<(ObjectId, &'a SecretName, &[Disclosure])> {
        let (mut seen, mut next) = (BTreeSet::from([*object]), vec![*object]);
        let mut family = Vec::new();
        while let Some(object) = next.pop() {
            let Some(of) = self.0.get(&object) else { continue };
            let Some(secret) = of.secret else { continue };
            family.push((object, secret, of.disclosures.as_slice()));
            let mut add = |other: &ObjectId| {
                if seen.insert(*other) {
                    next.push(*other);
                }
            };
            of.stated.iter().for_each(&mut add);
            if !of.claims.is_empty() {
                let able = holders.members(vault, secret, &of.disclosures);
                of.claims.iter().filter(|(_, who)| able.contains(who)).for_each(|(o, _)| add(o));
            }
        }
        family
    }
}
