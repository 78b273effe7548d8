//! A log that is closed up to some entry: what goes on to matter of what is behind it, as the file states
//! it, and how that is found (`docs/format.md` section 11). That owners signed it is the chain's to say.

pub mod closing;
mod kept;

use crate::crypto::bytes::Id;
use crate::crypto::digest::{self, HashContext};
use crate::crypto::id::{EntryId, ObjectId};
use crate::log::entry::Entry;
use crate::log::op::Op;
use crate::name::SecretName;
use crate::policy::op::Checkpoint;
use crate::record::line;
use crate::record::rule::{self, RuleError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The block `[closed]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Closed {
    /// The entries that are kept, in order of id.
    pub entries: Vec<EntryId>,
    /// In order of name.
    pub secrets: Vec<ClosedSecret>,
}

/// What is kept of one secret: a line of the block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosedSecret {
    pub secret: SecretName,
    /// How many versions of it exist among what is closed; `None` if nothing there puts it, by an op that counts
    /// or one that is void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions: Option<u64>,
    /// What its fields and its active version come of.
    pub ops: Vec<OpPlace>,
    /// The versions that are kept, in order of number.
    pub kept: Vec<KeptVersion>,
}

/// The place of an op's entry in [`Closed::entries`], and the op's index in it. Ascending in each list.
pub type OpPlace = (u32, u32);

/// A version that goes on to matter, and the ops that say how it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptVersion {
    pub number: u64,
    pub ops: Vec<OpPlace>,
    /// The kept versions that it was promoted over, by number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<u64>,
}

impl ClosedSecret {
    /// What a line must keep by itself.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub(crate) fn check(&self) -> Result<(), RuleError> {
        rule::integer("versions", self.versions.unwrap_or_default())?;
        rule::ascending("ops", &self.ops)?;
        let numbers: Vec<u64> = self.kept.iter().map(|kept| kept.number).collect();
        rule::ascending("kept", &numbers)?;
        self.kept.iter().try_for_each(|kept| {
            rule::integer("number", kept.number)?;
            rule::ascending("replaced", &kept.replaced)?;
            rule::ascending("ops", &kept.ops)
        })
    }
}

impl Closed {
    /// The lines of the first block.
    pub(crate) fn entry_lines(&self) -> impl Iterator<Item = String> {
        self.entries.iter().map(EntryId::to_string)
    }

    /// The lines of the second.
    pub(crate) fn secret_lines(&self) -> impl Iterator<Item = String> {
        self.secrets.iter().map(line::write)
    }

    /// The hash that a checkpoint states.
    pub fn id(&self) -> Id {
        let text = |lines: &mut dyn Iterator<Item = String>| -> String {
            lines.flat_map(|line| [line, "\n".to_owned()]).collect()
        };
        let (entries, secrets) = (text(&mut self.entry_lines()), text(&mut self.secret_lines()));
        digest::hash(HashContext::Closed, &[entries.as_bytes(), secrets.as_bytes()])
    }

    /// Whether it is what the checkpoint states of these entries; `None` if it is.
    pub fn fault(
        &self,
        checkpoint: &Checkpoint,
        entries: &BTreeMap<EntryId, Entry>,
    ) -> Option<ClosedFault> {
        if self.id() != checkpoint.closed {
            return Some(ClosedFault::Hash);
        }
        if let Some(missing) = self.entries.iter().find(|id| !entries.contains_key(*id)) {
            return Some(ClosedFault::Missing { entry: *missing });
        }
        if self.entries.binary_search(&checkpoint.entry).is_err() {
            return Some(ClosedFault::Last { entry: checkpoint.entry });
        }
        let bad = self.secrets.iter().find(|secret| !self.refers_rightly(secret, entries));
        bad.map(|secret| ClosedFault::Op { secret: secret.secret.clone() })
    }

    /// The op that a line names.
    fn op<'a>(
        &self,
        (place, op): OpPlace,
        entries: &'a BTreeMap<EntryId, Entry>,
    ) -> Option<&'a Op> {
        let id = self.entries.get(usize::try_from(place).ok()?)?;
        entries.get(id)?.ops.get(usize::try_from(op).ok()?)
    }

    /// The object of a kept version: that of its first put or promotion.
    pub(super) fn object(
        &self,
        of: &KeptVersion,
        entries: &BTreeMap<EntryId, Entry>,
    ) -> Option<ObjectId> {
        of.ops.iter().find_map(|at| match self.op(*at, entries) {
            Some(Op::Put(put)) => Some(put.object),
            Some(Op::Promote(promote)) => Some(promote.object),
            _ => None,
        })
    }

    fn refers_rightly(&self, of: &ClosedSecret, entries: &BTreeMap<EntryId, Entry>) -> bool {
        let is_of = |op: &Op| op.secret() == Some(&of.secret);
        let sets = |op: &Op| {
            let is_one = matches!(
                op,
                Op::Put(_) | Op::Promote(_) | Op::Resolve(_) | Op::Field(_) | Op::Remove(_)
            );
            is_one && is_of(op)
        };
        // A put or promotion makes a version active that is kept.
        let is_kept = |at: &OpPlace| {
            !matches!(self.op(*at, entries), Some(Op::Put(_) | Op::Promote(_)))
                || of.kept.iter().any(|kept| kept.ops.contains(at))
        };
        let numbers: Vec<u64> = of.kept.iter().map(|kept| kept.number).collect();
        let is_known = |number: &u64| numbers.binary_search(number).is_ok();
        of.kept.iter().flat_map(|kept| &kept.replaced).all(is_known)
            && of.ops.iter().all(|at| self.op(*at, entries).is_some_and(sets) && is_kept(at))
            && of.kept.iter().all(|kept| {
                self.object(kept, entries).is_some_and(|object| {
                    let names = |op: &Op| is_of(op) && op.objects().any(|named| *named == object);
                    kept.ops.iter().all(|at| self.op(*at, entries).is_some_and(names))
                        && kept
                            .ops
                            .iter()
                            .any(|at| self.op(*at, entries).is_some_and(|op| op.states().is_some()))
                })
            })
    }
}

/// Why a block is not that of the checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClosedFault {
    #[error("the file's block of what is closed is not the one that owners signed")]
    Hash,
    #[error("entry {entry}, which goes on to matter behind the checkpoint, is not in the file")]
    Missing { entry: EntryId },
    #[error("the checkpoint's own entry {entry} is not among those that are kept")]
    Last { entry: EntryId },
    #[error("what is kept of {secret} names an op that is none of it")]
    Op { secret: SecretName },
}
