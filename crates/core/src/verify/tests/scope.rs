//! What a reader of one secret finds and leaves unjudged, and what several did beside each other.

use super::*;
use crate::crypto::id::ObjectId;
use crate::log::op::{Expire, Versions};
use crate::name::audience::AudienceName;
use crate::policy::position::PolicyPosition;
use std::collections::BTreeSet;

/// The error codes with only `A` judged: as a reader of it alone finds them.
fn codes_of_a(vault: &TestVault) -> Vec<FindingCode> {
    let wanted = BTreeSet::from([secret(A)]);
    let options = VerifyOptions { now: NOW, scope: FoldScope::Secrets(&wanted) };
    let mut file = vault.file.clone();
    file.secrets.retain(|uid, _| *uid == vault.uid(A));
    let mut findings = verify(&file, &vault.log.policy, options).findings;
    findings.retain(|finding| finding.severity == Severity::Error);
    codes(&findings)
}

#[test]
fn a_reader_of_one_secret_finds_all_that_concerns_it_and_the_whole() {
    type Spoil = fn(&mut TestVault);
    let spoils: Vec<(Spoil, FindingCode)> = vec![
        (|v| v.file.header.name = name("other"), FindingCode::HeaderName),
        (|v| _ = v.file.audiences.remove("owner"), FindingCode::AudienceMissing),
        (|v| v.log.policy.epochs.clear(), FindingCode::WrapEpoch),
        (|v| _ = v.log.policy.next(&[id(77)]), FindingCode::PolicyHeadMissing),
        (|v| v.section(A).active.clear(), FindingCode::ActiveWrong),
        (|v| v.section(A).wraps.clear(), FindingCode::WrapMissing),
        (
            |v| {
                let (id, object) = v.version(A, 9);
                v.section(A).versions.insert(id, object);
            },
            FindingCode::ObjectUnknown,
        ),
        (|v| forge(v, B, |entry| entry.lamport += 1), FindingCode::LamportWrong),
        (|v| forge(v, B, |entry| entry.parents = vec![id(98)]), FindingCode::ParentMissing),
        (|v| forge(v, B, |entry| entry.policy = id(99)), FindingCode::PolicyUnknown),
        (|v| forge(v, A, |entry| entry.sig = Fixed([7; 64])), FindingCode::SignatureInvalid),
        (|v| forge(v, A, |entry| entry.actor = name("ann")), FindingCode::ActorWrong),
    ];
    for (spoil, code) in spoils {
        let mut vault = TestVault::new();
        spoil(&mut vault);
        assert_eq!(codes_of_a(&vault), [code]);
        assert_eq!(vault.codes(), [code]);
    }
}

/// An entry about a secret's field, changed after it was signed.
pub(super) fn forge(
    vault: &mut TestVault,
    of: &str,
    change: impl FnOnce(&mut crate::log::entry::Entry),
) {
    let head = vault.head();
    let mut entry = vault.log.draft(
        PolicyPosition::GENESIS,
        "backend",
        &[head],
        vec![field(of, "type", Some("x"))],
    );
    change(&mut entry);
    vault.log.insert(entry);
    vault.settle();
}

#[test]
fn a_reader_of_one_secret_leaves_others_and_slots_unjudged() {
    let mut vault = TestVault::new();
    forge(&mut vault, B, |entry| entry.sig = Fixed([7; 64]));
    vault.section(B).wraps.clear();
    vault.file.slots.insert(Fixed([4; 16]), slot("backend", "eve"));
    assert_eq!(codes_of_a(&vault), []);
    let all = vault.codes();
    assert!(all.contains(&FindingCode::SignatureInvalid) && all.contains(&FindingCode::SlotForged));
}

#[test]
fn an_entry_of_which_some_ops_are_void_is_split() {
    let mut vault = TestVault::new();
    let head = vault.head();
    vault.log.policy.next(&[head]);
    vault.log.policy.add("backend", &[Right::Delete], "prod/*");
    let (put_a, note) = (vault.put_op(A, 8), field(A, "type", Some("x")));
    let removal = remove(B, &[200]);
    vault.log.add("backend", &[head], vec![removal, Op::Put(put_a), note]);
    vault.log.policy.revoke_right(&[head], "backend", Right::Write);
    vault.settle();
    let report = vault.report();
    assert_eq!(codes(&report.findings), [FindingCode::Split, FindingCode::VoidChangesValue]);
    let split = report.findings.iter().find(|finding| finding.code == FindingCode::Split).unwrap();
    assert!(split.message.contains("'put' on prod/A (policy entry 2)"), "{}", split.message);
    assert_eq!(split.severity, Severity::Warning);
}

#[test]
fn every_wrap_that_a_counting_entry_names_must_be_there() {
    let mut vault = TestVault::new();
    let (object, head) = (vault.version(A, 2).0, vault.head());
    let wrap = Wrap {
        version: object,
        audience: AudienceName::new("owner"),
        epoch: EPOCH,
        key: WrapKey::Kek(Blob(vec![6; 48])),
    };
    let id = wrap.id();
    vault.section(A).wraps.insert(id, wrap);
    vault.add("ann", &[head], Op::Rewrap { secret: secret(A), object, wrap: id });
    assert_eq!(vault.codes(), []);
    let own = vault.log.secret(A).version(&object).unwrap().other_wraps[0];
    assert_ne!(own, id);
    vault.section(A).wraps.remove(&own);
    assert_eq!(vault.codes(), [FindingCode::WrapMissing], "the live one alone is not enough");
    assert_eq!(codes_of_a(&vault), [FindingCode::WrapMissing]);
}

/// The only finding about a spoilt vault, and the command that it leads to.
fn told(spoil: impl FnOnce(&mut TestVault)) -> (FindingCode, String) {
    let mut vault = TestVault::new();
    spoil(&mut vault);
    vault.settle();
    let mut findings = vault.report().findings;
    assert_eq!(findings.len(), 1, "{findings:?}");
    let finding = findings.remove(0);
    (finding.code, finding.hint.unwrap())
}

#[test]
fn what_two_did_beside_each_other_is_told() {
    let overruled = told(|v| {
        v.log.policy.add("ci", &[Right::Rotate], "*");
        let (head, old) = (v.head(), v.version(A, 2).0);
        let op = Put { replaces: vec![old], ..v.put_op(A, 8) };
        v.add("ci", &[head], Op::Put(op));
        let objects = vec![old];
        let versions = Versions { secret: secret(A), objects, adopts: None };
        v.add("ann", &[head], Op::Remove(versions));
    });
    let command = format!("v-secure secret rollback {A} --version 3");
    assert_eq!(overruled, (FindingCode::Overruled, command));
    let expiry =
        |of: ObjectId, at| Op::Expire(Expire { secret: secret(A), object: of, at, adopts: None });
    let disputed = |v: &mut TestVault| {
        let (head, object) = (v.head(), v.version(A, 2).0);
        v.add("ann", &[head], expiry(object, Some(NOW.saturating_add(1))));
        v.add("ann", &[head], expiry(object, Some(NOW.saturating_add(2))));
    };
    let command = format!("v-secure secret expire {A} --version 2 --at 2027-01-31");
    assert_eq!(told(disputed), (FindingCode::ExpiryConflict, command));
    let removed = told(|v| {
        disputed(v);
        let (head, object) = (v.head(), v.version(A, 2).0);
        let versions = Versions { secret: secret(A), objects: vec![object], adopts: None };
        v.add("ann", &[head], Op::Remove(versions));
    });
    let command = format!("v-secure secret restore {A} --version 2");
    assert_eq!(removed, (FindingCode::ExpiryConflict, command));
    let pruned = told(|v| {
        let (head, object) = (v.head(), v.version(A, 1).0);
        v.add("ann", &[head], Op::Prune { secret: secret(A), objects: vec![object] });
        v.add("ann", &[head], expiry(object, None));
    });
    let command = format!("v-secure audit log --secret-id {A} --action prune");
    assert_eq!(pruned, (FindingCode::PruneBesideExpire, command));
}
