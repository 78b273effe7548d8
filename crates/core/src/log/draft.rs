//! Making an entry: what a use-case wants done, and the signed entry that says so.

use super::entry::Entry;
use super::graph::Graph;
use super::op::Op;
use super::standing::Standings;
use crate::crypto::bytes::{Fixed, Id};
use crate::crypto::id::{EntryId, PolicyId, VaultId};
use crate::crypto::sign::{SigningKey, Tag};
use crate::name::Name;
use crate::record::ids;
use crate::time::UnixTime;
use std::collections::BTreeMap;

/// The most parents of an entry.
pub(crate) const MAX_PARENTS: usize = 256;

/// A change that nobody has signed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryDraft {
    /// In order; at least one and at most 1,000, as their writer sees to.
    pub ops: Vec<Op>,
    pub reason: String,
    /// Seconds since the Unix epoch.
    pub ts: UnixTime,
}

/// Whose an entry is, and where it belongs.
#[derive(Debug, Clone, Copy)]
pub struct Authorship<'a> {
    pub vault: &'a VaultId,
    /// The policy entry by which it is to be judged.
    pub policy: PolicyId,
    /// Whose key signs it, at that policy entry.
    pub actor: &'a Name,
}

/// What the next entry follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tips {
    /// In order of id, at most [`MAX_PARENTS`].
    pub parents: Vec<EntryId>,
    /// The next entry's lamport number, from 1.
    pub lamport: u64,
}

impl Tips {
    /// All heads with an op that counts, or the first [`MAX_PARENTS`] of them by id.
    pub fn of(graph: &Graph, standings: &Standings, entries: &BTreeMap<EntryId, Entry>) -> Self {
        let mut parents: Vec<EntryId> =
            standings.tips(graph).into_iter().map(|place| *graph.id(place)).collect();
        parents.sort_unstable();
        parents.truncate(MAX_PARENTS);
        let lamports = parents.iter().filter_map(|id| entries.get(id)).map(|e| e.lamport);
        let lamport = lamports.max().unwrap_or(0) + 1;
        Self { parents, lamport }
    }

    /// What the versions that the next entry puts state of it.
    pub fn origin(&self) -> Id {
        ids::origin(&self.parents)
    }
}

impl EntryDraft {
    /// The entry, signed by `key`. Its puts name the objects that it makes of their bodies, whatever
    /// they named before.
    pub fn sign(self, tips: &Tips, by: Authorship<'_>, key: &SigningKey) -> Entry {
        let Self { ops, reason, ts } = self;
        let mut entry = Entry {
            parents: tips.parents.clone(),
            lamport: tips.lamport,
            policy: by.policy,
            actor: by.actor.clone(),
            key: key.id(),
            ts,
            ops,
            reason,
            sig: Fixed([0; 64]),
        };
        entry.derive_objects(by.vault);
        // The id does not cover the signature, so it can be taken before there is one.
        entry.sig = key.sign(Tag::LogEntry, &entry.id());
        entry
    }
}
