//! What this device has seen to count: how each op of an entry was judged by the longest policy
//! chain that was accepted together with a file that held the entry.
//!
//! An older state cannot show what later policy entries knew of, so this answers for them
//! ([`Vault::hold_to`]). What was merely seen is not here: an entry from before a removal, first
//! shown after it, was judged without knowing that the removal does not know it. Pure:
//! The store of the device keeps it. An entry that is missing costs trust and gives none.

use crate::crypto::id::EntryId;
use crate::log::register::At;
use crate::log::standing::EntryStatus;
use crate::policy::position::PolicyPosition;
use crate::vault::Vault;
use std::collections::{BTreeMap, HashMap};

/// What is remembered of an entry: how its ops were judged, by number. Those that are not here
/// counted, and puts among them by the right to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerVerdict {
    /// The length of the chain that judged it.
    pub chain: u32,
    pub ops: BTreeMap<u16, Flaw>,
}

/// What is wrong with an op.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It is void.
    Void {
        /// Whether it counted here before.
        counted: bool,
    },
    /// It is a put that counts by the right to rotate alone.
    Rotation,
}

/// How an entry is judged by the chain of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    pub entry: EntryId,
    /// The numbers of its void ops.
    pub void: Vec<u16>,
    /// Those of its puts that count by the right to rotate alone.
    pub rotations: Vec<u16>,
}

/// What is remembered of a vault's entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger(pub HashMap<EntryId, LedgerVerdict>);

impl Ledger {
    /// How the op was judged, if that was by a chain that had the policy entry at `position`.
    pub fn counts(&self, entry: &EntryId, op: u32, position: PolicyPosition) -> Option<bool> {
        let verdict = self.0.get(entry)?;
        let knew = verdict.len() > position.index();
        knew.then(|| !matches!(verdict.flaw(op), Some(Flaw::Void { .. })))
    }

    /// Whether the op was a put that counted by the right to write, or no put, under a chain of at
    /// least `len` entries.
    pub fn stood_by_write(&self, entry: &EntryId, op: u32, len: usize) -> bool {
        let found = self.0.get(entry);
        found.is_some_and(|verdict| verdict.len() >= len && verdict.flaw(op).is_none())
    }

    /// Whether the op counted here at some time.
    pub fn counted(&self, entry: &EntryId, op: u32) -> bool {
        let flaw = self.0.get(entry).map(|verdict| verdict.flaw(op));
        flaw.is_some_and(|flaw| flaw != Some(Flaw::Void { counted: false }))
    }

    /// What a judgement by a chain of `chain` entries says that is not remembered yet.
    pub fn news(&self, judged: &[Judged], chain: u32) -> Vec<(EntryId, LedgerVerdict)> {
        let is_known =
            |one: &&Judged| self.0.get(&one.entry).is_some_and(|known| known.chain >= chain);
        let new = judged.iter().filter(|one| !is_known(one));
        new.map(|one| (one.entry, self.verdict(one, chain))).collect()
    }

    fn verdict(&self, Judged { entry, void, rotations }: &Judged, chain: u32) -> LedgerVerdict {
        let void = void.iter().map(|op| {
            let counted = self.counted(entry, u32::from(*op));
            (*op, Flaw::Void { counted })
        });
        let rotations = rotations.iter().map(|op| (*op, Flaw::Rotation));
        LedgerVerdict { chain, ops: rotations.chain(void).collect() }
    }
}

impl LedgerVerdict {
    fn len(&self) -> usize {
        usize::try_from(self.chain).unwrap_or(usize::MAX)
    }

    fn flaw(&self, op: u32) -> Option<Flaw> {
        self.ops.get(&u16::try_from(op).ok()?).copied()
    }
}

/// How the vault's chain judges its entries; none that is forged, and none at all where only those
/// of single secrets were judged.
pub fn judged(vault: &Vault) -> Vec<Judged> {
    if !vault.is_whole() {
        return Vec::new();
    }
    let (graph, standings, entries) = (vault.graph(), vault.standings(), &vault.file().entries);
    let judge = |(place, standing)| {
        if matches!(standing, EntryStatus::Forged(_) | EntryStatus::Unjudged) {
            return None;
        }
        // Of what is closed only some ops were judged, and of what is late not all that is before it is known.
        if graph.is_kept(place) || graph.is_late(place) {
            return None;
        }
        let entry = *graph.id(place);
        let ops = 0..entries.get(&entry)?.ops.len();
        let void = standings.void_of(place).into_iter().map(|(op, _)| op as u16).collect();
        let is_rotation = |op: &usize| {
            let at = At::new(place, *op);
            standings.is_rotation(at) && standings.counts(at)
        };
        let rotations = ops.filter(is_rotation).map(|op| op as u16).collect();
        Some(Judged { entry, void, rotations })
    };
    standings.iter().filter_map(judge).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: EntryId = EntryId([1; 32]);

    fn judged(void: &[u16]) -> Vec<Judged> {
        vec![Judged { entry: ENTRY, void: void.to_vec(), rotations: Vec::new() }]
    }

    fn after(mut ledger: Ledger, void: &[u16], chain: u32) -> Ledger {
        let news = ledger.news(&judged(void), chain);
        ledger.0.extend(news);
        ledger
    }

    #[test]
    fn a_verdict_answers_for_the_policy_that_its_chain_had() {
        let ledger = after(Ledger::default(), &[1], 5);
        assert_eq!(ledger.counts(&ENTRY, 0, PolicyPosition::new(4)), Some(true));
        assert_eq!(ledger.counts(&ENTRY, 1, PolicyPosition::new(4)), Some(false));
        assert_eq!(
            ledger.counts(&ENTRY, 0, PolicyPosition::new(5)),
            None,
            "a removal behind the chain"
        );
        assert_eq!(ledger.counts(&EntryId([2; 32]), 0, PolicyPosition::new(0)), None);
    }

    #[test]
    fn a_longer_chain_judges_anew_and_a_shorter_one_does_not() {
        let ledger = after(after(Ledger::default(), &[], 3), &[0], 5);
        assert_eq!(ledger.counts(&ENTRY, 0, PolicyPosition::new(4)), Some(false));
        assert!(ledger.news(&judged(&[]), 5).is_empty());
        assert!(ledger.news(&judged(&[]), 4).is_empty());
    }

    #[test]
    fn what_counted_once_is_told_from_what_never_did() {
        let first = after(Ledger::default(), &[1], 3);
        assert!(first.counted(&ENTRY, 0) && !first.counted(&ENTRY, 1));
        let then = after(after(first, &[0, 1], 5), &[0, 1], 6);
        assert!(then.counted(&ENTRY, 0) && !then.counted(&ENTRY, 1));
        assert!(!Ledger::default().counted(&ENTRY, 0));
    }

    #[test]
    fn a_put_stood_by_write_only_if_the_whole_chain_says_so() {
        let mut one = judged(&[]);
        one[0].rotations = vec![1];
        let news = Ledger::default().news(&one, 5);
        let ledger = Ledger(news.into_iter().collect());
        assert!(ledger.stood_by_write(&ENTRY, 0, 5) && !ledger.stood_by_write(&ENTRY, 1, 5));
        assert!(!ledger.stood_by_write(&ENTRY, 0, 6));
        assert_eq!(
            ledger.counts(&ENTRY, 1, PolicyPosition::new(4)),
            Some(true),
            "a rotation counts"
        );
    }
}
