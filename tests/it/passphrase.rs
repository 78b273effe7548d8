//! Passphrase slots: made at the start or later, opened by every way that a passphrase can be given,
//! changed, removed; and what a slot that does not count costs, which is nothing.

#![cfg(unix)]

use expectrl::{Expect, session::OsSession};
use std::fs;
use std::time::{Duration, Instant};
use v_secure_testkit::binary;
use v_secure_testkit::person;
use v_secure_testkit::person::{Done, Person};
use v_secure_testkit::terminal::{rest, terminal, type_in};

const GOOD: &str = "divorce garage shuffle hunt nasty";
const OTHER: &str = "immense list manual bread state";
/// The least cost, so that tests are not what is slow.
const INIT: &str = "init --vault-name shop --passphrase --kdf m=19456,t=2,p=1";

fn with(person: &Person, line: &str, variables: &[(&str, &str)]) -> Done {
    let mut command = person.command(&line.split(' ').collect::<Vec<_>>());
    command.envs(variables.iter().copied()).output().unwrap().into()
}

fn by_passphrase(person: &Person, line: &str, passphrase: &str) -> Done {
    with(person, line, &[("V_SECURE_PASSPHRASE", passphrase)])
}

/// What a shell makes of it; `$V` is the program.
fn shell(person: &Person, script: &str) -> Done {
    let mut command = std::process::Command::new("/bin/sh");
    command.env_clear().env("PATH", person::path()).env("HOME", person.home());
    command.env("V", binary()).current_dir(person.checkout());
    command.args(["-c", script]).output().unwrap().into()
}

/// An owner whose identity is in a slot, and a secret.
fn sealed() -> Person {
    let owner = Person::new("owner");
    by_passphrase(&owner, INIT, GOOD).ok();
    let mut command = owner.command(&["set", "prod/DB", "--generate"]);
    command.env("V_SECURE_PASSPHRASE", GOOD);
    Done::from(command.output().unwrap()).ok();
    owner
}

fn on_terminal(person: &Person, line: &str) -> OsSession {
    terminal(person.command(&line.split(' ').collect::<Vec<_>>()))
}

fn slots(person: &Person) -> Vec<serde_json::Value> {
    person.run("key slot list --json").json()["slots"].as_array().unwrap().clone()
}

/// A label is a member's own text, and is shown to all: what acts on a terminal is refused, and what
/// nobody sees is spelled out.
#[test]
fn a_label_does_nothing_to_the_screen_of_others() {
    let owner = sealed();
    let add = |label: &str| -> Done {
        let arguments = ["key", "slot", "add", "--label", label, "--json"];
        let mut command = owner.command(&arguments);
        command.env("V_SECURE_PASSPHRASE", GOOD).env("V_SECURE_NEW_PASSPHRASE", OTHER);
        command.output().unwrap().into()
    };
    let long = "L".repeat(1001);
    for label in
        ["a\u{1b}[31m", "a\nb", "a\u{9b}m", "gpj.\u{202e}exe", "a\u{2066}b", "a\u{2028}b", &long]
    {
        assert_eq!(add(label).code, 2, "{label:?}");
    }
    assert_eq!(slots(&owner).len(), 1);
    for label in ["zw\u{200b}sp", "tag\u{e0041}", "\u{feff}"] {
        add(label).json();
    }
    let listed = owner.run("key slot list").ok();
    for shown in ["zw\\u{200b}sp", "tag\\u{e0041}", "\\u{feff}"] {
        assert!(listed.contains(shown), "{listed}");
    }
    assert!(listed.is_ascii(), "{listed}");
}

#[test]
fn a_clone_and_the_passphrase_are_enough_and_no_file_holds_the_identity() {
    let owner = sealed();
    let value = by_passphrase(&owner, "get prod/DB", GOOD).ok();
    let found = shell(&owner, "grep -rl AGE-SECRET-KEY \"$HOME\" . ; test $? -eq 1");
    assert_eq!((found.code, found.out.as_str()), (0, ""));
    assert!(!owner.home().join(".config/v-secure/identity.txt").exists());
    let elsewhere = Person::new("somebody");
    elsewhere.pull(&owner);
    elsewhere.accept_as(&owner);
    assert_eq!(by_passphrase(&elsewhere, "get prod/DB", GOOD).ok(), value);
    by_passphrase(&elsewhere, "secret set prod/DB --generate", GOOD).ok();
    elsewhere.run("audit verify").ok();
}

#[test]
fn a_passphrase_comes_from_a_descriptor_a_file_or_a_variable() {
    let owner = sealed();
    let value = by_passphrase(&owner, "get prod/DB", GOOD).ok();
    let file = owner.home().join("pass");
    fs::write(&file, format!("{GOOD}\r\n")).unwrap();
    let path = file.to_str().unwrap();
    for script in [
        format!("\"$V\" --passphrase-fd 3 get prod/DB 3<{path}"),
        format!("cat {path} | \"$V\" --passphrase-fd 3 get prod/DB 3<&0"),
        format!("cat {path} | \"$V\" --passphrase-fd 0 get prod/DB"),
        format!("V_SECURE_PASSPHRASE_FILE={path} \"$V\" get prod/DB"),
        format!("V_SECURE_PASSPHRASE='{GOOD}' \"$V\" get prod/DB"),
    ] {
        assert_eq!(shell(&owner, &script).ok(), value, "{script}");
    }
    // A value on standard input and a passphrase beside it.
    let both = format!("printf new | \"$V\" --passphrase-fd 3 set prod/DB 3<{path}");
    shell(&owner, &both).ok();
    assert_eq!(by_passphrase(&owner, "get prod/DB", GOOD).ok(), "new");
    let child = "V_SECURE_PASSPHRASE_FILE=$HOME/pass \"$V\" exec -e prod -- env";
    assert!(!shell(&owner, child).ok().contains("V_SECURE_"));
}

#[test]
fn without_a_terminal_and_a_passphrase_the_error_names_the_ways() {
    let owner = sealed();
    let refused = owner.run("--json get prod/DB");
    assert_eq!(refused.error(), (3, "locked".into()));
    for way in ["--passphrase-fd", "V_SECURE_PASSPHRASE_FILE", "V_SECURE_PASSPHRASE"] {
        assert!(refused.err.contains(way), "{}", refused.err);
    }
    let init = Person::new("other").run("--json init --passphrase");
    assert_eq!(init.error(), (3, "no-passphrase".into()));
    let missing = owner.run("--json --passphrase-fd 77 get prod/DB");
    assert_eq!(missing.error(), (3, "passphrase-input".into()));
    let empty = owner.feed("--json --passphrase-fd 0 get prod/DB", "\n");
    assert_eq!(empty.error(), (3, "passphrase-input".into()));
    let long = owner.feed("--json --passphrase-fd 0 get prod/DB", &"x".repeat(5000));
    assert_eq!(long.error(), (3, "passphrase-input".into()));
}

#[test]
fn a_wrong_passphrase_is_said_and_another_way_still_opens() {
    let owner = sealed();
    let wrong = owner.feed("--json --passphrase-fd 0 get prod/DB", "not this one at all");
    assert_eq!(wrong.error(), (3, "wrong-passphrase".into()));
    let wrong = by_passphrase(&owner, "--json get prod/DB", "not this one at all");
    assert_eq!(wrong.error(), (3, "locked".into()));
    assert!(wrong.err.contains("V_SECURE_PASSPHRASE: the passphrase does not open"));
    assert!(!wrong.err.contains("not this one"));
    by_passphrase(&owner, "recovery new --out kept.txt", GOOD).ok();
    let opened =
        with(&owner, "identity restore kept.txt", &[("V_SECURE_PASSPHRASE", "ignored here")]);
    opened.ok();
    by_passphrase(&owner, "get prod/DB", "not this one at all").ok();
    let first = by_passphrase(&owner, "--json", GOOD).json();
    assert_eq!(first["unlocked_by"], "V_SECURE_PASSPHRASE", "the environment comes first");
}

#[test]
fn a_weak_passphrase_is_refused_unless_it_is_wanted() {
    for weak in ["hunter2", "password123", "shopowner1"] {
        let owner = Person::new("owner");
        let refused = by_passphrase(&owner, &format!("--json {INIT}"), weak);
        assert_eq!(refused.error(), (2, "weak-passphrase".into()), "{weak}");
        assert!(!owner.vault().exists() && !refused.err.contains(weak));
    }
    let owner = Person::new("owner");
    let made = by_passphrase(&owner, &format!("{INIT} --allow-weak-passphrase"), "hunter2");
    assert!(made.err.contains("weak"), "{}", made.err);
    let weak = [("V_SECURE_PASSPHRASE", "hunter2"), ("V_SECURE_NEW_PASSPHRASE", "hunter3")];
    let refused = with(&owner, "--json key slot add", &weak);
    assert_eq!(refused.error(), (2, "weak-passphrase".into()));
    with(&owner, "key slot add --allow-weak-passphrase", &weak).ok();
    assert_eq!(slots(&owner).len(), 2);
}

#[test]
fn init_seals_an_identity_of_its_own_and_not_a_given_one() {
    let owner = Person::new("owner");
    owner.run("identity new").ok();
    let made = by_passphrase(&owner, &format!("{INIT} --json"), GOOD).json();
    let (id, recipient) = (made["slot"].as_str().unwrap(), made["recipient"].as_str().unwrap());
    assert!(made["identity"].is_null());
    let listed = &slots(&owner)[0];
    assert_eq!(
        (listed["slot"].as_str(), listed["recipient"].as_str()),
        (Some(id), Some(recipient))
    );
    assert!(!owner.run("identity show").ok().contains(recipient));
    let other = Person::new("other");
    other.run("identity new -o key.txt").ok();
    let both = by_passphrase(&other, &format!("--json --identity key.txt {INIT}"), GOOD);
    assert_eq!(both.error(), (2, "identity-twice".into()));
}

#[test]
fn a_slot_is_added_changed_and_removed() {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.run("settings set kdf m=19456,t=2,p=1").ok();
    owner.set("prod/DB", "hunter2");
    let new =
        |line: &str, passphrase| with(&owner, line, &[("V_SECURE_NEW_PASSPHRASE", passphrase)]);
    let added = new("key slot add --label phone --json", GOOD).json();
    assert_eq!(added["label"], "phone");
    let away = Person::new("away");
    away.pull(&owner);
    away.accept_as(&owner);
    assert_eq!(by_passphrase(&away, "get prod/DB", GOOD).ok(), "hunter2");
    let before = fs::read(owner.vault()).unwrap();
    let changed = new("key slot change phone --json", OTHER).json();
    assert_eq!(changed["replaces"], added["slot"]);
    away.pull(&owner);
    assert_eq!(by_passphrase(&away, "get prod/DB", GOOD).code, 3);
    assert_eq!(by_passphrase(&away, "get prod/DB", OTHER).ok(), "hunter2");
    assert_eq!(slots(&owner).len(), 1);
    // The old commit, and the old passphrase: what the documents warn of.
    fs::write(away.vault(), before).unwrap();
    assert_eq!(by_passphrase(&away, "get prod/DB", GOOD).ok(), "hunter2");
    let removed = owner.run("key slot remove phone");
    assert!(removed.err.contains("git keeps the old slot"), "{}", removed.err);
    away.pull(&owner);
    assert_eq!(by_passphrase(&away, "get prod/DB", OTHER).code, 3);
    assert!(slots(&owner).is_empty());
    assert_eq!(owner.run("--json key slot remove phone").error(), (5, "no-slot".into()));
    owner.run("audit verify").ok();
}

#[test]
fn the_last_slot_of_an_identity_that_is_nowhere_else_stays() {
    let owner = sealed();
    let id = slots(&owner)[0]["slot"].as_str().unwrap().to_owned();
    let refused = by_passphrase(&owner, &format!("--json key slot remove {id}"), GOOD);
    assert_eq!(refused.error(), (7, "last-slot".into()));
    let both = [("V_SECURE_PASSPHRASE", GOOD), ("V_SECURE_NEW_PASSPHRASE", OTHER)];
    with(&owner, "key slot add --label second", &both).ok();
    by_passphrase(&owner, &format!("key slot remove {}", &id[..8]), GOOD).ok();
    by_passphrase(&owner, "get prod/DB", OTHER).ok();
    let last = by_passphrase(&owner, "key slot remove second --last", OTHER);
    assert_eq!(last.code, 0, "{}", last.err);
    assert_eq!(by_passphrase(&owner, "get prod/DB", OTHER).code, 3);
}

#[test]
fn each_member_has_slots_of_its_own() {
    let owner = sealed();
    let developer = Person::new("developer");
    developer.pull(&owner);
    developer.accept_as(&owner);
    let line = developer.run("member request").ok();
    fs::write(owner.home().join("request"), line).unwrap();
    by_passphrase(&owner, "role create developer --grant read,write:prod/*", GOOD).ok();
    let add = "member add developer --request ../home/request --role developer --yes";
    by_passphrase(&owner, add, GOOD).ok();
    developer.pull(&owner);
    with(&developer, "key slot add", &[("V_SECURE_NEW_PASSPHRASE", OTHER)]).ok();
    fs::remove_file(developer.home().join(".config/v-secure/identity.txt")).unwrap();
    let me = by_passphrase(&developer, "--json", OTHER).json();
    assert_eq!(me["member"], "developer");
    let me = by_passphrase(&developer, "--json", GOOD).json();
    assert_eq!(me["member"], "owner", "another's passphrase opens another's slot");
    let theirs = slots(&owner)[0]["slot"].as_str().unwrap().to_owned();
    for line in ["remove", "change"] {
        let line = format!("--json key slot {line} {theirs}");
        let both = [("V_SECURE_PASSPHRASE", OTHER), ("V_SECURE_NEW_PASSPHRASE", OTHER)];
        assert_eq!(with(&developer, &line, &both).error(), (4, "not-permitted".into()));
    }
}

#[test]
fn a_slot_that_nobody_signed_costs_nothing() {
    let owner = sealed();
    let text = fs::read_to_string(owner.vault()).unwrap();
    let costly = text.replace("\"m\":19456,\"t\":2,\"p\":1", "\"m\":1048576,\"t\":10,\"p\":1");
    assert_ne!(costly, text);
    fs::write(owner.vault(), &costly).unwrap();
    let started = Instant::now();
    let refused = owner.feed("--json --passphrase-fd 0 get prod/DB", GOOD);
    assert_eq!(refused.error(), (3, "locked".into()), "{}", refused.err);
    let spent = started.elapsed();
    assert!(spent < Duration::from_secs(3), "{spent:?}: the passphrase was derived at that cost");
    assert_eq!(owner.run("--json audit verify").code, 6);
    // Out of the bounds, whoever signed it.
    let outside = text.replace("\"m\":19456", "\"m\":4194304");
    fs::write(owner.vault(), outside).unwrap();
    let refused = owner.feed("--json --passphrase-fd 0 get prod/DB", GOOD);
    assert_eq!(refused.code, 6, "{}", refused.err);
    fs::write(owner.vault(), text).unwrap();
    by_passphrase(&owner, "get prod/DB", GOOD).ok();
}

#[test]
fn the_setting_decides_what_a_new_slot_costs() {
    let owner = sealed();
    assert_eq!(slots(&owner)[0]["weak"], false);
    let bad = by_passphrase(&owner, "--json settings set kdf m=1,t=1,p=1", GOOD);
    assert_eq!(bad.error(), (2, "policy-op-setting".into()));
    by_passphrase(&owner, "settings set kdf m=20000,t=3,p=2", GOOD).ok();
    assert_eq!(slots(&owner)[0]["weak"], true);
    let mut session = on_terminal(&owner, "get prod/DB");
    type_in(&mut session, "Passphrase of the vault shop", GOOD);
    let shown = rest(&mut session);
    let renew = shown.split("key slot change ").nth(1).unwrap().split_whitespace().next().unwrap();
    let both = [("V_SECURE_PASSPHRASE", GOOD), ("V_SECURE_NEW_PASSPHRASE", OTHER)];
    with(&owner, &format!("key slot change {renew}"), &both).ok();
    let slot = &slots(&owner)[0];
    assert_eq!(
        (slot["cost"].as_str(), slot["weak"].as_bool()),
        (Some("m=20000,t=3,p=2"), Some(false))
    );
    let mut session = on_terminal(&owner, "get prod/DB");
    type_in(&mut session, "Passphrase of the vault shop", OTHER);
    assert!(!rest(&mut session).contains("renew"));
}

#[test]
fn a_terminal_has_three_tries_and_shows_nothing_of_them() {
    let owner = sealed();
    let value = by_passphrase(&owner, "get prod/DB", GOOD).ok();
    let mut session = on_terminal(&owner, "get prod/DB");
    type_in(&mut session, "Passphrase of the vault shop", "wrong-the-first");
    session.expect("does not open").unwrap();
    type_in(&mut session, "Passphrase of the vault shop", GOOD);
    let shown = rest(&mut session);
    assert!(shown.contains(&value) && !shown.contains(GOOD), "{shown}");
    let mut session = on_terminal(&owner, "get prod/DB");
    for wrong in ["one", "two", "three"] {
        type_in(&mut session, "Passphrase of the vault shop", wrong);
    }
    let shown = rest(&mut session);
    assert!(shown.contains("error") && shown.contains("does not open"), "{shown}");
    let mut session = on_terminal(&owner, "--no-input get prod/DB");
    assert!(rest(&mut session).contains("--passphrase-fd"));
    let mut session = on_terminal(&owner, "key slot list");
    assert!(!rest(&mut session).contains("Passphrase of"));
    let mut session = on_terminal(&owner, "--vault .");
    assert!(rest(&mut session).contains("asked for when it is needed"));
}

#[test]
fn a_terminal_is_asked_twice_for_a_new_passphrase() {
    let owner = Person::new("owner");
    fs::write(owner.checkout().join(".env"), "TOKEN=hunter2\n").unwrap();
    let mut session = on_terminal(&owner, &format!("{INIT} --no-recovery"));
    type_in(&mut session, "New passphrase", "hunter2");
    session.expect("too weak").unwrap();
    type_in(&mut session, "New passphrase", GOOD);
    type_in(&mut session, "Once more", OTHER);
    session.expect("differ").unwrap();
    type_in(&mut session, "New passphrase", GOOD);
    type_in(&mut session, "Once more", GOOD);
    // Importing unlocks the vault that this command made: nobody is asked again.
    session.expect("Import .env now?").unwrap();
    session.send("y\r").unwrap();
    let shown = rest(&mut session);
    assert!(!shown.contains("Passphrase of the vault"), "{shown}");
    assert!(!owner.home().join(".config/v-secure/identity.txt").exists());
    assert_eq!(by_passphrase(&owner, "get TOKEN", GOOD).ok(), "hunter2");
}
