//! What rotations come to, one rule each.

use crate::crypto::id::{EntryId, ObjectId};
use crate::log::op::{Op, Put};
use crate::log::policy_view::PolicyView;
use crate::log::rotation::{RotationState, Stage, Staleness};
use crate::log::standing::{EntryStatus, Forgery};
use crate::log::testing::*;
use crate::policy::op::Right;

const A: &str = "prod/A";

/// A secret with version 1, and a robot that may only rotate.
fn begun() -> (Log, EntryId) {
    let mut log = Log::new();
    log.policy.add("ci", &[Right::Rotate], "prod/*");
    let root = log.add("ann", &[], vec![put(A, 1)]);
    (log, root)
}

fn rotation(log: &Log) -> RotationState {
    *log.secret(A).rotation.unwrap()
}

fn stage(log: &Log, n: u8) -> Stage {
    let state = rotation(log);
    state.rotations.iter().find(|of| of.id == rotation_id(n)).unwrap().stage
}

fn pending(log: &Log) -> Option<ObjectId> {
    rotation(log).pending().map(|(object, _)| object)
}

#[test]
fn a_rotation_goes_from_pending_to_promoted_to_retired() {
    let (mut log, root) = begun();
    let intent = log.add("ci", &[root], vec![intend(A, 1, 1)]);
    assert_eq!((stage(&log, 1), pending(&log)), (Stage::Live, None));
    let ready = log.add("ci", &[intent], vec![add_value(A, 1, 2), rollout(A, 1, 500)]);
    assert_eq!((stage(&log, 1), pending(&log)), (Stage::Live, Some(id(2))));
    assert_eq!(rotation(&log).going_on().unwrap().share, 500);
    let state = log.secret(A);
    assert_eq!((state.current, state.versions.len()), (Some(id(1)), 1));
    assert_eq!(
        state.held().map(|v| (v.object, v.number)).collect::<Vec<_>>(),
        [(id(1), 1), (id(2), 0)]
    );
    let promoted = log.add("ci", &[ready], vec![promote(A, 1, 2, &[1])]);
    let state = log.secret(A);
    assert_eq!((state.current, state.numbered(2).unwrap().object), (Some(id(2)), id(2)));
    assert_eq!((stage(&log, 1), rotation(&log).previous), (Stage::Promoted, vec![id(1)]));
    log.add("ci", &[promoted], vec![retire(A, &[1])]);
    assert!(rotation(&log).previous.is_empty() && log.secret(A).version(&id(1)).unwrap().retired);
}
/// The log with an op of an entry upon these: nothing of its secrets is otherwise than without.
fn is_idle(log: &Log, parents: &[EntryId], ops: Vec<Op>) -> bool {
    let mut with = log.clone();
    let id = with.add("ci", parents, ops);
    assert_eq!(with.standing(&id), EntryStatus::Counting);
    with.state() == log.state()
}

#[test]
fn a_promotion_needs_the_pending_before_it_and_a_pending_a_put() {
    let (mut log, root) = begun();
    let ready = log.add("ci", &[root], vec![begin(A, 1, 1, 2)]);
    for (rotation, object) in [(2, 2), (1, 3)] {
        assert!(is_idle(&log, &[ready], vec![promote(A, rotation, object, &[])]));
    }
    assert!(is_idle(&log, &[root], vec![promote(A, 1, 2, &[])]), "beside the pending");
    assert!(!is_idle(&log, &[ready], vec![promote(A, 1, 2, &[])]));
    let foreign = log.add("ann", &[ready], vec![begin("prod/B", 1, 1, 2)]);
    let refused = EntryStatus::Forged(Forgery::Unauthorised { op: 0 });
    assert_eq!(log.standing(&foreign), refused, "a secret that nobody put");
    log.entries.remove(&foreign);
    let both = log.add("ann", &[root], vec![begin(A, 3, 1, 4), promote(A, 3, 4, &[])]);
    assert_eq!(log.standing(&both), EntryStatus::Counting);
    assert_eq!(log.secret(A).versions.len(), 1, "an entry is no ancestor of its own");
}

#[test]
fn who_may_only_rotate_promotes_upon_what_the_rotation_was_begun_on_alone() {
    // Set since, removed beside, aborted before, retired before, begun upon something else.
    type Case = fn(&mut Log, EntryId, EntryId) -> EntryId;
    let cases: [(Case, bool); 6] = [
        (|log, ready, _| log.add("ci", &[ready], vec![promote(A, 1, 2, &[])]), true),
        (
            |log, ready, _| {
                let set = log.add("ann", &[ready], vec![put(A, 3)]);
                log.add("ci", &[set], vec![promote(A, 1, 2, &[])])
            },
            false,
        ),
        (
            |log, ready, root| {
                log.add("ann", &[root], vec![remove(A, &[1])]);
                log.add("ci", &[ready], vec![promote(A, 1, 2, &[])])
            },
            false,
        ),
        (
            |log, ready, _| {
                let aborted = log.add("ci", &[ready], vec![abort(A, 1)]);
                log.add("ci", &[aborted], vec![promote(A, 1, 2, &[])])
            },
            false,
        ),
        (
            |log, ready, _| {
                let retired = log.add("ci", &[ready], vec![retire(A, &[2])]);
                log.add("ci", &[retired], vec![promote(A, 1, 2, &[])])
            },
            false,
        ),
        (
            |log, ready, _| {
                let other = log.add("ci", &[ready], vec![begin(A, 2, 9, 5)]);
                log.add("ci", &[other], vec![promote(A, 2, 5, &[])])
            },
            false,
        ),
    ];
    for (number, (case, sets)) in cases.into_iter().enumerate() {
        let (mut log, root) = begun();
        let ready = log.add("ci", &[root], vec![begin(A, 1, 1, 2)]);
        let promoted = case(&mut log, ready, root);
        assert_eq!(log.standing(&promoted), EntryStatus::Counting, "{number}");
        let state = log.secret(A);
        let version = state.versions.last().unwrap();
        assert_eq!(version.overruled, !sets, "{number}");
        assert_eq!(state.candidates.contains(&version.object), sets, "{number}");
    }
}

#[test]
fn rotations_beside_each_other_are_contested_and_promotions_of_one_value_are_not() {
    let (mut log, root) = begun();
    let one = log.add("ci", &[root], vec![begin(A, 1, 1, 2)]);
    let other = log.add("ann", &[root], vec![intend(A, 2, 1)]);
    assert!(rotation(&log).is_contested() && pending(&log).is_none());
    log.add("ann", &[other], vec![abort(A, 2)]);
    assert_eq!(pending(&log), Some(id(2)));
    log.add("ci", &[one], vec![promote(A, 1, 2, &[1])]);
    log.add("ann", &[one], vec![promote(A, 1, 2, &[1])]);
    assert!(!log.secret(A).is_conflict() && log.secret(A).current == Some(id(2)));
}

#[test]
fn what_a_rotation_does_not_know_of_makes_it_stale() {
    let cases: [(&str, Vec<crate::log::op::Op>, Staleness); 5] = [
        ("ann", vec![put(A, 9)], Staleness::Active),
        ("ann", vec![retire(A, &[1])], Staleness::Base),
        ("ann", vec![add_value(A, 1, 3)], Staleness::Object),
        ("ann", vec![retire(A, &[2])], Staleness::Object),
        ("ann", vec![remove(A, &[1])], Staleness::Active),
    ];
    for (actor, ops, why) in cases {
        let (mut log, root) = begun();
        let ready = log.add("ci", &[root], vec![begin(A, 1, 1, 2)]);
        let beside = log.add("ann", &[root], vec![field(A, "type", None)]);
        // A second candidate comes from beside what is current.
        let parents = if why == Staleness::Active && ops[0] == put(A, 9) {
            let other = log.add("ann", &[beside], vec![put(A, 8)]);
            log.add("ann", &[root], ops.clone());
            vec![other, ready]
        } else {
            vec![ready, beside]
        };
        log.add(actor, &parents[..1], vec![field(A, "type", Some("x"))]);
        if parents.len() == 2 && ops[0] != put(A, 9) {
            log.add(actor, &parents, ops.clone());
        }
        assert_eq!(stage(&log, 1), Stage::Stale(why), "{ops:?}");
        assert_eq!(pending(&log), None);
    }
}

#[test]
fn what_is_void_withdraws_and_never_hands_out() {
    for (op, stale) in [
        (abort(A, 1), true),
        (retire(A, &[2]), true),
        (retire(A, &[1]), true),
        (rollout(A, 1, 0), false),
        (rollout(A, 1, 9_000), false),
    ] {
        let (mut log, root) = begun();
        log.policy.add("eve", &[Right::Rotate], "prod/*");
        let begun = log.add("ci", &[root], vec![begin(A, 1, 1, 2)]);
        let ready = log.add("ci", &[begun], vec![rollout(A, 1, 5_000)]);
        let void = log.add("eve", &[ready], vec![op.clone()]);
        log.policy.remove_key(&[ready], "eve");
        assert!(matches!(log.standing(&void), EntryStatus::Void { .. }));
        let expected = if stale { Stage::Stale(Staleness::Void) } else { Stage::Live };
        assert_eq!(stage(&log, 1), expected, "{op:?}");
        let share = rotation(&log).rotations[0].share;
        assert_eq!(share, if op == rollout(A, 1, 0) { 0 } else { 5_000 });
    }
}

#[test]
fn a_void_value_is_given_by_nothing_but_a_promotion() {
    let (mut log, root) = begun();
    log.policy.add("eve", &[Right::Rotate], "prod/*");
    let mine = log.add("ci", &[root], vec![intend(A, 1, 1)]);
    let void = log.add("eve", &[mine], vec![add_value(A, 1, 2)]);
    log.policy.remove_key(&[mine], "eve");
    assert_eq!((stage(&log, 1), pending(&log)), (Stage::Stale(Staleness::Object), None));
    assert!(rotation(&log).held.is_empty());
    log.add("ann", &[void], vec![promote(A, 1, 2, &[1])]);
    let state = log.secret(A);
    assert_eq!(state.current, Some(id(2)));
    assert_eq!(state.current().unwrap().live_wrap.wrap, wrap_of(id(2)));
}

#[test]
fn the_smallest_share_of_those_beside_each_other_stands() {
    let (mut log, root) = begun();
    let ready = log.add("ci", &[root], vec![begin(A, 1, 1, 2)]);
    let share = |log: &Log| rotation(log).rotations[0].share;
    assert_eq!(share(&log), 0);
    let one = log.add("ci", &[ready], vec![rollout(A, 1, 500)]);
    let other = log.add("ann", &[ready], vec![rollout(A, 1, 10_000)]);
    assert_eq!(share(&log), 500);
    log.add("ci", &[one, other], vec![rollout(A, 1, 7_000)]);
    assert_eq!(share(&log), 7_000);
}

#[test]
fn promoted_and_aborted_beside_each_other_is_told_until_somebody_settles_it() {
    let (mut log, root) = begun();
    let ready = log.add("ci", &[root], vec![begin(A, 1, 1, 2)]);
    let promoted = log.add("ci", &[ready], vec![promote(A, 1, 2, &[1])]);
    let aborted = log.add("ann", &[ready], vec![abort(A, 1)]);
    let is_divided = |log: &Log| rotation(log).rotations[0].is_divided;
    assert!(is_divided(&log) && log.secret(A).current == Some(id(2)));
    let mut again = log.clone();
    again.add("ann", &[promoted, aborted], vec![promote(A, 1, 2, &[1])]);
    assert!(!is_divided(&again));
    log.add("ann", &[promoted, aborted], vec![put(A, 3)]);
    assert!(!is_divided(&log));
}

/// Who may only rotate cannot end what is told of a promotion beside an abort by one that sets nothing.
#[test]
fn a_promotion_that_sets_nothing_settles_nothing() {
    let (mut log, root) = begun();
    let ready = log.add("ci", &[root], vec![begin(A, 1, 1, 2)]);
    let promoted = log.add("ci", &[ready], vec![promote(A, 1, 2, &[1])]);
    let aborted = log.add("ann", &[ready], vec![abort(A, 1)]);
    log.add("ci", &[promoted, aborted], vec![promote(A, 1, 2, &[1])]);
    let state = rotation(&log);
    assert!(state.rotations[0].is_divided && log.secret(A).current == Some(id(2)));
}

/// Neither by a promotion that sets nothing nor by a value that is there already a rotation ends.
#[test]
fn a_rotation_ends_by_a_promotion_that_sets_something_alone() {
    let (mut log, root) = begun();
    let ready = log.add("ci", &[root], vec![begin(A, 1, 1, 2), begin(A, 2, 9, 5)]);
    let mut twin = Log::new();
    let old = twin.add("ann", &[], vec![put(A, 7)]);
    let current = twin.add("ann", &[old], vec![put(A, 1)]);
    let intent = twin.add("ann", &[current], vec![intend(A, 1, 1)]);
    twin.add("ann", &[intent], vec![add_value(A, 1, 7)]);
    assert_eq!(stage(&twin, 1), Stage::Stale(Staleness::Object));
    let mut stolen = log.clone();
    let late = stolen.add("ci", &[ready], vec![add_value(A, 2, 6)]);
    stolen.add("ci", &[late], vec![promote(A, 2, 6, &[])]);
    assert_eq!(stage(&stolen, 2), Stage::Stale(Staleness::Base));
    assert_eq!((stage(&stolen, 1), pending(&stolen)), (Stage::Live, Some(id(2))));
}

/// Who may only rotate turns no removal of a value that nobody promoted into one of the secret.
#[test]
fn what_is_only_pending_is_not_removed() {
    for end in [remove(A, &[2]), prune(A, &[2])] {
        let (mut log, root) = begun();
        let ready = log.add("ci", &[root], vec![begin(A, 1, 1, 2)]);
        let ended = log.add("ann", &[ready], vec![end.clone()]);
        assert_eq!(pending(&log), Some(id(2)), "{end:?}");
        for parents in [ready, ended] {
            let mut log = log.clone();
            let promoted = log.add("ci", &[parents], vec![promote(A, 1, 2, &[1])]);
            assert_eq!((log.secret(A).current, stage(&log, 1)), (Some(id(2)), Stage::Promoted));
            log.add("ann", &[promoted], vec![end.clone()]);
            assert!(log.secret(A).is_gone(), "an earlier version does not take its place");
        }
    }
}

/// A secret that was rotated three times, by who may only rotate, and the entries of the first beginning and of the last
/// promotion.
fn rotated() -> (Log, EntryId, EntryId) {
    let (mut log, root) = begun();
    let first = log.add("ci", &[root], vec![begin(A, 1, 1, 2)]);
    let mut last = log.add("ci", &[first], vec![promote(A, 1, 2, &[1])]);
    for n in [2, 3] {
        let ready = log.add("ci", &[last], vec![begin(A, n, n, n + 1)]);
        last = log.add("ci", &[ready], vec![promote(A, n, n + 1, &[n])]);
    }
    assert_eq!(log.secret(A).current, Some(id(4)));
    (log, first, last)
}

/// No removal beside a promotion undoes what was rotated upon it since.
#[test]
fn what_was_rotated_upon_a_value_outlives_its_withdrawal_beside() {
    for end in [remove(A, &[2]), prune(A, &[2])] {
        let (mut log, first, _) = rotated();
        log.add("ann", &[first], vec![end.clone()]);
        let state = log.secret(A);
        assert_eq!((state.current, &state.candidates[..]), (Some(id(4)), &[id(4)][..]), "{end:?}");
        for n in 1..4 {
            assert_eq!(stage(&log, n), Stage::Promoted);
        }
    }
}

/// Who may only rotate makes their own values active and nobody else's, whenever they say it.
#[test]
fn another_members_value_is_promoted_by_who_may_write() {
    let (mut log, first, _) = rotated();
    log.policy.add("rob", &[Right::Rotate], "prod/*");
    let mut tip = first;
    for n in 20..40 {
        tip = log.add("rob", &[tip], vec![intend(A, n, 1)]);
    }
    let before = log.state();
    let again = log.add("rob", &[tip], vec![promote(A, 1, 2, &[])]);
    assert_eq!((log.standing(&again), log.state()), (EntryStatus::Counting, before));
    log.entries.remove(&again);
    log.add("ann", &[tip], vec![promote(A, 1, 2, &[])]);
    assert_eq!(log.secret(A).candidates, [id(2), id(4)]);
}

/// What was promoted by write does not come to do nothing in silence.
#[test]
fn a_promotion_of_anothers_value_is_void_where_write_ends() {
    let counts = |who: &str, promoter: &str, heads: fn(EntryId) -> Vec<EntryId>| {
        let (mut log, root) = begun();
        log.policy.add("bot", &[Right::Write, Right::Rotate], "prod/*");
        let at = log.policy.head_position();
        let ready = log.add(who, &[root], vec![begin(A, 1, 1, 2)]);
        let promoted = log.add_at(at, promoter, &[ready], vec![promote(A, 1, 2, &[])]);
        let lost = log.policy.revoke_right(&heads(promoted), "bot", Right::Write);
        match log.standing(&promoted) {
            EntryStatus::Void { position } => assert_eq!(position, lost),
            standing => assert_eq!(standing, EntryStatus::Counting),
        }
        (log.standing(&promoted) == EntryStatus::Counting, log.secret(A).current)
    };
    assert_eq!(counts("ci", "bot", |_| vec![]), (false, Some(id(1))));
    assert_eq!(counts("ci", "bot", |known| vec![known]), (true, Some(id(2))));
    assert_eq!(counts("bot", "bot", |_| vec![]), (true, Some(id(2))), "one's own, by rotate");
    assert_eq!(counts("bot", "ci", |_| vec![]), (true, Some(id(1))), "which did nothing before");
}

#[test]
fn nothing_is_said_of_a_rotation_that_an_ancestor_does_not_begin() {
    let (mut log, root) = begun();
    let ready = log.add("ci", &[root], vec![begin(A, 1, 1, 2)]);
    for op in [abort(A, 1), rollout(A, 1, 7), add_value(A, 1, 3), retire(A, &[2])] {
        for (parents, idle) in [(vec![], true), (vec![root], true), (vec![ready], false)] {
            assert_eq!(is_idle(&log, &parents, vec![op.clone()]), idle, "{op:?}");
        }
    }
}

/// Each version that a retire names needs its own ground.
#[test]
fn a_retire_acts_on_what_its_author_knew_of() {
    let (mut log, root) = begun();
    log.add("ci", &[root], vec![begin(A, 1, 1, 2)]);
    log.add("ci", &[root], vec![retire(A, &[1, 2, 9])]);
    let state = log.secret(A);
    assert!(state.version(&id(1)).unwrap().retired);
    assert!(state.held().all(|version| version.retired == (version.object == id(1))));
}

/// A former member cannot say of a rotation that began since that it was called off.
#[test]
fn what_is_back_dated_touches_no_rotation_that_began_later() {
    let (mut log, root) = begun();
    log.policy.add("eve", &[Right::Rotate], "prod/*");
    let at = log.policy.head_position();
    log.policy.remove_key(&[root], "eve");
    let ready = log.add("ci", &[root], vec![begin(A, 1, 1, 2)]);
    let void = log.add_at(at, "eve", &[root], vec![abort(A, 1)]);
    assert!(matches!(log.standing(&void), EntryStatus::Void { .. }));
    assert_eq!((stage(&log, 1), pending(&log)), (Stage::Live, Some(id(2))));
    let later = log.add_at(at, "eve", &[root], vec![retire(A, &[1])]);
    assert!(matches!(log.standing(&later), EntryStatus::Void { .. }));
    assert_eq!(log.standing(&ready), EntryStatus::Counting);
}

#[test]
fn retiring_ends_nothing() {
    let (mut log, root) = begun();
    log.add("ci", &[root], vec![retire(A, &[1])]);
    let state = log.secret(A);
    assert!(state.current().unwrap().retired && state.current == Some(id(1)));
}

/// Who lost the right to rotate cannot choose which of two rotations goes on by withdrawing the other.
#[test]
fn what_is_void_ends_no_contest() {
    for void in [abort(A, 2), retire(A, &[3]), add_value(A, 2, 9)] {
        let (mut log, root) = begun();
        log.policy.add("eve", &[Right::Rotate], "prod/*");
        let at = log.policy.head_position();
        let ready = log.add("ci", &[root], vec![begin(A, 1, 1, 2), begin(A, 2, 1, 3)]);
        log.policy.remove_key(&[ready], "eve");
        assert!(rotation(&log).is_contested());
        log.add_at(at, "eve", &[ready], vec![void.clone()]);
        let state = rotation(&log);
        assert_eq!((stage(&log, 1), pending(&log)), (Stage::Live, None), "{void:?}");
        assert!(state.is_contested() && matches!(stage(&log, 2), Stage::Stale(_)), "{void:?}");
        // What counts ends it.
        log.add("ann", &[ready], vec![abort(A, 2)]);
        assert_eq!(pending(&log), Some(id(2)));
    }
}

/// The base of a rotation is what its promotion took the place of, whatever that says it replaces.
#[test]
fn a_promotion_replaces_what_its_rotation_began_on() {
    let (mut log, root) = begun();
    let ready = log.add("ci", &[root], vec![begin(A, 1, 1, 2)]);
    let promoted = log.add("ci", &[ready], vec![promote(A, 1, 2, &[])]);
    assert_eq!(rotation(&log).previous, [id(1)]);
    log.add("ci", &[promoted], vec![retire(A, &[1])]);
    let state = rotation(&log);
    assert!(state.previous.is_empty() && state.replaced == [id(1)]);
}

fn holding(object: u8, same: u8) -> Op {
    Op::Put(Put { same: vec![id(same)], ..put_op(A, id(object)) })
}

/// A value is withdrawn with all versions that hold it.
#[test]
fn what_holds_a_retired_value_is_withdrawn() {
    let (mut log, root) = begun();
    let again = log.add("ann", &[root], vec![holding(5, 1)]);
    let third = log.add("ann", &[again], vec![holding(6, 5)]);
    let other = log.add("ann", &[third], vec![put(A, 7)]);
    log.add("ci", &[other], vec![retire(A, &[5])]);
    let state = log.secret(A);
    let withdrawn: Vec<bool> = [1, 5, 6, 7].iter().map(|n| state.is_withdrawn(&id(*n))).collect();
    assert_eq!(withdrawn, [true, true, true, false]);
}
