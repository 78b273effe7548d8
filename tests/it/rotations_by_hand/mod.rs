//! Rotations by hand (docs/rotation.md): a value that comes to a share of the instances before it is active, by the
//! program as a user runs it.

#![cfg(unix)]

mod ends;
mod instances;
mod meanwhile;
mod quiet;
mod rights;

use serde_json::Value;
use v_secure_testkit::cli::{Cli, Run, finish, last_failure};

const OLD: &str = "old-value-x4Qz81";
const NEW: &str = "new-value-p7Lk29";
const INSTANCES: usize = 20;

/// With the secret A, and a rotation of it that is given to this share.
fn rotating(share: &str) -> Cli {
    let cli = Cli::with_vault();
    cli.set("A", OLD);
    begin(&cli, share);
    cli
}

/// Begins a rotation of A; returns its id.
#[track_caller]
fn begin(cli: &Cli, share: &str) -> String {
    let run = cli.feed(&format!("secret rotate A --to {share} --json"), NEW.as_bytes());
    assert_eq!(run.code, 0, "{run:?}");
    let report: Value = serde_json::from_slice(&run.out).unwrap();
    report["rotation"]["rotation"].as_str().unwrap().to_owned()
}

/// What a program is given as A by `exec` with these options.
#[track_caller]
fn given(cli: &Cli, options: &str) -> String {
    cli.ok(&format!("exec {options} -- printenv A")).trim_end().to_owned()
}

/// The exit code and the stable code of an `exec` with these options, which starts nothing.
#[track_caller]
fn refused(cli: &Cli, options: &str) -> (i32, String) {
    let run = cli.run(&format!("--json exec {options} -- false"));
    assert!(run.out.is_empty(), "{options}: {run:?}");
    last_failure(&run)
}

/// What the instance with this number is given.
#[track_caller]
fn to_instance(cli: &Cli, number: usize) -> String {
    given(cli, &format!("--instance web-{number}"))
}

/// The instances that are given the new value; all others are given the old one.
fn ahead(cli: &Cli) -> Vec<usize> {
    let is_ahead = |number: &usize| match to_instance(cli, *number).as_str() {
        NEW => true,
        OLD => false,
        other => panic!("web-{number} is given {other}"),
    };
    (0..INSTANCES).filter(is_ahead).collect()
}

/// The rotations of A, as `secret rotation-status` has them.
fn status(cli: &Cli) -> Value {
    cli.json("secret rotation-status A")["secrets"][0].clone()
}

/// A run with a variable.
fn with(cli: &Cli, line: &str, variable: &str, value: &str) -> Run {
    finish(cli.command(line).env(variable, value), b"")
}
