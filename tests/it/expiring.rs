//! `secret expire`: another time for a version that is there, by those who may write and delete it,
//! and what follows from it everywhere that judges an expiry.

#![cfg(unix)]

use serde_json::{Value, json};
use v_secure_testkit::branches::unite;
use v_secure_testkit::cli::Cli;
use v_secure_testkit::past::put_in_the_past;
use v_secure_testkit::person::Person;

const DAY: u64 = 24 * 60 * 60;
const GONE: &str = "2020-01-01";

fn exits(cli: &Cli, line: &str) -> i32 {
    cli.run(line).code
}

#[test]
fn a_value_expires_sooner_everywhere() {
    let cli = Cli::with_vault();
    cli.set("KEPT", "stays");
    cli.set("T --ttl 90d", "hunter2");
    assert_eq!(cli.ok("ls --expiring 7d"), "");
    let report = cli.json("secret expire T --ttl 2d --reason leaked");
    assert_eq!((&report["version"], &report["changed"]), (&json!(1), &json!(true)));
    assert!(cli.ok("ls --expiring 7d").contains("default/T"));
    assert_eq!(cli.ok("get T"), "hunter2");
    let [show, versions] = ["secret show T", "secret versions T"].map(|line| cli.json(line));
    assert_eq!(show["expires"], report["expires"]);
    assert_eq!(versions["versions"][0]["expires"], report["expires"]);
    assert_eq!(versions["versions"].as_array().unwrap().len(), 1, "no new version");

    let past = cli.run(&format!("secret expire T --at {GONE}"));
    assert!(past.code == 0 && past.err.contains("version 1 has expired"), "{past:?}");
    for line in ["get T", "get T --version 1", "exec -- true", "export --format json --only T"] {
        assert_eq!(exits(&cli, line), 8, "{line}");
    }
    assert!(cli.ok("ls --expired").contains("default/T"));
    assert_eq!(cli.json("audit log --action expire").as_array().unwrap().len(), 2);
    assert_eq!(cli.json("audit log --action expire --limit 2")[0]["secret_id"], "default/T");
}

#[test]
fn what_has_expired_is_served_again_by_the_command_that_the_refusal_names() {
    let cli = Cli::with_vault();
    cli.set(&format!("T --expires-at {GONE}"), "hunter2");
    let refused = cli.run("get T");
    let command = "v-secure secret expire default/T --version 1 --ttl 30d";
    assert!(refused.code == 8 && refused.err.contains(command), "{refused:?}");
    cli.ok(command.strip_prefix("v-secure ").unwrap());
    assert_eq!(cli.ok("get T"), "hunter2");
    assert!(cli.ok("exec -- env").contains("T=hunter2\n"));
    cli.ok("secret expire T --never");
    assert_eq!(cli.json("secret show T")["expires"], Value::Null);
    assert_eq!(cli.ok("ls --expiring 36500d --expired"), "");
    assert_eq!(exits(&cli, "audit verify --strict"), 0);
}

#[test]
fn the_time_that_it_has_already_writes_nothing_and_says_so() {
    let cli = Cli::with_vault();
    cli.set("T --expires-at 2090-01-31", "hunter2");
    cli.set("U", "stays");
    let before = std::fs::read(cli.vault()).unwrap();
    for line in ["secret expire T --at 2090-01-31", "secret expire U --never"] {
        let run = cli.run(line);
        assert!(run.code == 0 && run.err.contains("nothing to change"), "{line}: {run:?}");
        assert_eq!(cli.json(line)["changed"], false, "{line}");
    }
    assert_eq!(std::fs::read(cli.vault()).unwrap(), before);
}

#[test]
fn one_version_is_meant_by_number_or_id() {
    let cli = Cli::with_vault();
    cli.set(&format!("T --expires-at {GONE}"), "one");
    cli.set("T", "two");
    assert_eq!(exits(&cli, "secret rollback T --version 1"), 8);
    assert_eq!(cli.json("secret expire T --never --version 1")["version"], 1);
    assert_eq!(cli.ok("get T --version 1"), "one");
    cli.ok("secret rollback T --version 1");
    assert_eq!(cli.ok("get T"), "one");
    let versions = cli.json("secret versions T");
    let id = versions["versions"][1]["id"].as_str().unwrap().to_owned();
    let report = cli.json(&format!("secret expire T --at {GONE} --version {id}"));
    assert_eq!((&report["version"], report["id"].as_str()), (&json!(2), Some(id.as_str())));
    assert_eq!(exits(&cli, "get T --version 2"), 8);
    assert_eq!(cli.ok("get T"), "one", "the current one is as before");
}

#[test]
fn what_is_not_there_and_what_is_no_time_is_refused() {
    let cli = Cli::with_vault();
    cli.set("A", "one");
    cli.set("A", "two");
    cli.set("B", "one");
    cli.ok("rm --yes B");
    put_in_the_past(&cli, "default/OLD", 3 * DAY, Some(DAY));
    cli.ok("prune");
    for (line, exit, code) in [
        ("NONE --never", 5, "not-found"),
        ("A --never --version 9", 5, "no-version"),
        ("B --never", 5, "removed"),
        ("B --never --version 1", 5, "removed"),
        ("OLD --never", 5, "pruned"),
        ("OLD --ttl 1d --version 1", 5, "pruned"),
        ("A --ttl soon", 2, "bad-time"),
        ("A --ttl 0d", 2, "bad-time"),
        ("A --at tomorrow", 2, "bad-time"),
        ("A --at 1960-01-01", 2, "bad-time"),
        ("A", 2, "usage"),
        ("A --never --ttl 1d", 2, "usage"),
        ("A --at 2090-01-01 --ttl 1d", 2, "usage"),
    ] {
        assert_eq!(cli.fails(&format!("secret expire {line}")), (exit, code.into()), "{line}");
    }
    let gone = cli.run("get OLD");
    assert!(gone.code == 8 && !gone.err.contains("secret expire"), "{gone:?}");
}

#[test]
fn what_is_pruned_by_itself_follows_the_later_time() {
    let cli = Cli::with_vault();
    put_in_the_past(&cli, "default/OLD", 3 * DAY, Some(DAY));
    put_in_the_past(&cli, "default/LATE", 3 * DAY, Some(DAY));
    let extended = cli.run("secret expire OLD --ttl 1d");
    assert!(extended.code == 0 && extended.err.contains("pruned 1 version: default/LATE (1)"));
    assert_eq!(cli.ok("get OLD"), "hunter2");
    put_in_the_past(&cli, "default/NOW", 3 * DAY, None);
    cli.ok("secret expire NOW --at 2020-01-01");
    assert_eq!(cli.ok("prune --dry-run"), "", "a day from when it was said");
    assert_eq!(cli.ok("prune --no-grace --dry-run"), "default/NOW\t1\texpired\n");
    cli.ok("secret expire NOW --never");
    assert_eq!(cli.ok("prune --no-grace --dry-run"), "");
    assert_eq!(cli.ok("get NOW"), "hunter2");
}

fn owner() -> Person {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.set("prod/KEY", "one");
    owner
}

fn join(by: &Person, name: &str, rights: &str) -> Person {
    by.run(&format!("role create {name} --grant {rights}:prod/*")).ok();
    let person = Person::new(name);
    person.pull(by);
    let line = person.run("member request").ok();
    by.feed(&format!("member add {name} --request - --role {name} --yes"), &line).ok();
    person.pull(by);
    person.accept_as(by);
    person
}

#[test]
fn it_takes_write_and_delete() {
    let owner = owner();
    let both = join(&owner, "both", "read,write,delete");
    for (name, rights) in
        [("writer", "read,write"), ("deleter", "read,delete"), ("rotator", "rotate")]
    {
        let person = join(&owner, name, rights);
        let before = std::fs::read(person.vault()).unwrap();
        for time in ["--ttl 1d", "--never", "--at 2020-01-01"] {
            let line = format!("secret expire prod/KEY {time}");
            assert_eq!(person.run(&format!("{line} --json")).error(), (4, "not-permitted".into()));
            let said = person.run(&line).err;
            assert!(said.contains("who can: both, owner"), "{name}: {said}");
        }
        assert_eq!(std::fs::read(person.vault()).unwrap(), before, "{name}");
    }
    both.pull(&owner);
    both.run("secret expire prod/KEY --at 2020-01-01").ok();
    owner.pull(&both);
    assert_eq!(owner.run("get prod/KEY --json").error(), (8, "expired".into()));
    owner.run("audit verify --strict").ok();
}

fn codes(person: &Person) -> Vec<String> {
    let report = person.run("audit verify --json").json();
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

/// An owner with a vault in which two gave `prod/KEY` different times.
fn disputed() -> Person {
    let owner = owner();
    let other = join(&owner, "other", "read,write,delete");
    owner.run("secret expire prod/KEY --at 2091-01-01").ok();
    other.run("secret expire prod/KEY --at 2090-01-01").ok();
    unite(&owner.vault(), &other.vault());
    owner
}

#[test]
fn an_expiry_in_conflict_is_told_and_settled() {
    let owner = disputed();
    assert_eq!(codes(&owner), ["expiry-conflict"]);
    let told = owner.run("audit verify");
    let command = "v-secure secret expire prod/KEY --version 1 --at 2027-01-31";
    assert!(told.err.contains(&format!("  try: {command}\n")), "{told:?}");
    let show = owner.run("secret show prod/KEY").ok();
    assert!(
        show.contains(command) && show.contains("2090-01-01T00:00:00Z (in conflict)"),
        "{show}"
    );
    assert_eq!(owner.run("secret show prod/KEY --json").json()["expiry_conflict"], json!([1]));
    let version = |person: &Person| {
        person.run("secret versions prod/KEY --json").json()["versions"][0].clone()
    };
    assert_eq!(version(&owner)["expiry_conflict"], true);
    // The time that it has by the earliest of both: said, it is what both are told.
    let settled = owner.run("secret expire prod/KEY --at 2090-01-01 --json").json();
    assert_eq!(settled["changed"], true);
    assert_eq!(codes(&owner), [] as [&str; 0]);
    assert_eq!(version(&owner)["expiry_conflict"], false);
    assert_eq!(owner.run("secret show prod/KEY --json").json()["expiry_conflict"], json!([]));
}

#[test]
fn a_value_that_was_pruned_while_its_expiry_was_lifted_is_called_pruned() {
    let owner = owner();
    let other = join(&owner, "other", "read,write,delete");
    other.run("secret expire prod/KEY --at 2020-01-01").ok();
    owner.pull(&other);
    other.run("prune --no-grace").ok();
    owner.run("secret expire prod/KEY --never").ok();
    unite(&owner.vault(), &other.vault());
    std::fs::write(owner.checkout().join("t"), "{{ v-secure:prod/KEY }}").unwrap();
    for line in [
        "get prod/KEY",
        "exec -e prod -- true",
        "exec -e prod --only KEY -- true",
        "exec -e prod --as-file F=KEY -- true",
        "export -e prod --format json",
        "inject -i t",
        "secret restore prod/KEY",
        "secret expire prod/KEY --ttl 1d",
        "secret copy prod/KEY --to-env dev",
    ] {
        let done = owner.run(line);
        for text in ["the value of prod/KEY was pruned", "v-secure set prod/KEY"] {
            assert!(done.code == 5 && done.err.contains(text), "{line}: {done:?}");
        }
        assert!(!done.err.contains("secret restore"), "{line}: {done:?}");
    }
    assert_eq!(owner.run("secret show prod/KEY --json").json()["state"], "pruned");
    assert!(owner.run("ls").ok().contains("prod/KEY"), "it is wanted, so it is listed");
    owner.set("prod/KEY", "two");
    assert_eq!(owner.run("get prod/KEY").ok(), "two");
}

#[test]
fn an_overruled_version_is_told_and_brought_back_by_the_command_that_is_named() {
    let owner = owner();
    let rotator = join(&owner, "rotator", "rotate");
    owner.run("rm prod/KEY --yes").ok();
    rotator.feed("secret rotate prod/KEY", "two").ok();
    unite(&owner.vault(), &rotator.vault());
    assert_eq!(codes(&owner), ["overruled"]);
    let versions = owner.run("secret versions prod/KEY").ok();
    assert!(
        versions.contains("overruled: what it stood on was removed, replaced or withdrawn"),
        "{versions}"
    );
    let row = owner.run("secret versions prod/KEY --json").json()["versions"][0].clone();
    assert_eq!((&row["version"], &row["overruled"]), (&json!(2), &json!(true)));
    let command = "secret rollback prod/KEY --version 2";
    for line in ["audit verify", "secret show prod/KEY"] {
        let said = owner.run(line);
        let said = said.out + &said.err;
        assert!(said.contains(&format!("v-secure {command}")), "{line}: {said}");
    }
    assert_eq!(owner.run("secret show prod/KEY --json").json()["overruled"], json!([2]));
    owner.run(command).ok();
    assert_eq!(owner.run("get prod/KEY").ok(), "two");
}

/// An owner with a vault in which `prod/KEY` was restored, and removed on another branch: after
/// `more` there, which decides who comes last.
fn removed_and_restored(more: &[&str]) -> Person {
    let owner = owner();
    let other = join(&owner, "other", "read,write,delete");
    for line in ["rm prod/KEY --yes", "secret restore prod/KEY"] {
        owner.run(line).ok();
    }
    for line in [&["rm prod/KEY --yes"], more].concat() {
        other.run(line).ok();
    }
    unite(&owner.vault(), &other.vault());
    assert_eq!(codes(&owner), ["removal-conflict"]);
    owner
}

#[test]
fn a_removal_in_conflict_is_settled_by_the_commands_that_are_named() {
    let hint = |owner: &Person| {
        let report = owner.run("audit verify --json").json();
        report["findings"][0]["hint"].as_str().unwrap().to_owned()
    };
    let owner = removed_and_restored(&["secret restore prod/KEY", "rm prod/KEY --yes"]);
    assert_eq!(owner.run("get prod/KEY --json").error(), (5, "removed".into()));
    assert_eq!(hint(&owner), "v-secure secret restore prod/KEY --version 1");
    owner.run("secret restore prod/KEY --version 1").ok();
    assert_eq!(codes(&owner), [] as [&str; 0]);
    owner.run("get prod/KEY").ok();

    let owner = removed_and_restored(&[]);
    owner.run("get prod/KEY").ok();
    let commands =
        "v-secure rm prod/KEY  # and 'v-secure secret restore prod/KEY' if it is to stay";
    assert_eq!(hint(&owner), commands);
    owner.run("rm prod/KEY --yes").ok();
    assert_eq!(codes(&owner), [] as [&str; 0]);
    owner.run("secret restore prod/KEY").ok();
    assert_eq!(codes(&owner), [] as [&str; 0]);
    owner.run("get prod/KEY").ok();
}
