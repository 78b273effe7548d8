//! What every writing operation is given besides the vault.

use super::unlock::{Signer, Unlocked};
use crate::crypto::bytes::Id;
use crate::host::Random;
use crate::host::progress::Progress;
use crate::log::draft::{Draft, Tips};
use crate::log::entry::Entry;
use crate::log::op::Op;

/// The most ops that this writer puts into one entry; the format allows 1,000.
const OPS_PER_ENTRY: usize = 1_000;

/// Who acts, when and why.
pub struct Ctx<'a> {
    pub who: &'a Unlocked,
    pub signer: &'a Signer,
    pub random: &'a dyn Random,
    /// Seconds since the Unix epoch.
    pub now: u64,
    pub reason: String,
    /// Where long work tells how far it is; `host::progress::Silent` where nobody asks.
    pub progress: &'a dyn Progress,
}

impl Ctx<'_> {
    /// Signs ops as one entry, or as a row of entries where they are many. `ops` is not empty.
    pub fn sign(&self, policy: Id, tips: Tips, mut ops: Vec<Op>) -> (Entry, Vec<Entry>) {
        let rest = ops.split_off(ops.len().min(OPS_PER_ENTRY));
        let first = self.entry(policy, &tips, ops);
        let (mut last, mut more, mut rest) = (first.id(), Vec::new(), rest);
        let mut lamport = first.lamport;
        while !rest.is_empty() {
            let later = rest.split_off(rest.len().min(OPS_PER_ENTRY));
            let tips = Tips { parents: vec![last], lamport: lamport + 1 };
            let entry = self.entry(policy, &tips, rest);
            (last, lamport, rest) = (entry.id(), entry.lamport, later);
            more.push(entry);
        }
        (first, more)
    }

    fn entry(&self, policy: Id, tips: &Tips, ops: Vec<Op>) -> Entry {
        let draft = Draft { ops, reason: self.reason.clone(), ts: self.now };
        draft.sign(tips, policy, &self.signer.member, &self.signer.key)
    }
}
