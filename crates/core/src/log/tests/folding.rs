//! What the counting entries lead to.

use crate::log::op::{Op, Put};
use crate::log::state::{SecretState, VersionStatus};
use crate::log::testing::*;
use crate::policy::op::Right;
use crate::time::UnixTime;

const A: &str = "prod/A";

fn statuses(state: &SecretState) -> Vec<VersionStatus> {
    state.versions.iter().map(|version| state.status(version, UnixTime::from_secs(0))).collect()
}

#[test]
fn a_later_put_retires_the_earlier() {
    let mut log = Log::new();
    let first = log.add("ann", &[], vec![put(A, 1)]);
    log.add("ann", &[first], vec![put(A, 2)]);
    let state = log.secret(A);
    assert_eq!((state.candidates.as_slice(), state.current), (&[id(2)][..], Some(id(2))));
    assert_eq!(statuses(&state), [VersionStatus::Replaced, VersionStatus::Active]);
    assert_eq!(state.numbered(2).unwrap().object, id(2));
    assert!(state.numbered(0).is_none() && state.numbered(3).is_none());
}

#[test]
fn concurrent_puts_conflict_until_resolved() {
    let mut log = Log::new();
    let root = log.add("ann", &[], vec![put(A, 1)]);
    let left = log.add("ann", &[root], vec![put(A, 2)]);
    let right = log.add("ann", &[root], vec![put(A, 3)]);
    let state = log.secret(A);
    assert_eq!(state.candidates, [id(2), id(3)]);
    assert_eq!(state.current, Some(if left > right { id(2) } else { id(3) }));
    assert_eq!(state.versions[0].object, id(1));
    assert!(statuses(&state)[1..].iter().all(|status| *status == VersionStatus::Conflicting));
    log.add("ann", &[left, right], vec![resolve(A, 2)]);
    let state = log.secret(A);
    assert_eq!((state.candidates.as_slice(), state.current), (&[id(2)][..], Some(id(2))));
}

#[test]
fn concurrent_puts_of_one_version_agree() {
    let mut log = Log::new();
    let again = || Op::Put(Put { expires: Some(UnixTime::from_secs(20)), ..put_op(A, id(1)) });
    log.add("ann", &[], vec![again()]);
    log.add("ann", &[], vec![again(), field(A, "type", Some("x"))]);
    let state = log.secret(A);
    assert!(!state.is_conflict());
    assert_eq!(
        (state.versions.len(), state.versions[0].expires),
        (1, Some(UnixTime::from_secs(20)))
    );
}

#[test]
fn a_remove_leaves_the_put_it_did_not_see() {
    let mut log = Log::new();
    let root = log.add("ann", &[], vec![put(A, 1)]);
    log.add("ann", &[root], vec![remove(A, &[1])]);
    assert!(log.secret(A).is_gone());
    log.add("ann", &[root], vec![put(A, 2)]);
    assert_eq!(log.secret(A).current, Some(id(2)));
}

#[test]
fn removing_the_active_version_brings_no_earlier_one_back() {
    let mut log = Log::new();
    let first = log.add("ann", &[], vec![put(A, 1)]);
    let second = log.add("ann", &[first], vec![put(A, 2)]);
    let removed = log.add("ann", &[second], vec![remove(A, &[2])]);
    let state = log.secret(A);
    assert_eq!((state.current, state.is_gone()), (None, true));
    assert_eq!(statuses(&state), [VersionStatus::Replaced, VersionStatus::Removed]);
    log.add("ann", &[removed], vec![restore(A, &[2])]);
    assert_eq!(log.secret(A).current, Some(id(2)));
}

#[test]
fn removing_a_retired_version_changes_nothing_in_force() {
    let mut log = Log::new();
    let first = log.add("ann", &[], vec![put(A, 1)]);
    let second = log.add("ann", &[first], vec![put(A, 2)]);
    log.add("ann", &[second], vec![remove(A, &[1])]);
    assert_eq!(log.secret(A).current, Some(id(2)));
}

#[test]
fn a_remove_and_a_restore_side_by_side_conflict() {
    let mut log = Log::new();
    let root = log.add("ann", &[], vec![put(A, 1)]);
    let gone = log.add("ann", &[root], vec![remove(A, &[1])]);
    let back = log.add("ann", &[gone], vec![restore(A, &[1])]);
    let again = log.add("ann", &[gone], vec![remove(A, &[1])]);
    let version = log.secret(A).versions.remove(0);
    assert!(version.removal_conflict);
    assert_eq!(version.removed, again > back, "the greater wins");
}

#[test]
fn a_conflict_left_with_one_live_version_is_none() {
    let mut log = Log::new();
    let left = log.add("ann", &[], vec![put(A, 1)]);
    let right = log.add("ann", &[], vec![put(A, 2)]);
    log.add("ann", &[left, right], vec![remove(A, &[2])]);
    let state = log.secret(A);
    assert_eq!((state.candidates.as_slice(), state.current), (&[id(1)][..], Some(id(1))));
}

#[test]
fn a_prune_is_final_wherever_it_stands() {
    let mut log = Log::new();
    let root = log.add("ann", &[], vec![put(A, 1)]);
    let pruned = log.add("ann", &[root], vec![prune(A, &[1])]);
    log.add("ann", &[pruned], vec![restore(A, &[1]), resolve(A, 1), put(A, 1)]);
    let state = log.secret(A);
    assert!(state.is_gone());
    assert_eq!(statuses(&state), [VersionStatus::Pruned]);
}

#[test]
fn ops_on_versions_that_do_not_exist_do_nothing() {
    let mut log = Log::new();
    let root = log.add("ann", &[], vec![put(A, 1)]);
    let ops = vec![resolve(A, 9), remove(A, &[9]), prune(A, &[9]), remove("prod/B", &[1])];
    let odd = log.add("ann", &[root], ops);
    let state = log.secret(A);
    assert_eq!((state.versions.len(), state.current), (1, Some(id(1))));
    assert!(log.state().secret(&secret("prod/B")).is_none());
    log.add("ann", &[odd], vec![resolve("prod/B", 1), put("prod/B", 2)]);
    assert_eq!(log.secret("prod/B").candidates, [id(2)], "1 is not of this secret");
}

#[test]
fn ops_of_one_entry_apply_in_their_order() {
    let mut log = Log::new();
    log.add(
        "ann",
        &[],
        vec![
            put(A, 1),
            put(A, 2),
            remove(A, &[2]),
            restore(A, &[2]),
            field(A, "type", Some("old")),
            field(A, "type", Some("new")),
        ],
    );
    let state = log.secret(A);
    assert_eq!((state.candidates.as_slice(), state.type_of()), (&[id(2)][..], Some("new")));
    assert!(!state.versions[1].removal_conflict);
}

#[test]
fn fields_are_registers_of_their_own() {
    let mut log = Log::new();
    let root = log.add(
        "ann",
        &[],
        vec![
            put(A, 1),
            field(A, "tag.team", Some("web")),
            field(A, "meta.url", Some("https://x")),
            field(A, "description", Some("one")),
        ],
    );
    let left = log.add("ann", &[root], vec![field(A, "description", Some("two"))]);
    let right = log.add("ann", &[root], vec![field(A, "description", None), put(A, 2)]);
    let state = log.secret(A);
    assert_eq!(state.tags().collect::<Vec<_>>(), [("team", "web")]);
    assert_eq!(state.meta().collect::<Vec<_>>(), [("url", "https://x")]);
    let description = &state.fields["description"];
    let (won, lost) = if left > right { (Some("two"), None) } else { (None, Some("two")) };
    assert_eq!(description.value.as_deref(), won);
    assert_eq!(description.others, [lost.map(str::to_owned)]);
    assert!(!state.is_conflict(), "a field's conflict is not the value's");
    log.add("ann", &[left, right], vec![field(A, "description", Some("three"))]);
    assert_eq!(log.secret(A).description(), Some("three"));
    assert!(log.secret(A).fields["description"].others.is_empty());
}

#[test]
fn expiry_is_from_its_second_on() {
    let mut log = Log::new();
    log.add(
        "ann",
        &[],
        vec![Op::Put(Put { expires: Some(UnixTime::from_secs(100)), ..put_op(A, id(1)) })],
    );
    let state = log.secret(A);
    let version = state.current().unwrap();
    assert_eq!(state.status(version, UnixTime::from_secs(99)), VersionStatus::Active);
    assert_eq!(state.status(version, UnixTime::from_secs(100)), VersionStatus::Expired);
}

#[test]
fn the_live_wrap_is_the_latest_by_policy_then_order() {
    let rewrap = |wrap| Op::Rewrap { secret: secret(A), object: id(1), wrap: id(wrap) };
    let mut log = Log::new();
    let root = log.add("ann", &[], vec![put(A, 1)]);
    let long = log.add("ann", &[root], vec![rewrap(50)]);
    let longer = log.add("ann", &[long], vec![rewrap(51)]);
    assert_eq!(log.secret(A).versions[0].live_wrap.wrap, id(51));
    log.policy.next(&[]);
    let newer = log.add("ann", &[root], vec![rewrap(52)]);
    let version = log.secret(A).versions.remove(0);
    assert_eq!(version.live_wrap.wrap, id(52), "a later policy outranks a longer history");
    assert_eq!(version.live_wrap.entry, newer);
    assert_eq!(version.wraps.len(), 4);
    assert!(log.entries[&longer].lamport > log.entries[&newer].lamport);
}

#[test]
fn histories_with_several_roots_meet() {
    let mut log = Log::new();
    let a = log.add("ann", &[], vec![put(A, 1)]);
    let b = log.add("ann", &[], vec![put("prod/B", 2)]);
    assert_eq!(log.graph().heads().len(), 2);
    log.add("ann", &[a, b], vec![put(A, 3), put("prod/B", 4)]);
    let state = log.state();
    assert_eq!(state.secret(&secret(A)).unwrap().candidates, [id(3)]);
    assert_eq!(state.secret(&secret("prod/B")).unwrap().candidates, [id(4)]);
}

#[test]
fn a_reserved_op_changes_nothing() {
    let mut log = Log::new();
    let root = log.add("ann", &[], vec![put(A, 1)]);
    let before = log.state();
    log.add("ann", &[root], vec![Op::Checkpoint { segment: id(1), heads: vec![root] }]);
    assert_eq!(log.state(), before);
}

#[test]
fn resolving_or_putting_what_was_removed_before_sets_nothing() {
    for end in [remove(A, &[1]), prune(A, &[1])] {
        for again in [resolve(A, 1), put(A, 1)] {
            let mut log = Log::new();
            let first = log.add("ann", &[], vec![put(A, 1)]);
            let second = log.add("ann", &[first], vec![put(A, 2)]);
            let ended = log.add("ann", &[second], vec![end.clone()]);
            log.add("ann", &[ended], vec![again]);
            assert_eq!(log.secret(A).current, Some(id(2)), "the secret stays");
        }
    }
    let mut log = Log::new();
    let first = log.add("ann", &[], vec![put(A, 1)]);
    let second = log.add("ann", &[first], vec![put(A, 2)]);
    let gone = log.add("ann", &[second], vec![remove(A, &[1]), restore(A, &[1]), put(A, 1)]);
    assert_eq!(log.secret(A).current, Some(id(1)), "restored before");
    log.add("ann", &[gone], vec![remove(A, &[1])]);
    assert!(log.secret(A).is_gone(), "a removal after it is no earlier one");
}

#[test]
fn a_resolve_settles_what_it_found_active_and_nothing_else() {
    let mut log = Log::new();
    let first = log.add("ann", &[], vec![put(A, 1)]);
    let second = log.add("ann", &[first], vec![put(A, 2)]);
    log.add("ann", &[second], vec![remove(A, &[1])]);
    log.add("ann", &[second], vec![resolve(A, 1)]);
    assert_eq!(log.secret(A).current, Some(id(2)), "an old version is brought back by a put");
    let third = log.add("ann", &[first], vec![put(A, 3)]);
    assert!(log.secret(A).is_conflict());
    log.add("ann", &[second, third], vec![resolve(A, 2)]);
    assert_eq!((log.secret(A).current, log.secret(A).is_conflict()), (Some(id(2)), false));
}

/// `ann` may do all, `ci` may rotate.
fn with_rotator() -> Log {
    let mut log = Log::new();
    log.policy.add("ci", &[Right::Rotate], "*");
    log
}

#[test]
fn a_rotation_beside_a_removal_is_overruled() {
    let mut log = with_rotator();
    let first = log.add("ann", &[], vec![put(A, 1)]);
    let gone = log.add("ann", &[first], vec![remove(A, &[1])]);
    let rotated = log.add("ci", &[first], vec![rotate(A, 2, 1)]);
    let state = log.secret(A);
    assert!(state.is_gone());
    assert!(state.versions[1].overruled && !state.versions[0].overruled);
    let again = log.add("ci", &[rotated], vec![rotate(A, 3, 2)]);
    assert!(log.secret(A).is_gone(), "what rests upon it is overruled too");
    let back = log.add("ann", &[gone], vec![restore(A, &[1])]);
    let restored = log.secret(A);
    assert_eq!(restored.current, Some(id(3)), "a restore grounds both again");
    assert!(restored.versions.iter().all(|version| !version.overruled));
    log.add("ann", &[again, back], vec![resolve(A, 1)]);
    assert_eq!(log.secret(A).current, Some(id(3)), "what is not active is not resolved");
}

#[test]
fn a_rotation_after_a_removal_is_overruled_whatever_it_says_it_replaces() {
    let mut log = with_rotator();
    let first = log.add("ann", &[], vec![put(A, 1)]);
    let second = log.add("ann", &[first], vec![put(A, 2)]);
    let gone = log.add("ann", &[second], vec![remove(A, &[2])]);
    for replaced in [1, 2] {
        let mut log = log.clone();
        log.add("ci", &[gone], vec![rotate(A, 3, replaced)]);
        assert!(log.secret(A).is_gone(), "{replaced}");
    }
    log.add("ann", &[second], vec![remove(A, &[1])]);
    log.add("ci", &[second], vec![rotate(A, 3, 1)]);
    assert!(log.secret(A).is_gone(), "the version that was active is removed");
}

#[test]
fn removing_an_older_version_does_not_bring_it_back() {
    let mut log = with_rotator();
    let first = log.add("ann", &[], vec![put(A, 1)]);
    let second = log.add("ann", &[first], vec![put(A, 2)]);
    log.add("ci", &[second], vec![rotate(A, 3, 1)]);
    log.add("ann", &[second], vec![remove(A, &[1])]);
    assert_eq!(log.secret(A).current, Some(id(3)), "it stands on what it found, not on its word");
}

#[test]
fn a_removal_that_knew_of_the_rotation_overrules_nothing() {
    let mut log = with_rotator();
    let first = log.add("ann", &[], vec![put(A, 1)]);
    let rotated = log.add("ci", &[first], vec![rotate(A, 2, 1)]);
    log.add("ann", &[rotated], vec![remove(A, &[1])]);
    let state = log.secret(A);
    assert_eq!(state.current, Some(id(2)));
    assert!(!state.versions[1].overruled);
}

#[test]
fn a_prune_beside_a_rotation_does_not_overrule_it() {
    let mut log = with_rotator();
    let first = log.add("ann", &[], vec![put(A, 1)]);
    log.add("ann", &[first], vec![prune(A, &[1])]);
    log.add("ci", &[first], vec![rotate(A, 2, 1)]);
    assert_eq!(log.secret(A).current, Some(id(2)));
}

#[test]
fn a_writer_beside_a_removal_wins() {
    let mut log = with_rotator();
    let first = log.add("ann", &[], vec![put(A, 1)]);
    log.add("ann", &[first], vec![remove(A, &[1])]);
    log.add("ann", &[first], vec![rotate(A, 2, 1)]);
    assert_eq!(log.secret(A).current, Some(id(2)));
}

#[test]
fn a_put_by_a_writer_revives_what_was_overruled() {
    let mut log = with_rotator();
    let first = log.add("ann", &[], vec![put(A, 1)]);
    let gone = log.add("ann", &[first], vec![remove(A, &[1])]);
    let rotated = log.add("ci", &[first], vec![rotate(A, 2, 1)]);
    let both = log.add("ann", &[gone, rotated], vec![resolve(A, 2)]);
    assert!(log.secret(A).is_gone(), "it is not active, so there is nothing to resolve");
    log.add("ann", &[both], vec![put(A, 3)]);
    assert_eq!(log.secret(A).current, Some(id(3)));
}

#[test]
fn a_rotation_upon_void_work_stands_unless_the_secret_was_removed_beside_it() {
    let mut log = with_rotator();
    log.policy.add("backend", &[Right::Write], "*");
    let first = log.add("ann", &[], vec![put(A, 1)]);
    let void = log.add("backend", &[first], vec![put(A, 2)]);
    log.add("ci", &[void], vec![rotate(A, 3, 2)]);
    log.policy.revoke(&[first], "backend", A);
    assert_eq!(log.secret(A).current, Some(id(3)));
    for knows in [void, first] {
        let mut log = log.clone();
        log.add("ann", &[knows], vec![remove(A, &[1])]);
        assert!(log.secret(A).is_gone(), "what is void hides nothing from a removal");
    }
}

#[test]
fn an_expiry_is_a_register_of_its_own() {
    let mut log = Log::new();
    let first = log.add(
        "ann",
        &[],
        vec![Op::Put(Put { expires: Some(UnixTime::from_secs(100)), ..put_op(A, id(1)) })],
    );
    let one = |log: &Log| log.secret(A).versions.remove(0);
    let own = one(&log);
    assert_eq!(
        (own.expires, own.late.map(|late| late.at)),
        (Some(UnixTime::from_secs(100)), Some(UnixTime::from_secs(100)))
    );
    let later = log.add("ann", &[first], vec![expire(A, 1, Some(300))]);
    assert_eq!(
        (one(&log).expires, one(&log).expiry_conflict),
        (Some(UnixTime::from_secs(300)), false)
    );
    let left = log.add("ann", &[later], vec![expire(A, 1, Some(200))]);
    let right = log.add("ann", &[later], vec![expire(A, 1, Some(400))]);
    let disputed = one(&log);
    assert_eq!(disputed.expires, Some(UnixTime::from_secs(200)), "served until the earliest");
    assert_eq!(
        disputed.late.map(|late| late.at),
        Some(UnixTime::from_secs(400)),
        "deleted by the latest"
    );
    assert!(disputed.expiry_conflict);
    let never = log.add("ann", &[later], vec![expire(A, 1, None)]);
    let disputed = one(&log);
    assert_eq!((disputed.expires, disputed.late), (Some(UnixTime::from_secs(200)), None));
    log.add("ann", &[left, right, never], vec![expire(A, 1, None)]);
    let settled = one(&log);
    assert_eq!((settled.expires, settled.late, settled.expiry_conflict), (None, None, false));
    assert!(!settled.is_expired(UnixTime::from_secs(u64::MAX)));
}

#[test]
fn a_prune_beside_an_op_that_puts_the_expiry_off_is_told() {
    let beside = |at: Option<u64>, beside: bool| {
        let mut log = Log::new();
        let own = Put { expires: Some(UnixTime::from_secs(100)), ..put_op(A, id(1)) };
        let first = log.add("ann", &[], vec![Op::Put(own)]);
        let pruned = log.add("ann", &[first], vec![prune(A, &[1])]);
        log.add("ann", &[if beside { first } else { pruned }], vec![expire(A, 1, at)]);
        log.secret(A).versions[0].prune_beside_expire
    };
    assert!(beside(Some(101), true) && beside(None, true));
    assert!(!beside(Some(100), true) && !beside(Some(99), true), "not put off");
    assert!(!beside(Some(101), false), "after the prune");
}

#[test]
fn every_counting_wrap_is_tried_the_live_one_first_then_the_puts_own() {
    let mut log = Log::new();
    let own = wrap_of(id(1));
    let root = log.add("ann", &[], vec![put(A, 1)]);
    let one = |log: &Log| log.secret(A).versions.remove(0);
    assert_eq!(one(&log).wraps_to_try().copied().collect::<Vec<_>>(), [own]);
    let second = log.add("ann", &[root], vec![rewrap(A, 1, 50)]);
    let third = log.add("ann", &[second], vec![rewrap(A, 1, 51), rewrap(A, 1, 50)]);
    log.add("ann", &[third], vec![rewrap(A, 1, 52), rewrap(A, 2, 53)]);
    let tried: Vec<_> = one(&log).wraps_to_try().copied().collect();
    assert_eq!(tried, [id(52), own, id(50), id(51)]);
    log.policy.add("backend", &[Right::Read, Right::Write], "*");
    log.add("backend", &[root], vec![rewrap(A, 1, 60)]);
    log.policy.revoke(&[root], "backend", A);
    let after = one(&log);
    assert_eq!(after.wraps_to_try().copied().collect::<Vec<_>>(), tried, "not what is void");
    assert!(after.wraps.contains(&id(60)));
}
