//! What is refused, repeated and waited for.

use super::*;
use crate::contract::{Finds, Maker, State, Verb};
use crate::engine::{Gate, Publication, Step};
use v_secure_core::log::rotation::MAX_SHARE;
use v_secure_core::time::UnixTime;

#[test]
fn a_rotation_is_promoted_finished_and_its_old_credential_retired_after_the_overlap() {
    let (remote, [mut one, _]) = scene();
    let service = Service::new(&remote, Maker::Here);
    rotate(&mut one, &service).unwrap();
    assert_eq!(one.current(&secret()), "value-1");
    assert_eq!(service.kept.borrow().finished.as_deref(), Some("value-1"));
    let error = engine_error(retire(&mut one, &service));
    let until = UnixTime::from_secs(remote.now.get() + OVERLAP);
    assert!(
        matches!(error, EngineError::Early { gate: Gate::Overlap { until: at }, .. } if at == until),
        "{error}"
    );
    assert!(service.accepts("value-0"));
    remote.pass(OVERLAP);
    retire(&mut one, &service).unwrap();
    assert!(!service.accepts("value-0") && service.accepts("value-1"));
}

#[test]
fn no_rotation_begins_before_the_one_before_it_is_over() {
    let (remote, [mut one, mut other]) = scene();
    let service = Service::new(&remote, Maker::Here);
    rotate(&mut one, &service).unwrap();
    let error = engine_error(rotate(&mut other, &service));
    assert!(matches!(error, EngineError::Left { .. }), "{error}");
    assert_eq!(service.count(), 2);
}

#[test]
fn of_two_clones_that_begin_at_once_one_does_and_the_other_touches_nothing() {
    let (remote, [mut one, mut other]) = scene();
    let service = std::rc::Rc::new(Service::new(&remote, Maker::Here));
    let first = std::rc::Rc::clone(&service);
    one.meanwhile = Some(Box::new(move || rotate(&mut other, &first).unwrap()));
    let error = engine_error(rotate(&mut one, &service));
    assert!(matches!(error, EngineError::Moved { .. }), "{error}");
    assert_eq!(service.count(), 2);
    assert!(service.accepts(&one.current(&secret())));
}

#[test]
fn a_clone_that_slept_overwrites_no_newer_credential() {
    let (remote, [mut one, mut other]) = scene();
    let service = Service::new(&remote, Maker::Here);
    // It published the beginning, and sleeps before it asks the provider.
    remote.killed_at.set(Some(6));
    let slept = rotate(&mut one, &service);
    assert!(slept.is_err() && service.count() == 1);
    remote.killed_at.set(None);
    let name = secret();
    let open = one.vault().secret(&name).unwrap().open_rotations().next().unwrap().clone();
    // Another one ends it, and one more rotation.
    resume(&mut other, &service).unwrap();
    remote.pass(OVERLAP);
    retire(&mut other, &service).unwrap();
    rotate(&mut other, &service).unwrap();
    let before = service.kept.borrow().accepted.clone();
    let asleep = engine(&mut one, &service, &name);
    let (base, new) = (asleep.held(&open.base.unwrap()), asleep.held(&open.objects[0]));
    let was = crate::engine::open_of(&open, open.base.unwrap());
    let woken = asleep.try_out(&was, &base.unwrap(), &new.unwrap());
    assert!(matches!(
        engine_error(woken),
        EngineError::Call {
            verb: Verb::Set,
            source: crate::contract::CallError::Fenced { .. },
            ..
        }
    ));
    assert_eq!(service.kept.borrow().accepted, before);
}

#[test]
fn the_same_value_is_set_again_where_the_answer_is_lost() {
    let (remote, [mut one, _]) = scene();
    let service = Service::new(&remote, Maker::Here);
    service.lost.set(Some((Verb::Set, 3)));
    rotate(&mut one, &service).unwrap();
    assert_eq!(service.count(), 2);
    assert_eq!(one.said.borrow().iter().filter(|step| **step == Step::Again).count(), 3);
}

#[test]
fn a_provider_that_never_answers_leaves_the_rotation_open_and_the_current_value_as_it_is() {
    let (remote, [mut one, mut other]) = scene();
    let service = Service::new(&remote, Maker::Here);
    service.lost.set(Some((Verb::Set, 4)));
    let error = engine_error(rotate(&mut one, &service));
    assert!(matches!(error, EngineError::Call { verb: Verb::Set, .. }), "{error}");
    assert_eq!(one.current(&secret()), "value-0");
    resume(&mut other, &service).unwrap();
    assert_eq!((service.count(), other.current(&secret()).as_str()), (2, "value-1"));
}

#[test]
fn what_does_not_work_is_not_promoted_and_can_be_aborted_and_revoked() {
    let (remote, [mut one, mut other]) = scene();
    let service = Service::new(&remote, Maker::Here);
    service.broken.set(true);
    let error = engine_error(rotate(&mut one, &service));
    assert!(matches!(error, EngineError::NotWorking { state: State::Inactive, .. }), "{error}");
    assert_eq!(one.current(&secret()), "value-0");
    let name = secret();
    engine(&mut other, &service, &name).abort(None).unwrap();
    // Nobody was given it, so nobody is waited for.
    assert!(!service.accepts("value-1") && service.accepts("value-0"));
    service.broken.set(false);
    rotate(&mut one, &service).unwrap();
}

#[test]
fn an_intent_that_is_aborted_leaves_no_credential_that_nobody_can_read() {
    let (remote, [mut one, mut other]) = scene();
    let service = Service::new(&remote, Maker::Provider);
    service.lost.set(Some((Verb::Set, 1)));
    rotate(&mut one, &service).unwrap_err();
    assert_eq!(service.count(), 2);
    let name = secret();
    engine(&mut other, &service, &name).abort(None).unwrap();
    assert_eq!(service.count(), 1);
    assert!(service.accepts("value-0"));
}

#[test]
fn what_is_in_use_is_not_revoked_nor_is_anything_by_a_clock_that_is_off() {
    let (remote, [mut one, _]) = scene();
    let service = Service::new(&remote, Maker::Here);
    rotate(&mut one, &service).unwrap();
    remote.pass(OVERLAP);
    service.last_used.set(Some(remote.now.get() - 5));
    let error = engine_error(retire(&mut one, &service));
    assert!(matches!(error, EngineError::Early { gate: Gate::Used { .. }, .. }), "{error}");
    service.last_used.set(None);
    service.ahead.set(301);
    let error = engine_error(retire(&mut one, &service));
    assert!(matches!(error, EngineError::Early { gate: Gate::Clocks { .. }, .. }), "{error}");
    assert!(service.accepts("value-0"));
}

#[test]
fn an_overlap_may_be_longer_than_the_setting_but_not_shorter() {
    for (asked, needed) in [(0, OVERLAP), (OVERLAP + 100, OVERLAP + 100)] {
        let (remote, [mut one, _]) = scene();
        let service = Service::new(&remote, Maker::Here);
        rotate(&mut one, &service).unwrap();
        let name = secret();
        remote.pass(needed - 1);
        let early = engine(&mut one, &service, &name).retire(asked).unwrap_err();
        assert!(matches!(engine_error(Err(early)), EngineError::Early { .. }));
        remote.pass(1);
        engine(&mut one, &service, &name).retire(asked).unwrap();
        assert!(!service.accepts("value-0"));
    }
}

#[test]
fn nothing_is_revoked_while_the_current_value_does_not_work() {
    let (remote, [mut one, _]) = scene();
    let service = Service::new(&remote, Maker::Here);
    rotate(&mut one, &service).unwrap();
    remote.pass(OVERLAP);
    service.broken.set(true);
    let error = engine_error(retire(&mut one, &service));
    assert!(matches!(error, EngineError::Unsettled { .. }), "{error}");
    assert!(service.accepts("value-0"));
}

#[test]
fn a_share_is_given_the_value_and_going_on_promotes_it() {
    let (remote, [mut one, mut other]) = scene();
    let service = Service::new(&remote, Maker::Here);
    let (name, mut value) = (secret(), Some(SecretValue::from(service.next_value())));
    let mut make = || Ok(value.take().unwrap());
    let wanted = Wanted { make: &mut make, share: Some(500) };
    engine(&mut one, &service, &name).rotate(wanted).unwrap();
    let share = |clone: &Clone| {
        clone.vault().secret(&secret()).unwrap().rotation.as_ref().unwrap().rotations[0].share
    };
    assert_eq!((share(&one), one.current(&name).as_str()), (500, "value-0"));
    engine(&mut other, &service, &name).resume(None, Some(MAX_SHARE)).unwrap();
    assert_eq!((share(&other), other.current(&name).as_str()), (MAX_SHARE, "value-0"));
    // How it goes on is said by who gave it to a share.
    let error = engine_error(resume(&mut one, &service));
    assert!(matches!(error, EngineError::Staged { .. }), "{error}");
    let ran = engine(&mut other, &service, &name).run(None).unwrap();
    assert!(matches!(ran, crate::engine::Ran::Held(_)), "{ran:?}");
    engine(&mut one, &service, &name).promote_open(None).unwrap();
    assert_eq!(one.current(&name), "value-1");
}

#[test]
fn a_provider_that_a_rotation_cannot_rest_on_is_refused_before_anything_is_recorded() {
    let (remote, [mut one, _]) = scene();
    let mut service = Service::new(&remote, Maker::Here);
    service.abilities.fences = false;
    assert!(matches!(engine_error(rotate(&mut one, &service)), EngineError::Unfenced { .. }));
    let mut service = Service::new(&remote, Maker::Provider);
    service.abilities.finds = Finds::Nothing;
    assert!(matches!(engine_error(rotate(&mut one, &service)), EngineError::Orphans { .. }));
    let mut service = Service::new(&remote, Maker::Here);
    service.abilities.verbs.remove(&Verb::Revoke);
    assert!(matches!(
        engine_error(rotate(&mut one, &service)),
        EngineError::Lacks { verb: Verb::Revoke, .. }
    ));
    let service = Service::new(&remote, Maker::Here);
    service.kept.borrow_mut().accepted.clear();
    assert!(matches!(engine_error(rotate(&mut one, &service)), EngineError::NotActive { .. }));
    assert!(one.vault().secret(&secret()).unwrap().rotation.is_none());
    assert!(service.calls.borrow().iter().all(|verb| *verb == Verb::Validate));
}

#[test]
fn settling_sets_the_provider_to_a_value_that_was_set_by_hand() {
    let (remote, [mut one, mut other]) = scene();
    let service = Service::new(&remote, Maker::Here);
    rotate(&mut one, &service).unwrap();
    other.refresh().unwrap();
    other.put(&secret(), "by-hand");
    let name = secret();
    // Whoever knows it would be let in: that is said in so many words.
    let error = engine(&mut one, &service, &name).settle(false).map(|_| ());
    assert!(matches!(engine_error(error), EngineError::ByHand { .. }));
    assert!(!service.accepts("by-hand"));
    let settled = engine(&mut one, &service, &name).settle(true).unwrap();
    assert!(settled.set_again && settled.chosen.is_none() && settled.aborted.is_empty());
    assert!(service.accepts("by-hand"));
    assert_eq!(one.current(&name), "by-hand");
}

#[test]
fn settling_takes_the_value_that_works_where_the_provider_makes_them() {
    let (remote, [mut one, _]) = scene();
    let service = Service::new(&remote, Maker::Provider);
    rotate(&mut one, &service).unwrap();
    one.put(&secret(), "nonsense");
    let name = secret();
    let settled = engine(&mut one, &service, &name).settle(false).unwrap();
    assert!(settled.chosen.is_some());
    assert_eq!(one.current(&name), "value-2");
}

#[test]
fn settling_changes_nothing_where_nothing_works() {
    let (remote, [mut one, _]) = scene();
    let service = Service::new(&remote, Maker::Provider);
    service.kept.borrow_mut().accepted.clear();
    let name = secret();
    let before = v_secure_core::file::format::write(one.vault().file());
    let error = engine(&mut one, &service, &name).settle(false).unwrap_err();
    assert!(matches!(
        error,
        TestError::Engine(error) if matches!(*error, EngineError::NothingWorks { .. })
    ));
    assert_eq!(v_secure_core::file::format::write(one.vault().file()), before);
}
