//! An environment of which each variable fits and all together do not.

#![cfg(unix)]

use std::ffi::OsString;
use v_secure::cli::child::{ChildError, Program, run};
use v_secure::host::hardening::harden;
use v_secure_core::convert::inject::{ChildOptions, Clash, Consent, System, environment};
use v_secure_testkit::own_process::is_own;

#[test]
fn too_much_environment_is_told_apart_from_other_failures() {
    // It hardens its own process.
    if !is_own(too_much_environment_is_told_apart_from_other_failures) {
        return;
    }
    // 100 times 100 KiB: Linux takes 6 MiB at most, macOS 1 MiB.
    let big = OsString::from("x".repeat(100 << 10));
    let parent = (0..100).map(|index| (format!("BIG_{index}").into(), big.clone())).collect();
    let system = System::current();
    let consent = Consent::default();
    let options = ChildOptions { pristine: false, clash: Clash::Error, consent: &consent, system };
    let environment = environment(parent, Vec::new(), &options).unwrap();
    // `false`, so that a start that works fails the test instead of replacing it by a success.
    let program = Program { name: "false".as_ref(), arguments: &[], search: None };
    let error = run(program, &environment, &harden()).unwrap_err();
    assert!(matches!(error, ChildError::TooLarge { .. }), "{error}");
    assert_eq!(error.exit_code(), 126);
}
