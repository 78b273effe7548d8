//! What a machine does by itself.

use super::*;
use crate::contract::Maker;
use crate::engine::Ran;
use v_secure_core::time::UnixTime;

fn run(clone: &mut Clone, service: &Service) -> Result<Ran, TestError> {
    let name = secret();
    engine(clone, service, &name).run(None)
}

#[test]
fn what_has_to_wait_is_no_failure_and_says_until_when() {
    let (remote, [mut one, _]) = scene();
    let service = Service::new(&remote, Maker::Here);
    rotate(&mut one, &service).unwrap();
    let waits = |ran: Ran, from: u64| {
        assert_eq!(ran, Ran::Waits { until: UnixTime::from_secs(from + OVERLAP) });
    };
    waits(run(&mut one, &service).unwrap(), remote.now.get());
    remote.pass(OVERLAP);
    // Sessions that nobody closes.
    let used = remote.now.get() - 5;
    service.last_used.set(Some(used));
    waits(run(&mut one, &service).unwrap(), used);
    assert!(service.accepts("value-0"));
    // Another clock is seen to by somebody.
    service.last_used.set(None);
    service.ahead.set(301);
    run(&mut one, &service).unwrap_err();
    service.ahead.set(0);
    assert!(matches!(run(&mut one, &service).unwrap(), Ran::Retired(old) if old.len() == 1));
    assert!(!service.accepts("value-0"));
}
