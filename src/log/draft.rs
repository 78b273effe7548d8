//! Making an entry: what a use-case wants done, and the signed entry that says so.

use super::entry::Entry;
use super::graph::Graph;
use super::op::Op;
use super::standing::Standings;
use crate::crypto::bytes::{Fixed, Id};
use crate::crypto::sign::{SigningKey, Tag};
use crate::name::Name;
use std::collections::BTreeMap;

/// The most parents of an entry.
pub const MAX_PARENTS: usize = 256;

/// A change that nobody has signed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// In order; at least one and at most 1,000, as their writer sees to.
    pub ops: Vec<Op>,
    pub reason: String,
    /// Seconds since the Unix epoch.
    pub ts: u64,
}

/// What the next entry follows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tips {
    /// In order of id, at most [`MAX_PARENTS`].
    pub parents: Vec<Id>,
    /// The next entry's lamport number.
    pub lamport: u64,
}

impl Tips {
    /// All heads with an op that counts, or the first [`MAX_PARENTS`] of them by id.
    pub fn of(graph: &Graph, standings: &Standings, entries: &BTreeMap<Id, Entry>) -> Self {
        let mut parents: Vec<Id> =
            standings.tips(graph).into_iter().map(|place| *graph.id(place)).collect();
        parents.sort_unstable();
        parents.truncate(MAX_PARENTS);
        let lamports = parents.iter().filter_map(|id| entries.get(id)).map(|e| e.lamport);
        let lamport = lamports.max().unwrap_or(0) + 1;
        Self { parents, lamport }
    }
}

impl Draft {
    /// The entry, signed by `key`, which is `actor`'s at the policy entry `policy`.
    pub fn sign(self, tips: &Tips, policy: Id, actor: &Name, key: &SigningKey) -> Entry {
        let Self { ops, reason, ts } = self;
        let mut entry = Entry {
            parents: tips.parents.clone(),
            lamport: tips.lamport.max(1),
            policy,
            actor: actor.clone(),
            key: key.id(),
            ts,
            ops,
            reason,
            sig: Fixed([0; 64]),
        };
        // The id does not cover the signature, so it can be taken before there is one.
        entry.sig = key.sign(Tag::LogEntry, &entry.id());
        entry
    }
}
