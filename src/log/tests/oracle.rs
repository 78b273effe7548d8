//! Random logs and policies, against the document's definitions written out plainly: every pair
//! compared, nothing remembered.

use crate::crypto::bytes::Id;
use crate::log::fold::Scope;
use crate::log::op::Op;
use crate::log::policy_view::PolicyView;
use crate::log::standing::{Forgery, Signatures, Standing, Standings};
use crate::log::state::State;
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
    match kind {
        0..=3 => put(of, *object),
        4 => rotate(of, *object, *other),
        5 => remove(of, &[*object]),
        6 => restore(of, &[*object]),
        7 => prune(of, &[*object]),
        8 => resolve(of, *object),
        9 => Op::Rewrap { secret: secret(of), object: id(*object), wrap: id(100 + other) },
        _ => field(of, "type", (*other > 1).then_some(if *other > 3 { "x" } else { "y" })),
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let back = prop::collection::vec(1..6usize, 0..3);
    let op = (0..12u8, 0..SECRETS.len(), 1..8u8, 1..8u8);
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
    policy.remove_key(&[], "ci");
    policy.next(&[]);
    policy.add("ci", &[Right::Delete], "dev/*");
    policy.revoke(&[], "backend", "prod/A");
    policy
}

fn log(steps: &[Step], heads: &[Vec<usize>]) -> (Log, Vec<Id>) {
    let mut log = Log { policy: policy(), entries: BTreeMap::new() };
    let mut ids: Vec<Id> = Vec::new();
    let mut positions: BTreeMap<Id, usize> = BTreeMap::new();
    for (number, step) in steps.iter().enumerate() {
        let back = step.back.iter().filter_map(|back| number.checked_sub(*back));
        let parents: Vec<Id> = back.map(|at| ids[at]).collect();
        let floor = parents.iter().map(|parent| positions[parent]).max().unwrap_or(0);
        let position = (floor + usize::from(step.later)).min(log.policy.head_position());
        let ops = step.ops.iter().map(op).collect();
        let id = log.add_at(position, ACTORS[step.actor], &parents, ops);
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
    prop::collection::vec(prop::collection::vec(0..28usize, 0..3), 4)
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

fn is_rotation(log: &Log, id: &Id, op: &Op) -> bool {
    let Op::Put(put) = op else { return false };
    let before = ancestors(log, id);
    let earlier = || before.iter().flat_map(|id| &log.entries[id].ops);
    put.replaces.iter().any(|version| {
        let puts =
            |op: &Op| matches!(op, Op::Put(p) if p.secret == put.secret && p.object == *version);
        let ends = |op: &Op| match op {
            Op::Remove(v) => v.secret == put.secret && v.objects.contains(version),
            Op::Prune { secret, objects } => *secret == put.secret && objects.contains(version),
            _ => false,
        };
        earlier().any(puts) && !earlier().any(ends)
    })
}

fn authorised(log: &Log, id: &Id, op: &Op, position: usize) -> bool {
    let entry = &log.entries[id];
    let has = |right| log.policy.holds(position, &entry.actor, right, op.secret().unwrap());
    let rights = match op {
        Op::Put(_) => has(Right::Write) || (has(Right::Rotate) && is_rotation(log, id, op)),
        Op::Remove(_) | Op::Prune { .. } => has(Right::Delete),
        Op::Rewrap { .. } => has(Right::Read) && (has(Right::Write) || has(Right::Grant)),
        _ => has(Right::Write),
    };
    rights && log.policy.actor_at(position, &entry.key) == Some(&entry.actor)
}

fn standing(log: &Log, id: &Id) -> Standing {
    let entry = &log.entries[id];
    let s = log.policy.position(&entry.policy).unwrap();
    if log.policy.actor_at(s, &entry.key).is_none() {
        return Standing::Forged(Forgery::KeyInactive);
    }
    if let Some(op) = entry.ops.iter().position(|op| !authorised(log, id, op, s)) {
        return Standing::Forged(Forgery::Unauthorised { op });
    }
    for position in s + 1..=log.policy.head_position() {
        let stops =
            |op: &Op| authorised(log, id, op, position - 1) && !authorised(log, id, op, position);
        let heads = log.policy.heads(position);
        let known = heads.iter().any(|head| head == id || ancestors(log, head).contains(id));
        if entry.ops.iter().any(stops) && !known {
            return Standing::Void { position };
        }
    }
    Standing::Counting
}

/// (lamport, entry, op index) of a counting op.
type Place = (u64, Id, usize);

struct Plain<'a> {
    log: &'a Log,
    ops: Vec<(Place, &'a Op)>,
}

impl<'a> Plain<'a> {
    fn of(log: &'a Log, secret: &str) -> Self {
        let counting = log.entries.iter().filter(|(id, _)| standing(log, id) == Standing::Counting);
        let mut ops: Vec<_> = counting
            .flat_map(|(id, e)| e.ops.iter().enumerate().map(|(at, op)| ((e.lamport, *id, at), op)))
            .filter(|(_, op)| op.secret().unwrap().as_str() == secret)
            .collect();
        ops.sort_by_key(|(place, _)| *place);
        Self { log, ops }
    }

    fn before(&self, a: &Place, b: &Place) -> bool {
        if a.1 == b.1 { a.2 < b.2 } else { ancestors(self.log, &b.1).contains(&a.1) }
    }

    fn register<T: Clone>(&self, value: impl Fn(&Op) -> Option<T>) -> Vec<T> {
        let all: Vec<(Place, T)> =
            self.ops.iter().filter_map(|(place, op)| Some((*place, value(op)?))).collect();
        let left = all.iter().filter(|(a, _)| !all.iter().any(|(b, _)| self.before(a, b)));
        left.map(|(_, value)| value.clone()).collect()
    }

    fn versions(&self) -> Vec<Id> {
        let mut versions = Vec::new();
        for (_, op) in &self.ops {
            if let Op::Put(put) = op
                && !versions.contains(&put.object)
            {
                versions.push(put.object);
            }
        }
        versions
    }

    fn pruned(&self, version: &Id) -> bool {
        self.ops
            .iter()
            .any(|(_, op)| matches!(op, Op::Prune { objects, .. } if objects.contains(version)))
    }

    fn removed(&self, version: &Id) -> Vec<bool> {
        self.register(|op| match op {
            Op::Remove(v) if v.objects.contains(version) => Some(true),
            Op::Restore(v) if v.objects.contains(version) => Some(false),
            _ => None,
        })
    }

    fn active(&self) -> Vec<Id> {
        let versions = self.versions();
        let left = self.register(|op| match op {
            Op::Put(put) => Some(put.object),
            Op::Resolve { object, .. } if versions.contains(object) => Some(*object),
            _ => None,
        });
        let is_live = |v: &Id| !self.pruned(v) && !self.removed(v).last().copied().unwrap_or(false);
        left.into_iter().filter(is_live).collect()
    }

    fn live_wrap(&self, version: &Id) -> Id {
        let wraps = self.ops.iter().filter_map(|(place, op)| match op {
            Op::Put(put) if put.object == *version => Some((place, put.wrap)),
            Op::Rewrap { object, wrap, .. } if object == version => Some((place, *wrap)),
            _ => None,
        });
        let position = |place: &Place| self.log.policy.position(&self.log.entries[&place.1].policy);
        wraps.max_by_key(|(place, _)| (position(place), **place)).unwrap().1
    }
}

fn assert_secret(log: &Log, state: &State, name: &str) -> Result<(), TestCaseError> {
    let plain = Plain::of(log, name);
    let none = Default::default();
    let state = state.secret(&secret(name)).unwrap_or(&none);
    let versions: Vec<Id> = state.versions.iter().map(|v| v.object).collect();
    prop_assert_eq!(&versions, &plain.versions());
    for version in &state.versions {
        let removed = plain.removed(&version.object);
        prop_assert_eq!(version.pruned, plain.pruned(&version.object));
        prop_assert_eq!(version.removed, removed.last().copied().unwrap_or(false));
        prop_assert_eq!(
            version.removal_conflict,
            removed.iter().collect::<BTreeSet<_>>().len() > 1
        );
        prop_assert_eq!(version.live_wrap.wrap, plain.live_wrap(&version.object));
    }
    let active = plain.active();
    prop_assert_eq!(state.current, active.last().copied());
    let candidates: BTreeSet<Id> = active.into_iter().collect();
    prop_assert_eq!(&state.candidates, &candidates.into_iter().collect::<Vec<_>>());
    let field = plain.register(|op| match op {
        Op::Field(field) => Some(field.value.clone()),
        _ => None,
    });
    let register = state.fields.get("type");
    prop_assert_eq!(register.map(|r| r.value.clone()), field.last().cloned());
    let distinct = field.iter().collect::<BTreeSet<_>>().len();
    prop_assert_eq!(register.map_or(0, |r| r.others.len() + 1), distinct);
    Ok(())
}

fn judged(log: &Log) -> BTreeMap<Id, Standing> {
    let graph = log.graph();
    let standings = Standings::judge(&graph, &log.entries, &log.policy, Signatures::None);
    standings.iter().map(|(place, standing)| (*graph.id(place), standing)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn standings_and_fold_are_what_the_text_says(steps in steps(), heads in heads()) {
        let (log, ids) = log(&steps, &heads);
        let judged = judged(&log);
        for id in &ids {
            prop_assert_eq!(judged[id], standing(&log, id));
        }
        let graph = log.graph();
        let standings = Standings::judge(&graph, &log.entries, &log.policy, Signatures::None);
        let state = State::fold(&graph, &log.entries, &standings, Scope::All);
        for name in SECRETS {
            assert_secret(&log, &state, name)?;
            let only = BTreeSet::from([secret(name)]);
            let part = State::fold(&graph, &log.entries, &standings, Scope::Secrets(&only));
            prop_assert_eq!(part.secret(&secret(name)), state.secret(&secret(name)));
            prop_assert!(part.secrets.len() <= 1);
        }
    }

    /// What merges in cannot change who counts: it is decided by ancestry and policy alone.
    #[test]
    fn a_part_that_knows_the_policys_heads_judges_alike(
        steps in steps(),
        heads in heads(),
        picks in prop::collection::vec(0..28usize, 0..4),
    ) {
        let (log, ids) = log(&steps, &heads);
        let heads = (0..log.policy.ids().len()).flat_map(|at| log.policy.heads(at).to_vec());
        let mut part: HashSet<Id> = picks.iter().filter_map(|at| ids.get(*at).copied()).collect();
        part.extend(heads);
        let closed: HashSet<Id> =
            part.iter().flat_map(|id| ancestors(&log, id)).chain(part.iter().copied()).collect();
        let mut smaller = log.clone();
        smaller.entries.retain(|id, _| closed.contains(id));
        let whole = judged(&log);
        for (id, standing) in judged(&smaller) {
            prop_assert_eq!(standing, whole[&id]);
        }
    }

    /// Validity only ever goes from counting to void.
    #[test]
    fn a_later_policy_only_voids(steps in steps(), heads in heads()) {
        let (mut log, _) = log(&steps, &heads);
        let before = judged(&log);
        log.policy.revoke(&[], "ann", "prod/A");
        for (id, after) in judged(&log) {
            let only_voided =
                before[&id] == Standing::Counting && matches!(after, Standing::Void { .. });
            prop_assert!(after == before[&id] || only_voided);
        }
    }
}
