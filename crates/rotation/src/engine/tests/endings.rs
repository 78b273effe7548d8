//! What people do to a secret by hand while or after it rotates, and what is set back.

use super::*;
use crate::contract::{Maker, Verb};
use crate::engine::{Publication, Ran};
use v_secure_core::log::state::Version;
use v_secure_core::secret::put::{self, NewValue, PutRequest};
use v_secure_core::secret::{remove, rotate as by_hand};

fn current(clone: &Clone) -> Version {
    clone.vault().secret(&secret()).unwrap().current().unwrap().clone()
}

/// The current value encrypted anew, as `key rotate --dek` does.
fn encrypt_anew(clone: &mut Clone) {
    let (text, same) = (clone.current(&secret()), current(clone).object);
    clone
        .publish("renew", &mut |vault, ctx| {
            let value = SecretValue::from(text.clone());
            let value = Some(NewValue { value, expires: None, same: vec![same] });
            let request = PutRequest { secret: secret(), value, fields: Vec::new() };
            Ok(put::put(vault, vec![request], ctx).unwrap())
        })
        .unwrap();
}

#[test]
fn a_value_that_is_encrypted_anew_rotates_as_before() {
    let (remote, [mut one, _]) = scene();
    let service = Service::new(&remote, Maker::Here);
    for _ in 0..3 {
        rotate(&mut one, &service).unwrap();
        remote.pass(OVERLAP);
        retire(&mut one, &service).unwrap();
        let before = current(&one).object;
        encrypt_anew(&mut one);
        assert_ne!(current(&one).object, before);
    }
    assert_eq!(service.count(), 1);
    assert!(service.accepts(&one.current(&secret())));
}

#[test]
fn a_value_that_is_new_is_not_taken_for_one_that_is_encrypted_anew() {
    let (remote, [mut one, _]) = scene();
    let service = Service::new(&remote, Maker::Here);
    rotate(&mut one, &service).unwrap();
    remote.pass(OVERLAP);
    retire(&mut one, &service).unwrap();
    rotate(&mut one, &service).unwrap();
    one.put(&secret(), "value-by-hand");
    service.kept.borrow_mut().accepted.insert("value-by-hand".into(), None);
    remote.pass(OVERLAP);
    retire(&mut one, &service).unwrap();
    let error = engine_error(rotate(&mut one, &service));
    assert!(matches!(error, EngineError::Call { verb: Verb::Set, .. }), "{error}");
    assert_eq!(service.count(), 1);
    // Settling has the provider know it, and what was begun goes on.
    let name = secret();
    engine(&mut one, &service, &name).settle(false).unwrap();
    resume(&mut one, &service).unwrap();
    assert!(service.accepts(&one.current(&name)));
}

/// An intent whose answer was lost, so that a credential is there that nobody can read.
fn lost_intent(one: &mut Clone, service: &Service) {
    service.lost.set(Some((Verb::Set, 1)));
    rotate(one, service).unwrap_err();
    assert_eq!(service.count(), 2);
}

#[test]
fn what_was_made_for_an_intent_that_was_withdrawn_by_hand_is_revoked() {
    for by_run in [true, false] {
        let (remote, [mut one, _]) = scene();
        let service = Service::new(&remote, Maker::Provider);
        lost_intent(&mut one, &service);
        one.publish("roll back", &mut |vault, ctx| {
            Ok(by_hand::withdraw(vault, &secret(), ctx).unwrap())
        })
        .unwrap();
        let name = secret();
        match by_run {
            true => {
                let ran = engine(&mut one, &service, &name).run(None).unwrap();
                assert_eq!(ran, Ran::Nothing);
            }
            false => retire(&mut one, &service).unwrap(),
        }
        assert_eq!(service.count(), 1);
        assert!(service.accepts("value-0"));
    }
}

#[test]
fn what_was_made_for_an_intent_of_a_removed_secret_is_revoked() {
    let (remote, [mut one, _]) = scene();
    let service = Service::new(&remote, Maker::Provider);
    lost_intent(&mut one, &service);
    one.publish("remove", &mut |vault, ctx| Ok(remove::remove(vault, &[secret()], ctx).unwrap().1))
        .unwrap();
    retire(&mut one, &service).unwrap();
    assert_eq!(service.count(), 1);
    // And a second time there is nothing.
    let error = engine_error(retire(&mut one, &service));
    assert!(matches!(error, EngineError::Rotate(_)), "{error}");
}

#[test]
fn settling_revokes_what_was_made_for_the_intents_that_it_aborts() {
    let (remote, [mut one, _]) = scene();
    let service = Service::new(&remote, Maker::Provider);
    lost_intent(&mut one, &service);
    // The intent rests on another value than the current one now, and cannot go on.
    one.put(&secret(), "value-by-hand");
    service.kept.borrow_mut().accepted.insert("value-by-hand".into(), None);
    let name = secret();
    let settled = engine(&mut one, &service, &name).settle(false).unwrap();
    assert_eq!(settled.aborted.len(), 1);
    let kept = service.kept.borrow();
    assert!(kept.accepted.values().all(Option::is_none), "{kept:?}");
}

/// Where one credential works at a time.
fn single(remote: &std::rc::Rc<Remote>) -> Service {
    let mut service = Service::new(remote, Maker::Here);
    service.abilities.holds_two = false;
    service
}

#[test]
fn where_one_works_at_a_time_an_abort_brings_the_one_before_back() {
    let (remote, [mut one, mut other]) = scene();
    let service = single(&remote);
    service.broken.set(true);
    rotate(&mut one, &service).unwrap_err();
    assert!(!service.accepts("value-0"));
    let open = one.vault().secret(&secret()).unwrap().open_rotations().next().unwrap().clone();
    let name = secret();
    engine(&mut other, &service, &name).abort(None).unwrap();
    assert!(service.accepts("value-0") && service.count() == 1, "{:?}", service.kept.borrow());
    // Who slept before setting it does not do that now.
    let asleep = engine(&mut one, &service, &name);
    let (base, new) = (asleep.held(&open.base.unwrap()), asleep.held(&open.objects[0]));
    let was = crate::engine::open_of(&open, open.base.unwrap());
    let woken = asleep.try_out(&was, &base.unwrap(), &new.unwrap());
    assert!(matches!(
        engine_error(woken),
        EngineError::Call { source: crate::contract::CallError::Fenced { .. }, .. }
    ));
    assert!(service.accepts("value-0") && service.count() == 1);
    // The next one goes on from there.
    service.broken.set(false);
    rotate(&mut other, &service).unwrap();
    assert!(service.accepts(&other.current(&secret())) && service.count() == 1);
}

#[test]
fn so_it_does_where_the_new_one_was_never_set() {
    let (remote, [mut one, mut other]) = scene();
    let service = single(&remote);
    remote.killed_at.set(Some(6));
    rotate(&mut one, &service).unwrap_err();
    remote.killed_at.set(None);
    let name = secret();
    engine(&mut other, &service, &name).abort(None).unwrap();
    assert!(service.accepts("value-0") && service.count() == 1);
}

#[test]
fn what_a_share_was_given_stays_for_the_overlap_when_it_is_withdrawn() {
    let (remote, [mut one, mut other]) = scene();
    let service = Service::new(&remote, Maker::Here);
    let (name, mut value) = (secret(), Some(SecretValue::from(service.next_value())));
    let mut make = || Ok(value.take().unwrap());
    let wanted = Wanted { make: &mut make, share: Some(500) };
    engine(&mut one, &service, &name).rotate(wanted).unwrap();
    engine(&mut other, &service, &name).abort(None).unwrap();
    assert!(service.accepts("value-1"));
    assert!(matches!(engine_error(retire(&mut one, &service)), EngineError::Early { .. }));
    remote.pass(OVERLAP);
    retire(&mut one, &service).unwrap();
    assert!(!service.accepts("value-1") && service.accepts("value-0"));
}

#[test]
fn settling_takes_the_newest_value_that_works_where_the_current_one_is_no_credential() {
    let (remote, [mut one, _]) = scene();
    let service = Service::new(&remote, Maker::Here);
    rotate(&mut one, &service).unwrap();
    one.put(&secret(), "no credential");
    let name = secret();
    let settled = engine(&mut one, &service, &name).settle(true).unwrap();
    assert!(settled.chosen.is_some());
    assert_eq!(one.current(&name), "value-1");
}
