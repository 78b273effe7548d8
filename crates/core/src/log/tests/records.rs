//! Drafts and rows.

use crate::crypto::id::EntryId;
use crate::log::draft::{Authorship, EntryDraft, MAX_PARENTS, Tips};
use crate::log::finding::FindingCode;
use crate::log::graph::Graph;
use crate::log::history::{LogFilter, RowStatus, rows};
use crate::log::op::Op;
use crate::log::standing::EntryStatus;
use crate::log::testing::*;
use crate::policy::op::{MemberKind, Right};
use crate::policy::position::PolicyPosition;
use crate::time::UnixTime;
use std::collections::BTreeSet;

#[test]
fn a_draft_becomes_an_entry_that_counts() {
    let mut log = Log::new();
    for n in 0..300u16 {
        log.add("ann", &[], vec![put(&format!("prod/S{n}"), (n % 250) as u8)]);
    }
    let (graph, standings) = log.standings();
    let tips = Tips::of(&graph, &standings, &log.entries);
    let mut heads: Vec<EntryId> = graph.heads().iter().map(|place| *graph.id(*place)).collect();
    heads.sort_unstable();
    assert_eq!(tips.parents, heads[..MAX_PARENTS], "the first by id");
    let draft = EntryDraft {
        ops: vec![put("prod/A", 1)],
        reason: "why".to_owned(),
        ts: UnixTime::from_secs(5),
    };
    let (vault, policy, ann) =
        (log.policy.vault_id, log.policy.id_at(PolicyPosition::GENESIS), name("ann"));
    let by = Authorship { vault: &vault, policy, actor: &ann };
    let entry = draft.sign(&tips, by, &key("ann"));
    assert_eq!(entry.lamport, 2);
    let id = log.insert(entry);
    assert_eq!(log.standing(&id), EntryStatus::Counting);
    let root = Log::new();
    let (graph, standings) = root.standings();
    assert_eq!(Tips::of(&graph, &standings, &root.entries).lamport, 1);
}

#[test]
fn a_body_put_again_from_other_parents_is_another_object() {
    let mut log = Log::new();
    let [a, b] = ["prod/A", "prod/B"].map(|of| log.add("ann", &[], vec![put(of, 1)]));
    let (vault, policy, ann) =
        (log.policy.vault_id, log.policy.id_at(PolicyPosition::GENESIS), name("ann"));
    let object = |parents: &[EntryId]| {
        let tips = Tips { parents: parents.to_vec(), lamport: 2 };
        let draft = EntryDraft {
            ops: vec![put("prod/C", 2)],
            reason: String::new(),
            ts: UnixTime::from_secs(5),
        };
        let by = Authorship { vault: &vault, policy, actor: &ann };
        match draft.sign(&tips, by, &key("ann")).ops.remove(0) {
            Op::Put(put) => put.object,
            op => panic!("{op:?}"),
        }
    };
    let both = &mut [a, b];
    both.sort_unstable();
    let objects = [object(&[]), object(&[a]), object(&[b]), object(both)];
    assert_eq!(BTreeSet::from(objects).len(), 4, "of one author, body and number");
    assert_eq!(object(&[a]), objects[1]);
}

/// Whoever begins a rotation again begins another one: of another author, place, secret, base or nonce.
#[test]
fn a_rotation_is_its_authors_and_has_one_base() {
    let mut log = Log::new();
    let root = log.add("ann", &[], vec![put("prod/A", 1)]);
    let (vault, policy) = (log.policy.vault_id, log.policy.id_at(PolicyPosition::GENESIS));
    let begun = |actor: &str, parents: &[EntryId], op| {
        let actor_name = name(actor);
        let tips = Tips { parents: parents.to_vec(), lamport: 2 };
        let (ops, reason, ts) = (vec![op], String::new(), UnixTime::from_secs(5));
        let by = Authorship { vault: &vault, policy, actor: &actor_name };
        let entry = EntryDraft { ops, reason, ts }.sign(&tips, by, &key(actor));
        entry.ops[0].rotation().unwrap()
    };
    let all = [
        begun("ann", &[root], begin("prod/A", 1, 1, 2)),
        begun("bob", &[root], begin("prod/A", 1, 1, 2)),
        begun("ann", &[], begin("prod/A", 1, 1, 2)),
        begun("ann", &[root], begin("prod/B", 1, 1, 2)),
        begun("ann", &[root], begin("prod/A", 2, 1, 2)),
        begun("ann", &[root], begin("prod/A", 1, 3, 2)),
    ];
    assert_eq!(BTreeSet::from(all).len(), all.len());
    assert_eq!(begun("ann", &[root], intend("prod/A", 1, 1)), all[0], "whatever it brings");
    assert_eq!(begun("bob", &[], add_value("prod/A", 1, 2)), rotation_id(1));
}

#[test]
fn build_refuses_what_inspect_reports() {
    let mut log = Log::new();
    let root = log.add("ann", &[], vec![put("prod/A", 1)]);
    assert!(Graph::build(&log.entries).is_ok());
    let mut wrong = log.draft(PolicyPosition::GENESIS, "ann", &[root], vec![put("prod/A", 2)]);
    wrong.lamport = 1;
    log.insert(wrong);
    let mut orphan = log.draft(PolicyPosition::GENESIS, "ann", &[root], vec![put("prod/A", 3)]);
    orphan.parents.insert(0, id(0));
    let orphan = log.insert(orphan);
    let mut codes: Vec<FindingCode> =
        Graph::build(&log.entries).unwrap_err().iter().map(|finding| finding.code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [FindingCode::ParentMissing, FindingCode::LamportWrong]);
    let graph = log.graph();
    let place = |id: &EntryId| graph.place(id).unwrap();
    assert!(graph.ancestor(place(&root), place(&orphan)), "the link that holds is kept");
}

#[test]
fn rows_tell_each_op_and_whether_it_counts() {
    let mut log = Log::new();
    log.policy.add("backend", &[Right::Write], "*");
    let root = log.add("ann", &[], vec![put("prod/A", 1), field("prod/A", "type", Some("x"))]);
    log.add("backend", &[root], vec![put("prod/B", 2)]);
    log.add("backend", &[root], vec![remove("prod/A", &[1])]);
    log.policy.revoke(&[root], "backend", "prod/B");
    let (graph, standings) = log.standings();
    let select = |filter: LogFilter<'_>| -> Vec<(String, RowStatus)> {
        let rows = rows(&graph, &log.entries, &standings, &log.policy, &filter);
        assert!(rows.iter().all(|row| row.actor_type == Some(MemberKind::User)));
        let text = |row: &crate::log::history::LogRow<'_>| {
            format!("{} {} {}", row.actor, row.action, row.secret_id.unwrap())
        };
        rows.iter().map(|row| (text(row), row.status)).collect()
    };
    assert_eq!(select(LogFilter::default()).len(), 4);
    let (backend, a) = (name("backend"), secret("prod/A"));
    let by_bob = select(LogFilter { actor: Some(&backend), ..LogFilter::default() });
    assert!(by_bob.contains(&("backend put prod/B".to_owned(), RowStatus::Void)));
    assert!(by_bob.contains(&("backend remove prod/A".to_owned(), RowStatus::Forged)));
    let of_a = select(LogFilter { secret: Some(&a), action: Some("put"), ..LogFilter::default() });
    assert_eq!(of_a, [("ann put prod/A".to_owned(), RowStatus::Counting)]);
    let ts = UnixTime::from_secs(1_700_000_000);
    assert_eq!(
        select(LogFilter {
            since: Some(ts),
            until: Some(ts.saturating_add(1)),
            ..LogFilter::default()
        })
        .len(),
        4
    );
    assert!(select(LogFilter { until: Some(ts), ..LogFilter::default() }).is_empty());
    assert!(
        select(LogFilter { since: Some(ts.saturating_add(1)), ..LogFilter::default() }).is_empty()
    );
}
