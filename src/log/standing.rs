//! Which ops count (`docs/format.md` section 6): an entry is forged as a whole, and the ops of one that
//! is not are void or count each by itself.
//!
//! Signatures come first: an entry whose signature does not hold is forged before anything is done
//! with it that costs more than a look at its links, and no other entry's rights rest upon it.

use super::authority::{Authority, Verdict};
use super::bits::Bits;
use super::describe;
use super::entry::Entry;
use super::finding::{Code, Finding, Subject};
use super::fold::Scope;
use super::graph::Graph;
use super::known::Known;
use super::op::{Op, Put};
use super::policy_view::PolicyView;
use super::register::At;
use crate::crypto::bytes::Id;
use crate::crypto::sign::Tag;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// How an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Every op counts.
    Counting,
    /// Some ops count and some are void.
    Split,
    /// No op counts since the policy entry at `position`: each was written under a right that was
    /// taken away without knowledge of the entry.
    Void {
        position: usize,
    },
    Forged(Forgery),
    /// It names none of the secrets that were asked for: its links are judged and the order of its
    /// policy, nothing else.
    Unjudged,
}

impl Standing {
    /// Whether an op of it counts, as far as it was judged.
    pub const fn counts_partly(self) -> bool {
        matches!(self, Self::Counting | Self::Split)
    }
}

/// Why an entry is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
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
pub enum Signatures {
    Check,
    /// The file's exact bytes have been verified before, or nothing may rest upon what is found.
    Trusted,
}

/// How many void ops of an entry a message names.
const SHOWN: usize = 5;

/// From this many signatures on, threads save more than starting them costs.
const PARALLEL_FROM: usize = 16;

/// The standing of every entry of a log, by place in its graph, and of its ops.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standings {
    of: Vec<Standing>,
    /// Of the policy entry that each names; `None` if the chain does not have it.
    positions: Vec<Option<usize>>,
    /// The void ops, with the policy position that ended each.
    voided: BTreeMap<At, usize>,
    /// The puts that do not stand by the right to write: those that count by the right to rotate
    /// alone, and the void ones that never had the right to write.
    rotations: BTreeSet<At>,
    known: Known,
}

impl Standings {
    /// Judges the entries that name a secret of `scope`, and of the others their links and policies.
    pub fn judge(
        graph: &Graph,
        entries: &BTreeMap<Id, Entry>,
        policy: &dyn PolicyView,
        scope: Scope<'_>,
        signatures: Signatures,
    ) -> Self {
        let unsigned = match signatures {
            Signatures::Check => unsigned(entries, policy, scope),
            Signatures::Trusted => Vec::new(),
        };
        Self::judge_signed(graph, entries, policy, scope, &Signed { unsigned, signatures })
    }

    /// [`Standings::judge`], where the signatures were checked before.
    pub(super) fn judge_signed(
        graph: &Graph,
        entries: &BTreeMap<Id, Entry>,
        policy: &dyn PolicyView,
        scope: Scope<'_>,
        signed: &Signed,
    ) -> Self {
        let entries = graph.in_order(entries);
        let positions: Vec<_> = entries.iter().map(|e| policy.position(&e.policy)).collect();
        let mut sound: Vec<_> = entries.iter().copied().map(Some).collect();
        for place in signed.unsigned.iter().filter_map(|id| graph.place(id)) {
            sound[place] = None;
        }
        let asked: Vec<bool> = entries.iter().map(|entry| scope.names_in(entry)).collect();
        graph.index((0..asked.len()).filter(|place| asked[*place] && sound[*place].is_some()));
        let mut judge = Judge {
            graph,
            entries: &entries,
            sound: &sound,
            policy,
            // Trusted bytes hold nothing forged: ops on other secrets need not be looked at.
            scope: if signed.signatures == Signatures::Check { Scope::All } else { scope },
            positions: &positions,
            authority: Authority::new(policy, graph, &sound),
            known: Known::of(graph, policy),
            voided: BTreeMap::new(),
            rotations: BTreeSet::new(),
        };
        let of = asked.iter().enumerate().map(|(place, asked)| judge.standing(place, *asked));
        let of = of.collect();
        let Judge { known, voided, rotations, .. } = judge;
        Self { of, positions, voided, rotations, known }
    }

    pub fn of(&self, place: usize) -> Standing {
        self.of[place]
    }

    /// Whether the op counts.
    pub fn counts(&self, at: At) -> bool {
        self.of[at.place as usize].counts_partly() && !self.voided.contains_key(&at)
    }

    /// The policy position that made the op void.
    pub fn voided(&self, at: At) -> Option<usize> {
        match self.of[at.place as usize] {
            Standing::Void { .. } | Standing::Split => self.voided.get(&at).copied(),
            _ => None,
        }
    }

    /// The void ops in order, with the policy position that ended each.
    pub fn void_ops(&self) -> impl Iterator<Item = (At, usize)> {
        self.voided.iter().map(|(at, position)| (*at, *position))
    }

    /// Whether the op is a `put` that has no better ground than the right to rotate.
    pub fn is_rotation(&self, at: At) -> bool {
        self.rotations.contains(&at)
    }

    /// The position of the policy entry that the entry at `place` names.
    pub fn position(&self, place: usize) -> Option<usize> {
        self.positions[place]
    }

    /// What the policy knows of the log.
    pub fn known(&self) -> &Known {
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
        ended: &[(At, usize)],
        rotations: impl IntoIterator<Item = At>,
    ) {
        self.voided.extend(ended.iter().copied());
        self.rotations.extend(rotations);
        for place in ended.iter().map(|(at, _)| at.place as usize) {
            let void = self.void_of(place);
            let Some(last) = void.iter().map(|(_, position)| *position).max() else { continue };
            self.of[place] = match void.len() == entries[place].ops.len() {
                true => Standing::Void { position: last },
                false => Standing::Split,
            };
        }
    }

    /// Places and standings, in order.
    pub fn iter(&self) -> impl Iterator<Item = (usize, Standing)> {
        self.of.iter().copied().enumerate()
    }

    /// The entries with an op that counts, and without a descendant that has one: the parents of the
    /// next. What was not judged is taken to count.
    pub fn tips(&self, graph: &Graph) -> Vec<usize> {
        let mut counting = Bits::new(graph.len());
        let counts = |s: Standing| s.counts_partly() || s == Standing::Unjudged;
        self.iter().filter(|(_, s)| counts(*s)).for_each(|(p, _)| _ = counting.insert(p));
        graph.tops(&counting)
    }

    /// A finding for each entry that does not wholly count; flaws of links are the graph's to report.
    pub fn findings(
        &self,
        graph: &Graph,
        entries: &BTreeMap<Id, Entry>,
        policy: &dyn PolicyView,
    ) -> Vec<Finding> {
        let finding = |(place, standing): (usize, Standing)| {
            let id = graph.id(place);
            let entry = entries.get(id)?;
            match standing {
                Standing::Void { position } => Some(void(id, entry, position, policy)),
                Standing::Split => Some(split(id, entry, &self.void_of(place), policy)),
                Standing::Forged(forgery) => forged(id, entry, forgery, policy),
                Standing::Counting | Standing::Unjudged => None,
            }
        };
        self.iter().filter_map(finding).collect()
    }

    /// The void ops of an entry, each with the policy position that ended it.
    pub fn void_of(&self, place: usize) -> Vec<(usize, usize)> {
        let ops = self.voided.range(At::new(place, 0)..At::new(place + 1, 0));
        ops.map(|(at, position)| (at.op as usize, *position)).collect()
    }
}

/// What came of checking signatures.
pub(super) struct Signed {
    /// The entries whose signatures do not hold.
    pub unsigned: Vec<Id>,
    pub signatures: Signatures,
}

/// Those of the entries that `scope` wants whose signatures do not verify, an unknown key's among
/// them.
pub(super) fn unsigned(
    entries: &BTreeMap<Id, Entry>,
    policy: &dyn PolicyView,
    scope: Scope<'_>,
) -> Vec<Id> {
    let asked: Vec<_> = entries.iter().filter(|(_, entry)| scope.names_in(entry)).collect();
    let is_bad = |(id, entry): &(&Id, &Entry)| !is_signed(policy, id, entry);
    if asked.len() < PARALLEL_FROM {
        asked.into_iter().filter(is_bad).map(|(id, _)| *id).collect()
    } else {
        asked.into_par_iter().filter(is_bad).map(|(id, _)| *id).collect()
    }
}

fn is_signed(policy: &dyn PolicyView, id: &Id, entry: &Entry) -> bool {
    policy.key(&entry.key).is_some_and(|key| key.verifying.verify(Tag::LogEntry, id, &entry.sig))
}

struct Judge<'a> {
    graph: &'a Graph,
    /// By place.
    entries: &'a [&'a Entry],
    /// The same, `None` where the signature does not hold.
    sound: &'a [Option<&'a Entry>],
    policy: &'a dyn PolicyView,
    /// Whose ops are judged.
    scope: Scope<'a>,
    positions: &'a [Option<usize>],
    authority: Authority<'a>,
    known: Known,
    voided: BTreeMap<At, usize>,
    rotations: BTreeSet<At>,
}

/// How an authorised op stands.
struct Judged {
    voided: Option<usize>,
    by_rotate: bool,
}

impl<'a> Judge<'a> {
    fn standing(&mut self, place: usize, asked: bool) -> Standing {
        let standing = match asked {
            true => self.judged(place),
            false => self.linked(place).map(|_| Standing::Unjudged),
        };
        standing.unwrap_or_else(Standing::Forged)
    }

    /// What is judged of every entry: its links, and its policy. Returns the policy's position.
    fn linked(&self, place: usize) -> Result<usize, Forgery> {
        if self.graph.flaw(place).is_some() {
            return Err(Forgery::Link);
        }
        let position = self.positions[place].ok_or(Forgery::PolicyUnknown)?;
        // A parent's unknown policy is reported at the parent.
        if self.graph.parents(place).filter_map(|p| self.positions[p]).any(|p| p > position) {
            return Err(Forgery::PolicyBackdated);
        }
        Ok(position)
    }

    fn judged(&mut self, place: usize) -> Result<Standing, Forgery> {
        let position = self.linked(place)?;
        let entry = self.signed(place, position)?;
        let (mut voided, mut rotations) = (Vec::new(), Vec::new());
        let scope = self.scope;
        for (index, op) in entry.ops.iter().enumerate().filter(|(_, op)| scope.names(op)) {
            let judged = self.op(place, entry, op, position);
            let judged = judged.ok_or(Forgery::Unauthorised { op: index })?;
            let at = At::new(place, index);
            voided.extend(judged.voided.map(|position| (at, position)));
            rotations.extend(judged.by_rotate.then_some(at));
        }
        let last = voided.iter().map(|(_, position)| *position).max();
        let standing = match last {
            None => Standing::Counting,
            Some(position) if voided.len() == entry.ops.len() => Standing::Void { position },
            Some(_) => Standing::Split,
        };
        self.voided.extend(voided);
        self.rotations.extend(rotations);
        Ok(standing)
    }

    /// The entry, if its key is its actor's at the position and its signature holds.
    fn signed(&self, place: usize, position: usize) -> Result<&'a Entry, Forgery> {
        let entry = self.entries[place];
        let key = self.policy.key(&entry.key).ok_or(Forgery::KeyUnknown)?;
        if *key.member != entry.actor {
            return Err(Forgery::Actor);
        }
        if self.policy.actor_at(position, &entry.key) != Some(&entry.actor) {
            return Err(Forgery::KeyInactive);
        }
        self.sound[place].ok_or(Forgery::Signature)
    }

    /// `None` for an op that is not authorised at its entry's own position.
    fn op(
        &mut self,
        place: usize,
        entry: &'a Entry,
        op: &'a Op,
        position: usize,
    ) -> Option<Judged> {
        let first = self.authority.judge(entry, op, position);
        let first = self.ended(place, first);
        match (op, first) {
            (_, Some(None)) => Some(Judged { voided: None, by_rotate: false }),
            // A right to rotate matters only where the right to write does not carry the whole way.
            (Op::Put(put), _) => self
                .rotation(place, entry, put, position, first.is_some())
                .or(first.map(|voided| Judged { voided, by_rotate: false })),
            (_, Some(voided)) => Some(Judged { voided, by_rotate: false }),
            (_, None) => None,
        }
    }

    fn rotation(
        &mut self,
        place: usize,
        entry: &'a Entry,
        put: &'a Put,
        position: usize,
        had_write: bool,
    ) -> Option<Judged> {
        let verdict = self.authority.judge_rotation(place, entry, put, position);
        let voided = self.ended(place, verdict)?;
        Some(Judged { voided, by_rotate: voided.is_none() || !had_write })
    }

    /// Where a verdict ends without knowledge of the entry; `None` for a refusal.
    fn ended(&self, place: usize, verdict: Verdict) -> Option<Option<usize>> {
        match verdict {
            Verdict::Refused => None,
            Verdict::Until(end) => Some(end.filter(|end| !self.known.at(*end, place))),
        }
    }
}

fn void(id: &Id, entry: &Entry, position: usize, policy: &dyn PolicyView) -> Finding {
    let message = format!(
        "{} is void: policy entry {position} took the right away without knowing of it",
        describe::entry(id, entry, policy)
    );
    Finding::new(Code::Void, Subject::Entry(*id), message).hint("v-secure adopt --list")
}

fn split(id: &Id, entry: &Entry, void: &[(usize, usize)], policy: &dyn PolicyView) -> Finding {
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
    Finding::new(Code::Split, Subject::Entry(*id), message).hint("v-secure adopt --list")
}

fn forged(id: &Id, entry: &Entry, forgery: Forgery, policy: &dyn PolicyView) -> Option<Finding> {
    let (code, what) = match forgery {
        Forgery::Link => return None,
        Forgery::PolicyUnknown => (
            Code::PolicyUnknown,
            format!("names policy {}, which is not in the chain", describe::short(&entry.policy)),
        ),
        Forgery::PolicyBackdated => {
            (Code::PolicyBackdated, "names an earlier policy than what it follows".to_owned())
        }
        Forgery::KeyUnknown => {
            (Code::KeyUnknown, "is signed by a key that was never in the policy".to_owned())
        }
        Forgery::Actor => {
            let owner = policy.key(&entry.key)?.member;
            (Code::ActorWrong, format!("is signed by a key of {owner}"))
        }
        Forgery::KeyInactive => {
            (Code::KeyInactive, "is signed by a key that was not in force".to_owned())
        }
        Forgery::Unauthorised { op } => (Code::OpUnauthorised, unauthorised(entry, op)),
        Forgery::Signature => {
            (Code::SignatureInvalid, "carries a signature that does not verify".to_owned())
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
