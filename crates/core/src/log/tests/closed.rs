//! Closing a log changes nothing: random logs are closed at random entries, go on, and are read without what is
//! closed and with it.

use super::oracle::policy;
use crate::crypto::id::{EntryId, ObjectId};
use crate::crypto::sign::Tag;
use crate::log::closed::closing::{Closing, ClosingError, WholeLog, close};
use crate::log::entry::Entry;
use crate::log::fold::FoldScope;
use crate::log::graph::Graph;
use crate::log::op::{Op, Put};
use crate::log::policy_view::PolicyView;
use crate::log::register::At;
use crate::log::rotation::{RotationState, reaching};
use crate::log::standing::{EntryStatus, LogSignatures, Standings};
use crate::log::state::{LogState, SecretState, Version};
use crate::log::testing::*;
use crate::name::SecretName;
use crate::policy::op::Right;
use crate::policy::position::PolicyPosition;
use crate::time::UnixTime;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const SECRETS: [&str; 2] = ["dev/A", "prod/A"];
const ACTORS: [&str; 3] = ["ann", "backend", "ci"];

#[derive(Debug, Clone)]
struct Step {
    back: Vec<usize>,
    actor: usize,
    later: bool,
    ops: Vec<(u8, usize, usize, u8)>,
}

fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let back = prop::collection::vec(1..5usize, 0..3);
    let op = (0..30u8, 0..SECRETS.len(), 0..6usize, 1..8u8);
    let step = (back, 0..ACTORS.len(), prop::bool::weighted(0.2), prop::collection::vec(op, 1..4))
        .prop_map(|(back, actor, later, ops)| Step { back, actor, later, ops });
    prop::collection::vec(step, 1..most)
}

/// A log in which each version is put by one entry, as the ids of versions see to.
struct Growing {
    log: Log,
    ids: Vec<EntryId>,
    /// The versions of each secret so far.
    versions: [Vec<u8>; 2],
    /// What rotations of each bring, by rotation.
    ready: [Vec<(u8, u8)>; 2],
    rotation: u8,
    next: u8,
}

impl Growing {
    fn op(&mut self, (kind, of, which, other): (u8, usize, usize, u8)) -> Option<Op> {
        let name = SECRETS[of];
        let known = |back: usize| {
            let versions = &self.versions[of];
            versions.len().checked_sub(1 + back % versions.len().max(1)).map(|at| versions[at])
        };
        let one = known(which);
        Some(match kind {
            0..=6 => {
                self.next += 1;
                self.versions[of].push(self.next);
                let op = rotate(name, self.next, one.unwrap_or(self.next));
                match op {
                    Op::Put(put) if other == 3 => {
                        Op::Put(Put { expires: Some(UnixTime::from_secs(30)), ..put })
                    }
                    op => op,
                }
            }
            7 | 8 => remove(name, &[one?]),
            9 => {
                let both: BTreeSet<u8> = [one?, known(which + 1)?].into();
                remove(name, &both.into_iter().collect::<Vec<_>>())
            }
            10 | 11 => restore(name, &[one?]),
            12 => prune(name, &[one?]),
            13 | 14 => resolve(name, one?),
            15 => rewrap(name, one?, 150 + other),
            16 => expire(name, one?, (other > 1).then_some(u64::from(other) * 10)),
            17 => field(name, "type", (other > 1).then_some(if other > 3 { "x" } else { "y" })),
            _ => return self.rotating(kind, of, which, other),
        })
    }

    fn rotating(&mut self, kind: u8, of: usize, which: usize, other: u8) -> Option<Op> {
        let (name, versions) = (SECRETS[of], &self.versions[of]);
        let base = *versions.get(versions.len().checked_sub(1 + which % 2)?)?;
        let ready = &self.ready[of];
        // Mostly the latest.
        let latest = ready.len().checked_sub(1 + which / 4 % ready.len().max(1));
        let latest = latest.map(|at| ready[at]);
        Some(match kind {
            18..=20 => {
                if other == 3 {
                    self.rotation += 1;
                    return Some(intend(name, self.rotation, base));
                }
                self.next += 1;
                // A second value, of a rotation that was begun.
                if other < 3
                    && let Some((rotation, _)) = latest
                {
                    self.ready[of].push((rotation, self.next));
                    return Some(add_value(name, rotation, self.next));
                }
                self.rotation += 1;
                self.ready[of].push((self.rotation, self.next));
                begin(name, self.rotation, base, self.next)
            }
            21..=24 => {
                let (rotation, object) = latest?;
                self.versions[of].push(object);
                promote(name, rotation, object, &[base])
            }
            25 | 26 => abort(name, latest?.0),
            27 => rollout(name, latest?.0, u64::from(other) * 1_000),
            28 => retire(name, &[latest?.1]),
            _ => retire(name, &[base]),
        })
    }

    /// An entry after others; ops that its actor has no right to are left out.
    fn add(&mut self, step: &Step, parents: &[EntryId]) {
        let log = &self.log;
        let at = |id: &EntryId| log.policy.position(&log.entries[id].policy).unwrap();
        let floor = parents.iter().map(at).max().unwrap_or_default();
        let position =
            if step.later { floor.next() } else { floor }.min(self.log.policy.head_position());
        let (versions, ready) = (self.versions.clone(), self.ready.clone());
        let (next, rotation) = (self.next, self.rotation);
        let ops: Vec<Op> = step.ops.iter().filter_map(|op| self.op(*op)).collect();
        let actor = ACTORS[step.actor];
        let allowed: Vec<Op> =
            ops.into_iter().filter(|op| self.may(actor, position, parents, op)).collect();
        let (actor, ops) = match allowed.is_empty() {
            true => {
                (self.versions, self.next) = (versions, next);
                (self.ready, self.rotation) = (ready, rotation);
                ("ann", vec![field("dev/A", "type", Some("z"))])
            }
            false => (actor, allowed),
        };
        let mut entry = self.log.draft(position, actor, parents, ops);
        entry.ts = UnixTime::from_secs(self.ids.len() as u64 * 7);
        entry.sig = key(actor).sign(Tag::LogEntry, &entry.id());
        self.ids.push(self.log.insert(entry));
    }

    fn may(&self, actor: &str, position: PolicyPosition, parents: &[EntryId], op: &Op) -> bool {
        let mut log = self.log.clone();
        let id = log.add_at(position, actor, parents, vec![op.clone()]);
        let (graph, standings) = log.standings();
        !matches!(standings.of(graph.place(&id).unwrap()), EntryStatus::Forged(_))
    }
}

/// What was known when the log was closed, and what came after.
#[derive(Debug, Clone)]
struct Case {
    before: Vec<Step>,
    heads: Vec<Vec<usize>>,
    closes: prop::sample::Index,
    after: Vec<Step>,
    ends: Vec<(u8, usize)>,
}

fn cases() -> impl Strategy<Value = Case> {
    let heads = prop::collection::vec(prop::collection::vec(0..14usize, 0..2), 9);
    let ends = prop::collection::vec((0..4u8, 0..10usize), 0..3);
    (steps(14), heads, any::<prop::sample::Index>(), steps(10), ends).prop_map(
        |(before, heads, closes, after, ends)| Case { before, heads, closes, after, ends },
    )
}

struct Closed {
    log: Log,
    last: EntryId,
    position: PolicyPosition,
    closing: Closing,
}

/// Grows, closes and goes on; `None` where the log cannot be closed at that entry.
fn closed(case: &Case) -> Option<Closed> {
    let log = Log { policy: policy(), entries: BTreeMap::new() };
    let mut growing = Growing {
        log,
        ids: Vec::new(),
        versions: Default::default(),
        ready: Default::default(),
        rotation: 0,
        next: 0,
    };
    for (number, step) in case.before.iter().enumerate() {
        let back = step.back.iter().filter_map(|back| number.checked_sub(*back));
        let parents: Vec<EntryId> = back.map(|at| growing.ids[at]).collect();
        growing.add(step, &parents);
    }
    let positions = growing.log.policy.ids().len() - 1;
    for (position, heads) in case.heads.iter().enumerate().take(positions) {
        let heads = heads.iter().filter_map(|at| growing.ids.get(*at).copied()).collect();
        growing.log.policy.set_heads(PolicyPosition::new(position + 1), heads);
    }
    let tips = {
        let (graph, standings) = growing.log.standings();
        standings.tips(&graph).into_iter().map(|place| *graph.id(place)).collect::<Vec<_>>()
    };
    let last = growing.ids[case.closes.index(growing.ids.len())];
    let position = growing.log.policy.next(&tips);
    let closing = close_at(&growing.log, &last, position)?;
    let start = growing.ids.len();
    let behind: BTreeSet<EntryId> = closing.entries.iter().copied().collect();
    for step in &case.after {
        let mut open: Vec<EntryId> =
            growing.ids.iter().filter(|id| !behind.contains(*id)).copied().collect();
        open.insert(0, last);
        let parents: BTreeSet<EntryId> =
            step.back.iter().map(|back| open[open.len().saturating_sub(*back)]).collect();
        growing.add(step, &parents.into_iter().collect::<Vec<_>>());
    }
    for (what, head) in &case.ends {
        let heads: Vec<EntryId> = growing.ids.get(start + head).copied().into_iter().collect();
        let policy = &mut growing.log.policy;
        match what {
            0 => policy.revoke(&heads, "ann", "prod/A"),
            1 => policy.revoke_right(&heads, "ann", Right::Write),
            2 => policy.remove_key(&heads, "backend"),
            _ => policy.revoke(&heads, "ci", "dev/A"),
        };
    }
    Some(Closed { log: growing.log, last, position, closing })
}

fn close_at(log: &Log, last: &EntryId, position: PolicyPosition) -> Option<Closing> {
    let (graph, standings) = log.standings();
    let whole = WholeLog {
        graph: &graph,
        entries: &log.entries,
        standings: &standings,
        policy: &log.policy,
    };
    close(whole, last, position, None).ok()
}

/// The log as a file has it that leaves out all it may.
fn left(closed: &Closed) -> BTreeMap<EntryId, Entry> {
    let behind: BTreeSet<&EntryId> = closed.closing.entries.iter().collect();
    let kept = &closed.closing.closed.entries;
    let stays = |id: &EntryId| !behind.contains(id) || kept.binary_search(id).is_ok();
    closed.log.entries.iter().filter(|(id, _)| stays(id)).map(|(id, e)| (*id, e.clone())).collect()
}

fn judged(graph: &Graph, entries: &BTreeMap<EntryId, Entry>, log: &Log) -> (Standings, LogState) {
    let (all, check) = (FoldScope::All, LogSignatures::Check);
    let standings = Standings::judge(graph, entries, &log.policy, all, check);
    let state = LogState::fold(graph, entries, &standings, all);
    (standings, state)
}

/// The secrets of which nothing can be said without what is closed.
fn behind(graph: &Graph, entries: &BTreeMap<EntryId, Entry>) -> BTreeSet<SecretName> {
    let late = entries.iter().filter(|(id, _)| graph.is_late(graph.place(id).unwrap()));
    let late = late.flat_map(|(_, entry)| &entry.ops).filter_map(|op| op.secret().cloned());
    late.chain(reaching(entries, graph, FoldScope::All)).collect()
}

/// A version without what only closed void ops say, and what nobody can say any more.
fn comparable(version: &Version) -> Version {
    let mut version = version.clone();
    version.void_pruned = false;
    version.wraps.clear();
    version.late = None;
    version.prune_beside_expire = false;
    version
}

fn assert_alike(
    name: &str,
    some: &SecretState,
    whole: &SecretState,
    closed: &Closed,
) -> Result<(), TestCaseError> {
    let closing = &closed.closing;
    prop_assert_eq!(&some.candidates, &whole.candidates, "candidates of {}", name);
    prop_assert_eq!(some.current, whole.current, "current of {}", name);
    prop_assert_eq!(&some.fields, &whole.fields, "fields of {}", name);
    assert_rotations(name, some, whole, closed)?;
    let known: BTreeSet<ObjectId> = some.versions.iter().map(|version| version.object).collect();
    for version in &some.versions {
        let other = whole.version(&version.object).unwrap();
        prop_assert_eq!(comparable(version), comparable(other), "version of {}", name);
    }
    for version in &whole.versions {
        let is_open = !closing.entries.contains(&version.entry);
        prop_assert!(!is_open || known.contains(&version.object), "open version of {}", name);
    }
    Ok(())
}

/// What has ended behind the checkpoint is told by the whole log alone.
fn assert_rotations(
    name: &str,
    some: &SecretState,
    whole: &SecretState,
    closed: &Closed,
) -> Result<(), TestCaseError> {
    let closing = &closed.closing;
    let ops = closing.entries.iter().flat_map(|id| &closed.log.entries[id].ops);
    let ended: Vec<_> = ops.filter_map(Op::rotation).collect();
    let of = |state: &SecretState| state.rotation.as_deref().cloned().unwrap_or_default();
    let (here, there): (RotationState, RotationState) = (of(some), of(whole));
    let open = there.rotations.iter().filter(|rotation| !ended.contains(&rotation.id));
    let open: Vec<_> = open.cloned().collect();
    prop_assert_eq!(&here.rotations, &open, "rotations of {}", name);
    prop_assert_eq!(here.previous, there.previous, "previous of {}", name);
    for version in &there.held {
        let is_open = !closing.entries.contains(&version.entry);
        let found = here.held.iter().find(|held| held.object == version.object);
        prop_assert_eq!(found.map(comparable), is_open.then(|| comparable(version)));
    }
    Ok(())
}

fn assert_standings(
    closed: &Closed,
    (some, standings): (&Graph, &Standings),
    (whole, all): (&Graph, &Standings),
    behind: &BTreeSet<SecretName>,
) -> Result<(), TestCaseError> {
    for (id, entry) in &closed.log.entries {
        let Some(place) = some.place(id) else { continue };
        if some.is_kept(place) || some.is_late(place) {
            continue;
        }
        // Whether a promotion of what is closed is of somebody else's value, the history tells.
        let is_told = |op: &usize| entry.ops[*op].secret().is_none_or(|of| !behind.contains(of));
        for op in (0..entry.ops.len()).filter(is_told) {
            let here = At::new(place, op);
            let there = At::new(whole.place(id).unwrap(), op);
            prop_assert_eq!(standings.counts(here), all.counts(there));
            prop_assert_eq!(standings.is_rotation(here), all.is_rotation(there));
        }
    }
    Ok(())
}

/// However often a version is promoted and retired, what is kept of it stays short, and says what it replaced.
#[test]
fn what_is_kept_does_not_grow_with_what_is_repeated() {
    let mut log = Log { policy: FakePolicy::new(), entries: BTreeMap::new() };
    let mut head = log.add("ann", &[], vec![put("dev/A", 1)]);
    head = log.add("ann", &[head], vec![begin("dev/A", 1, 1, 2)]);
    for _ in 0..20 {
        head = log.add("ann", &[head], vec![promote("dev/A", 1, 2, &[1])]);
    }
    for n in 2..40 {
        let intent = log.add("ann", &[head], vec![intend("dev/A", n, 2)]);
        head = log.add("ann", &[intent], vec![abort("dev/A", n)]);
    }
    let closed_up_to = head;
    let position = log.policy.next(&[head]);
    let closing = close_at(&log, &head, position).unwrap();
    let line = &closing.closed.secrets[0];
    let kept: Vec<(u64, usize, &[u64])> =
        line.kept.iter().map(|of| (of.number, of.ops.len(), &of.replaced[..])).collect();
    // The pending, the first promotion and the last.
    assert_eq!(kept, [(1, 1, &[][..]), (2, 3, &[1][..])]);
    let mut gone = log.clone();
    for _ in 0..20 {
        head = gone.add("ann", &[head], vec![retire("dev/A", &[2])]);
    }
    let removed = gone.add("ann", &[head], vec![remove("dev/A", &[2])]);
    let of_gone = closing_at(&gone, &removed).unwrap();
    // And the first retire, and the removal.
    assert_eq!(of_gone.closed.secrets[0].kept[1].ops.len(), 5);
    let closed = Closed { log, last: closed_up_to, position, closing };
    let entries = left(&closed);
    let some = Graph::inspect_upon(&entries, Some((&closed.closing.closed, &closed.last)));
    let (_, state) = judged(&some, &entries, &closed.log);
    let state = state.secret(&secret("dev/A")).unwrap();
    let rotation = state.rotation.as_ref().unwrap();
    assert_eq!(rotation.previous, [id(1)]);
    assert_eq!(rotation.rotated, BTreeSet::from([id(1), id(2)]));
}

/// Whoever reads the file alone is told nothing else of a value than who has the history.
#[test]
fn what_is_active_and_may_be_withdrawn_is_not_closed() {
    let a = "dev/A";
    let again = |of: u8| Op::Put(Put { same: vec![id(1)], ..put_op(a, id(of)) });
    // Divided; retired; the value of what was retired. What each of these stands on, and what ends it.
    for (one, other) in [
        (vec![promote(a, 1, 2, &[1])], vec![abort(a, 1)]),
        (vec![promote(a, 1, 2, &[1])], vec![retire(a, &[2])]),
        (vec![again(7)], vec![abort(a, 1), retire(a, &[1])]),
    ] {
        let mut log = Log { policy: FakePolicy::new(), entries: BTreeMap::new() };
        let root = log.add("ann", &[], vec![put(a, 1)]);
        let ready = log.add("ann", &[root], vec![begin(a, 1, 1, 2)]);
        let sides = [log.add("ann", &[ready], one), log.add("ann", &[ready], other)];
        let joined = log.add("ann", &sides, vec![field(a, "type", None)]);
        assert!(matches!(closing_at(&log, &joined), Err(ClosingError::Withdrawn { .. })));
        let set = log.add("ann", &[joined], vec![put(a, 9)]);
        assert!(closing_at(&log, &set).is_ok());
    }
}

fn closing_at(log: &Log, last: &EntryId) -> Result<Closing, ClosingError> {
    let (graph, standings) = log.standings();
    let (entries, standings) = (&log.entries, &standings);
    let whole = WholeLog { graph: &graph, entries, standings, policy: &log.policy };
    close(whole, last, PolicyPosition::new(log.policy.ids().len()), None)
}

/// To retire what is older than all that is kept takes nobody the secret; what is retired where it may be stated
/// later does.
#[test]
fn an_older_version_is_retired_without_history() {
    let a = "dev/A";
    let mut log = Log { policy: FakePolicy::new(), entries: BTreeMap::new() };
    let old = log.add("ann", &[], vec![put(a, 1)]);
    let before = log.add("ann", &[old], vec![put(a, 2)]);
    let last = log.add("ann", &[before], vec![put(a, 3)]);
    let position = log.policy.next(&[last]);
    let closing = close_at(&log, &last, position).unwrap();
    let reaches = |ops: Vec<Op>, later: Option<Op>| {
        let mut log = log.clone();
        let open = log.add("ann", &[last], ops);
        later.into_iter().for_each(|op| _ = log.add("ann", &[open], vec![op]));
        let closed = Closed { log, last, position, closing: closing.clone() };
        let entries = left(&closed);
        let some = Graph::inspect_upon(&entries, Some((&closed.closing.closed, &closed.last)));
        let (standings, state) = judged(&some, &entries, &closed.log);
        assert!(standings.iter().all(|(_, standing)| standing == EntryStatus::Counting));
        assert_eq!(state.secret(&secret(a)).unwrap().current, Some(id(3)));
        !behind(&some, &entries).is_empty()
    };
    assert!(!reaches(vec![retire(a, &[1])], None));
    assert!(!reaches(vec![retire(a, &[1, 2, 3])], None));
    assert!(!reaches(vec![retire(a, &[1, 4])], Some(begin(a, 1, 3, 4))));
    assert!(!reaches(vec![begin(a, 1, 3, 4)], Some(retire(a, &[1, 4]))));
    // What is said of a rotation that is over comes too late, but for what brings a value.
    assert!(!reaches(vec![abort(a, 7), rollout(a, 7, 1)], None));
    assert!(reaches(vec![add_value(a, 7, 4)], None));
    assert!(reaches(vec![promote(a, 7, 4, &[])], None));
}

fn count() -> u32 {
    std::env::var("V_SECURE_CLOSED_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(128)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: count(), max_global_rejects: 1 << 24, ..ProptestConfig::default() })]

    #[test]
    fn a_closed_log_reads_as_the_whole_one(case in cases()) {
        let Some(closed) = closed(&case) else { return Err(TestCaseError::reject("not closable")) };
        let whole = closed.log.graph();
        let (all, whole_state) = judged(&whole, &closed.log.entries, &closed.log);
        let entries = left(&closed);
        let some = Graph::inspect_upon(&entries, Some((&closed.closing.closed, &closed.last)));
        prop_assume!(!some.has_gaps());
        prop_assert!(some.findings().is_empty());
        let (standings, state) = judged(&some, &entries, &closed.log);
        let behind = behind(&some, &entries);
        assert_standings(&closed, (&some, &standings), (&whole, &all), &behind)?;
        for name in SECRETS {
            if behind.contains(&secret(name)) {
                continue;
            }
            let empty = SecretState::default();
            let of = |state: &LogState| state.secret(&secret(name)).cloned().unwrap_or_default();
            let (here, there) = (of(&state), of(&whole_state));
            let is_rotated = there.rotation.is_some();
            if there.versions.is_empty() && there.fields.is_empty() && !is_rotated {
                prop_assert_eq!(here, empty);
                continue;
            }
            assert_alike(name, &here, &there, &closed)?;
        }
    }

    /// Whoever closes the same log later comes to the same: what came after decides nothing about it.
    #[test]
    fn what_is_kept_does_not_hang_on_what_comes_later(case in cases()) {
        let Some(closed) = closed(&case) else { return Err(TestCaseError::reject("not closable")) };
        let again = close_at(&closed.log, &closed.last, closed.position);
        prop_assert_eq!(again, Some(closed.closing));
    }
}
