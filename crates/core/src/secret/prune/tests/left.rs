//! What rotations left goes as well, and on whose word.

use super::*;
use crate::log::finding::FindingCode;
use crate::log::op::{Abort, Promote, Versions};
use crate::log::rotation::RotationState;
use crate::vault::testing::{add_value, begin, begin_many};

const WRITER: [Right; 2] = [Right::Read, Right::Write];
const ROTATOR: [Right; 2] = [Right::Read, Right::Rotate];
const DELETER: [Right; 3] = [Right::Read, Right::Write, Right::Delete];
const BY_AGE: [(usize, PruneCause); 1] = [(0, PruneCause::Days)];
const RETIRED: [(usize, PruneCause); 1] = [(0, PruneCause::Versions)];

fn rotation(vault: &Vault) -> &RotationState {
    vault.secret(&secret()).unwrap().rotation.as_ref().unwrap()
}

fn ready(vault: &Vault, ctx: &Ctx<'_>) -> Change {
    begin(vault, &secret(), ctx)
}

fn aborted(vault: &Vault, ctx: &Ctx<'_>) -> Change {
    let rotations = rotation(vault).rotations.iter().map(|of| of.id);
    let abort = |rotation| Op::Abort(Abort { secret: secret(), rotation, adopts: None });
    ops(vault, ctx, rotations.map(abort).collect())
}

/// The first rotation alone.
fn first_aborted(vault: &Vault, ctx: &Ctx<'_>) -> Change {
    let rotation = rotation(vault).rotations[0].id;
    ops(vault, ctx, vec![Op::Abort(Abort { secret: secret(), rotation, adopts: None })])
}

fn retired(vault: &Vault, ctx: &Ctx<'_>) -> Change {
    let objects = rotation(vault).held.iter().map(|version| version.object).collect();
    ops(vault, ctx, vec![Op::Retire(Versions { secret: secret(), objects, adopts: None })])
}

fn codes(scene: &Scene) -> Vec<FindingCode> {
    scene.vault.findings().unwrap().iter().map(|finding| finding.code).collect()
}

#[test]
fn what_was_called_off_goes_by_age_from_then_on() {
    let scene = Scene::new().put(10, None).set("retention.days", "1");
    let scene = scene.change(20, ready);
    assert_eq!(scene.due(look(9 * DAY, true)), [], "an open rotation may bring it yet");
    let scene = scene.change(30, aborted);
    assert_eq!(codes(&scene), [FindingCode::RotationLeft]);
    assert_eq!(scene.due(look(30 + DAY, true)), []);
    assert_eq!(scene.due(look(31 + DAY, true)), BY_AGE);
    let left = rotation(&scene.vault).held[0].object;
    let section = |scene: &Scene| scene.vault.file().secrets[&scene.vault.uid(&secret())].clone();
    assert!(section(&scene).versions.contains_key(&left));
    let scene = scene.prune(look(31 + DAY, true));
    assert!(!section(&scene).versions.contains_key(&left));
    assert_eq!((codes(&scene), scene.kept()), (Vec::new(), vec![1]));
    assert_eq!(scene.due(look(99 * DAY, true)), []);
}

#[test]
fn what_was_called_off_and_retired_goes_at_once() {
    let scene = Scene::new().put(10, None).change(20, ready).change(30, retired);
    let scene = scene.set("retention.versions", "5");
    assert_eq!(scene.due(look(40, true)), [], "its rotation is open");
    let scene = scene.change(40, aborted);
    assert_eq!((codes(&scene), scene.due(look(50, true))), (Vec::new(), RETIRED.to_vec()));
    let scene = scene.set("retention.days", "1");
    assert_eq!(scene.due(look(40 + 2 * DAY, true)), RETIRED, "of two causes one is told");
    let scene = Scene::new().put(10, None).set("retention.days", "1");
    let scene = scene.change(20, ready).change(30, aborted).change(40, retired);
    assert_eq!(scene.due(look(50, true)), [], "without the setting it goes by age alone");
    assert_eq!(scene.due(look(31 + DAY, true)), BY_AGE);
}

#[test]
fn what_a_promotion_left_goes_by_age() {
    let scene = Scene::new().put(10, None).set("retention.days", "1").change(20, ready);
    let other = |vault: &Vault, ctx: &Ctx<'_>| {
        add_value(vault, &secret(), rotation(vault).rotations[0].id, ctx)
    };
    let scene = scene.change(30, other);
    let promote = |vault: &Vault, ctx: &Ctx<'_>| {
        let state = rotation(vault);
        let (rotation, object) = (state.rotations[0].id, state.held[1].object);
        let (replaces, adopts) = (Vec::new(), None);
        let op = Promote { secret: secret(), rotation, object, replaces, adopts };
        ops(vault, ctx, vec![Op::Promote(op)])
    };
    assert_eq!(scene.due(look(9 * DAY, true)), []);
    let scene = scene.change(40, promote);
    assert_eq!(rotation(&scene.vault).held.len(), 1);
    assert_eq!(scene.due(look(40 + DAY, true)), []);
    let due = scene.due(look(41 + DAY, true));
    assert_eq!(due, [(1, PruneCause::Days), (0, PruneCause::Days)]);
}

/// Two members who may each rotate or write, and no more: neither has the other's value deleted.
#[test]
fn nobody_has_what_another_made_ready_deleted_by_calling_it_off() {
    for rights in [&ROTATOR[..], &WRITER[..]] {
        let mut scene = Scene::new().put(10, None);
        let author = scene.member("wes", &WRITER);
        let other = scene.member("rita", rights);
        let mut scene = scene.set("retention.versions", "1").set("retention.days", "1");
        scene.by(&author, 20, ready);
        scene.by(&other, 1, aborted);
        scene.by(&other, 1, retired);
        assert_eq!(scene.due(look(99 * DAY, true)), []);
        let own = scene.aside(|scene| scene.by(&author, 5 * DAY, aborted));
        let retires = scene.aside(|scene| scene.by(&author, 5 * DAY, retired));
        scene.merge(&own);
        assert_eq!(scene.due(look(6 * DAY, true)), [], "from the author's own word on");
        assert_eq!(scene.due(look(6 * DAY + 1, true)), BY_AGE);
        scene.merge(&retires);
        assert_eq!(scene.due(look(5 * DAY, true)), RETIRED);
    }
}

/// That one of an author's two rotations of a value ended long ago says nothing of the other.
#[test]
fn what_is_in_two_rotations_ends_with_both_of_them() {
    let mut scene = Scene::new().put(10, None);
    let author = scene.member("wes", &WRITER);
    let other = scene.member("rita", &ROTATOR);
    let mut scene = scene.set("retention.days", "1");
    scene.by(&author, 20, |vault, ctx| begin_many(vault, &secret(), &[1, 2], ctx));
    scene.by(&author, 30, first_aborted);
    assert_eq!(scene.due(look(99 * DAY, true)), [], "the other one is open");
    scene.by(&other, 1, aborted);
    assert_eq!(scene.due(look(99 * DAY, true)), []);
    scene.by(&author, 9 * DAY, aborted);
    assert_eq!(scene.due(look(10 * DAY, true)), []);
    assert_eq!(scene.due(look(10 * DAY + 1, true)), BY_AGE);
}

#[test]
fn who_could_delete_has_it_deleted_and_by_an_old_policy_nobody_does() {
    let mut scene = Scene::new().put(10, None);
    let author = scene.member("wes", &WRITER);
    let dan = scene.member("dan", &DELETER);
    let mut scene = scene.set("retention.days", "1").set("retention.versions", "1");
    scene.by(&author, 20, ready);
    let ended = scene.aside(|scene| {
        scene.by(&dan, 30, aborted);
        assert_eq!(scene.due(look(31 + DAY, true)), BY_AGE);
        scene.by(&dan, 40, retired);
        assert_eq!(scene.due(look(50, true)), RETIRED);
    });
    scene.rights("dan", &WRITER);
    scene.merge(&ended);
    assert_eq!(codes(&scene), [], "they count");
    assert_eq!(scene.due(look(99 * DAY, true)), []);
}
