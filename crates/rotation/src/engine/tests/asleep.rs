//! A process that sleeps in the middle of a call, and what another clone makes of it meanwhile.

use super::service::Asleep;
use super::*;
use crate::contract::{Maker, Verb};
use crate::engine::Publication;
use std::rc::Rc;

fn sleeps(service: &Service, at: Verb, is_before: bool, meanwhile: impl FnOnce() + 'static) {
    let meanwhile = Box::new(meanwhile);
    service.asleep.replace(Some(Asleep { at, is_before, meanwhile }));
}

/// One credential beside the first, and that is what every clone is given.
#[track_caller]
fn one_lives(service: &Service, clone: &mut Clone) {
    clone.refresh().unwrap();
    let current = clone.current(&secret());
    let accepted: Vec<String> = service.kept.borrow().accepted.keys().cloned().collect();
    assert_eq!(accepted, ["value-0", &current]);
    clone.remote.pass(OVERLAP);
    retire(clone, service).unwrap();
    assert!(service.accepts(&current) && service.count() == 1);
    rotate(clone, service).unwrap();
}

/// It sleeps where its value is made, another one goes on, and it is woken.
#[track_caller]
fn replaced(is_before: bool) {
    let (remote, [mut one, mut other]) = scene();
    let service = Rc::new(Service::new(&remote, Maker::Provider));
    let there = Rc::clone(&service);
    sleeps(&service, Verb::Set, is_before, move || resume(&mut other, &there).unwrap());
    let error = engine_error(rotate(&mut one, &service));
    assert!(matches!(error, EngineError::Rotate(_)), "{error}");
    assert_eq!(service.kept.borrow().ever.len(), 2);
    one_lives(&service, &mut one);
}

/// The same where the other one ends it.
#[track_caller]
fn aborted(is_before: bool) {
    let (remote, [mut one, mut other]) = scene();
    let service = Rc::new(Service::new(&remote, Maker::Provider));
    let there = Rc::clone(&service);
    sleeps(&service, Verb::Set, is_before, move || {
        let name = secret();
        engine(&mut other, &there, &name).abort(None).unwrap();
    });
    let error = engine_error(rotate(&mut one, &service));
    assert!(matches!(error, EngineError::Rotate(_)), "{error}");
    assert_eq!(service.count(), 1);
    assert!(service.accepts("value-0"));
    rotate(&mut one, &service).unwrap();
    one_lives(&service, &mut one);
}

#[test]
fn a_value_that_was_made_and_whose_intent_another_one_ended_is_nobodys() {
    replaced(false);
    aborted(false);
}

#[test]
fn whoever_comes_to_an_intent_takes_no_value_that_was_recorded_meanwhile() {
    let (remote, [mut one, mut other]) = scene();
    let service = Rc::new(Service::new(&remote, Maker::Provider));
    // The beginning is published, and nothing is made yet.
    remote.killed_at.set(Some(6));
    rotate(&mut one, &service).unwrap_err();
    remote.killed_at.set(None);
    assert_eq!(service.count(), 1);
    let there = Rc::clone(&service);
    // It goes on all the same, while another one is about to end it.
    other.meanwhile = Some(Box::new(move || {
        let name = secret();
        let mut woken = engine(&mut one, &there, &name);
        let open = woken.open(None).unwrap();
        let base = woken.held(&open.base).unwrap();
        woken.go_on(open, &base, None).unwrap();
    }));
    assert!(resume(&mut other, &service).is_err());
    assert_eq!(service.kept.borrow().ever.len(), 1, "no other one is made");
    one_lives(&service, &mut other);
}

#[test]
fn whoever_comes_to_an_intent_revokes_nothing_that_is_made_and_recorded_while_it_looks() {
    let (remote, [mut one, mut other]) = scene();
    let service = Rc::new(Service::new(&remote, Maker::Provider));
    let there = Rc::clone(&service);
    let [mut third, mut last] = [Clone::of(&remote), Clone::of(&remote)];
    // Its answer is lost; one that comes to it has ended it, and a third one begins anew meanwhile.
    service.lost.set(Some((Verb::Set, 1)));
    rotate(&mut one, &service).unwrap_err();
    sleeps(&service, Verb::List, false, move || rotate(&mut third, &there).unwrap());
    let _ = resume(&mut other, &service);
    one_lives(&service, &mut last);
}

#[test]
fn what_is_current_again_while_a_provider_is_asked_about_it_is_not_revoked() {
    for is_before in [true, false] {
        let (remote, [mut one, mut other]) = scene();
        let service = Service::new(&remote, Maker::Here);
        rotate(&mut one, &service).unwrap();
        other.refresh().unwrap();
        remote.pass(OVERLAP);
        sleeps(&service, Verb::LastUsed, is_before, move || other.roll_back(&secret()));
        let error = engine_error(retire(&mut one, &service));
        assert!(matches!(error, EngineError::Moved { .. }), "{error}");
        assert!(service.accepts("value-0") && service.accepts("value-1"));
        assert_eq!(one.current(&secret()), "value-0");
    }
}

#[test]
fn a_value_that_was_made_for_an_intent_that_another_one_had_ended_is_revoked() {
    replaced(true);
    aborted(true);
}

/// Settling looks at what is current, and sleeps while another clone rotates.
fn settled_beside(
    holds_two: bool,
    meanwhile: impl FnOnce(&mut Clone, &Service) + 'static,
) -> (Rc<Service>, Clone) {
    let (remote, [mut one, mut other]) = scene();
    let mut service = Service::new(&remote, Maker::Here);
    service.abilities.holds_two = holds_two;
    let service = Rc::new(service);
    let there = Rc::clone(&service);
    sleeps(&service, Verb::Validate, true, move || {
        rotate(&mut other, &there).unwrap();
        meanwhile(&mut other, &there);
    });
    let name = secret();
    let _ = engine(&mut one, &service, &name).settle(false);
    one.refresh().unwrap();
    (service, one)
}

#[test]
fn settling_beside_a_rotation_leaves_what_that_promoted() {
    let (service, mut one) = settled_beside(true, |_, _| {});
    one_lives(&service, &mut one);
}

#[test]
fn settling_beside_a_rotation_takes_nothing_from_under_it_where_one_credential_works() {
    let (service, one) = settled_beside(false, |_, _| {});
    assert!(service.accepts(&one.current(&secret())), "{:?}", service.kept.borrow());
}

#[test]
fn settling_beside_a_rotation_brings_back_nothing_that_was_retired_meanwhile() {
    let (service, mut one) = settled_beside(true, |other, service| {
        other.remote.pass(OVERLAP);
        retire(other, service).unwrap();
    });
    assert_eq!(service.count(), 1, "{:?}", service.kept.borrow());
    assert!(service.accepts(&one.current(&secret())));
    rotate(&mut one, &service).unwrap();
}
