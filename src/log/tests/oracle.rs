//! Random logs and policies, against the document's definitions written out plainly: every pair
//! compared, nothing remembered. [`Plain`] asks the log and the policy alone, never the code that it
//! is compared with.

use crate::crypto::bytes::Id;
use crate::crypto::sign::Tag;
use crate::log::entry::Entry;
use crate::log::fold::Scope;
use crate::log::op::{Op, OpRef, Put};
use crate::log::policy_view::PolicyView;
use crate::log::register::At;
use crate::log::standing::{Forgery, Signatures, Standing, Standings};
use crate::log::state::{By, SecretState, State};
use crate::log::testing::*;
use crate::policy::op::Right;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashSet};

const SECRETS: [&str; 2] = ["dev/A", "prod/A"];
const ACTORS: [&str; 3] = ["ann", "backend", "ci"];

#[derive(Debug, Clone)]
struct Step {
    back: Vec<usize>,
    actor: usize,
    later: bool,
    ops: Vec<(u8, usize, u8, u8)>,
}

fn op((kind, of, object, other): &(u8, usize, u8, u8)) -> Op {
    let of = SECRETS[*of];
    let adopts = (*other > 6).then_some(OpRef { entry: id(*object), op: 3 });
    match kind {
        0..=3 => expiring(put(of, *object)),
        4..=7 => expiring(rotate(of, *object, *other)),
        8 | 9 => remove(of, &[*object]),
        10 => restore(of, &[*object]),
        11 => prune(of, &[*object]),
        12 => match resolve(of, *object) {
            Op::Resolve(resolve) => Op::Resolve(crate::log::op::Resolve { adopts, ..resolve }),
            op => op,
        },
        13 => rewrap(of, *object, 100 + other),
        14 => expire(of, *object, (*other > 1).then_some(u64::from(*other) * 10)),
        _ => field(of, "type", (*other > 1).then_some(if *other > 3 { "x" } else { "y" })),
    }
}

/// Every put of version 3 states the same expiry.
fn expiring(op: Op) -> Op {
    match op {
        Op::Put(put) if put.object == id(3) => Op::Put(Put { expires: Some(30), ..put }),
        op => op,
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let back = prop::collection::vec(1..6usize, 0..3);
    let op = (0..16u8, 0..SECRETS.len(), 1..8u8, 1..8u8);
    let step = (back, 0..ACTORS.len(), prop::bool::weighted(0.2), prop::collection::vec(op, 1..4))
        .prop_map(|(back, actor, later, ops)| Step { back, actor, later, ops });
    prop::collection::vec(step, 1..28)
}

/// A policy in which rights come and go; its heads are filled in once there is a log.
fn policy() -> FakePolicy {
    let mut policy = FakePolicy::new();
    policy.add("backend", &[Right::Read, Right::Write, Right::Delete], "*");
    policy.add("ci", &[Right::Rotate], "*");
    policy.revoke(&[], "backend", "dev/A");
    policy.add("backend", &[Right::Read, Right::Write, Right::Rotate], "prod/*");
    policy.revoke_right(&[], "backend", Right::Write);
    policy.remove_key(&[], "ci");
    policy.next(&[]);
    policy.add("ci", &[Right::Delete, Right::Rotate], "dev/*");
    policy.revoke(&[], "backend", "prod/A");
    policy
}

/// A log without forged entries: ops that their actor has no right to are left out. A file with a
/// forged entry is refused, so that what it would fold to is nobody's concern.
fn log(steps: &[Step], heads: &[Vec<usize>]) -> (Log, Vec<Id>) {
    grown(steps, heads, |log, entry| {
        let s = log.policy.position(&entry.policy).unwrap();
        let mut tried = log.clone();
        let id = tried.insert(entry.clone());
        let mut ops = entry.ops.clone();
        ops.retain(|op| authorised(&tried, &id, op, s, false));
        if ops.is_empty() {
            let op = field("dev/A", "type", Some("z"));
            return log.draft(s, "ann", &entry.parents, vec![op]);
        }
        Entry { ops, ..entry }
    })
}

/// The times that entries state differ, so that the grace of pruning is seen.
fn grown(
    steps: &[Step],
    heads: &[Vec<usize>],
    mend: impl Fn(&Log, Entry) -> Entry,
) -> (Log, Vec<Id>) {
    let mut log = Log { policy: policy(), entries: BTreeMap::new() };
    let mut ids: Vec<Id> = Vec::new();
    let mut positions: BTreeMap<Id, usize> = BTreeMap::new();
    for (number, step) in steps.iter().enumerate() {
        let back = step.back.iter().filter_map(|back| number.checked_sub(*back));
        let parents: Vec<Id> = back.map(|at| ids[at]).collect();
        let floor = parents.iter().map(|parent| positions[parent]).max().unwrap_or(0);
        let position = (floor + usize::from(step.later)).min(log.policy.head_position());
        let ops = step.ops.iter().map(op).collect();
        let mut entry = mend(&log, log.draft(position, ACTORS[step.actor], &parents, ops));
        entry.ts = number as u64 * 7;
        entry.sig = key(entry.actor.as_str()).sign(Tag::LogEntry, &entry.id());
        let id = log.insert(entry);
        positions.insert(id, position);
        ids.push(id);
    }
    for (position, heads) in heads.iter().enumerate() {
        let heads = heads.iter().filter_map(|at| ids.get(*at).copied()).collect();
        log.policy.set_heads(position + 1, heads);
    }
    (log, ids)
}

fn heads() -> impl Strategy<Value = Vec<Vec<usize>>> {
    prop::collection::vec(prop::collection::vec(0..28usize, 0..3), 5)
}

/// The proper ancestors of `id`.
fn ancestors(log: &Log, id: &Id) -> HashSet<Id> {
    let mut all = HashSet::new();
    let mut open = log.entries[id].parents.clone();
    while let Some(next) = open.pop() {
        if all.insert(next) {
            open.extend(&log.entries[&next].parents);
        }
    }
    all
}

/// The heads of policy entries 0 to `position` and all their ancestors.
fn known(log: &Log, position: usize) -> HashSet<Id> {
    let heads = (0..=position).flat_map(|at| log.policy.heads(at)).copied();
    heads.flat_map(|head| ancestors(log, &head).into_iter().chain([head])).collect()
}

/// What an ancestor puts for the secret and no ancestor removes or prunes, of `replaces`.
fn bases(log: &Log, id: &Id, put: &Put) -> Vec<Id> {
    let before = ancestors(log, id);
    let earlier = || before.iter().flat_map(|id| &log.entries[id].ops);
    let is_base = |version: &&Id| {
        let puts =
            |op: &Op| matches!(op, Op::Put(p) if p.secret == put.secret && p.object == **version);
        let ends = |op: &Op| match op {
            Op::Remove(v) => v.secret == put.secret && v.objects.contains(version),
            Op::Prune { secret, objects } => *secret == put.secret && objects.contains(version),
            _ => false,
        };
        earlier().any(puts) && !earlier().any(ends)
    };
    put.replaces.iter().filter(is_base).copied().collect()
}

/// `by_write`: a put is judged by the right to write alone.
fn authorised(log: &Log, id: &Id, op: &Op, position: usize, by_write: bool) -> bool {
    let entry = &log.entries[id];
    let has = |right| log.policy.holds(position, &entry.actor, right, op.secret().unwrap());
    let rights = match op {
        Op::Put(_) if by_write => has(Right::Write),
        Op::Put(put) => {
            has(Right::Write) || (has(Right::Rotate) && !bases(log, id, put).is_empty())
        }
        Op::Remove(_) | Op::Prune { .. } => has(Right::Delete),
        Op::Expire(_) => has(Right::Write) && has(Right::Delete),
        Op::Rewrap { .. } => has(Right::Read) && (has(Right::Write) || has(Right::Grant)),
        _ => has(Right::Write),
    };
    rights && log.policy.actor_at(position, &entry.key) == Some(&entry.actor)
}

/// Where an op that is authorised at its own position stops being so without knowledge of it.
fn voided(log: &Log, id: &Id, op: &Op, by_write: bool) -> Option<usize> {
    let s = log.policy.position(&log.entries[id].policy).unwrap();
    let later = s + 1..=log.policy.head_position();
    let lost = later.clone().find(|at| !authorised(log, id, op, *at, by_write))?;
    (!known(log, lost).contains(id)).then_some(lost)
}

fn standing(log: &Log, id: &Id) -> (Standing, Vec<(usize, usize)>) {
    let entry = &log.entries[id];
    let s = log.policy.position(&entry.policy).unwrap();
    if log.policy.actor_at(s, &entry.key).is_none() {
        return (Standing::Forged(Forgery::KeyInactive), Vec::new());
    }
    if let Some(op) = entry.ops.iter().position(|op| !authorised(log, id, op, s, false)) {
        return (Standing::Forged(Forgery::Unauthorised { op }), Vec::new());
    }
    let ops = entry.ops.iter().enumerate();
    let void: Vec<(usize, usize)> =
        ops.filter_map(|(at, op)| Some((at, voided(log, id, op, false)?))).collect();
    let standing = match void.iter().map(|(_, position)| *position).max() {
        None => Standing::Counting,
        Some(position) if void.len() == entry.ops.len() => Standing::Void { position },
        Some(_) => Standing::Split,
    };
    (standing, void)
}

/// Whether a put has the right to write at its own position, and keeps it.
fn by_write(log: &Log, id: &Id, op: &Op) -> bool {
    let s = log.policy.position(&log.entries[id].policy).unwrap();
    authorised(log, id, op, s, true) && voided(log, id, op, true).is_none()
}

/// (lamport, entry, op index) of an op.
type Place = (u64, Id, usize);

/// The ops on one secret of entries that are not forged.
struct Plain<'a> {
    log: &'a Log,
    counting: Vec<(Place, &'a Op)>,
    void: Vec<(Place, &'a Op)>,
}

impl<'a> Plain<'a> {
    fn of(log: &'a Log, secret: &str) -> Self {
        let mut plain = Self { log, counting: Vec::new(), void: Vec::new() };
        for (id, entry) in &log.entries {
            let (standing, void) = standing(log, id);
            if matches!(standing, Standing::Forged(_)) {
                continue;
            }
            for (at, op) in entry.ops.iter().enumerate() {
                let is_void = void.iter().any(|(index, _)| *index == at);
                let list = if is_void { &mut plain.void } else { &mut plain.counting };
                if op.secret().unwrap().as_str() == secret {
                    list.push(((entry.lamport, *id, at), op));
                }
            }
        }
        plain.counting.sort_by_key(|(place, _)| *place);
        plain
    }

    fn before(&self, a: &Place, b: &Place) -> bool {
        if a.1 == b.1 { a.2 < b.2 } else { ancestors(self.log, &b.1).contains(&a.1) }
    }

    fn latest<T: Clone>(&self, all: &[(Place, T)]) -> Vec<(Place, T)> {
        let left = all.iter().filter(|(a, _)| !all.iter().any(|(b, _)| self.before(a, b)));
        left.cloned().collect()
    }

    fn register<T: Clone>(&self, value: impl Fn(&Op) -> Option<T>) -> Vec<(Place, T)> {
        let ops = self.counting.iter();
        let all: Vec<_> = ops.filter_map(|(place, op)| Some((*place, value(op)?))).collect();
        self.latest(&all)
    }

    fn puts(&self) -> Vec<(Place, &'a Put)> {
        let ops = self.counting.iter();
        ops.filter_map(|(at, op)| if let Op::Put(put) = op { Some((*at, put)) } else { None })
            .collect()
    }

    fn versions(&self) -> Vec<Id> {
        let mut versions = Vec::new();
        for (_, put) in self.puts() {
            if !versions.contains(&put.object) {
                versions.push(put.object);
            }
        }
        versions
    }

    /// The places of counting removals, of one version or of any.
    fn removes(&self, version: Option<&Id>) -> Vec<Place> {
        let is_one = |op: &Op| match op {
            Op::Remove(v) => version.is_none_or(|version| v.objects.contains(version)),
            _ => false,
        };
        self.counting.iter().filter(|(_, op)| is_one(op)).map(|(at, _)| *at).collect()
    }

    fn restores(&self, version: &Id) -> Vec<Place> {
        let is_one = |op: &Op| matches!(op, Op::Restore(v) if v.objects.contains(version));
        self.counting.iter().filter(|(_, op)| is_one(op)).map(|(at, _)| *at).collect()
    }

    fn prunes(&self, version: &Id) -> Vec<Place> {
        let is_one = |op: &Op| matches!(op, Op::Prune { objects, .. } if objects.contains(version));
        self.counting.iter().filter(|(_, op)| is_one(op)).map(|(at, _)| *at).collect()
    }

    /// Rule 4: its version was pruned, or removed and not restored, before the op.
    fn is_ended(&self, op: &Place, version: &Id) -> bool {
        let between = |remove: &Place| {
            let restores = self.restores(version);
            restores.iter().any(|r| self.before(remove, r) && self.before(r, op))
        };
        self.prunes(version).iter().any(|prune| self.before(prune, op))
            || self.removes(Some(version)).iter().any(|r| self.before(r, op) && !between(r))
    }

    /// Rule 7, for a put that counts.
    fn is_overruled(&self, at: &Place, put: &Put) -> bool {
        if by_write(self.log, &at.1, &self.log.entries[&at.1].ops[at.2]) {
            return false;
        }
        !bases(self.log, &at.1, put).iter().any(|base| self.is_grounded(at, base))
    }

    fn is_grounded(&self, at: &Place, base: &Id) -> bool {
        let outlived = self.removes(Some(base)).iter().all(|remove| {
            self.before(at, remove) || self.restores(base).iter().any(|r| self.before(remove, r))
        });
        let puts = self.puts();
        let mut counting =
            puts.iter().filter(|(p, put)| put.object == *base && self.before(p, at)).peekable();
        let void: Vec<Place> = self
            .void
            .iter()
            .filter(|(p, op)| {
                matches!(op, Op::Put(put) if put.object == *base) && self.before(p, at)
            })
            .map(|(p, _)| *p)
            .collect();
        let all_void = counting.peek().is_none();
        let stands = counting.any(|(p, put)| !self.is_overruled(p, put));
        let followed = |remove: &Place| void.iter().any(|put| self.before(put, remove));
        outlived && (stands || all_void && self.removes(None).iter().all(followed))
    }

    fn removed(&self, version: &Id) -> Vec<bool> {
        let ops = self.register(|op| match op {
            Op::Remove(v) if v.objects.contains(version) => Some(true),
            Op::Restore(v) if v.objects.contains(version) => Some(false),
            _ => None,
        });
        ops.into_iter().map(|(_, removed)| removed).collect()
    }

    fn active(&self) -> Vec<Id> {
        let versions = self.versions();
        let mut set = Vec::new();
        for (at, op) in &self.counting {
            match op {
                Op::Put(put) if !self.is_overruled(at, put) => set.push((*at, put.object)),
                Op::Resolve(resolve) if versions.contains(&resolve.object) => {
                    set.push((*at, resolve.object));
                }
                _ => {}
            }
        }
        set.retain(|(at, version)| !self.is_ended(at, version));
        let is_live =
            |v: &Id| self.prunes(v).is_empty() && !self.removed(v).last().copied().unwrap_or(false);
        self.latest(&set).into_iter().map(|(_, v)| v).filter(is_live).collect()
    }

    fn expiries(&self, version: &Id) -> Vec<(Place, Option<u64>)> {
        self.register(|op| match op {
            Op::Expire(expire) if expire.object == *version => Some(expire.at),
            _ => None,
        })
    }

    fn is_pruned_beside(&self, version: &Id) -> bool {
        let own = self.puts().iter().find(|(_, put)| put.object == *version).unwrap().1.expires;
        self.counting.iter().any(|(e, op)| match op {
            Op::Expire(expire) if expire.object == *version => {
                let off = match (expire.at, own) {
                    (None, _) => true,
                    (Some(at), Some(own)) => at > own,
                    (Some(_), None) => false,
                };
                let prunes = self.prunes(version);
                off && prunes.iter().any(|p| !self.before(p, e) && !self.before(e, p))
            }
            _ => false,
        })
    }

    fn position(&self, place: &Place) -> Option<usize> {
        self.log.policy.position(&self.log.entries[&place.1].policy)
    }

    /// In the order in which they are tried.
    fn wraps(&self, version: &Id) -> Vec<Id> {
        let wraps = self.counting.iter().filter_map(|(place, op)| match op {
            Op::Put(put) if put.object == *version => Some((place, put.wrap)),
            Op::Rewrap { object, wrap, .. } if object == version => Some((place, *wrap)),
            _ => None,
        });
        let all: Vec<(&Place, Id)> = wraps.collect();
        let live = all.iter().max_by_key(|(place, _)| (self.position(place), **place)).unwrap().1;
        let own = self.puts().iter().find(|(_, put)| put.object == *version).unwrap().1.wrap;
        let mut tried = vec![live];
        for wrap in [own].into_iter().chain(all.iter().map(|(_, wrap)| *wrap)) {
            if !tried.contains(&wrap) {
                tried.push(wrap);
            }
        }
        tried
    }
}

fn assert_versions(plain: &Plain<'_>, state: &SecretState) -> Result<(), TestCaseError> {
    let versions: Vec<Id> = state.versions.iter().map(|v| v.object).collect();
    prop_assert_eq!(&versions, &plain.versions());
    for version in &state.versions {
        let object = &version.object;
        let removed = plain.removed(object);
        prop_assert_eq!(version.pruned, !plain.prunes(object).is_empty());
        prop_assert_eq!(version.removed, removed.last().copied().unwrap_or(false));
        let distinct = removed.iter().collect::<BTreeSet<_>>().len();
        prop_assert_eq!(version.removal_conflict, distinct > 1);
        let tried: Vec<Id> = version.wraps_to_try().copied().collect();
        prop_assert_eq!(tried, plain.wraps(object));
        let puts: Vec<_> = plain.puts().into_iter().filter(|(_, p)| p.object == *object).collect();
        let overruled = puts.iter().all(|(at, put)| plain.is_overruled(at, put));
        prop_assert_eq!(version.overruled, overruled);
        let writes = puts
            .iter()
            .any(|(at, _)| by_write(plain.log, &at.1, &plain.log.entries[&at.1].ops[at.2]));
        prop_assert_eq!(version.by == By::Write, writes);
        let (first, own) = puts[0];
        let mut stated = plain.expiries(object);
        if stated.is_empty() {
            stated = vec![(first, own.expires)];
        }
        prop_assert_eq!(version.expires, stated.iter().filter_map(|(_, at)| *at).min());
        let never = stated.iter().any(|(_, at)| at.is_none());
        let late = stated.iter().map(|(p, at)| (*at, plain.log.entries[&p.1].ts)).max();
        let late = late.filter(|_| !never).and_then(|(at, ts)| Some((at?, ts)));
        prop_assert_eq!(version.late.map(|late| (late.at, late.stated)), late);
        let distinct = stated.iter().map(|(_, at)| at).collect::<BTreeSet<_>>().len();
        prop_assert_eq!(version.expiry_conflict, distinct > 1);
        prop_assert_eq!(version.prune_beside_expire, plain.is_pruned_beside(object));
    }
    Ok(())
}

fn assert_secret(log: &Log, state: &State, name: &str) -> Result<(), TestCaseError> {
    let plain = Plain::of(log, name);
    let none = Default::default();
    let state = state.secret(&secret(name)).unwrap_or(&none);
    assert_versions(&plain, state)?;
    let active = plain.active();
    prop_assert_eq!(state.current, active.last().copied());
    let candidates: BTreeSet<Id> = active.into_iter().collect();
    prop_assert_eq!(&state.candidates, &candidates.into_iter().collect::<Vec<_>>());
    let field = plain.register(|op| match op {
        Op::Field(field) => Some(field.value.clone()),
        _ => None,
    });
    let register = state.fields.get("type");
    let winner = field.last().map(|(_, value)| value.clone());
    prop_assert_eq!(register.map(|r| r.value.clone()), winner);
    let distinct = field.iter().map(|(_, value)| value).collect::<BTreeSet<_>>().len();
    prop_assert_eq!(register.map_or(0, |r| r.others.len() + 1), distinct);
    Ok(())
}

fn judge(log: &Log) -> (crate::log::graph::Graph, Standings) {
    let graph = log.graph();
    let (all, trusted) = (Scope::All, Signatures::Trusted);
    let standings = Standings::judge(&graph, &log.entries, &log.policy, all, trusted);
    (graph, standings)
}

fn fold(log: &Log) -> State {
    let (graph, standings) = judge(log);
    State::fold(&graph, &log.entries, &standings, Scope::All)
}

/// How an op stands, for comparing before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Forged,
    Void,
    ByRotate,
    Counting,
}

fn ranks(log: &Log) -> BTreeMap<(Id, usize), Rank> {
    let (graph, standings) = judge(log);
    let mut ranks = BTreeMap::new();
    for (id, entry) in &log.entries {
        for op in 0..entry.ops.len() {
            let at = At::new(graph.place(id).unwrap(), op);
            let rank = match standings.of(at.place as usize) {
                Standing::Forged(_) => Rank::Forged,
                _ if !standings.counts(at) => Rank::Void,
                _ if standings.is_rotation(at) => Rank::ByRotate,
                _ => Rank::Counting,
            };
            ranks.insert((*id, op), rank);
        }
    }
    ranks
}

/// What the picked entries and the policy's heads descend from, and themselves.
fn part(log: &Log, ids: &[Id], picks: &[usize]) -> Log {
    let heads = (0..log.policy.ids().len()).flat_map(|at| log.policy.heads(at).to_vec());
    let mut part: HashSet<Id> = picks.iter().filter_map(|at| ids.get(*at).copied()).collect();
    part.extend(heads);
    let closed: HashSet<Id> =
        part.iter().flat_map(|id| ancestors(log, id)).chain(part.iter().copied()).collect();
    let mut smaller = log.clone();
    smaller.entries.retain(|id, _| closed.contains(id));
    smaller
}

fn picks() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..28usize, 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn standings_are_what_the_text_says(steps in steps(), heads in heads()) {
        let forging = grown(&steps, &heads, |_, entry| entry);
        for (log, ids) in [forging, log(&steps, &heads)] {
            let (graph, standings) = judge(&log);
            for id in &ids {
                let place = graph.place(id).unwrap();
                let found = (standings.of(place), standings.void_of(place));
                prop_assert_eq!(found, standing(&log, id));
            }
        }
    }

    #[test]
    fn the_fold_is_what_the_text_says(steps in steps(), heads in heads()) {
        let (log, _) = log(&steps, &heads);
        let (graph, standings) = judge(&log);
        let state = State::fold(&graph, &log.entries, &standings, Scope::All);
        for name in SECRETS {
            assert_secret(&log, &state, name)?;
            let only = BTreeSet::from([secret(name)]);
            let scope = Scope::Secrets(&only);
            for signatures in [Signatures::Check, Signatures::Trusted] {
                let graph = log.graph();
                let some = Standings::judge(&graph, &log.entries, &log.policy, scope, signatures);
                let part = State::fold(&graph, &log.entries, &some, scope);
                prop_assert_eq!(part.secret(&secret(name)), state.secret(&secret(name)));
                prop_assert!(part.secrets.len() <= 1);
            }
        }
    }

    /// What merges in cannot change who counts: it is decided by ancestry and policy alone.
    #[test]
    fn a_part_that_knows_the_policys_heads_judges_alike(
        steps in steps(), heads in heads(), picks in picks(),
    ) {
        let (log, ids) = log(&steps, &heads);
        let whole = ranks(&log);
        for (op, rank) in ranks(&part(&log, &ids, &picks)) {
            prop_assert_eq!(rank, whole[&op]);
        }
    }

    /// However parts come together, in whatever order, the state is that of all of them.
    #[test]
    fn every_order_of_merging_leads_to_one_state(
        steps in steps(), heads in heads(), parts in prop::collection::vec(picks(), 1..5),
        order in any::<prop::sample::Index>(),
    ) {
        let (log, ids) = log(&steps, &heads);
        let parts: Vec<Log> = parts.iter().map(|picks| part(&log, &ids, picks)).collect();
        let mut forwards = part(&log, &ids, &[]);
        parts.iter().for_each(|part| forwards.entries.extend(part.entries.clone()));
        let mut merged = part(&log, &ids, &[]);
        let start = order.index(parts.len());
        for part in parts[start..].iter().rev().chain(parts[..start].iter().rev()) {
            // Each step is a file that somebody may write upon: it folds by itself, to no effect.
            merged.entries.extend(part.entries.clone());
            let _ = fold(&merged);
        }
        prop_assert_eq!(fold(&merged), fold(&forwards));
        for name in SECRETS {
            assert_secret(&merged, &fold(&merged), name)?;
        }
    }

    /// Standing goes one way as the chain grows: from the right to write to the right to rotate to
    /// void, and what is forged stays so.
    #[test]
    fn a_later_policy_only_takes_standing_away(
        steps in steps(), heads in heads(), late in picks(), what in 0..4usize,
    ) {
        let (mut log, ids) = log(&steps, &heads);
        let before = ranks(&log);
        let named: Vec<Id> = late.iter().filter_map(|at| ids.get(*at).copied()).collect();
        match what {
            0 => log.policy.revoke(&named, "ann", "prod/A"),
            1 => log.policy.revoke_right(&named, "ann", Right::Write),
            2 => log.policy.remove_key(&named, "backend"),
            _ => {
                let position = log.policy.next(&named);
                log.policy.add("backend", &Right::ALL, "*");
                position
            }
        };
        for (op, after) in ranks(&log) {
            prop_assert!(after <= before[&op]);
            prop_assert!((after == Rank::Forged) == (before[&op] == Rank::Forged));
        }
    }
}
