//! On whose word a version goes.

use super::*;
use crate::crypto::id::ObjectId;
use crate::log::op::Versions;
use crate::time::UnixTime;
use proptest::prelude::*;

const WRITER: [Right; 2] = [Right::Read, Right::Write];
const DELETER: [Right; 3] = [Right::Read, Right::Write, Right::Delete];

fn numbers(due: &[(usize, PruneCause)]) -> Vec<usize> {
    due.iter().map(|(number, _)| *number).collect()
}

fn object(scene: &Scene, number: usize) -> ObjectId {
    scene.vault.secret(&secret()).unwrap().numbered(number).unwrap().object
}

fn restored(vault: &Vault, ctx: &Ctx<'_>) -> Change {
    remove::restore(vault, &secret(), &VersionSelector::Current, ctx).unwrap().1
}

#[test]
fn a_flood_by_who_cannot_delete_ends_no_version_of_another() {
    for rights in [&WRITER[..], &[Right::Rotate]] {
        let mut scene = (1..=3).fold(Scene::new(), |scene, at| scene.put(at * 10, None));
        let other = scene.member("wes", rights);
        let mut scene = scene.set("retention.versions", "10").set("retention.days", "1");
        for _ in 0..12 {
            scene = scene.rotate(&other, 1, Some(u64::from(u32::MAX)));
        }
        let due = scene.due(look(5 * DAY, true));
        let others: Vec<usize> = numbers(&due).into_iter().filter(|n| *n <= 3).collect();
        assert_eq!(others, [2, 1], "the owner's own word ended these, by age");
        assert!(due.iter().all(|(number, why)| *number > 3 || *why == PruneCause::Days));
        let soon = scene.due(look(20, true));
        assert_eq!(soon, [(5, PruneCause::Versions), (4, PruneCause::Versions)]);
    }
}

#[test]
fn an_expiry_long_past_takes_its_authors_version_alone() {
    let mut scene = Scene::new().put(10, None).put(20, None);
    let rita = scene.member("rita", &[Right::Rotate]);
    let scene = scene.rotate(&rita, 1, Some(1)).set("retention.versions", "1");
    assert_eq!(scene.due(look(GRACE, true)), [(1, PruneCause::Versions)], "the day of grace");
    assert_eq!(
        scene.due(look(1 + GRACE, true)),
        [(3, PruneCause::Expired), (1, PruneCause::Versions)]
    );
    assert_eq!(scene.prune(look(1 + GRACE, false)).kept(), [1, 2]);
}

#[test]
fn who_could_delete_ends_versions_of_others_and_by_an_old_policy_nobody_does() {
    let scene = Scene::new();
    let mut scene = scene.put(10, None).set("retention.versions", "2");
    let dan = scene.member("dan", &DELETER);
    let old = scene.aside(|scene| {
        for at in 0..3 {
            scene.by(&dan, at, |vault, ctx| new_value(vault, None, ctx));
        }
        assert_eq!(
            scene.due(look(20, true)),
            [(2, PruneCause::Versions), (1, PruneCause::Versions)]
        );
    });
    scene.rights("dan", &WRITER);
    scene.merge(&old);
    let state = scene.vault.secret(&secret()).unwrap();
    assert_eq!((state.versions.len(), state.current), (4, Some(object(&scene, 4))), "they count");
    assert_eq!(scene.due(look(20, true)), [(2, PruneCause::Versions)], "of another none goes");
}

#[test]
fn a_version_ends_by_age_once_its_author_or_a_deleter_replaced_it() {
    let mut scene = Scene::new();
    let wes = scene.member("wes", &WRITER);
    let mut scene = scene.set("retention.days", "1");
    scene.by(&wes, 10, |vault, ctx| new_value(vault, None, ctx));
    let rita = scene.member("rita", &[Right::Rotate]);
    let mut scene = scene.rotate(&rita, 20, None);
    assert_eq!(scene.due(look(100 * DAY, true)), [], "a rotation gives no date");
    scene.by(&wes, 5 * DAY, |vault, ctx| new_value(vault, None, ctx));
    assert_eq!(scene.due(look(6 * DAY, true)), []);
    assert_eq!(numbers(&scene.due(look(6 * DAY + 1, true))), [1], "the author's own put did");
    let scene = scene.put(7 * DAY, None);
    assert_eq!(numbers(&scene.due(look(8 * DAY + 1, true))), [3, 2, 1], "the owner may delete");
}

#[test]
fn a_void_expiry_keeps_a_version_and_shortens_none() {
    for (at, due) in [(None, None), (Some(50), Some(100)), (Some(900), Some(900))] {
        let mut scene = Scene::new().put(10, Some(100));
        let dan = scene.member("dan", &DELETER);
        let old = scene.aside(|scene| {
            scene.by(&dan, 20, |vault, ctx| {
                let object = vault.secret(&secret()).unwrap().current.unwrap();
                let op = Expire {
                    secret: secret(),
                    object,
                    at: at.map(UnixTime::from_secs),
                    adopts: None,
                };
                ops(vault, ctx, vec![Op::Expire(op)])
            });
        });
        scene.rights("dan", &WRITER);
        scene.merge(&old);
        let due: Option<UnixTime> = due.map(|at| UnixTime::from_secs(at + GRACE));
        assert_eq!(first_due(&scene.vault), due);
        let glance = first_due_at_a_glance(&scene.vault);
        assert!(due.is_none() || glance <= due, "nothing is hidden");
        assert!(
            matches!(scene.value(101), Err(ReadError::Expired { since, .. }) if since.as_secs() == 100)
        );
        assert_eq!(scene.due(look(due.map_or(u64::MAX, UnixTime::as_secs) - 1, true)), []);
    }
}

#[test]
fn what_a_void_restore_would_keep_does_not_go_as_removed() {
    for rights_end in [false, true] {
        let mut scene = Scene::new().put(10, None).set("retention.days", "1");
        let wes = scene.member("wes", &WRITER);
        let remove =
            |vault: &Vault, ctx: &Ctx<'_>| remove::remove(vault, &[secret()], ctx).unwrap().1;
        let mut scene = scene.change(20, remove);
        assert_eq!(scene.due(look(3 * DAY, true)), [(1, PruneCause::Days)]);
        let old = scene.aside(|scene| scene.by(&wes, 30, restored));
        if rights_end {
            scene.rights("wes", &[Right::Read]);
        }
        scene.merge(&old);
        assert_eq!(scene.due(look(3 * DAY, true)), []);
        assert_eq!(scene.vault.secret(&secret()).unwrap().is_gone(), rights_end);
    }
}

#[test]
fn what_is_due_is_not_hidden_by_ops_of_other_secrets_or_void_prunes() {
    let mut scene = Scene::new().put(10, Some(100));
    let object = object(&scene, 1);
    let elsewhere = SecretName::parse("dev/B").unwrap();
    let dan = scene.member("dan", &DELETER);
    scene.by(&dan, 20, |vault, ctx| {
        let secret = elsewhere.clone();
        let expire = Expire { secret: secret.clone(), object, at: None, adopts: None };
        let prune = Op::Prune { secret, objects: vec![object] };
        ops(vault, ctx, vec![Op::Expire(expire), prune])
    });
    assert_eq!(first_due_at_a_glance(&scene.vault), Some(UnixTime::from_secs(100 + GRACE)));
    let pruned = scene.aside(|scene| {
        scene.by(&dan, 30, |vault, ctx| {
            ops(vault, ctx, vec![Op::Prune { secret: secret(), objects: vec![object] }])
        });
        assert_eq!(first_due_at_a_glance(&scene.vault), None);
    });
    scene.rights("dan", &WRITER);
    scene.merge(&pruned);
    assert_eq!(
        first_due(&scene.vault),
        Some(UnixTime::from_secs(100 + GRACE)),
        "the prune is void"
    );
    assert_eq!(first_due_at_a_glance(&scene.vault), Some(UnixTime::from_secs(100 + GRACE)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// `retention.versions` against the sentence itself: each version beside each newer one.
    #[test]
    fn retention_by_number_is_a_plain_count(
        steps in prop::collection::vec(0..5u8, 1..12), most in 1..4usize,
    ) {
        let mut scene = Scene::new();
        let hands = [scene.member("wes", &WRITER), scene.member("rita", &[Right::Rotate])];
        let mut scene = scene.set("retention.versions", &most.to_string()).put(1, None);
        // By version: its author, and whether that one could delete.
        let (mut puts, mut deletes) = (vec![(0, true)], false);
        for step in steps {
            match step {
                0 => {
                    scene = scene.put(1, None);
                    puts.push((0, true));
                }
                1 | 2 => {
                    scene.by(&hands[0], 1, |vault, ctx| new_value(vault, None, ctx));
                    puts.push((1, deletes));
                }
                3 => {
                    scene.by(&hands[1], 1, |vault, ctx| new_value(vault, None, ctx));
                    puts.push((2, false));
                }
                _ => {
                    deletes = !deletes;
                    scene.rights("wes", if deletes { &DELETER } else { &WRITER });
                }
            }
        }
        let plain = |at: &usize| {
            let believed = |(author, deletes): &&(i32, bool)| *author == puts[*at].0 || *deletes;
            puts[at + 1..].iter().filter(believed).count() >= most
        };
        // The last is the active one.
        let plain: Vec<usize> = (0..puts.len() - 1).rev().filter(plain).map(|at| at + 1).collect();
        prop_assert_eq!(numbers(&scene.due(look(20, true))), plain);
    }
}

/// So that a rotation beside the removal finds nothing to stand on.
#[test]
fn whatever_removes_a_secret_names_every_version_that_is_not_removed() {
    let mut scene = Scene::new().put(10, None);
    let rita = scene.member("rita", &[Right::Rotate]);
    let rotated = scene.aside(|scene| scene.by(&rita, 20, |v, ctx| new_value(v, None, ctx)));
    let object = object(&scene, 1);
    let mut scene = scene.change(30, |vault, ctx| {
        let versions = Versions { secret: secret(), objects: vec![object], adopts: None };
        ops(vault, ctx, vec![Op::Remove(versions)])
    });
    scene.merge(&rotated);
    let scene = scene.put(40, Some(100)).prune(look(40 + GRACE + 100, false)).put(50, None);
    let state = scene.vault.secret(&secret()).unwrap();
    let facts: Vec<_> = state.versions.iter().map(|v| (v.removed, v.overruled, v.pruned)).collect();
    let (overruled, pruned) = ((false, true, false), (false, false, true));
    assert_eq!(facts, [(true, false, false), overruled, pruned, (false, false, false)]);
    let current = state.current.unwrap();
    let text = format::write(scene.vault.file());
    let rm = |vault: &Vault, ctx: &Ctx<'_>| remove::remove(vault, &[secret()], ctx).unwrap().1;
    let edit = |vault: &Vault, ctx: &Ctx<'_>| {
        let none = crate::secret::edit_buffer::Edited { edits: Vec::new(), missing: Vec::new() };
        crate::secret::edit_buffer::change(vault, &none, &[(secret(), current)], false, ctx)
            .unwrap()
    };
    let rename = |vault: &Vault, ctx: &Ctx<'_>| {
        let to = SecretName::parse("prod/NEW").unwrap();
        let (from, rename, overwrite) = (secret(), true, false);
        let request = crate::secret::copy::CopyRequest { from, to, rename, overwrite };
        crate::secret::copy::copy(vault, &request, ctx).unwrap()
    };
    let mut scene = scene;
    type Way<'a> = &'a dyn Fn(&Vault, &Ctx<'_>) -> Change;
    let ways: [Way<'_>; 3] = [&rm, &edit, &rename];
    for way in ways {
        scene.vault = open(&text);
        let beside = scene.aside(|scene| scene.by(&rita, 60, |v, ctx| new_value(v, None, ctx)));
        scene = scene.change(60, way);
        let state = scene.vault.secret(&secret()).unwrap();
        assert!(state.versions.iter().all(|version| version.removed));
        scene.merge(&beside);
        assert!(scene.vault.secret(&secret()).unwrap().is_gone(), "the removal wins");
    }
}
