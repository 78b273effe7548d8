//! Rotations that were begun: what other commands say of their values and versions.

#![cfg(unix)]

use serde_json::{Value, json};
use v_secure_testkit::person::Person;

/// Begins a rotation with a value that nobody is given yet. Returns its id.
fn begin(by: &Person, secret: &str, value: &str) -> String {
    let done = by.feed(&format!("secret rotate {secret} --to 0% --json"), value).json();
    done["rotation"]["rotation"].as_str().unwrap().to_owned()
}

/// An owner with `dev/DB` and `prod/DB`, and a developer who reads and writes `dev`.
fn team() -> (Person, Person) {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.set("dev/DB", "dev-db");
    owner.set("prod/DB", "prod-db");
    owner.run("role create developer --grant read,write:dev/*").ok();
    let developer = device(&owner, "--role developer");
    (owner, developer)
}

/// A device of the developer's.
fn device(owner: &Person, rest: &str) -> Person {
    let developer = Person::new("developer");
    developer.pull(owner);
    let request = developer.run("member request --json").json();
    let line = request["request"].as_str().unwrap();
    owner.feed(&format!("member add developer --request - --yes {rest}"), line).ok();
    developer.pull(owner);
    developer.accept_as(owner);
    developer
}

/// Of each exposed value: its secret, version and rotation.
fn rows(report: &Value) -> Vec<[&Value; 3]> {
    let rows = report["exposed"].as_array().unwrap().iter();
    rows.map(|row| [&row["secret"], &row["version"], &row["rotation"]]).collect()
}

#[test]
fn what_a_leaver_made_ready_is_told_before_it_is_current() {
    let (owner, developer) = team();
    let id = begin(&developer, "dev/DB", "planted");
    owner.pull(&developer);
    assert_eq!(rows(&owner.run("exposed --json").json()).len(), 0);
    let gone = owner.run("member remove developer --yes --json").json();
    assert_eq!(gone["exposed"], json!(["dev/DB"]));
    assert_eq!(gone["exposed_rotations"], json!([{ "secret": "dev/DB", "rotation": id }]));
    let report = owner.run("exposed --json").json();
    let (dev, of) = (json!("dev/DB"), json!(id));
    let current = [&dev, &json!(1), &Value::Null];
    assert_eq!(rows(&report), [current, [&dev, &json!(0), &of]]);
    let status = owner.run("--quiet").ok();
    assert!(status.contains("right to read them: 1 secret: v-secure exposed"), "{status}");
    // A new value does not end it.
    owner.set("dev/DB", "next");
    assert_eq!(rows(&owner.run("exposed --json").json()), [[&dev, &json!(0), &of]]);
    let shown = owner.run("exposed");
    let row = format!("dev/DB, rotation {}", &id[..10]);
    assert!(
        shown.out.contains(&row) && shown.err.contains("secret rotate NAME --abort"),
        "{shown:?}"
    );
    assert!(!shown.err.contains("v-secure set NAME"), "{shown:?}");
    let waive = owner.run("--json secret waive dev/DB --reason example");
    assert_eq!(waive.error(), (7, "not-exposed".into()));
    std::thread::sleep(std::time::Duration::from_secs(2));
    let late = owner.run("exposed --deadline 1s");
    assert!(late.err.contains("v-secure secret rotate dev/DB --abort"), "{late:?}");
    owner.run("secret rotate dev/DB --abort").ok();
    // The provider may accept it still.
    let late = owner.run("exposed --deadline 1s");
    assert!(late.err.contains("then: v-secure rotation retire dev/DB"), "{late:?}");
    owner.run("rotation retire dev/DB --yes").ok();
    owner.run("exposed --deadline 1s").ok();
}

#[test]
fn what_a_leaver_knew_is_listed_until_it_is_retired() {
    let (owner, _) = team();
    begin(&owner, "dev/DB", "next");
    owner.run("rotation promote dev/DB").ok();
    let gone = owner.run("member remove developer --yes");
    let told = "developer may know old values that rotations of 1 secret left: dev/DB";
    assert!(gone.err.contains(told), "{gone:?}");
    // The value that took its place is known too, and another one ends that.
    owner.set("dev/DB", "third");
    let report = owner.run("exposed --json").json();
    let rows: Vec<_> = report["exposed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (&row["version"], &row["to_retire"]))
        .collect();
    assert_eq!(rows, [(&json!(1), &json!(true)), (&json!(2), &json!(true))]);
    let shown = owner.run("exposed");
    assert!(
        shown.out.contains("dev/DB, version 1")
            && shown.err.contains("v-secure rotation retire NAME"),
        "{shown:?}"
    );
    owner.run("rotation retire dev/DB --yes").ok();
    assert_eq!(owner.run("exposed --json").json()["exposed"], json!([]));
}

#[test]
fn a_lost_device_knows_what_it_made_ready() {
    let (owner, developer) = team();
    device(&owner, "--device");
    developer.pull(&owner);
    let id = begin(&developer, "dev/DB", "planted");
    owner.pull(&developer);
    owner.set("dev/DB", "next");
    let run = owner.run("member key remove developer/developer-laptop --lost --yes");
    let told = format!("the value of an open rotation: {} of dev/DB; abort", &id[..10]);
    assert!(run.err.contains(&told), "{run:?}");
}

#[test]
fn values_with_an_open_rotation_keep_their_keys() {
    let (owner, _) = team();
    begin(&owner, "prod/DB", "next");
    let left = json!([{ "audience": null, "secret": "prod/DB", "why": "in-rotation", "able": [] }]);
    let planned = owner.run("key rotate --all --dek --dry-run --json").json();
    assert_eq!((&planned["left"], &planned["secrets"]), (&left, &json!(["dev/DB"])));
    let done = owner.run("key rotate --all --dek --json").json();
    assert_eq!((&done["left"], &done["secrets"]), (&left, &json!(["dev/DB"])));
    let run = owner.run("key rotate --dek --secret prod/DB");
    assert!(run.err.contains("which a fresh key would end: prod/DB"), "{run:?}");
    let run = owner.run("--json key rotate --dek --secret prod/DB");
    assert_eq!(run.error(), (7, "rotation-open".into()));
    // A stale one has nothing to end.
    owner.set("prod/DB", "other");
    owner.run("key rotate --dek --secret prod/DB").ok();
    owner.run("audit verify --strict").ok();
}

#[test]
fn a_retired_version_is_called_so_and_does_not_come_back() {
    let (owner, _) = team();
    owner.set("prod/DB", "second");
    owner.set("prod/DB", "third");
    owner.run("rotation retire prod/DB --version 1 --yes").ok();
    let versions = owner.run("secret versions prod/DB --json").json();
    let state = |version: &Value| (version["state"].clone(), version["retired"].clone());
    let states: Vec<_> = versions["versions"].as_array().unwrap().iter().map(state).collect();
    let of = |state, retired| (json!(state), json!(retired));
    let expected = [of("active", false), of("replaced", false), of("retired", true)];
    assert_eq!(states, expected);
    let back = owner.run("--json secret rollback prod/DB --version 1");
    assert_eq!(back.error(), (7, "retired".into()));
    let back = owner.run("secret rollback prod/DB --version 1");
    assert!(back.err.contains("try: v-secure set prod/DB"), "{back:?}");
    owner.run("secret rollback prod/DB --version 2").ok();
}
