//! Judging entries: signatures, then who signed and under which policy, then op by op which rights held
//! and for how long (`docs/format.md` section 6).

use super::authority::{Authority, RightVerdict};
use super::entry::Entry;
use super::fold::FoldScope;
use super::graph::Graph;
use super::known::KnownEntries;
use super::op::Op;
use super::policy_view::PolicyView;
use super::register::At;
use super::standing::{EntryStatus, Forgery, LogSignatures, Standings};
use crate::crypto::id::EntryId;
use crate::crypto::known_signatures::{KnownSignatures, NoneKnown, SignatureOf};
use crate::crypto::sign::Tag;
use crate::policy::position::PolicyPosition;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// From this many signatures on, threads save more than starting them costs.
const PARALLEL_FROM: usize = 16;

/// What came of checking signatures.
pub(crate) struct Signed {
    /// The entries whose signatures do not hold.
    pub unsigned: Vec<EntryId>,
    pub signatures: LogSignatures,
}

/// Those of the entries that `scope` wants whose signatures do not verify, an unknown key's among
/// them.
pub(crate) fn unsigned(
    entries: &BTreeMap<EntryId, Entry>,
    policy: &dyn PolicyView,
    scope: FoldScope<'_>,
    known: &dyn KnownSignatures,
) -> Vec<EntryId> {
    let asked: Vec<_> = entries.iter().filter(|(_, entry)| scope.names_in(entry)).collect();
    let is_bad = |(id, entry): &(&EntryId, &Entry)| !is_signed_knowing(policy, id, entry, known);
    if asked.len() < PARALLEL_FROM {
        asked.into_iter().filter(is_bad).map(|(id, _)| *id).collect()
    } else {
        asked.into_par_iter().filter(is_bad).map(|(id, _)| *id).collect()
    }
}

/// Whether a key that the policy knows made the signature.
pub(crate) fn is_signed(policy: &dyn PolicyView, id: &EntryId, entry: &Entry) -> bool {
    is_signed_knowing(policy, id, entry, &NoneKnown)
}

fn is_signed_knowing(
    policy: &dyn PolicyView,
    id: &EntryId,
    entry: &Entry,
    known: &dyn KnownSignatures,
) -> bool {
    let key = policy.key(&entry.key);
    key.is_some_and(|key| signature_of(id, entry).holds(key.verifying, known))
}

/// The signature of an entry with this id.
pub(crate) fn signature_of(id: &EntryId, entry: &Entry) -> SignatureOf {
    SignatureOf { tag: Tag::LogEntry, key: entry.key, id: (*id).into(), signature: entry.sig }
}

/// The last entries of the log that the actors they name signed, where not all of it was judged: what
/// others added behind them is passed over. `None` where more than `most` would have to be looked at.
///
/// Those of `before` were found to be such, and an id says all but the signature: whoever spoils that in the file does
/// not make it an entry that nobody signed.
pub fn signed_heads(
    graph: &Graph,
    entries: &BTreeMap<EntryId, Entry>,
    policy: &dyn PolicyView,
    before: &[EntryId],
    most: usize,
) -> Option<BTreeSet<EntryId>> {
    let (mut found, mut seen) = (BTreeSet::new(), BTreeSet::new());
    let mut open: Vec<usize> = graph.heads().to_vec();
    while let Some(place) = open.pop() {
        let id = graph.id(place);
        if !seen.insert(place) {
            continue;
        }
        if seen.len() > most {
            return None;
        }
        let entry = entries.get(id)?;
        let is_actors = || policy.key(&entry.key).is_some_and(|key| *key.member == entry.actor);
        match before.contains(id) || (is_actors() && is_signed(policy, id, entry)) {
            true => _ = found.insert(place),
            false => open.extend(graph.parents(place)),
        }
    }
    // A parent of what was passed over may lead to another one that was kept.
    let leads = |place: usize| found.iter().any(|later| graph.ancestor(place, *later));
    Some(found.iter().filter(|place| !leads(**place)).map(|place| *graph.id(*place)).collect())
}

impl Standings {
    /// [`Standings::judge`], where the signatures were checked before.
    pub(crate) fn judge_signed(
        graph: &Graph,
        entries: &BTreeMap<EntryId, Entry>,
        policy: &dyn PolicyView,
        scope: FoldScope<'_>,
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
            scope: if signed.signatures == LogSignatures::Check { FoldScope::All } else { scope },
            positions: &positions,
            authority: Authority::new(policy, graph, &sound),
            known: KnownEntries::of(graph, policy),
            voided: BTreeMap::new(),
            rotations: BTreeSet::new(),
        };
        let of = asked.iter().enumerate().map(|(place, asked)| judge.standing(place, *asked));
        let of = of.collect();
        let Judge { known, voided, rotations, .. } = judge;
        Self { of, positions, voided, rotations, known }
    }
}

struct Judge<'a> {
    graph: &'a Graph,
    /// By place.
    entries: &'a [&'a Entry],
    /// The same, `None` where the signature does not hold.
    sound: &'a [Option<&'a Entry>],
    policy: &'a dyn PolicyView,
    /// Whose ops are judged.
    scope: FoldScope<'a>,
    positions: &'a [Option<PolicyPosition>],
    authority: Authority<'a>,
    known: KnownEntries,
    voided: BTreeMap<At, PolicyPosition>,
    rotations: BTreeSet<At>,
}

/// How an authorised op stands.
struct Judged {
    voided: Option<PolicyPosition>,
    by_rotate: bool,
}

impl<'a> Judge<'a> {
    fn standing(&mut self, place: usize, asked: bool) -> EntryStatus {
        let standing = match asked {
            true => self.judged(place),
            false => self.linked(place).map(|_| EntryStatus::Unjudged),
        };
        standing.unwrap_or_else(EntryStatus::Forged)
    }

    /// What is judged of every entry: its links, and its policy. Returns the policy's position.
    fn linked(&self, place: usize) -> Result<PolicyPosition, Forgery> {
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

    fn judged(&mut self, place: usize) -> Result<EntryStatus, Forgery> {
        let position = self.linked(place)?;
        let entry = self.signed(place, position)?;
        let (mut voided, mut rotations) = (Vec::new(), Vec::new());
        let scope = self.scope;
        for (index, op) in entry.ops.iter().enumerate().filter(|(_, op)| scope.names(op)) {
            let at = At::new(place, index);
            let judged = match self.graph.base().filter(|base| base.is_kept(place)) {
                Some(base) if !base.has_op(at, op) => continue,
                Some(_) => self.kept(entry, op, position),
                None => self.op(place, entry, op, position),
            };
            let judged = judged.ok_or(Forgery::Unauthorised { op: index })?;
            voided.extend(judged.voided.map(|position| (at, position)));
            rotations.extend(judged.by_rotate.then_some(at));
        }
        let last = voided.iter().map(|(_, position)| *position).max();
        let standing = match last {
            None => EntryStatus::Counting,
            Some(position) if voided.len() == entry.ops.len() => EntryStatus::Void { position },
            Some(_) => EntryStatus::Split,
        };
        self.voided.extend(voided);
        self.rotations.extend(rotations);
        Ok(standing)
    }

    /// The entry, if its key is its actor's at the position and its signature holds.
    fn signed(&self, place: usize, position: PolicyPosition) -> Result<&'a Entry, Forgery> {
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
        position: PolicyPosition,
    ) -> Option<Judged> {
        let first = self.authority.judge(entry, op, position);
        let first = self.ended(place, first);
        let judged = match (op, first) {
            (_, Some(None)) => Some(Judged { voided: None, by_rotate: false }),
            // By the right to rotate it would do nothing, and nobody would be told that it ever did.
            (Op::Promote(of), Some(voided)) if self.authority.is_anothers(place, entry, of) => {
                Some(Judged { voided, by_rotate: false })
            }
            // A right to rotate matters only where the right to write does not carry the whole way.
            (Op::Put(_) | Op::Promote(_), _) => self
                .rotation(place, entry, op, position, first.is_some())
                .or(first.map(|voided| Judged { voided, by_rotate: false })),
            (_, Some(voided)) => Some(Judged { voided, by_rotate: false }),
            (_, None) => None,
        };
        // Asked last: whoever has no right makes nobody look for it.
        let begins = matches!(op, Op::Pending(of) if of.nonce.is_some());
        judged.filter(|_| !begins || self.authority.stands(place, op))
    }

    /// An op that is kept of what is closed counts, on the word of those who closed it: what is looked for here is
    /// that its author had the right.
    fn kept(&mut self, entry: &'a Entry, op: &'a Op, position: PolicyPosition) -> Option<Judged> {
        let mut had = self.authority.judge(entry, op, position) != RightVerdict::Refused;
        if matches!(op, Op::Put(_) | Op::Promote(_)) {
            had = had || self.authority.judge_kept(entry, op, position) != RightVerdict::Refused;
        }
        had.then_some(Judged { voided: None, by_rotate: false })
    }

    fn rotation(
        &mut self,
        place: usize,
        entry: &'a Entry,
        op: &'a Op,
        position: PolicyPosition,
        had_write: bool,
    ) -> Option<Judged> {
        let verdict = self.authority.judge_rotation(place, entry, op, position);
        let voided = self.ended(place, verdict)?;
        Some(Judged { voided, by_rotate: voided.is_none() || !had_write })
    }

    /// Where a verdict ends without knowledge of the entry; `None` for a refusal.
    fn ended(&self, place: usize, verdict: RightVerdict) -> Option<Option<PolicyPosition>> {
        match verdict {
            RightVerdict::Refused => None,
            RightVerdict::Until(end) => Some(end.filter(|end| !self.known.at(*end, place))),
        }
    }
}
