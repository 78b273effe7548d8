//! What the dates of records decide: how long an old credential stays, and how long a new one lives.

use super::*;
use crate::contract::{Maker, Verb};
use crate::engine::{Gate, Publication, Ran};
use v_secure_core::secret::put::{self, NewValue, PutRequest};
use v_secure_core::secret::rotate::{self as by_hand, begin};
use v_secure_core::time::UnixTime;

const YEARS: u64 = 74 * 365 * 86_400;
const DAY: u64 = 86_400;

/// By a clock that is so many seconds ahead.
fn ahead(remote: &Remote, seconds: u64, work: impl FnOnce()) {
    let now = remote.now.get();
    remote.pass(seconds);
    work();
    remote.now.set(now);
}

fn run(clone: &mut Clone, service: &Service) -> Result<Ran, TestError> {
    let name = secret();
    engine(clone, service, &name).run(None)
}

/// As whoever has `rotate` alone can.
fn begin_and_withdraw(clone: &mut Clone) {
    let name = secret();
    clone
        .publish("begin", &mut |vault, ctx| Ok(begin::intend(vault, &name, None, ctx).unwrap().1))
        .unwrap();
    clone
        .publish("abort", &mut |vault, ctx| Ok(by_hand::abort(vault, &name, None, ctx).unwrap().1))
        .unwrap();
}

#[test]
fn an_intent_that_was_withdrawn_counts_for_no_overlap_whenever_it_is_dated() {
    for seconds in [0, YEARS] {
        let (remote, [mut one, mut other]) = scene();
        let service = Service::new(&remote, Maker::Provider);
        ahead(&remote, seconds, || begin_and_withdraw(&mut other));
        rotate(&mut one, &service).unwrap();
        let until = UnixTime::from_secs(remote.now.get() + OVERLAP);
        remote.pass(OVERLAP - 10);
        assert_eq!(run(&mut one, &service).unwrap(), Ran::Waits { until });
        remote.pass(10);
        let ran = run(&mut one, &service).unwrap();
        assert!(matches!(ran, Ran::Retired(_)), "{seconds}: {ran:?}");
        assert!(!service.accepts("value-0") && service.accepts(&one.current(&secret())));
    }
}

#[test]
fn what_is_dated_in_the_future_is_told_and_revokes_nothing() {
    let (remote, [mut one, mut other]) = scene();
    let service = Service::new(&remote, Maker::Here);
    ahead(&remote, YEARS, || rotate(&mut one, &service).unwrap());
    remote.pass(OVERLAP);
    let is_ahead = |error: EngineError| {
        let dated = |gate: &Gate| matches!(gate, Gate::Ahead { .. });
        assert!(matches!(&error, EngineError::Early { gate, .. } if dated(gate)), "{error}");
    };
    other.refresh().unwrap();
    for clone in [&mut one, &mut other] {
        is_ahead(engine_error(run(clone, &service).map(drop)));
    }
    is_ahead(engine_error(retire(&mut one, &service)));
    let name = secret();
    is_ahead(engine_error(engine(&mut one, &service, &name).retire_or_wait(0).map(drop)));
    assert!(service.accepts("value-0") && service.accepts("value-1"));
}

#[test]
fn a_clock_that_is_a_little_ahead_is_waited_for() {
    let (remote, [mut one, _]) = scene();
    let service = Service::new(&remote, Maker::Here);
    ahead(&remote, 299, || rotate(&mut one, &service).unwrap());
    let until = UnixTime::from_secs(remote.now.get() + 299 + OVERLAP);
    assert_eq!(run(&mut one, &service).unwrap(), Ran::Waits { until });
    remote.pass(OVERLAP + 299);
    assert!(matches!(run(&mut one, &service).unwrap(), Ran::Retired(_)));
}

/// The current value is of one that lives for so long.
fn put_for(clone: &mut Clone, text: &str, seconds: u64) {
    let expires = Some(clone.now().saturating_add(seconds));
    clone
        .publish("set", &mut |vault, ctx| {
            let value = SecretValue::from(text.to_owned());
            let value = Some(NewValue { value, expires, same: Vec::new() });
            let request = PutRequest { secret: secret(), value, fields: Vec::new() };
            Ok(put::put(vault, vec![request], ctx).unwrap())
        })
        .unwrap();
}

#[test]
fn a_lifetime_is_counted_from_where_a_value_is_stated_however_late_it_is_promoted() {
    for maker in [Maker::Here, Maker::Provider] {
        let (remote, [mut one, _]) = scene();
        let service = Service::new(&remote, maker);
        put_for(&mut one, "value-0", 90 * DAY);
        let name = secret();
        for _ in 0..4 {
            let (begun, mut value) =
                (remote.now.get(), Some(SecretValue::from(service.next_value())));
            let mut make = || Ok(value.take().unwrap());
            let wanted = Wanted { make: &mut make, share: Some(500) };
            engine(&mut one, &service, &name).rotate(wanted).unwrap();
            remote.pass(30 * DAY);
            engine(&mut one, &service, &name).promote_open(None).unwrap();
            let current = one.vault().secret(&name).unwrap().current().unwrap();
            assert_eq!(current.expires, Some(UnixTime::from_secs(begun + 90 * DAY)));
            remote.pass(OVERLAP);
            retire(&mut one, &service).unwrap();
        }
        assert_eq!(service.count(), 1);
    }
}

/// A provider that has no time for `list` now says nothing of the credentials.
#[test]
fn a_sweep_that_is_not_answered_asks_again() {
    let (remote, [mut one, _]) = scene();
    let service = Service::new(&remote, Maker::Provider);
    service.lost.set(Some((Verb::Set, 1)));
    rotate(&mut one, &service).unwrap_err();
    assert_eq!(service.count(), 2);
    let name = secret();
    service.lost.set(Some((Verb::List, 2)));
    engine(&mut one, &service, &name).abort(None).unwrap();
    assert_eq!(service.count(), 1);
    service.lost.set(Some((Verb::List, 2)));
    rotate(&mut one, &service).unwrap();
    assert_eq!(service.count(), 2);
    remote.pass(OVERLAP);
    service.lost.set(Some((Verb::List, 2)));
    retire(&mut one, &service).unwrap();
    assert_eq!(service.count(), 1);
    assert!(service.accepts(&one.current(&name)));
}
