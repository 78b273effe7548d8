//! `exposed`: what is known to those who may not read it, on the way from a removal to new values.

#![cfg(unix)]

mod waivers;

use serde_json::{Value, json};
use std::time::Duration;
use v_secure_testkit::branches;
use v_secure_testkit::person;
use v_secure_testkit::person::Person;

fn owner() -> Person {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.set("dev/DB", "dev-db");
    owner.set("prod/DB", "prod-db");
    owner.run("role create developer --grant read,write:*").ok();
    owner
}

fn join(by: &Person, name: &str) -> Person {
    let person = Person::new(name);
    person.pull(by);
    let request = person.run("member request --json").json();
    let line = request["request"].as_str().unwrap();
    by.feed(&format!("member add {name} --request - --yes --role developer"), line).ok();
    person.pull(by);
    person.accept_as(by);
    person
}

/// Secrets and members of a report.
fn pairs(report: &Value) -> Vec<(&str, &str)> {
    let exposed = report["exposed"].as_array().unwrap();
    let pairs = exposed.iter().flat_map(|value| {
        let to = value["to"].as_array().unwrap();
        to.iter().map(|to| (value["secret"].as_str().unwrap(), to["member"].as_str().unwrap()))
    });
    pairs.collect()
}

#[test]
fn a_removal_exposes_and_new_values_cure() {
    let owner = owner();
    join(&owner, "developer");
    let calm = owner.run("exposed --json --deadline 1s").json();
    assert_eq!(calm, json!({ "exposed": [], "overdue": 0, "waived": [], "uncompared": [] }));
    owner.run("member remove developer --yes").ok();
    let before = std::fs::read(owner.vault()).unwrap();
    let report = owner.run("exposed --json").json();
    assert_eq!(pairs(&report), [("dev/DB", "developer"), ("prod/DB", "developer")]);
    let to = &report["exposed"][0]["to"][0];
    assert_eq!((&to["why"], &to["device"]), (&json!("member-removed"), &json!("developer-laptop")));
    let status = owner.run("--quiet").ok();
    assert!(status.contains("right to read them: 2 secrets: v-secure exposed"), "{status}");
    assert_eq!(pairs(&owner.run("exposed --json -e prod").json()), [("prod/DB", "developer")]);
    owner.set("dev/DB", "next");
    let rows = owner.run("exposed").ok();
    assert!(
        rows.starts_with("prod/DB\tdeveloper/developer-laptop\tno longer a member\t"),
        "{rows}"
    );
    assert_ne!(std::fs::read(owner.vault()).unwrap(), before, "but for the new value");
    owner.set("prod/DB", "next");
    assert_eq!(owner.run("exposed").out, "");
}

/// The row of one secret, but for how long ago it was.
fn row(owner: &Person, secret: &str) -> String {
    let rows = owner.run("exposed").ok();
    let row = rows.lines().find(|row| row.starts_with(&format!("{secret}\t"))).unwrap_or_default();
    row.split('\t').take(3).collect::<Vec<_>>().join("\t")
}

#[test]
fn a_copy_is_known_to_those_who_never_had_a_right_to_it() {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.run("role create developer --grant read:dev/*").ok();
    owner.set("prod/DB", "one");
    join(&owner, "developer");
    owner.set("prod/OTHER", "other");
    let copied = owner.run("secret copy prod/DB --to-env dev");
    let said = "who may read the copy and not prod/DB knows the value of both now: developer;";
    assert!(copied.code == 0 && copied.err.contains(said), "{}", copied.err);
    // A copy for the same readers, or for fewer, tells nobody anything.
    for line in
        ["secret copy prod/DB --to-env stage", "secret copy dev/DB --to-env stage --overwrite"]
    {
        let copied = owner.run(line);
        assert!(copied.code == 0 && !copied.err.contains("knows"), "{line}: {}", copied.err);
    }
    owner.run("rm stage/DB").ok();
    let known = "prod/DB\tdeveloper/developer-laptop\tnever had a right to it; dev/DB";
    assert_eq!(row(&owner, "prod/DB"), format!("{known} has the same value"));
    let to = &owner.run("exposed --json").json()["exposed"][0]["to"][0];
    assert_eq!((&to["why"], &to["through"]), (&json!("never-allowed"), &json!("dev/DB")));
    owner.set("dev/DB", "two");
    assert_eq!(row(&owner, "prod/DB"), format!("{known} had the same value"));
    owner.run("rm dev/DB").ok();
    assert_eq!(row(&owner, "prod/DB"), format!("{known} had the same value"));
    owner.run("secret restore dev/DB").ok();
    owner.run("secret rollback dev/DB --version 1").ok();
    assert_eq!(row(&owner, "prod/DB"), format!("{known} has the same value"));
    // Whoever had a right, and left the role, is told apart.
    owner.run("role leave developer developer").ok();
    let left = row(&owner, "dev/DB");
    assert_eq!(left, "dev/DB\tdeveloper/developer-laptop\tno longer has a right to it");
    owner.run("role create tester --grant read:test/*").ok();
    owner.run("role join tester developer").ok();
    let copied = owner.run("env copy prod test");
    let said = "who may read the copy and not 2 secrets of those copied knows";
    assert!(copied.code == 0 && copied.err.contains(said), "{}", copied.err);
}

#[test]
fn a_deadline_fails_once_it_is_past() {
    let owner = owner();
    join(&owner, "developer");
    owner.run("member remove developer --yes").ok();
    owner.run("exposed --deadline 1h").ok();
    std::thread::sleep(Duration::from_millis(2_100));
    let late = owner.run("--json exposed --deadline 1s");
    assert_eq!(late.error(), (1, "exposed".into()));
    let report: Value = serde_json::from_str(&late.out).unwrap();
    assert_eq!((&report["overdue"], &report["exposed"][0]["overdue"]), (&json!(2), &json!(true)));
    assert!(late.err.contains("2 secrets have values"), "{}", late.err);
    owner.set("stage/DB", "nobody knew it");
    owner.run("exposed --deadline 1s -e stage").ok();
    assert_eq!(owner.run("--json exposed -e stagee").error(), (5, "no-environment".into()));
    assert_eq!(owner.run("--json exposed --deadline soon").error(), (2, "bad-time".into()));
}

#[test]
fn no_key_is_needed() {
    let owner = owner();
    join(&owner, "developer");
    owner.run("role leave developer developer").ok();
    let stranger = Person::new("stranger");
    stranger.pull(&owner);
    let report = stranger.run("exposed --json").json();
    assert_eq!(pairs(&report), [("dev/DB", "developer"), ("prod/DB", "developer")]);
    assert_eq!(report["exposed"][0]["to"][0]["why"], "no-right");
}

#[test]
fn what_comes_in_late_under_old_keys_is_exposed() {
    let owner = owner();
    let other = join(&owner, "other");
    join(&owner, "developer");
    other.pull(&owner);
    // On a branch from before the removal, by somebody who stays.
    other.set("dev/DB", "of the branch");
    owner.run("member remove developer --yes").ok();
    owner.set("prod/DB", "next");
    branches::unite(&owner.vault(), &other.vault());
    assert_eq!(owner.run("get dev/DB").ok(), "of the branch");
    let verified = owner.run("audit verify --json").json();
    assert_eq!(verified["findings"][0]["code"], "superseded-epoch");
    assert_eq!(pairs(&owner.run("exposed --json").json()), [("dev/DB", "developer")]);
    owner.set("dev/DB", "next");
    assert_eq!(pairs(&owner.run("exposed --json").json()), []);
}

#[test]
fn a_roll_back_brings_an_exposure_back() {
    let owner = owner();
    join(&owner, "developer");
    owner.run("access revoke developer * read").ok();
    owner.set("dev/DB", "next");
    owner.set("prod/DB", "next");
    assert_eq!(pairs(&owner.run("exposed --json").json()), []);
    owner.run("secret rollback dev/DB --version 1").ok();
    assert_eq!(pairs(&owner.run("exposed --json").json()), [("dev/DB", "developer")]);
}

/// Both the value of before the removal, and one that was removed with its secret.
#[test]
fn an_old_value_that_is_set_again_is_exposed_again() {
    let owner = owner();
    join(&owner, "developer");
    owner.run("member remove developer --yes").ok();
    owner.set("dev/DB", "next");
    owner.run("rm prod/DB").ok();
    assert_eq!(pairs(&owner.run("exposed --json").json()), []);
    owner.set("dev/DB", "dev-db");
    owner.set("prod/DB", "prod-db");
    let run = owner.run("exposed --json");
    assert!(!run.err.contains("prod-db") && !run.out.contains("prod-db"));
    let report = run.json();
    assert_eq!(pairs(&report), [("dev/DB", "developer"), ("prod/DB", "developer")]);
    assert_eq!(report["uncompared"], json!([]));
    let status = owner.run("--quiet").ok();
    assert!(status.contains("right to read them: 2 secrets"), "{status}");

    // Who opens nothing is told that this was not looked at.
    let stranger = Person::new("stranger");
    stranger.pull(&owner);
    let told =
        "no key here opens older values, which may be current again: dev/DB (1), prod/DB (1)";
    let run = stranger.run("exposed");
    assert!(run.err.contains(told), "{}", run.err);
    let report = stranger.run("exposed --json").json();
    assert_eq!(pairs(&report), []);
    let expected =
        json!([{ "secret": "dev/DB", "versions": [1] }, { "secret": "prod/DB", "versions": [1] }]);
    assert_eq!(report["uncompared"], expected);

    owner.set("dev/DB", "other");
    owner.set("prod/DB", "other");
    assert_eq!(pairs(&owner.run("exposed --json").json()), []);
}

#[cfg(unix)]
#[test]
fn a_value_of_a_branch_is_settled_for_the_readers_of_now_by_who_can() {
    let owner = owner();
    owner.run("role create operator --grant read,write:prod/*").ok();
    let developer = join(&owner, "developer");
    let branch = Person::new("owner");
    std::fs::remove_dir(branch.home()).unwrap();
    std::os::unix::fs::symlink(owner.home(), branch.home()).unwrap();
    branch.pull(&owner);
    branch.run("pin accept --yes").ok();
    // On the branch developers do not read stage yet, and here they do.
    owner.run("access revoke developer * read,write").ok();
    branch.pull(&owner);
    branch.set("stage/DB", "of the branch");
    owner.run("access grant developer stage/* read").ok();
    branches::unite(&owner.vault(), &branch.vault());
    developer.pull(&owner);
    let waiting = developer.run("--json get stage/DB");
    assert_eq!(waiting.error(), (4, "unsettled".into()));
    assert!(
        waiting.err.contains("access settle' or a new value of stage/DB: owner"),
        "{}",
        waiting.err
    );
    assert_eq!(owner.run("access settle --json").json()["settled"], json!(["stage/DB"]));
    developer.pull(&owner);
    assert_eq!(developer.run("get stage/DB").ok(), "of the branch");
}

#[test]
fn a_value_that_a_branch_wrapped_too_widely_stays_exposed_when_it_is_settled() {
    let owner = owner();
    let other = join(&owner, "other");
    owner.run("role create operator --grant read,write,grant:prod/*").ok();
    owner.run("role join operator other").ok();
    join(&owner, "developer");
    other.pull(&owner);
    other.set("prod/DB", "of the branch");
    owner.run("access revoke developer * read").ok();
    branches::unite(&owner.vault(), &other.vault());
    let codes = |person: &Person| -> Vec<String> {
        let report = person.run("audit verify --json").json();
        let findings = report["findings"].as_array().unwrap();
        findings.iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(codes(&owner), ["unsettled"]);
    other.pull(&owner);
    other.run("access settle").ok();
    assert!(codes(&other).is_empty());
    let report = other.run("exposed --json -e prod").json();
    assert_eq!(pairs(&report), [("prod/DB", "developer")]);
    other.set("prod/DB", "next");
    assert_eq!(pairs(&other.run("exposed --json -e prod").json()), []);
}

/// A leaver has known `old` of dev/DB.
fn left_with_old() -> Person {
    let owner = owner();
    owner.set("dev/DB", "old");
    join(&owner, "developer");
    owner.run("member remove developer --yes").ok();
    owner.set("prod/DB", "next");
    owner.set("dev/DB", "new");
    assert_eq!(pairs(&owner.run("exposed --json").json()), [("", ""); 0]);
    owner
}

#[test]
fn an_old_value_that_comes_back_is_known_again() {
    let owner = left_with_old();
    owner.set("dev/DB", "old");
    assert_eq!(pairs(&owner.run("exposed --json").json()), [("dev/DB", "developer")]);
    // The old .env, found on some laptop.
    let owner = left_with_old();
    std::fs::write(owner.checkout().join("old.env"), "DB=old\n").unwrap();
    owner.run("import old.env -e dev").ok();
    assert_eq!(pairs(&owner.run("exposed --json").json()), [("dev/DB", "developer")]);
    // Also where it was removed in between, or comes by an editor.
    let owner = left_with_old();
    owner.run("rm dev/DB").ok();
    owner.set("dev/DB", "old");
    assert_eq!(pairs(&owner.run("exposed --json").json()), [("dev/DB", "developer")]);
    let owner = left_with_old();
    let mut edit = owner.command(&["edit", "-e", "dev"]);
    assert!(edit.env("EDITOR", "sed -i s/new/old/").output().unwrap().status.success());
    assert_eq!(pairs(&owner.run("exposed --json").json()), [("dev/DB", "developer")]);
}

#[test]
fn a_role_that_once_read_more_is_asked_about_before_somebody_gets_its_keys() {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.set("prod/DB", "one");
    owner.run("role create ops --grant read:*").ok();
    owner.run("access revoke ops * read").ok();
    owner.run("access grant ops dev/* read").ok();
    owner.set("dev/A", "two");
    let add = "member add bot --service --new-identity --role ops";
    let refused = owner.run(&format!("--json {add}"));
    assert_eq!(refused.error(), (1, "older-values".into()), "{}", refused.err);
    assert!(refused.err.contains("prod/DB") && !refused.err.contains("dev/A"), "{}", refused.err);
    assert!(!owner.run("member list").ok().contains("bot"), "nothing was signed");
    // What the hints say: a new value is under other keys, and then nobody is asked.
    owner.set("prod/DB", "three");
    owner.run(add).ok();
    assert!(!owner.run("exposed").ok().contains("bot"));
    // Whoever agrees is served, and the list of what is exposed has it.
    owner.run("role create more --grant read:*").ok();
    owner.run("access revoke more * read").ok();
    let joined = owner.run("--json role join more bot");
    assert_eq!(joined.error(), (1, "older-values".into()));
    owner.run("role join more bot --older-values").ok();
    assert!(owner.run("exposed").out.contains("bot"));
    owner.run("role join more bot").ok();
}

#[test]
fn no_copy_signs_a_waiver_that_somebody_else_wrote() {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.set("prod/A", "one");
    let shown = owner.run("--json secret versions prod/A").json();
    let id = shown["versions"][0]["id"].as_str().unwrap().to_owned();
    owner.set("dev/A", "two");
    let meta = format!("waived.{id}=an example value");
    let mut command =
        owner.command(&["secret", "set", "dev/A", "--meta", &meta, "--meta", "kept=yes"]);
    let done = command.stdin(std::process::Stdio::null()).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    owner.run("secret copy dev/A --to-env prod --overwrite").ok();
    let copied = owner.run("secret show prod/A").ok();
    assert!(copied.contains("kept") && !copied.contains("waived"), "{copied}");
}
