//! Random logs and policies, against the document's definitions written out plainly: every pair
//! compared, nothing remembered.

use crate::crypto::sign::Tag;
use crate::log::entry::Entry;
use crate::log::fold::FoldScope;
use crate::log::op::{Op, OpRef, Pending, Put};
use crate::log::policy_view::PolicyView;
use crate::log::register::At;
use crate::log::standing::{EntryStatus, LogSignatures, Standings};
use crate::log::state::{LogState, SecretState};
use crate::log::testing::*;
use crate::policy::op::Right;
use crate::policy::position::PolicyPosition;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::plain::{Plain, ancestors, authorised, standing};
use super::plain_rotation::PlainRotation;
use crate::crypto::id::{EntryId, ObjectId, WrapId};
use crate::time::UnixTime;

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
        // What a rotation is begun upon is in its id.
        15 if *object < 6 => expiring(begin(of, 1 + other % 2, 1 + other % 2, *other)),
        15 => expiring(add_value(of, 1 + other % 2, *other)),
        16 => match other {
            1 => intend(of, 1 + object % 2, 1 + object % 2),
            2..=4 => rollout(of, 1 + object % 2, u64::from(*other) * 1_000),
            5 => abort(of, 1 + object % 2),
            _ => retire(of, &[*object]),
        },
        17 | 18 => promote(of, 1 + object % 2, *object, &[*other]),
        _ => field(of, "type", (*other > 1).then_some(if *other > 3 { "x" } else { "y" })),
    }
}

/// Every put of version 3 states the same expiry.
fn expiring(op: Op) -> Op {
    match op {
        Op::Put(put) if put.object == id(3) => {
            Op::Put(Put { expires: Some(UnixTime::from_secs(30)), ..put })
        }
        Op::Pending(of) if of.derived == id(3) => {
            Op::Pending(Pending { expires: Some(UnixTime::from_secs(30)), ..of })
        }
        op => op,
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let back = prop::collection::vec(1..6usize, 0..3);
    let op = (0..20u8, 0..SECRETS.len(), 1..8u8, 1..8u8);
    let step = (back, 0..ACTORS.len(), prop::bool::weighted(0.2), prop::collection::vec(op, 1..4))
        .prop_map(|(back, actor, later, ops)| Step { back, actor, later, ops });
    prop::collection::vec(step, 1..28)
}

/// A policy in which rights come and go; its heads are filled in once there is a log.
pub(super) fn policy() -> FakePolicy {
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
fn log(steps: &[Step], heads: &[Vec<usize>]) -> (Log, Vec<EntryId>) {
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
) -> (Log, Vec<EntryId>) {
    let mut log = Log { policy: policy(), entries: BTreeMap::new() };
    let mut ids: Vec<EntryId> = Vec::new();
    let mut positions: BTreeMap<EntryId, PolicyPosition> = BTreeMap::new();
    for (number, step) in steps.iter().enumerate() {
        let back = step.back.iter().filter_map(|back| number.checked_sub(*back));
        let parents: Vec<EntryId> = back.map(|at| ids[at]).collect();
        let floor = parents.iter().map(|parent| positions[parent]).max().unwrap_or_default();
        let position =
            if step.later { floor.next() } else { floor }.min(log.policy.head_position());
        let ops = step.ops.iter().map(op).collect();
        let mut entry = mend(&log, log.draft(position, ACTORS[step.actor], &parents, ops));
        entry.ts = UnixTime::from_secs(number as u64 * 7);
        entry.sig = key(entry.actor.as_str()).sign(Tag::LogEntry, &entry.id());
        let id = log.insert(entry);
        positions.insert(id, position);
        ids.push(id);
    }
    for (position, heads) in heads.iter().enumerate() {
        let heads = heads.iter().filter_map(|at| ids.get(*at).copied()).collect();
        log.policy.set_heads(PolicyPosition::new(position + 1), heads);
    }
    (log, ids)
}

fn heads() -> impl Strategy<Value = Vec<Vec<usize>>> {
    prop::collection::vec(prop::collection::vec(0..28usize, 0..3), 5)
}

fn assert_versions(plain: &Plain<'_>, state: &SecretState) -> Result<(), TestCaseError> {
    let versions: Vec<ObjectId> = state.versions.iter().map(|v| v.object).collect();
    prop_assert_eq!(&versions, &plain.versions());
    let held: BTreeSet<ObjectId> = plain.statements().into_iter().map(|(_, o, ..)| o).collect();
    prop_assert_eq!(state.held().map(|v| v.object).collect::<BTreeSet<_>>(), held);
    let rotation = state.rotation.as_deref().cloned().unwrap_or_default();
    let rotations: Vec<PlainRotation> = rotation.rotations.iter().map(From::from).collect();
    prop_assert_eq!(rotations, plain.rotations());
    let previous: BTreeSet<ObjectId> = rotation.previous.into_iter().collect();
    prop_assert_eq!(previous, plain.previous());
    for version in state.held() {
        let object = &version.object;
        let removed = plain.removed(object);
        prop_assert_eq!(version.pruned, !plain.prunes(object).is_empty());
        prop_assert_eq!(version.removed, removed.last().copied().unwrap_or(false));
        let distinct = removed.iter().collect::<BTreeSet<_>>().len();
        prop_assert_eq!(version.removal_conflict, distinct > 1);
        let tried: Vec<WrapId> = version.wraps_to_try().copied().collect();
        prop_assert_eq!(tried, plain.wraps(object));
        let makings = plain.makings().into_iter().filter(|(_, made)| made == object);
        let makings: Vec<_> = makings.map(|(at, _)| at).collect();
        let fallen = plain.settings().1;
        let overruled = !makings.is_empty() && makings.iter().all(|at| fallen.contains(at));
        prop_assert_eq!(version.overruled, overruled);
        prop_assert_eq!(version.retired, plain.is_retired(object));
        let (first, _, own) = plain.first(object);
        let mut stated = plain.expiries(object);
        if stated.is_empty() {
            stated = vec![(first, own)];
        }
        prop_assert_eq!(version.expires, stated.iter().filter_map(|(_, at)| *at).min());
        let late = stated.iter().copied().chain(plain.void_expiries(object));
        let late: Vec<_> = late.collect();
        let never = late.iter().any(|(_, at)| at.is_none());
        let late = late.iter().map(|(p, at)| (*at, plain.log.entries[&p.1].ts)).max();
        let late = late.filter(|_| !never).and_then(|(at, ts)| Some((at?, ts)));
        prop_assert_eq!(version.late.map(|late| (late.at, late.stated)), late);
        let distinct = stated.iter().map(|(_, at)| at).collect::<BTreeSet<_>>().len();
        prop_assert_eq!(version.expiry_conflict, distinct > 1);
        prop_assert_eq!(version.prune_beside_expire, plain.is_pruned_beside(object));
    }
    Ok(())
}

fn assert_secret(log: &Log, state: &LogState, name: &str) -> Result<(), TestCaseError> {
    let plain = Plain::of(log, name);
    let none = Default::default();
    let state = state.secret(&secret(name)).unwrap_or(&none);
    assert_versions(&plain, state)?;
    let active = plain.active();
    prop_assert_eq!(state.current, active.last().copied());
    let candidates: BTreeSet<ObjectId> = active.into_iter().collect();
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
    let (all, trusted) = (FoldScope::All, LogSignatures::Trusted);
    let standings = Standings::judge(&graph, &log.entries, &log.policy, all, trusted);
    (graph, standings)
}

fn fold(log: &Log) -> LogState {
    let (graph, standings) = judge(log);
    LogState::fold(&graph, &log.entries, &standings, FoldScope::All)
}

/// How an op stands, for comparing before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Forged,
    Void,
    ByRotate,
    Counting,
}

fn ranks(log: &Log) -> BTreeMap<(EntryId, usize), Rank> {
    let (graph, standings) = judge(log);
    let mut ranks = BTreeMap::new();
    for (id, entry) in &log.entries {
        for op in 0..entry.ops.len() {
            let at = At::new(graph.place(id).unwrap(), op);
            let rank = match standings.of(at.place as usize) {
                EntryStatus::Forged(_) => Rank::Forged,
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
fn part(log: &Log, ids: &[EntryId], picks: &[usize]) -> Log {
    let heads = (0..log.policy.ids().len())
        .flat_map(|at| log.policy.heads(PolicyPosition::new(at)).to_vec());
    let mut part: HashSet<EntryId> = picks.iter().filter_map(|at| ids.get(*at).copied()).collect();
    part.extend(heads);
    let closed: HashSet<EntryId> =
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
        let state = LogState::fold(&graph, &log.entries, &standings, FoldScope::All);
        for name in SECRETS {
            assert_secret(&log, &state, name)?;
            let only = BTreeSet::from([secret(name)]);
            let scope = FoldScope::Secrets(&only);
            for signatures in [LogSignatures::Check, LogSignatures::Trusted] {
                let graph = log.graph();
                let some = Standings::judge(&graph, &log.entries, &log.policy, scope, signatures);
                let part = LogState::fold(&graph, &log.entries, &some, scope);
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
        let named: Vec<EntryId> = late.iter().filter_map(|at| ids.get(*at).copied()).collect();
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
