//! Which ops count (`docs/format.md` section 6): an entry is forged as a whole, and the ops of one that
//! is not are void or count each by itself.
//!
//! Signatures come first: an entry whose signature does not hold is forged before anything is done
//! with it that costs more than a look at its links, and no other entry's rights rest upon it.

use super::bits::Bits;
use super::describe;
use super::entry::Entry;
use super::finding::{Finding, FindingCode, Subject};
use super::fold::FoldScope;
use super::graph::Graph;
use super::judge::{Signed, unsigned};
use super::known::KnownEntries;
use super::policy_view::PolicyView;
use super::register::At;
use crate::crypto::id::EntryId;
use crate::crypto::known_signatures::NoneKnown;
use crate::policy::position::PolicyPosition;
use std::collections::{BTreeMap, BTreeSet};

/// How an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryStatus {
    /// Every op counts.
    Counting,
    /// Some ops count and some are void.
    Split,
    /// No op counts since the policy entry at `position`: each was written under a right that was
    /// taken away without knowledge of the entry.
    Void {
        position: PolicyPosition,
    },
    Forged(Forgery),
    /// It names none of the secrets that were asked for: its links are judged and the order of its
    /// policy, nothing else.
    Unjudged,
}

impl EntryStatus {
    /// Whether an op of it counts, as far as it was judged.
    pub(crate) const fn counts_partly(self) -> bool {
        matches!(self, Self::Counting | Self::Split)
    }
}

/// Why an entry is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgery {
    /// A parent is missing or the lamport number wrong; the graph has the finding.
    Link,
    PolicyUnknown,
    /// It names an earlier policy than a parent does.
    PolicyBackdated,
    KeyUnknown,
    /// The key is another member's.
    Actor,
    KeyInactive,
    /// Index of the first op without authority.
    Unauthorised {
        op: usize,
    },
    Signature,
}

/// Whether signatures are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogSignatures {
    Check,
    /// The file's exact bytes have been verified before, or nothing may rest upon what is found.
    Trusted,
}

/// How many void ops of an entry a message names.
const SHOWN: usize = 5;

/// The standing of every entry of a log, by place in its graph, and of its ops.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standings {
    pub(super) of: Vec<EntryStatus>,
    /// Of the policy entry that each names; `None` if the chain does not have it.
    pub(super) positions: Vec<Option<PolicyPosition>>,
    /// The void ops, with the policy position that ended each.
    pub(super) voided: BTreeMap<At, PolicyPosition>,
    /// The puts that do not stand by the right to write: those that count by the right to rotate
    /// alone, and the void ones that never had the right to write.
    pub(super) rotations: BTreeSet<At>,
    pub(super) known: KnownEntries,
}

impl Standings {
    /// Judges the entries that name a secret of `scope`, and of the others their links and policies.
    pub fn judge(
        graph: &Graph,
        entries: &BTreeMap<EntryId, Entry>,
        policy: &dyn PolicyView,
        scope: FoldScope<'_>,
        signatures: LogSignatures,
    ) -> Self {
        let unsigned = match signatures {
            LogSignatures::Check => unsigned(entries, policy, scope, &NoneKnown),
            LogSignatures::Trusted => Vec::new(),
        };
        Self::judge_signed(graph, entries, policy, scope, &Signed { unsigned, signatures })
    }

    pub fn of(&self, place: usize) -> EntryStatus {
        self.of[place]
    }

    /// Whether the op counts.
    pub fn counts(&self, at: At) -> bool {
        self.of[at.place as usize].counts_partly() && !self.voided.contains_key(&at)
    }

    /// The policy position that made the op void.
    pub fn voided(&self, at: At) -> Option<PolicyPosition> {
        match self.of[at.place as usize] {
            EntryStatus::Void { .. } | EntryStatus::Split => self.voided.get(&at).copied(),
            _ => None,
        }
    }

    /// The void ops in order, with the policy position that ended each.
    pub(crate) fn void_ops(&self) -> impl Iterator<Item = (At, PolicyPosition)> {
        self.voided.iter().map(|(at, position)| (*at, *position))
    }

    /// Whether the op is a `put` that has no better ground than the right to rotate.
    pub(crate) fn is_rotation(&self, at: At) -> bool {
        self.rotations.contains(&at)
    }

    /// The position of the policy entry that the entry at `place` names.
    pub fn position(&self, place: usize) -> Option<PolicyPosition> {
        self.positions[place]
    }

    /// What the policy knows of the log.
    pub fn known(&self) -> &KnownEntries {
        &self.known
    }

    /// The puts that have no better ground than the right to rotate, in order.
    pub fn rotations(&self) -> impl Iterator<Item = At> {
        self.rotations.iter().copied()
    }

    /// Ends ops that a longer chain ends, each by the policy entry at the position stated, and calls
    /// these puts rotations. `entries` are those of the graph, by place.
    pub fn restrict(
        &mut self,
        entries: &[&Entry],
        ended: &[(At, PolicyPosition)],
        rotations: impl IntoIterator<Item = At>,
    ) {
        self.voided.extend(ended.iter().copied());
        self.rotations.extend(rotations);
        for place in ended.iter().map(|(at, _)| at.place as usize) {
            let void = self.void_of(place);
            let Some(last) = void.iter().map(|(_, position)| *position).max() else { continue };
            self.of[place] = match void.len() == entries[place].ops.len() {
                true => EntryStatus::Void { position: last },
                false => EntryStatus::Split,
            };
        }
    }

    /// Places and standings, in order.
    pub fn iter(&self) -> impl Iterator<Item = (usize, EntryStatus)> {
        self.of.iter().copied().enumerate()
    }

    /// The entries with an op that counts, and without a descendant that has one: the parents of the
    /// next. What was not judged is taken to count.
    pub fn tips(&self, graph: &Graph) -> Vec<usize> {
        let mut counting = Bits::new(graph.len());
        let counts = |s: EntryStatus| s.counts_partly() || s == EntryStatus::Unjudged;
        let of_open = |place: usize| {
            graph.base().is_none_or(|base| !base.is_kept(place) || place == base.last())
        };
        let counting_ones = self.iter().filter(|(place, s)| counts(*s) && of_open(*place));
        counting_ones.for_each(|(place, _)| _ = counting.insert(place));
        graph.tops(&counting)
    }

    /// A finding for each entry that does not wholly count; flaws of links are the graph's to report.
    pub fn findings(
        &self,
        graph: &Graph,
        entries: &BTreeMap<EntryId, Entry>,
        policy: &dyn PolicyView,
    ) -> Vec<Finding> {
        let finding = |(place, standing): (usize, EntryStatus)| {
            let id = graph.id(place);
            let entry = entries.get(id)?;
            match standing {
                EntryStatus::Void { position } => Some(void(id, entry, position, policy)),
                EntryStatus::Split => Some(split(id, entry, &self.void_of(place), policy)),
                EntryStatus::Forged(forgery) => forged(id, entry, forgery, policy),
                EntryStatus::Counting | EntryStatus::Unjudged => None,
            }
        };
        self.iter().filter_map(finding).collect()
    }

    /// The void ops of an entry, each with the policy position that ended it.
    pub(crate) fn void_of(&self, place: usize) -> Vec<(usize, PolicyPosition)> {
        let ops = self.voided.range(At::new(place, 0)..At::new(place + 1, 0));
        ops.map(|(at, position)| (at.op as usize, *position)).collect()
    }
}

fn void(id: &EntryId, entry: &Entry, position: PolicyPosition, policy: &dyn PolicyView) -> Finding {
    let message = format!(
        "{} is void: policy entry {position} took the right away without knowing of it",
        describe::entry(id, entry, policy)
    );
    Finding::new(FindingCode::Void, Subject::Entry(*id), message).hint("v-secure adopt --list")
}

fn split(
    id: &EntryId,
    entry: &Entry,
    void: &[(usize, PolicyPosition)],
    policy: &dyn PolicyView,
) -> Finding {
    let ops = void.iter().filter_map(|(op, position)| {
        let op = entry.ops.get(*op)?;
        Some(format!("{} (policy entry {position})", describe::op(op)))
    });
    let all: Vec<String> = ops.take(SHOWN).collect();
    let more = if void.len() > SHOWN { ", …" } else { "" };
    let message = format!(
        "{} counts in part: the right was taken away, without knowledge of it, to {}{more}",
        describe::entry(id, entry, policy),
        all.join(", ")
    );
    Finding::new(FindingCode::Split, Subject::Entry(*id), message).hint("v-secure adopt --list")
}

fn forged(
    id: &EntryId,
    entry: &Entry,
    forgery: Forgery,
    policy: &dyn PolicyView,
) -> Option<Finding> {
    let (code, what) = match forgery {
        Forgery::Link => return None,
        Forgery::PolicyUnknown => (
            FindingCode::PolicyUnknown,
            format!("names policy {}, which is not in the chain", describe::short(&entry.policy)),
        ),
        Forgery::PolicyBackdated => (
            FindingCode::PolicyBackdated,
            "names an earlier policy than what it follows".to_owned(),
        ),
        Forgery::KeyUnknown => {
            (FindingCode::KeyUnknown, "is signed by a key that was never in the policy".to_owned())
        }
        Forgery::Actor => {
            let owner = policy.key(&entry.key)?.member;
            (FindingCode::ActorWrong, format!("is signed by a key of {owner}"))
        }
        Forgery::KeyInactive => {
            (FindingCode::KeyInactive, "is signed by a key that was not active".to_owned())
        }
        Forgery::Unauthorised { op } => (FindingCode::OpUnauthorised, unauthorised(entry, op)),
        Forgery::Signature => {
            (FindingCode::SignatureInvalid, "carries a signature that does not verify".to_owned())
        }
    };
    let message = format!("{} {what}", describe::entry(id, entry, policy));
    let finding = Finding::new(code, Subject::Entry(*id), message);
    Some(finding.hint("git log -p -- .v-secure/vault.toml"))
}

fn unauthorised(entry: &Entry, op: usize) -> String {
    let Some(op) = entry.ops.get(op) else { return "has no such op".to_owned() };
    format!("does {} without the right to", describe::op(op))
}
