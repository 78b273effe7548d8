//! What is reported of rotations, and what they need in the file.

use super::{A, EPOCH, TestVault, codes};
use crate::crypto::id::{EntryId, ObjectId};
use crate::log::finding::{FindingCode, Severity};
use crate::log::op::{Abort, Op, OpRef, Pending, Promote, Put, Versions};
use crate::log::policy_view::PolicyView;
use crate::log::testing::{abort, begin, promote, retire, rotation_id, secret};
use crate::name::audience::AudienceName;
use crate::policy::position::PolicyPosition;

/// A vault whose secret has version 4 ready in rotation 1, begun on its current version.
struct Begun {
    vault: TestVault,
    ready: EntryId,
    base: ObjectId,
    object: ObjectId,
}

impl Begun {
    fn new() -> Self {
        let mut vault = TestVault::new();
        vault.log.policy.add("eve", &[crate::policy::op::Right::Rotate], "*");
        let base = vault.log.secret(A).current.unwrap();
        let pending = pending(&mut vault, 1, base, 4);
        let Op::Pending(Pending { derived: object, .. }) = pending else { unreachable!() };
        let head = vault.head();
        let ready = vault.add("ann", &[head], pending);
        Self { vault, ready, base, object }
    }

    fn promote(&self) -> Op {
        let Op::Promote(op) = promote(A, 1, 0, &[]) else { unreachable!() };
        Op::Promote(Promote { object: self.object, replaces: vec![self.base], ..op })
    }

    fn retire(&self, object: ObjectId) -> Op {
        let Op::Retire(op) = retire(A, &[]) else { unreachable!() };
        Op::Retire(Versions { objects: vec![object], ..op })
    }
}

fn pending(vault: &mut TestVault, rotation: u8, base: ObjectId, number: u8) -> Op {
    let Put { secret, body, object: derived, wrap, expires, .. } = vault.put_op(A, number);
    let Op::Pending(of) = begin(A, rotation, 0, 0) else { unreachable!() };
    let (base, body, wrap) = (Some(base), Some(body), Some(wrap));
    Op::Pending(Pending { secret, base, body, derived, wrap, expires, ..of })
}

#[test]
fn a_rotation_that_goes_on_is_sound_and_its_value_must_be_there() {
    let mut begun = Begun::new();
    assert_eq!(begun.vault.codes(), []);
    let (object, section) = (begun.object, begun.vault.section(A));
    section.versions.remove(&object);
    section.wraps.retain(|_, wrap| wrap.version != object);
    assert_eq!(begun.vault.codes(), [FindingCode::ObjectMissing]);
    let mut begun = Begun::new();
    let object = begun.object;
    begun.vault.section(A).wraps.retain(|_, wrap| wrap.version != object);
    assert_eq!(begun.vault.codes(), [FindingCode::WrapMissing]);
}

#[test]
fn what_rotations_do_beside_each_other_is_told() {
    let mut begun = Begun::new();
    let other = pending(&mut begun.vault, 2, begun.base, 5);
    begun.vault.add("ann", &[begun.ready], other);
    assert_eq!(begun.vault.codes(), [FindingCode::RotationContested]);
    let mut begun = Begun::new();
    let ready = begun.ready;
    begun.vault.put("ann", &[ready], A, 6);
    assert_eq!(begun.vault.codes(), [FindingCode::RotationStale]);
    let mut begun = Begun::new();
    let (op, ready) = (begun.promote(), begun.ready);
    let promoted = begun.vault.add("ann", &[ready], op);
    assert_eq!(begun.vault.codes(), []);
    begun.vault.add("ann", &[ready], abort(A, 1));
    assert_eq!(begun.vault.codes(), [FindingCode::RotationDivided]);
    let retire = begun.retire(begun.object);
    begun.vault.add("ann", &[promoted], retire);
    assert_eq!(begun.vault.codes(), [FindingCode::RotationDivided, FindingCode::RetiredActive]);
}

/// Somebody may use it still, until it is said that it is not accepted any more.
#[test]
fn the_value_of_what_was_called_off_is_told_until_it_is_retired() {
    let mut begun = Begun::new();
    let (op, ready) = (begun.promote(), begun.ready);
    let aborted = begun.vault.add("ann", &[ready], abort(A, 1));
    assert_eq!(begun.vault.codes(), [FindingCode::RotationLeft]);
    let report = begun.vault.report();
    assert!(!report.has_errors() && report.findings[0].severity == Severity::Notice);
    let mut promoted = begun.vault.clone();
    promoted.add("ann", &[aborted], op);
    assert_eq!(promoted.codes(), []);
    let retire = begun.retire(begun.object);
    begun.vault.add("ann", &[aborted], retire);
    assert_eq!(begun.vault.codes(), []);
}

#[test]
fn what_rotations_may_bring_is_told_as_what_is_active() {
    let mut begun = Begun::new();
    begun.vault.log.policy.audience_of_all = AudienceName::new("ci+owner");
    let unsettled = |vault: &TestVault| {
        let findings = vault.report().findings.into_iter();
        let of_it = findings.filter(|finding| finding.subject.secret() == Some(&secret(A)));
        of_it.filter(|finding| finding.code == FindingCode::Unsettled).count()
    };
    assert_eq!(unsettled(&begun.vault), 2);
    let ready = begun.ready;
    begun.vault.add("ann", &[ready], abort(A, 1));
    assert_eq!(unsettled(&begun.vault), 1);
    let mut vault = TestVault::new();
    let (known, base) = (vault.head(), vault.log.secret(A).current.unwrap());
    let position = vault.log.policy.next(&[known]);
    vault.log.policy.epochs.get_mut(&EPOCH).unwrap().2 = Some(position);
    let op = pending(&mut vault, 1, base, 4);
    vault.log.add_at(PolicyPosition::GENESIS, "ann", &[known], vec![op]);
    vault.settle();
    let report = vault.report();
    assert_eq!(codes(&report.findings), [FindingCode::SupersededEpoch]);
    assert_eq!(report.findings[0].hint, Some(format!("v-secure secret versions {A}")));
}

/// A value that is not accepted any more does not come back unnoticed, encrypted anew.
#[test]
fn the_value_of_what_was_retired_is_told_where_it_is_active_again() {
    let mut begun = Begun::new();
    let (promote, retire, ready) = (begun.promote(), begun.retire(begun.base), begun.ready);
    let promoted = begun.vault.add("ann", &[ready], promote);
    let retired = begun.vault.add("ann", &[promoted], retire);
    assert_eq!(begun.vault.codes(), []);
    let put = Put { same: vec![begun.base], ..begun.vault.put_op(A, 6) };
    begun.vault.add("ann", &[retired], Op::Put(put));
    assert_eq!(begun.vault.codes(), [FindingCode::RetiredActive]);
}

#[test]
fn a_void_op_of_a_rotation_is_told_until_it_is_adopted_or_the_secret_is_set() {
    let mut begun = Begun::new();
    let ready = begun.ready;
    let void = begun.vault.add("eve", &[ready], abort(A, 1));
    begun.vault.log.policy.remove_key(&[ready], "eve");
    let told = [FindingCode::RotationStale, FindingCode::RotationVoid, FindingCode::Void];
    assert_eq!(codes(&begun.vault.report().findings), told);
    let mut adopted = begun.vault.clone();
    let adopts = Some(OpRef { entry: void, op: 0 });
    let abort = Abort { secret: secret(A), rotation: rotation_id(1), adopts };
    adopted.add("ann", &[ready], Op::Abort(abort));
    assert_eq!(adopted.codes(), [FindingCode::Void, FindingCode::RotationLeft]);
    begun.vault.put("ann", &[ready], A, 7);
    assert_eq!(begun.vault.codes(), [FindingCode::RotationStale, FindingCode::Void]);
}

/// Whoever reads by `--strict` could not be helped: nobody adopts it, and no rotation is there to be settled.
#[test]
fn a_void_op_that_stands_on_nothing_is_not_told() {
    let mut begun = Begun::new();
    let ready = begun.ready;
    for op in [abort(A, 9), begun.retire(ObjectId([9; 32]))] {
        begun.vault.add("eve", &[ready], op);
    }
    begun.vault.log.policy.remove_key(&[ready], "eve");
    assert_eq!(begun.vault.codes(), [FindingCode::Void]);
}

/// What it promotes may have been withdrawn since.
#[test]
fn nothing_adopts_a_void_promotion() {
    let mut begun = Begun::new();
    let (op, ready) = (begun.promote(), begun.ready);
    let void = begun.vault.add("eve", &[ready], op);
    let at = begun.vault.log.policy.head_position();
    begun.vault.log.policy.remove_key(&[ready], "eve");
    assert_eq!(begun.vault.codes(), [FindingCode::RotationVoid, FindingCode::Void]);
    let adopts = Some(OpRef { entry: void, op: 0 });
    let put = Put { adopts, ..begun.vault.put_op(A, 7) };
    begun.vault.log.add_at(at, "ann", &[ready], vec![Op::Put(put)]);
    begun.vault.settle();
    assert!(begun.vault.codes().contains(&FindingCode::RotationVoid));
}
