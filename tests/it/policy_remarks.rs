//! What `policy review` remarks beside who vouches for what: each remark where it is due, and none where it is not.

use serde_json::Value;
use std::fs;
use v_secure_testkit::branches;
use v_secure_testkit::cli::{Cli, failure};
use v_secure_testkit::person::Person;

/// The remarks, each with whom or what it is on.
fn remarks(cli: &Cli, options: &str) -> Vec<(String, String)> {
    let review = cli.json(format!("policy review {options}").trim_end());
    let rows = review["remarks"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let on = |row: &Value| {
        let fields = ["member", "role", "pattern"].map(|field| text(&row[field]));
        fields.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
    };
    rows.map(|row| (text(&row["remark"]), on(row))).collect()
}

#[track_caller]
fn assert_remarks(cli: &Cli, options: &str, expected: &[(&str, &str)]) {
    let found = remarks(cli, options);
    let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(found, expected, "{options}");
}

fn let_in(cli: &Cli, name: &str, options: &str) {
    cli.ok(&format!("identity new -o ../{name}.txt"));
    let request = cli.ok(&format!("--identity ../{name}.txt member request {name} -q"));
    fs::write(cli.project().join(format!("../{name}.request")), request).unwrap();
    cli.ok(&format!("member add {name} --request ../{name}.request --yes {options}"));
}

/// Two owners; nothing of it is worth a remark.
fn sound() -> Cli {
    let cli = Cli::with_vault();
    let_in(&cli, "bob", "--role owner");
    cli.set("prod/A", "v");
    cli
}

#[test]
fn what_two_owners_keep_is_worth_no_remark() {
    assert_remarks(&sound(), "", &[]);
}

#[test]
fn who_is_alone_is_told_what_hangs_on_them_in_the_words_of_doctor() {
    let cli = Cli::with_vault();
    cli.set("A", "v");
    let alone = [("one-reader", "ada"), ("one-identity", ""), ("one-owner", "")];
    assert_remarks(&cli, "", &alone);
    let said = "one identity alone can open everything: if it is lost, so is the vault";
    assert!(cli.run("policy review").shows(said) && cli.run("doctor").shows(said));
    let review = cli.json("policy review");
    assert_eq!(review["remarks"][0]["secrets"], serde_json::json!(["default/A"]));
    let_in(&cli, "bob", "--role owner");
    assert_remarks(&cli, "", &[]);
}

#[test]
fn roles_without_members_and_grants_without_secrets_are_remarked() {
    let cli = sound();
    cli.ok("role create empty --grant read:prod/*");
    assert_remarks(&cli, "", &[("role-empty", "empty")]);
    let_in(&cli, "ci", "--role empty");
    cli.ok("access grant empty dev/X* read");
    assert_remarks(&cli, "", &[("matches-nothing", "empty dev/X*")]);
    cli.set("dev/X1", "v");
    assert_remarks(&cli, "", &[]);
    cli.ok("role leave empty ci");
    assert_remarks(&cli, "", &[("no-role", "ci"), ("role-empty", "empty")]);
}

#[test]
fn rights_that_nobody_used_and_members_who_signed_nothing_are_remarked_after_a_while() {
    let cli = sound();
    cli.ok("role create dev --grant read,write,delete:prod/*");
    let_in(&cli, "eve", "--role dev");
    assert_remarks(&cli, "", &[]);
    // What a second ago is long for, was long ago.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    cli.set("prod/A", "of ada");
    let found = remarks(&cli, "--stale 1s");
    for expected in [("silent", "bob"), ("silent", "eve"), ("unused", "dev prod/*")] {
        assert!(found.contains(&(expected.0.into(), expected.1.into())), "{expected:?}: {found:?}");
    }
    assert!(!found.contains(&("silent".into(), "ada".into())), "{found:?}");
    assert!(cli.run("policy review --stale 1s").shows("made use of write,delete on prod/*"));
    let set = cli.feed("--identity ../eve.txt set prod/A", b"of eve");
    assert_eq!(set.code, 0, "{set:?}");
    let run = cli.run("policy review --stale 1s");
    assert!(run.shows("made use of delete on prod/*"), "{run:?}");
    let found = remarks(&cli, "--stale 1s");
    assert!(!found.contains(&("silent".into(), "eve".into())), "{found:?}");
    assert_remarks(&cli, "--stale 1h", &[]);
}

#[test]
fn members_whose_time_is_over_are_remarked() {
    let cli = sound();
    cli.ok("role create dev --grant read:prod/*");
    let_in(&cli, "temp", "--role dev --expires 1s");
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert_remarks(&cli, "", &[("expired", "temp")]);
}

#[test]
fn what_is_marked_alone_comes_without_remarks_and_takes_no_time() {
    let cli = Cli::with_vault();
    assert_remarks(&cli, "--marked", &[]);
    assert_eq!(cli.run("policy review --marked --stale 1d").code, 2);
    assert_eq!(failure(&cli.run("policy review --stale soon --json")), (2, "bad-time".into()));
    // It takes no key.
    assert_eq!(cli.run("--identity ../nobody.txt policy review").code, 0);
}

/// Whether a row of this kind is there, for these rights on a pattern.
fn is_unused(cli: &Cli, role: &str, rights: &str) -> bool {
    let review = cli.json("policy review --stale 1s");
    let rows = review["remarks"].as_array().unwrap().clone();
    rows.iter().any(|row| {
        let text = row["text"].as_str().unwrap();
        row["remark"] == "unused" && text.contains(&format!("in {role} made use of {rights} on"))
    })
}

/// Who lets others in uses the right to; who grants elsewhere does not.
#[test]
fn a_right_to_grant_is_used_by_whom_it_lets_in() {
    let cli = sound();
    cli.ok("role create lead --grant read,grant:prod/*");
    cli.ok("role create dev --grant read:prod/*");
    let_in(&cli, "eve", "--role lead");
    let_in(&cli, "dan", "--role dev");
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert!(is_unused(&cli, "lead", "grant"));
    cli.ok("--identity ../eve.txt access revoke dev prod/* read");
    assert!(!is_unused(&cli, "lead", "grant"), "she took something away there");
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert!(is_unused(&cli, "lead", "grant"));
    cli.ok("--identity ../eve.txt access grant dev prod/A* read");
    assert!(!is_unused(&cli, "lead", "grant"), "she gave something there");
}

/// What a prune takes away it takes by the right to delete.
#[test]
fn a_right_to_delete_is_used_by_pruning() {
    let cli = sound();
    cli.ok("role create dev --grant read,write,delete:prod/*");
    let_in(&cli, "eve", "--role dev");
    cli.ok("settings set retention.versions 1");
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert!(is_unused(&cli, "dev", "write,delete"));
    let set = cli.feed("--identity ../eve.txt set prod/A", b"of eve");
    assert!(set.err.contains("pruned 1 version: prod/A (1)"), "{set:?}");
    assert!(!is_unused(&cli, "dev", "delete"));
}

/// Work that is void is no work.
#[test]
fn what_is_void_is_no_use_of_a_right_and_no_sign_of_somebody() {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.set("dev/DB", "dev-db");
    owner.run("role create dev --grant read,write:dev/*").ok();
    let eve = Person::new("eve");
    eve.pull(&owner);
    let request = eve.run("member request --json").json();
    let line = request["request"].as_str().unwrap();
    owner.feed("member add eve --request - --yes --role dev", line).ok();
    eve.pull(&owner);
    eve.accept_as(&owner);
    std::thread::sleep(std::time::Duration::from_secs(6));
    let remarked = |stale: &str| {
        let review = owner.run(&format!("policy review --json --stale {stale}")).json();
        let rows = review["remarks"].as_array().unwrap().clone();
        let mut found: Vec<String> =
            rows.iter().map(|row| row["remark"].as_str().unwrap().to_owned()).collect();
        found.retain(|code| ["silent", "unused"].contains(&code.as_str()));
        found
    };
    eve.set("dev/DB", "hers");
    owner.run("role leave dev eve").ok();
    owner.run("role join dev eve").ok();
    branches::unite(&owner.vault(), &eve.vault());
    assert!(owner.run("adopt --list").ok().contains("eve"), "it is void");
    assert_eq!(remarked("5s"), ["silent", "unused"]);
}
