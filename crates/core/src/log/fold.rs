//! The fold: from counting entries to the vault's state (`docs/format.md` section 7).

use super::active::{self, ActiveVersions, Ends, Setting};
use super::base::Base;
use super::bits::Bits;
use super::entry::Entry;
use super::existing::{Existing, Index};
use super::graph::Graph;
use super::ground::Grounds;
use super::op::{Op, Versions};
use super::register::{At, latest};
use super::rotation::{Ground, Making, RotationOps, Statement, Statements};
use super::standing::{EntryStatus, Standings};
use super::state::{Late, LiveWrap, LogState, Register, SecretState, Version};
use crate::crypto::id::{EntryId, ObjectId, WrapId};
use crate::name::{Name, SecretName};
use crate::policy::position::PolicyPosition;
use crate::time::UnixTime;
use rayon::prelude::*;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// From this many secrets on, threads save more than starting them costs.
const PARALLEL_FROM: usize = 2_000;

/// Which secrets are folded.
#[derive(Debug, Clone, Copy)]
pub enum FoldScope<'a> {
    All,
    Secrets(&'a BTreeSet<SecretName>),
}

impl FoldScope<'_> {
    pub fn has(&self, secret: &SecretName) -> bool {
        match self {
            Self::All => true,
            Self::Secrets(secrets) => secrets.contains(secret),
        }
    }

    /// Whether the op is about one of the secrets; with [`FoldScope::All`], any op.
    pub fn names(&self, op: &Op) -> bool {
        matches!(self, Self::All) || op.secret().is_some_and(|secret| self.has(secret))
    }

    /// Whether an op of the entry is about one of the secrets.
    pub(crate) fn names_in(&self, entry: &Entry) -> bool {
        matches!(self, Self::All) || entry.ops.iter().any(|op| self.names(op))
    }
}

impl LogState {
    pub fn fold(
        graph: &Graph,
        entries: &BTreeMap<EntryId, Entry>,
        standings: &Standings,
        scope: FoldScope<'_>,
    ) -> Self {
        Fold::of(graph, entries, standings).run(scope)
    }

    /// The state as it would be if all void ops counted: what they would have changed. A void `put`
    /// then stands by write where its author had that right when it was written.
    pub(crate) fn fold_with_voids(
        graph: &Graph,
        entries: &BTreeMap<EntryId, Entry>,
        standings: &Standings,
        scope: FoldScope<'_>,
    ) -> Self {
        Fold { voids_count: true, ..Fold::of(graph, entries, standings) }.run(scope)
    }
}

pub(super) struct Fold<'a> {
    pub graph: &'a Graph,
    /// By place.
    pub entries: Vec<&'a Entry>,
    pub standings: &'a Standings,
    voids_count: bool,
}

/// The ops on one secret, each list in the order of [`At`].
#[derive(Default)]
pub(super) struct Gathered<'a> {
    pub settings: Vec<(At, Setting<'a>)>,
    pub fields: BTreeMap<&'a str, Vec<(At, Option<&'a str>)>>,
    pub ends: Ends,
    void_pruned: BTreeSet<ObjectId>,
    /// By version: from when on it is not served.
    pub expires: HashMap<ObjectId, Vec<(At, Option<UnixTime>)>>,
    /// The same, by ops that do not count: they can only keep it.
    void_expires: Vec<(ObjectId, At, Option<UnixTime>)>,
    /// (version, wrap); `None` where a void op names it.
    pub wraps: Vec<(ObjectId, WrapId, Option<At>)>,
    /// By ops that are void.
    pub void_puts: Vec<(At, ObjectId)>,
    /// Most secrets have none.
    pub rotation: Option<Box<RotationOps<'a>>>,
}

/// How an op counts in this fold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counts {
    Fully,
    ByRotate,
    Not,
}

impl<'a> Fold<'a> {
    pub fn of(
        graph: &'a Graph,
        entries: &'a BTreeMap<EntryId, Entry>,
        standings: &'a Standings,
    ) -> Self {
        Self { graph, entries: graph.in_order(entries), standings, voids_count: false }
    }

    fn run(&self, scope: FoldScope<'_>) -> LogState {
        let gathered = self.gather(scope, None);
        let states: Vec<_> = if gathered.len() < PARALLEL_FROM {
            gathered.into_iter().filter_map(|of| self.state(of)).collect()
        } else {
            gathered.into_par_iter().filter_map(|of| self.state(of)).collect()
        };
        LogState { secrets: states.into_iter().collect() }
    }

    /// The ops on each secret that the log has, or those of the entries `within` a set of places, as they count in the
    /// whole.
    pub fn gather(
        &self,
        scope: FoldScope<'_>,
        within: Option<&Bits>,
    ) -> Vec<(&'a SecretName, Gathered<'a>)> {
        // Most logs have no rotations.
        let grounds = OnceCell::new();
        let grounds = || grounds.get_or_init(|| Grounds::new(self.graph, self.sound()));
        let mut slots: HashMap<&SecretName, usize> = HashMap::new();
        let mut gathered: Vec<(&SecretName, Gathered<'_>)> = Vec::new();
        for (place, standing) in self.standings.iter() {
            if matches!(standing, EntryStatus::Forged(_) | EntryStatus::Unjudged)
                || within.is_some_and(|within| !within.get(place))
            {
                continue;
            }
            for (index, op) in self.entries[place].ops.iter().enumerate() {
                let Some(secret) = op.secret().filter(|secret| scope.has(secret)) else { continue };
                let slot = *slots.entry(secret).or_insert_with(|| {
                    gathered.push((secret, Gathered::default()));
                    gathered.len() - 1
                });
                let at = At::new(place, index);
                match self.graph.base().filter(|base| base.is_kept(place)) {
                    Some(base) => gathered[slot].1.note_kept(at, base, op),
                    None if op.is_of_rotation() => {
                        let by = (op, &self.entries[place].actor);
                        gathered[slot].1.rotate(at, self.counts(at), by, grounds());
                    }
                    None => gathered[slot].1.note(at, self.counts(at), op),
                }
            }
        }
        for (_, of) in gathered.iter_mut().filter(|(_, of)| of.rotation.is_some()) {
            of.ends.settle(self.graph, &of.settings);
        }
        gathered
    }

    /// The entries on which something may rest, by place.
    fn sound(&self) -> Vec<Option<&'a Entry>> {
        let forged = |place| matches!(self.standings.of(place), EntryStatus::Forged(_));
        let entries = self.entries.iter().enumerate();
        entries.map(|(place, entry)| (!forged(place)).then_some(*entry)).collect()
    }

    fn counts(&self, at: At) -> Counts {
        match (self.voids_count || self.standings.counts(at), self.standings.is_rotation(at)) {
            (false, _) => Counts::Not,
            (true, true) => Counts::ByRotate,
            (true, false) => Counts::Fully,
        }
    }

    fn state(
        &self,
        (secret, ops): (&SecretName, Gathered<'a>),
    ) -> Option<(SecretName, SecretState)> {
        let state = self.secret(secret, ops);
        let is_empty =
            state.versions.is_empty() && state.fields.is_empty() && state.rotation.is_none();
        (!is_empty).then(|| (secret.clone(), state))
    }

    /// What the ops on a secret come to.
    pub fn secret(&self, secret: &SecretName, mut ops: Gathered<'a>) -> SecretState {
        let (rotating, wraps) = (ops.rotation.take(), std::mem::take(&mut ops.wraps));
        let (rotating, settings) = (rotating.as_deref(), &ops.settings[..]);
        let giving = rotating.map_or_else(Vec::new, |ops| ops.giving(self.graph));
        let statements = Statements::of(settings, &giving);
        let mut known = Existing::of(self, settings, &statements);
        let numbers = self.graph.base().and_then(|base| base.numbers(secret));
        known.number(numbers);
        let ActiveVersions { set, overruled, promoted, mut replaced } =
            active::settings(self.graph, &ops.ends, rotating, settings);
        replaced.extend(known.replaced(numbers));
        known.overrule(settings, &overruled);
        let existing = known.versions.len();
        known.hold(self, &statements);
        let Existing { mut versions, index } = known;
        self.ends(&mut versions, &index, &ops);
        if let Some(rotating) = rotating {
            retire(&mut versions, &index, rotating);
        }
        self.wraps(&mut versions, &index, &given(&giving, wraps));
        let mut known = set.clone();
        known.retain(|(_, object)| index.find(&versions, object).is_some());
        let (candidates, current) = self.active(&versions, &index, latest(self.graph, &known));
        let fields = ops.fields.iter().map(|(k, ops)| ((*k).to_owned(), self.field(ops))).collect();
        let (graph, set, replaced, index) = (self.graph, &set[..], &replaced, &index);
        let told = |at: At| self.entries[at.place as usize].ts;
        let rotation = rotating.and_then(|ops| {
            let (versions, candidates) = (&versions[..], &candidates[..]);
            let of = Ground {
                graph,
                ops,
                set,
                promoted: &promoted,
                replaced,
                versions,
                index,
                existing,
                candidates,
                current,
                told: &told,
            };
            of.state()
        });
        versions.truncate(existing);
        SecretState { fields, versions, candidates, current, rotation }
    }

    /// What became of versions: pruned, removed, not served from some time on.
    fn ends(&self, versions: &mut [Version], index: &Index, ops: &Gathered<'_>) {
        for object in ops.ends.pruned.keys() {
            index.of(versions, object).into_iter().for_each(|found| found.pruned = true);
        }
        for object in &ops.void_pruned {
            index.of(versions, object).into_iter().for_each(|found| found.void_pruned = true);
        }
        for (object, ops) in &ops.ends.removed {
            index.of(versions, object).into_iter().for_each(|found| self.removal(found, ops));
        }
        for (object, expires) in &ops.expires {
            let prunes = ops.ends.pruned.get(object).map_or(&[][..], Vec::as_slice);
            let found = index.of(versions, object).into_iter();
            found.for_each(|found| self.expiry(found, expires, prunes));
        }
        for (object, at, time) in &ops.void_expires {
            let late = self.late(*at, *time);
            let found = index.of(versions, object).into_iter();
            found.for_each(|found| found.late = found.late.zip(late).map(|(a, b)| a.max(b)));
        }
    }

    fn removal(&self, version: &mut Version, ops: &[(At, bool)]) {
        let left = latest(self.graph, ops);
        let Some((_, removed)) = left.last() else { return };
        version.removed = *removed;
        version.removal_conflict = left.iter().any(|(_, other)| other != removed);
    }

    /// The version's own expiry gives way to what is stated later: served until the earliest of the
    /// latest statements, deleted for its age by the latest of them.
    fn expiry(&self, version: &mut Version, ops: &[(At, Option<UnixTime>)], prunes: &[At]) {
        let own = version.expires;
        let left = latest(self.graph, ops);
        version.expires = left.iter().filter_map(|(_, at)| *at).min();
        let all: Option<Vec<Late>> = left.iter().map(|(op, at)| self.late(*op, *at)).collect();
        version.late = all.and_then(|all| all.into_iter().max());
        version.expiry_conflict = left.iter().any(|(_, at)| *at != left[0].1);
        let puts_off = |at: Option<UnixTime>| at.is_none_or(|at| own.is_some_and(|own| at > own));
        let are_kept = |a: At, b: At| [a, b].iter().all(|at| self.graph.is_kept(at.place as usize));
        // What was before what among the kept is not known any more.
        let beside =
            |a: At, b: At| !are_kept(a, b) && !a.before(self.graph, b) && !b.before(self.graph, a);
        let mut later = ops.iter().filter(|(_, at)| puts_off(*at));
        version.prune_beside_expire =
            later.any(|(op, _)| prunes.iter().any(|prune| beside(*op, *prune)));
    }

    fn late(&self, op: At, at: Option<UnixTime>) -> Option<Late> {
        at.map(|at| Late { at, stated: self.entries[op.place as usize].ts })
    }

    fn wraps(
        &self,
        versions: &mut [Version],
        index: &Index,
        wraps: &[(ObjectId, WrapId, Option<At>)],
    ) {
        // A version is made with the wrap of its put.
        let own: Vec<WrapId> = versions.iter().map(|version| version.live_wrap.wrap).collect();
        let mut greatest: Vec<Option<(PolicyPosition, At)>> = vec![None; versions.len()];
        for (object, wrap, at) in wraps {
            let Some(slot) = index.find(versions, object) else { continue };
            let version = &mut versions[slot];
            push(&mut version.wraps, *wrap);
            let Some(at) = at else { continue };
            if *wrap != own[slot] {
                version.other_wraps.push(*wrap);
            }
            let place = at.place as usize;
            let rank = (self.standings.position(place).unwrap_or_default(), *at);
            if greatest[slot].is_none_or(|known| rank > known) {
                greatest[slot] = Some(rank);
                version.live_wrap = LiveWrap { wrap: *wrap, entry: *self.graph.id(place) };
            }
        }
        for (version, own) in versions.iter_mut().zip(own) {
            version.wraps.sort_unstable();
            version.wraps.dedup();
            if !version.other_wraps.is_empty() {
                let others = std::mem::take(&mut version.other_wraps);
                let mut seen = HashSet::from([version.live_wrap.wrap]);
                let all = std::iter::once(own).chain(others);
                version.other_wraps = all.filter(|wrap| seen.insert(*wrap)).collect();
            }
        }
    }

    fn active(
        &self,
        versions: &[Version],
        index: &Index,
        mut left: Vec<(At, ObjectId)>,
    ) -> (Vec<ObjectId>, Option<ObjectId>) {
        left.retain(|(_, object)| {
            let version = index.find(versions, object).map(|at| &versions[at]);
            version.is_some_and(|version| !version.removed && !version.pruned)
        });
        let current = left.last().map(|(_, object)| *object);
        let mut candidates: Vec<ObjectId> = left.into_iter().map(|(_, object)| object).collect();
        candidates.sort_unstable();
        candidates.dedup();
        (candidates, current)
    }

    fn field(&self, ops: &[(At, Option<&str>)]) -> Register {
        let left = latest(self.graph, ops);
        let (at, value) = left.last().copied().unwrap_or((At { place: 0, op: 0 }, None));
        let others: BTreeSet<_> = left.iter().map(|op| op.1).filter(|v| *v != value).collect();
        Register {
            value: value.map(str::to_owned),
            others: others.into_iter().map(|other| other.map(str::to_owned)).collect(),
            entry: *self.graph.id(at.place as usize),
        }
    }
}

fn retire(versions: &mut [Version], index: &Index, ops: &RotationOps<'_>) {
    for object in ops.retires.keys().filter(|object| ops.is_retired(object)) {
        index.of(versions, object).into_iter().for_each(|found| found.retired = true);
    }
}

/// The wraps, those that pendings state for the versions that they give among them.
fn given(
    giving: &[(ObjectId, Statement)],
    mut wraps: Vec<(ObjectId, WrapId, Option<At>)>,
) -> Vec<(ObjectId, WrapId, Option<At>)> {
    if !giving.is_empty() {
        wraps.extend(giving.iter().map(|(object, of)| (*object, of.wrap, Some(of.at))));
        wraps.sort_by_key(|(.., at)| *at);
    }
    wraps
}

/// Most secrets have one of each, where a list that grows begins with room for four: for 10,000
/// secrets that is 5 MB of fresh memory.
fn push<T>(list: &mut Vec<T>, item: T) {
    if list.is_empty() {
        list.reserve_exact(1);
    }
    list.push(item);
}

impl<'a> Gathered<'a> {
    fn note(&mut self, at: At, counts: Counts, op: &'a Op) {
        match op {
            Op::Put(put) => {
                match counts {
                    Counts::Not => self.void_puts.push((at, put.object)),
                    counts => self.make(at, counts, Making::Put(put)),
                }
                push(&mut self.wraps, (put.object, put.wrap, counts.then(at)));
            }
            Op::Rewrap { object, wrap, .. } => {
                push(&mut self.wraps, (*object, *wrap, counts.then(at)));
            }
            Op::Prune { objects, .. } if counts == Counts::Not => self.void_pruned.extend(objects),
            Op::Expire(expire) if counts == Counts::Not => {
                self.void_expires.push((expire.object, at, expire.at));
            }
            _ if counts == Counts::Not => {}
            op => self.counting(at, op),
        }
    }

    fn make(&mut self, at: At, counts: Counts, making: Making<'a>) {
        let setting = match counts {
            Counts::ByRotate => Setting::Rotate(making),
            Counts::Fully | Counts::Not => Setting::Write(making),
        };
        push(&mut self.settings, (at, setting));
    }

    /// An op of rotations; without ground it does nothing, but that it names a wrap.
    fn rotate(
        &mut self,
        at: At,
        counts: Counts,
        (op, actor): (&'a Op, &'a Name),
        grounds: &Grounds<'a>,
    ) {
        let place = at.place as usize;
        if let Op::Retire(of) = op {
            let rotation = self.rotation.get_or_insert_default();
            let acting = of.objects.iter().filter(|o| grounds.retires(place, &of.secret, **o));
            acting.for_each(|object| rotation.note_retire(at, counts != Counts::Not, *object));
            return;
        }
        let acts = grounds.acts(place, op) && self.may_promote(counts, op, actor);
        match op {
            Op::Promote(promote) if acts && counts != Counts::Not => {
                self.make(at, counts, Making::Promote(promote));
            }
            // Which pendings give their version is known when all is: until then their wraps count for nothing.
            Op::Pending(_) => {
                let wrap = op.wraps().map(|(_, object, wrap)| (*object, *wrap, None));
                self.wraps.extend(wrap);
            }
            _ => {}
        }
        if acts {
            let rotation = self.rotation.get_or_insert_default();
            rotation.note(at, counts != Counts::Not, op, actor);
        }
    }

    /// By the right to rotate alone a promotion acts on its member's own value, as a put by that right does: whoever could
    /// promote others' could choose among all that they ever made ready. What it is of is in an earlier entry.
    fn may_promote(&self, counts: Counts, op: &Op, actor: &Name) -> bool {
        let rotations = self.rotation.as_deref();
        match op {
            Op::Promote(promote) if counts == Counts::ByRotate => {
                rotations.is_some_and(|of| of.is_own(promote, actor))
            }
            _ => true,
        }
    }

    /// An op of what is closed: it says what it is kept for, and of the versions that it names no other.
    fn note_kept(&mut self, at: At, base: &Base, op: &'a Op) {
        let sets = base.sets(at);
        let mut says_of = op.objects().filter(|object| base.says_of(at, object)).copied();
        match op {
            Op::Put(put) if says_of.next().is_some() => {
                self.keep(at, sets, Making::Put(put));
                push(&mut self.wraps, (put.object, put.wrap, Some(at)));
            }
            Op::Promote(promote) if says_of.next().is_some() => {
                self.keep(at, sets, Making::Promote(promote));
                self.rotation.get_or_insert_default();
            }
            Op::Pending(pending) if says_of.next().is_some() => {
                self.rotation.get_or_insert_default().note_kept_pending(at, pending);
            }
            Op::Retire(_) => {
                let rotation = self.rotation.get_or_insert_default();
                says_of.for_each(|object| rotation.note_retire(at, true, object));
            }
            Op::Resolve(resolve) if sets => {
                self.settings.push((at, Setting::KeptResolve(&resolve.object)));
            }
            Op::Field(_) if sets => self.counting(at, op),
            // It tells that there was a removal.
            Op::Remove(_) if sets => self.counting(at, op),
            Op::Remove(_) | Op::Restore(_) => {
                let removes = matches!(op, Op::Remove(_));
                says_of.for_each(|o| self.ends.removed.entry(o).or_default().push((at, removes)));
            }
            Op::Prune { .. } => {
                says_of.for_each(|o| self.ends.pruned.entry(o).or_default().push(at));
            }
            Op::Expire(_) if says_of.next().is_some() => self.counting(at, op),
            Op::Rewrap { object, wrap, .. } if says_of.next().is_some() => {
                push(&mut self.wraps, (*object, *wrap, Some(at)));
            }
            _ => {}
        }
    }

    fn keep(&mut self, at: At, sets: bool, making: Making<'a>) {
        let setting = if sets { Setting::Kept(making) } else { Setting::Known(making) };
        push(&mut self.settings, (at, setting));
    }

    fn counting(&mut self, at: At, op: &'a Op) {
        match op {
            Op::Resolve(resolve) => self.settings.push((at, Setting::Resolve(&resolve.object))),
            Op::Field(field) => {
                let ops = self.fields.entry(&field.field).or_default();
                ops.push((at, field.value.as_deref()));
            }
            Op::Remove(versions) => self.removal(at, versions, true),
            Op::Restore(versions) => self.removal(at, versions, false),
            Op::Expire(expire) => {
                self.expires.entry(expire.object).or_default().push((at, expire.at));
            }
            Op::Prune { objects, .. } => {
                objects.iter().for_each(|o| self.ends.pruned.entry(*o).or_default().push(at));
            }
            _ => {}
        }
    }

    fn removal(&mut self, at: At, versions: &Versions, removes: bool) {
        for object in &versions.objects {
            self.ends.removed.entry(*object).or_default().push((at, removes));
        }
    }
}

impl Counts {
    fn then(self, at: At) -> Option<At> {
        (self != Self::Not).then_some(at)
    }
}
