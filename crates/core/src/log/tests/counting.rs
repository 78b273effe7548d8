//! Which entries count.

use crate::crypto::bytes::Fixed;
use crate::crypto::id::EntryId;
use crate::log::fold::FoldScope;
use crate::log::op::Op;
use crate::log::register::At;
use crate::log::standing::{EntryStatus, Forgery, LogSignatures, Standings};
use crate::log::testing::*;
use crate::policy::op::Right;
use crate::policy::position::PolicyPosition;
use std::collections::BTreeSet;

/// `backend` may write, delete and read `prod/*`.
fn log() -> Log {
    let mut log = Log::new();
    log.policy.add("backend", &[Right::Read, Right::Write, Right::Delete], "prod/*");
    log
}

fn forged(why: Forgery) -> EntryStatus {
    EntryStatus::Forged(why)
}

#[test]
fn what_is_authorised_counts_and_the_rest_is_forged() {
    let mut log = log();
    let good = log.add("backend", &[], vec![put("prod/A", 1)]);
    let bad = log.add("backend", &[good], vec![put("prod/A", 2), put("dev/A", 3)]);
    assert_eq!(log.standing(&good), EntryStatus::Counting);
    assert_eq!(log.standing(&bad), forged(Forgery::Unauthorised { op: 1 }));
    assert_eq!(log.secret("prod/A").versions.len(), 1, "an entry counts as a whole or not at all");
}

#[test]
fn each_op_takes_its_own_right() {
    let rewrap = || Op::Rewrap { secret: secret("prod/A"), object: id(1), wrap: id(9) };
    let checkpoint = || Op::Checkpoint { segment: id(1), heads: vec![] };
    let cases: Vec<(Op, Vec<&[Right]>)> = vec![
        (put("prod/A", 1), vec![&[Right::Write]]),
        (field("prod/A", "type", None), vec![&[Right::Write]]),
        (resolve("prod/A", 1), vec![&[Right::Write]]),
        (restore("prod/A", &[1]), vec![&[Right::Write]]),
        (expire("prod/A", 1, None), vec![&[Right::Write, Right::Delete]]),
        (remove("prod/A", &[1]), vec![&[Right::Delete]]),
        (prune("prod/A", &[1]), vec![&[Right::Delete]]),
        (rewrap(), vec![&[Right::Read, Right::Write], &[Right::Read, Right::Grant]]),
        (pending("prod/A", 1), vec![&[Right::Write], &[Right::Rotate]]),
        (rollout("prod/A", 1, 5), vec![&[Right::Write], &[Right::Rotate]]),
        (abort("prod/A", 1), vec![&[Right::Write], &[Right::Rotate]]),
        (retire("prod/A", &[1]), vec![&[Right::Write], &[Right::Rotate]]),
        (promote("prod/A", 1, 2, &[]), vec![&[Right::Write], &[Right::Rotate]]),
        (checkpoint(), vec![&[Right::Grant]]),
    ];
    for (op, enough) in cases {
        for bits in 0..32u8 {
            let held: Vec<Right> = Right::ALL
                .into_iter()
                .enumerate()
                .filter(|(n, _)| bits >> n & 1 == 1)
                .map(|r| r.1)
                .collect();
            let mut log = Log::new();
            log.policy.add("eve", &held, "*");
            let root = log.add("ann", &[], vec![put("prod/A", 1)]);
            let ready = log.add("ann", &[root], vec![begin("prod/A", 1, 1, 2)]);
            let parents = if op.is_of_rotation() { vec![ready] } else { Vec::new() };
            let entry = log.add("eve", &parents, vec![op.clone()]);
            let expected = enough.iter().any(|need| need.iter().all(|right| held.contains(right)));
            assert_eq!(
                log.standing(&entry) == EntryStatus::Counting,
                expected,
                "{op:?} by {held:?}"
            );
        }
    }
}

#[test]
fn a_checkpoint_takes_grant_on_everything() {
    let mut log = Log::new();
    log.policy.add("eve", &Right::ALL, "prod/*");
    let op = Op::Checkpoint { segment: id(1), heads: vec![] };
    let entry = log.add("eve", &[], vec![op]);
    assert_eq!(log.standing(&entry), forged(Forgery::Unauthorised { op: 0 }));
}

#[test]
fn each_forgery_is_told_apart() {
    let mut log = log();
    let first = log.add("ann", &[], vec![put("prod/A", 1)]);
    let good = log.draft(PolicyPosition::GENESIS, "backend", &[first], vec![put("prod/A", 2)]);

    let mut unknown_policy = good.clone();
    unknown_policy.policy = id(99);
    let mut stranger = log.draft(PolicyPosition::GENESIS, "eve", &[first], vec![put("prod/A", 2)]);
    stranger.actor = name("backend");
    let mut other_actor = good.clone();
    other_actor.actor = name("ann");
    let mut bad_signature = good.clone();
    bad_signature.sig = Fixed([1; 64]);
    let mut other_body = good.clone();
    other_body.reason = "not what was signed".to_owned();
    let mut lamport = good.clone();
    lamport.lamport = 7;
    let mut orphan = good.clone();
    orphan.parents = vec![id(99)];

    for (entry, why) in [
        (unknown_policy, Forgery::PolicyUnknown),
        (stranger, Forgery::KeyUnknown),
        (other_actor, Forgery::Actor),
        (bad_signature, Forgery::Signature),
        (other_body, Forgery::Signature),
        (lamport, Forgery::Link),
        (orphan, Forgery::Link),
    ] {
        let mut log = log.clone();
        let entry = log.insert(entry);
        assert_eq!(log.standing(&entry), forged(why));
        assert_eq!(log.secret("prod/A").versions.len(), 1);
    }
    let good = log.insert(good);
    assert_eq!(log.standing(&good), EntryStatus::Counting);
}

#[test]
fn only_the_signatures_asked_for_are_checked() {
    let mut log = log();
    let mut entry = log.draft(PolicyPosition::GENESIS, "backend", &[], vec![put("prod/A", 1)]);
    entry.sig = Fixed([0; 64]);
    let entry = log.insert(entry);
    let standing = |scope: FoldScope<'_>, signatures: LogSignatures| {
        let graph = log.graph();
        let all = Standings::judge(&graph, &log.entries, &log.policy, scope, signatures);
        all.of(graph.place(&entry).unwrap())
    };
    assert_eq!(standing(FoldScope::All, LogSignatures::Check), forged(Forgery::Signature));
    let wanted = BTreeSet::from([secret("prod/A")]);
    let scope = FoldScope::Secrets(&wanted);
    assert_eq!(standing(scope, LogSignatures::Check), forged(Forgery::Signature));
    assert_eq!(standing(scope, LogSignatures::Trusted), EntryStatus::Counting);
    let others = BTreeSet::from([secret("prod/B")]);
    assert_eq!(standing(FoldScope::Secrets(&others), LogSignatures::Check), EntryStatus::Unjudged);
    assert_eq!(standing(FoldScope::All, LogSignatures::Trusted), EntryStatus::Counting);
}

#[test]
fn a_removal_voids_what_it_did_not_know_and_spares_what_it_knew() {
    let mut log = log();
    let known = log.add("backend", &[], vec![put("prod/A", 1)]);
    let head = log.add("ann", &[known], vec![field("prod/A", "type", Some("x"))]);
    let unknown = log.add("backend", &[known], vec![put("prod/A", 2)]);
    let position = log.policy.revoke(&[head], "backend", "prod/A");
    assert_eq!(log.standing(&known), EntryStatus::Counting, "an ancestor of a head");
    assert_eq!(log.standing(&unknown), EntryStatus::Void { position });
    log.policy.set_heads(position, vec![head, unknown]);
    assert_eq!(log.standing(&unknown), EntryStatus::Counting, "a head itself");
}

#[test]
fn a_removed_key_voids_like_a_removed_right() {
    let mut log = log();
    let entry = log.add("backend", &[], vec![put("prod/A", 1)]);
    let position = log.policy.remove_key(&[], "backend");
    assert_eq!(log.standing(&entry), EntryStatus::Void { position });
    let later = log.add("backend", &[], vec![put("prod/A", 1)]);
    assert_eq!(log.standing(&later), forged(Forgery::KeyInactive));
}

#[test]
fn a_right_lost_elsewhere_voids_nothing() {
    let mut log = log();
    log.policy.add("backend", &[Right::Write], "dev/*");
    let entry = log.add("backend", &[], vec![put("prod/A", 1)]);
    log.policy.revoke(&[], "backend", "dev/X");
    assert_eq!(log.standing(&entry), EntryStatus::Counting);
}

#[test]
fn an_op_that_lost_its_right_is_void_and_leaves_the_others() {
    let mut log = log();
    log.policy.add("backend", &[Right::Write], "dev/*");
    let entry = log.add("backend", &[], vec![put("prod/A", 1), put("dev/A", 2)]);
    let position = log.policy.revoke(&[], "backend", "dev/A");
    assert_eq!(log.standing(&entry), EntryStatus::Split);
    assert_eq!(log.void_ops(&entry), [(1, position)]);
    assert_eq!(log.secret("prod/A").current, Some(id(1)));
    assert!(log.state().secret(&secret("dev/A")).is_none());
    let last = log.policy.revoke(&[], "backend", "prod/A");
    assert_eq!(log.standing(&entry), EntryStatus::Void { position: last });
    assert_eq!(log.void_ops(&entry), [(0, last), (1, position)]);
}

#[test]
fn what_an_earlier_policy_entry_knew_stays_known() {
    let mut log = log();
    let known = log.add("backend", &[], vec![put("prod/A", 1)]);
    let head = log.add("ann", &[known], vec![field("prod/A", "type", Some("x"))]);
    log.policy.next(&[head]);
    log.policy.remove_key(&[], "backend");
    assert_eq!(log.standing(&known), EntryStatus::Counting, "heads left out take nothing back");
}

#[test]
fn a_head_named_too_late_revives_nothing() {
    let mut log = log();
    let entry = log.add("backend", &[], vec![put("prod/A", 1)]);
    let position = log.policy.revoke(&[], "backend", "prod/A");
    log.policy.next(&[entry]);
    log.policy.add("backend", &[Right::Write], "prod/*");
    log.policy.next(&[entry]);
    assert_eq!(log.standing(&entry), EntryStatus::Void { position });
}

#[test]
fn of_several_losses_of_a_right_the_first_decides() {
    let mut log = log();
    let entry = log.add("backend", &[], vec![put("prod/A", 1)]);
    let position = log.policy.revoke(&[], "backend", "prod/A");
    log.policy.next(&[entry]);
    log.policy.add("backend", &[Right::Write], "prod/*");
    log.policy.next(&[entry]);
    log.policy.revoke(&[entry], "backend", "prod/A");
    assert_eq!(log.standing(&entry), EntryStatus::Void { position });
}

#[test]
fn a_put_stands_by_write_only_while_that_is_not_void() {
    let by = |log: &Log, entry: &EntryId| {
        let (graph, standings) = log.standings();
        standings.is_rotation(At::new(graph.place(entry).unwrap(), 0))
    };
    let mut log = Log::new();
    log.policy.add("backend", &[Right::Write, Right::Rotate], "prod/*");
    log.policy.add("ci", &[Right::Rotate], "prod/*");
    let first = log.add("ann", &[], vec![put("prod/A", 1)]);
    let writes = log.add("backend", &[first], vec![rotate("prod/A", 2, 1)]);
    let rotates = log.add("ci", &[first], vec![rotate("prod/A", 3, 1)]);
    assert_eq!((by(&log, &writes), by(&log, &rotates)), (false, true));
    log.policy.revoke_right(&[], "backend", Right::Write);
    assert_eq!(log.standing(&writes), EntryStatus::Counting);
    assert!(by(&log, &writes));
}

#[test]
fn nobody_removed_can_backdate() {
    let mut log = log();
    let first = log.add("ann", &[], vec![put("prod/A", 1)]);
    let position = log.policy.revoke(&[first], "backend", "prod/A");
    let under_old =
        log.add_at(PolicyPosition::GENESIS, "backend", &[first], vec![put("prod/A", 2)]);
    assert_eq!(log.standing(&under_old), EntryStatus::Void { position });
    let after = log.add("ann", &[first], vec![put("prod/A", 3)]);
    let backdated =
        log.add_at(PolicyPosition::GENESIS, "backend", &[after], vec![put("prod/A", 4)]);
    assert_eq!(log.standing(&backdated), forged(Forgery::PolicyBackdated));
    let under_new = log.add("backend", &[first], vec![put("prod/A", 5)]);
    assert_eq!(log.standing(&under_new), forged(Forgery::Unauthorised { op: 0 }));
}

#[test]
fn granting_again_revives_nothing_and_allows_anew() {
    let mut log = log();
    let lost = log.add("backend", &[], vec![put("prod/A", 1)]);
    let position = log.policy.revoke(&[], "backend", "prod/A");
    log.policy.next(&[]);
    log.policy.add("backend", &[Right::Write], "prod/*");
    let anew = log.add("backend", &[], vec![put("prod/A", 2)]);
    assert_eq!(log.standing(&lost), EntryStatus::Void { position });
    assert_eq!(log.standing(&anew), EntryStatus::Counting);
    let again = log.policy.revoke(&[lost], "backend", "prod/A");
    assert_eq!(log.standing(&anew), EntryStatus::Void { position: again });
}

#[test]
fn ancestry_runs_through_void_entries() {
    let mut log = log();
    let first = log.add("ann", &[], vec![put("prod/A", 1)]);
    let lost = log.add("backend", &[first], vec![put("prod/A", 2)]);
    let last = log.add("ann", &[lost], vec![put("prod/A", 3)]);
    log.policy.revoke(&[first], "backend", "prod/A");
    assert_eq!(log.standing(&last), EntryStatus::Counting);
    assert_eq!(log.secret("prod/A").candidates, [id(3)], "3 is after 1, by way of the void 2");
}

#[test]
fn rotate_alone_follows_a_put_of_the_secret_and_creates_none() {
    let mut log = Log::new();
    log.policy.add("ci", &[Right::Rotate], "prod/*");
    let first = log.add("ann", &[], vec![put("prod/A", 1)]);
    let good = log.add("ci", &[first], vec![rotate("prod/A", 2, 1)]);
    assert_eq!(log.standing(&good), EntryStatus::Counting);
    let refused = forged(Forgery::Unauthorised { op: 0 });
    let creates = log.add("ci", &[first], vec![put("prod/B", 3)]);
    assert_eq!(log.standing(&creates), refused, "there is nothing to rotate");
    let blind = log.add("ci", &[], vec![rotate("prod/A", 4, 1)]);
    assert_eq!(log.standing(&blind), refused, "no ancestor puts it");
    let itself = log.add("ci", &[], vec![put("prod/B", 6), rotate("prod/B", 7, 6)]);
    assert_eq!(log.standing(&itself), refused, "nor does its own entry");
    for end in [remove("prod/A", &[1]), prune("prod/A", &[1])] {
        let ended = log.add("ann", &[first], vec![end]);
        let late = log.add("ci", &[ended], vec![rotate("prod/A", 7, 1)]);
        assert_eq!(log.standing(&late), EntryStatus::Counting, "the fold says what it sets");
    }
}

#[test]
fn many_puts_beside_a_rotation_do_not_hide_the_one_that_it_follows() {
    let mut log = Log::new();
    log.policy.add("ci", &[Right::Rotate], "prod/*");
    let first = log.add("ann", &[], vec![put("prod/A", 1)]);
    let others = (2..60).map(|object| log.add("ann", &[], vec![put("prod/A", object)]));
    let others: Vec<_> = others.collect();
    let step = log.add("ann", &[first], vec![put("prod/B", 1)]);
    let good = log.add("ci", &[step], vec![rotate("prod/A", 90, 1)]);
    assert_eq!(log.standing(&good), EntryStatus::Counting);
    let alone = log.add("ann", &[], vec![put("prod/B", 2)]);
    let bad = log.add("ci", &[alone], vec![rotate("prod/A", 91, 1)]);
    assert_eq!(log.standing(&bad), forged(Forgery::Unauthorised { op: 0 }));
    assert_eq!(others.len(), 58);
}

#[test]
fn losing_write_keeps_a_rotation_under_the_right_to_rotate() {
    let mut log = log();
    let first = log.add("ann", &[], vec![put("prod/A", 1)]);
    let rotation = log.add("backend", &[first], vec![rotate("prod/A", 2, 1)]);
    let creation = log.add("backend", &[first], vec![put("prod/B", 3)]);
    let position = log.policy.revoke(&[], "backend", "prod/A");
    log.policy.add("backend", &[Right::Rotate], "prod/*");
    assert_eq!(log.standing(&rotation), EntryStatus::Counting);
    assert_eq!(log.standing(&creation), EntryStatus::Void { position });
}

#[test]
fn the_next_entry_follows_the_tips_that_count() {
    let mut log = log();
    let root = log.add("ann", &[], vec![put("prod/A", 1)]);
    let other = log.add("ann", &[], vec![put("prod/B", 2)]);
    log.add("backend", &[root], vec![put("prod/A", 3)]);
    log.policy.revoke(&[root], "backend", "prod/A");
    let (graph, standings) = log.standings();
    let tips = crate::log::draft::Tips::of(&graph, &standings, &log.entries);
    let mut expected = vec![root, other];
    expected.sort_unstable();
    assert_eq!((tips.parents, tips.lamport), (expected, 2), "the void head is left aside");
}
