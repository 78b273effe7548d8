//! What this device has seen to count: how each op of an entry was judged by the longest policy
//! chain that was accepted together with a file that held the entry.
//!
//! An older state cannot show what later policy entries knew of, so this answers for them
//! ([`Vault::hold_to`]). What was merely seen is not here: an entry from before a removal, first
//! shown after it, was judged without knowing that the removal does not know it. Pure:
//! [`crate::store::ledger`] keeps it. An entry that is missing costs trust and gives none.

use super::vault::Vault;
use crate::crypto::bytes::Id;
use crate::log::standing::Standing;
use std::collections::{BTreeMap, HashMap};

/// What is remembered of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The length of the chain that judged it.
    pub chain: u32,
    /// The ops that were void, by number; the others counted.
    pub void: BTreeMap<u16, Voided>,
}

/// An op that is void.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voided {
    /// Whether it counted here before.
    pub counted: bool,
}

/// How an entry is judged by the chain of its file: the numbers of its void ops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    pub entry: Id,
    pub void: Vec<u16>,
}

/// What is remembered of a vault's entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger(pub HashMap<Id, Verdict>);

impl Ledger {
    /// How the op was judged, if that was by a chain that had the policy entry at `position`.
    pub fn counts(&self, entry: &Id, op: u16, position: usize) -> Option<bool> {
        let verdict = self.0.get(entry)?;
        let knew = usize::try_from(verdict.chain).is_ok_and(|chain| chain > position);
        knew.then(|| !verdict.void.contains_key(&op))
    }

    /// Whether the op counted here at some time.
    pub fn counted(&self, entry: &Id, op: u16) -> bool {
        let found = self.0.get(entry);
        found.is_some_and(|verdict| verdict.void.get(&op).is_none_or(|voided| voided.counted))
    }

    /// What a judgement by a chain of `chain` entries says that is not remembered yet.
    pub fn news(&self, judged: &[Judged], chain: u32) -> Vec<(Id, Verdict)> {
        let is_known =
            |one: &&Judged| self.0.get(&one.entry).is_some_and(|known| known.chain >= chain);
        judged
            .iter()
            .filter(|one| !is_known(one))
            .map(|Judged { entry, void }| {
                let voided = |op: &u16| {
                    (
                        *op,
                        Voided { counted: self.0.contains_key(entry) && self.counted(entry, *op) },
                    )
                };
                (*entry, Verdict { chain, void: void.iter().map(voided).collect() })
            })
            .collect()
    }
}

/// How the vault's chain judges its entries; forged ones are not in it.
pub fn judged(vault: &Vault) -> Vec<Judged> {
    let (graph, entries) = (vault.graph(), &vault.file().entries);
    let judge = |(place, standing)| {
        let entry = *graph.id(place);
        let void = match standing {
            Standing::Forged(_) => return None,
            Standing::Counting => Vec::new(),
            Standing::Void { .. } => numbers(entries.get(&entry)?.ops.len()),
        };
        Some(Judged { entry, void })
    };
    vault.standings().iter().filter_map(judge).collect()
}

/// The numbers of so many ops.
fn numbers(ops: usize) -> Vec<u16> {
    (0..u16::try_from(ops).unwrap_or(u16::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::bytes::Fixed;

    const ENTRY: Id = Fixed([1; 32]);

    fn judged(void: &[u16]) -> Vec<Judged> {
        vec![Judged { entry: ENTRY, void: void.to_vec() }]
    }

    fn after(mut ledger: Ledger, void: &[u16], chain: u32) -> Ledger {
        let news = ledger.news(&judged(void), chain);
        ledger.0.extend(news);
        ledger
    }

    #[test]
    fn a_verdict_answers_for_the_policy_that_its_chain_had() {
        let ledger = after(Ledger::default(), &[1], 5);
        assert_eq!(ledger.counts(&ENTRY, 0, 4), Some(true));
        assert_eq!(ledger.counts(&ENTRY, 1, 4), Some(false));
        assert_eq!(ledger.counts(&ENTRY, 0, 5), None, "a removal behind the chain");
        assert_eq!(ledger.counts(&Fixed([2; 32]), 0, 0), None);
    }

    #[test]
    fn a_longer_chain_judges_anew_and_a_shorter_one_does_not() {
        let ledger = after(after(Ledger::default(), &[], 3), &[0], 5);
        assert_eq!(ledger.counts(&ENTRY, 0, 4), Some(false));
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
}
