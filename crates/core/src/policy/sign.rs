//! Building and signing the next entry of a chain.

use super::chain::Chain;
use super::entry::{Algorithm, PolicyEntry, PolicySignature};
use super::gives;
use super::op::PolicyOp;
use crate::crypto::id::{EntryId, PolicyId};
use crate::crypto::sign::{SigningKey, Tag};
use crate::time::UnixTime;
use std::collections::BTreeSet;

/// An entry before its signatures. What is signed is fixed from here on.
#[derive(Debug, Clone)]
pub struct PolicyDraft(PolicyEntry);

impl PolicyDraft {
    /// The first entry of a new vault. Ops that do not say what they give are filled in.
    pub fn genesis(ts: UnixTime, ops: Vec<PolicyOp>, reason: String) -> Self {
        Self(PolicyEntry {
            seq: 0,
            prev: None,
            ts,
            heads: Vec::new(),
            ops: gives::fill(None, ops),
            reason,
            sigs: Vec::new(),
        })
    }

    /// The entry after the chain's head. Ops that do not say what they give are filled in. `ts` is in seconds since the Unix epoch; `heads` are the
    /// log's heads that the signer knows.
    pub fn next(
        chain: &Chain,
        ts: UnixTime,
        heads: BTreeSet<EntryId>,
        ops: Vec<PolicyOp>,
        reason: String,
    ) -> Self {
        let (seq, prev) = (chain.len() as u64, Some(chain.head()));
        let heads = heads.into_iter().collect();
        let ops = gives::fill(Some(chain), ops);
        Self(PolicyEntry { seq, prev, ts, heads, ops, reason, sigs: Vec::new() })
    }

    /// The id that the entry will have.
    pub fn id(&self) -> PolicyId {
        self.0.id()
    }

    /// Signs with each key; a key given twice signs once.
    pub fn sign(self, keys: &[&SigningKey]) -> PolicyEntry {
        keys.iter().fold(self.0, |entry, key| co_sign(entry, key))
    }
}

/// Adds a signature to an entry, in its place.
pub fn co_sign(mut entry: PolicyEntry, key: &SigningKey) -> PolicyEntry {
    let id = key.id();
    if let Err(place) = entry.sigs.binary_search_by_key(&id, |signature| signature.key) {
        let sig = key.sign(Tag::PolicyEntry, &entry.id());
        entry.sigs.insert(place, PolicySignature { key: id, alg: Algorithm::Ed25519, sig });
    }
    entry
}
