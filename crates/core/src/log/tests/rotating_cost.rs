//! What rotations cost, in questions asked of the graph: no more than a few for each op.

use crate::crypto::bytes::Fixed;
use crate::crypto::id::{EntryId, RotationId};
use crate::log::fold::FoldScope;
use crate::log::graph::asked;
use crate::log::op::{Op, Pending};
use crate::log::rotation::Stage;
use crate::log::standing::{LogSignatures, Standings};
use crate::log::state::LogState;
use crate::log::testing::*;
use crate::policy::op::Right;

const A: &str = "prod/A";
const MANY: usize = 20_000;
/// As many as an entry can have.
const IN_ONE: usize = 1_000;
/// Questions for each op.
const FEW: usize = 40;

/// A secret of which rotation 1 was begun, by a robot that may only rotate.
fn begun() -> (Log, EntryId) {
    let mut log = Log::new();
    log.policy.add("ci", &[Right::Rotate], "prod/*");
    let root = log.add("ann", &[], vec![put(A, 1)]);
    let ready = log.add("ci", &[root], vec![begin(A, 1, 1, 2)]);
    (log, ready)
}

/// Adds so many ops, as many in one entry as there may be; returns the last entry.
fn add(log: &mut Log, head: EntryId, op: impl Fn(usize) -> Op) -> EntryId {
    (0..MANY / IN_ONE).fold(head, |head, entry| {
        let ops = (0..IN_ONE).map(|n| op(entry * IN_ONE + n)).collect();
        log.add("ci", &[head], ops)
    })
}

/// The state, and what was asked for it.
fn cost(log: &Log) -> (LogState, usize) {
    let graph = log.graph();
    asked::take();
    let (all, trusted) = (FoldScope::All, LogSignatures::Trusted);
    let standings = Standings::judge(&graph, &log.entries, &log.policy, all, trusted);
    let state = LogState::fold(&graph, &log.entries, &standings, all);
    (state, asked::take())
}

fn number(n: usize) -> RotationId {
    let mut id = RotationId([9; 16]);
    id.0[..8].copy_from_slice(&(n as u64).to_be_bytes());
    id
}

#[test]
fn many_rotations_cost_what_they_are() {
    let (mut log, ready) = begun();
    let Op::Pending(intent) = intend(A, 1, 1) else { unreachable!() };
    let intent = |n: usize| {
        let begun = number(n);
        Op::Pending(Pending { nonce: Some(Fixed(begun.0)), begun, ..intent.clone() })
    };
    let head = add(&mut log, ready, intent);
    add(&mut log, head, |n| Op::Rollout { secret: secret(A), rotation: number(n), share: 5 });
    let (state, asked) = cost(&log);
    let rotations = &state.secret(&secret(A)).unwrap().rotation.as_ref().unwrap().rotations;
    assert_eq!(rotations.len(), MANY + 1);
    assert!(asked <= 2 * FEW * MANY, "{asked} questions");
}

#[test]
fn many_ops_of_one_rotation_cost_what_they_are() {
    type Case = (fn(usize) -> Op, Stage);
    let ops: [Case; 4] = [
        (|n| rollout(A, 1, n as u64 % 10_000), Stage::Live),
        (|_| promote(A, 1, 2, &[1]), Stage::Promoted),
        (|_| abort(A, 1), Stage::Aborted),
        (|_| retire(A, &[2]), Stage::Stale(crate::log::rotation::Staleness::Object)),
    ];
    for (op, stage) in ops {
        let (mut log, ready) = begun();
        let head = add(&mut log, ready, op);
        let (state, asked) = cost(&log);
        let rotation = state.secret(&secret(A)).unwrap().rotation.as_ref().unwrap();
        assert_eq!(rotation.rotations[0].stage, stage);
        assert!(asked <= FEW * MANY, "{asked} questions for {stage:?}");
        // Each of these asks what of the others came before.
        add(&mut log, head, |_| promote(A, 1, 2, &[1]));
        let asked = cost(&log).1;
        assert!(asked <= 2 * FEW * MANY, "{asked} questions upon {stage:?}");
    }
}
