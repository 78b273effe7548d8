//! A process that ends anywhere, and another clone that goes on.

use super::*;
use crate::contract::Maker;
use crate::engine::Publication;

/// Goes on from whatever is recorded, as a person would: with what is open, or anew.
fn go_on(clone: &mut Clone, service: &Service) {
    clone.refresh().unwrap();
    let state = clone.vault().secret(&secret()).unwrap();
    let is_open = state.open_rotations().next().is_some();
    let is_promoted = v_secure_core::secret::rotate::has_to_retire(state);
    match (is_open, is_promoted) {
        (true, _) => resume(clone, service).unwrap(),
        (false, true) => {}
        (false, false) => rotate(clone, service).unwrap(),
    }
}

fn end_well(clone: &mut Clone, service: &Service, at: usize) {
    go_on(clone, service);
    let active = clone.current(&secret());
    assert!(service.accepts(&active), "killed at {at}: the active value does not work");
    assert_ne!(active, "value-0", "killed at {at}: nothing was rotated");
    assert_eq!(service.count(), 2, "killed at {at}: {:?}", service.kept.borrow());
    clone.remote.pass(OVERLAP);
    retire(clone, service).unwrap();
    assert_eq!(service.count(), 1, "killed at {at}: {:?}", service.kept.borrow());
    assert!(service.accepts(&active), "killed at {at}: nothing works");
    assert_eq!(service.kept.borrow().finished.as_ref(), Some(&active), "killed at {at}");
    rotate(clone, service).unwrap();
}

/// Kills a rotation at each thing that can be seen from outside, before and after it; returns how many there are.
fn killed_everywhere(maker: Maker) -> usize {
    for at in 0.. {
        let (remote, [mut first, mut second]) = scene();
        let service = Service::new(&remote, maker);
        remote.killed_at.set(Some(at));
        let whole = rotate(&mut first, &service).is_ok();
        remote.killed_at.set(None);
        end_well(&mut second, &service, at);
        if whole {
            return at;
        }
    }
    unreachable!()
}

#[test]
fn another_clone_ends_a_rotation_well_wherever_it_was_killed() {
    assert!(killed_everywhere(Maker::Here) > 8);
}

#[test]
fn so_it_does_where_the_provider_makes_the_value_and_its_answer_is_gone() {
    assert!(killed_everywhere(Maker::Provider) > 8);
}

#[test]
fn a_retirement_that_was_killed_is_done_again() {
    for at in 0.. {
        let (remote, [mut first, mut second]) = scene();
        let service = Service::new(&remote, Maker::Here);
        rotate(&mut first, &service).unwrap();
        remote.pass(OVERLAP);
        remote.killed_at.set(Some(at));
        let whole = retire(&mut first, &service).is_ok();
        remote.killed_at.set(None);
        if !whole {
            // It may have been published just before.
            let again = retire(&mut second, &service);
            let is_done = matches!(
                &again,
                Err(TestError::Engine(error)) if matches!(**error, EngineError::Rotate(_))
            );
            assert!(again.is_ok() || is_done, "killed at {at}");
        }
        assert_eq!(service.count(), 1, "killed at {at}");
        second.refresh().unwrap();
        rotate(&mut second, &service).unwrap();
        if whole {
            assert!(at > 4);
            return;
        }
    }
}
