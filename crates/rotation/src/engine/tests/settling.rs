//! What settling makes current, and what it leaves as it is.

use super::*;
use crate::contract::Maker;
use crate::engine::{Publication, Settled};

fn settle(clone: &mut Clone, service: &Service) -> Settled {
    let name = secret();
    engine(clone, service, &name).settle(false).unwrap()
}

#[test]
fn a_value_that_works_and_cannot_be_set_stays() {
    let (remote, [mut one, _]) = scene();
    let service = Service::new(&remote, Maker::Here);
    // It is refused where it is set, and works.
    one.put(&secret(), "no credential");
    service.kept.borrow_mut().accepted.insert("no credential".into(), None);
    let settled = settle(&mut one, &service);
    assert_eq!(settled, Settled::default());
    assert_eq!(one.current(&secret()), "no credential");
}

#[test]
fn a_value_that_was_taken_back_does_not_become_current() {
    for maker in [Maker::Here, Maker::Provider] {
        let (remote, [mut one, mut other]) = scene();
        let service = Service::new(&remote, maker);
        rotate(&mut one, &service).unwrap();
        let before = one.current(&secret());
        remote.pass(OVERLAP);
        retire(&mut one, &service).unwrap();
        let (name, mut value) = (secret(), Some(SecretValue::from(service.next_value())));
        let mut make = || Ok(value.take().unwrap());
        let wanted = Wanted { make: &mut make, share: Some(500) };
        engine(&mut one, &service, &name).rotate(wanted).unwrap();
        engine(&mut one, &service, &name).abort(None).unwrap();
        // It works for its overlap, and is newer than the one that everybody had.
        assert_eq!(service.count(), 2);
        other.refresh().unwrap();
        other.put(&secret(), "no credential");
        let settled = match maker {
            Maker::Here => engine(&mut other, &service, &name).settle(true).unwrap(),
            Maker::Provider => settle(&mut other, &service),
        };
        assert!(settled.chosen.is_some(), "{settled:?}");
        assert_eq!(other.current(&secret()), before);
    }
}
