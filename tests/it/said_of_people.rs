//! What the commands of people and keys say to those who have to act next.

use v_secure_testkit::branches;
use v_secure_testkit::person;
use v_secure_testkit::person::Person;

/// An owner with a secret in dev that a role reads and writes.
fn owner() -> Person {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.set("dev/DB", "dev-db");
    owner.run("role create developer --grant read,write,delete:dev/*").ok();
    owner
}

fn join(by: &Person, name: &str, role: &str) -> Person {
    let person = Person::new(name);
    person.pull(by);
    let request = person.run("member request --json").json();
    let line = request["request"].as_str().unwrap();
    let added = format!("member add {name} --request - --yes --role {role}");
    by.feed(&added, line).ok();
    person.pull(by);
    person.accept_as(by);
    person
}

#[test]
fn options_may_follow_the_entry_that_is_adopted() {
    let owner = owner();
    let developer = join(&owner, "developer", "developer");
    developer.set("dev/DB", "theirs");
    owner.run("member remove developer --yes").ok();
    branches::unite(&owner.vault(), &developer.vault());
    let listed = owner.run("adopt --list --json").json();
    let id = listed["void"][0]["entry"].as_str().unwrap();
    owner.command(&["adopt", id, "--reason", "checked", "--yes"]).output().unwrap();
    assert_eq!(owner.run("get dev/DB").ok(), "theirs");
    let log = owner.run("audit log --limit 1 --json").json();
    assert_eq!(log[0]["reason"], "checked");
    // An id may begin as an option does, and several may be given.
    assert_eq!(owner.run("--json adopt -zz --yes").error(), (5, "no-entry".into()));
    assert_eq!(owner.run(&format!("--json adopt {id} zz --yes")).error().0, 7);
}

#[test]
fn who_can_settle_is_who_may() {
    let owner = owner();
    owner.run("role create tester").ok();
    let writer = join(&owner, "writer", "developer");
    let tester = join(&owner, "tester", "tester");
    writer.pull(&owner);
    writer.set("dev/DB", "on a branch");
    // The writer's value is for a set of roles that has lost the right, and the writer with it.
    owner.run("role create lead --grant read,write:dev/*").ok();
    owner.run("access revoke developer dev/* read").ok();
    owner.run("access grant tester dev/* read").ok();
    branches::unite(&owner.vault(), &writer.vault());
    tester.pull(&owner);
    let refused = tester.run("get dev/DB");
    assert_eq!(refused.code, 4, "{}", refused.err);
    assert!(refused.err.contains("or a new value of dev/DB: owner\n"), "{}", refused.err);
}

#[test]
fn who_gives_keys_is_named_and_told_that_they_are_there() {
    let owner = owner();
    owner.run("role create lead --grant grant:dev/*").ok();
    let other = join(&owner, "other", "developer");
    let lead = join(&owner, "lead", "lead");
    join(&owner, "developer", "developer");
    lead.pull(&owner);
    lead.run("member remove developer --yes").ok();
    other.pull(&lead);
    let refused = other.feed("set dev/DB", "x");
    let expected = "ask one of these, who gives the keys by 'v-secure access settle': owner\n";
    assert!(refused.err.contains(expected), "{}", refused.err);
    owner.pull(&lead);
    let settled = owner.run("access settle");
    assert!(settled.err.contains("new keys for developer+owner"), "{}", settled.err);
}

/// Where git carries the vault.
fn in_git(person: &Person) -> bool {
    let mut init = std::process::Command::new("git");
    let init = init.args(["init", "--quiet"]).current_dir(person.checkout()).env_clear();
    init.env("PATH", person::path()).env("HOME", person.home());
    init.status().is_ok_and(|status| status.success())
}

const NEXT: &str = "next: commit and push .v-secure; it takes effect for others once they pull\n";

#[test]
fn each_change_of_people_and_rights_ends_with_what_to_do() {
    let owner = owner();
    if !in_git(&owner) {
        return;
    }
    join(&owner, "one", "developer");
    join(&owner, "two", "developer");
    let recipient = Person::new("spare").run("identity new").ok();
    for line in [
        &format!("member add backup --recipient {}", recipient.trim()),
        "role create tester",
        "role join tester backup",
        "access grant tester dev/* read",
        "access revoke developer dev/* write",
        "role leave developer two",
        "role rm developer --yes",
        "member remove one --yes",
        "settings set reads off",
        "key rotate --all",
        "recovery new --out ../recovery.txt",
        "member add ci --service --new-identity --read dev/*",
    ] {
        let done = owner.run(line);
        assert_eq!(done.code, 0, "{line}: {}", done.err);
        assert!(done.err.ends_with(NEXT), "{line}: {}", done.err);
        assert_eq!(done.err.matches("commit and push").count(), 1, "{line}: {}", done.err);
    }
    for line in ["role create quiet -q", "role create json --json", "role list", "settings show"] {
        assert!(!owner.run(line).err.contains("commit and push"), "{line}");
    }
    // Nothing was written.
    assert_eq!(owner.run("settings set reads off").err, "reads was off\n");
    assert!(!owner.run("role create tester").err.contains("commit and push"));
    // What is set is its author's, and seen in git status.
    assert!(!owner.feed("set dev/DB", "v").err.contains("commit and push"));
}

#[test]
fn without_a_repository_nobody_is_told_to_commit() {
    assert!(!owner().run("role create tester").err.contains("commit"));
}

#[test]
fn whoever_comes_by_old_keys_is_named_as_they_come() {
    let owner = owner();
    owner.run("role rm developer --yes").ok();
    owner.run("role create developer --grant read:test/*").ok();
    let joined = owner.run("role join developer owner");
    assert!(!joined.err.contains("may not read"), "{}", joined.err);
    let recipient = Person::new("spare").run("identity new").ok();
    let add = format!(
        "member add tester --role developer --recipient {} --older-values",
        recipient.trim()
    );
    let added = owner.run(&add);
    let expected =
        "tester has the keys to the current value of 1 secret that it may not read: dev/DB;";
    assert!(added.err.contains(expected), "{}", added.err);
    owner.set("dev/DB", "next");
    assert_eq!(owner.run("exposed --json").json()["exposed"].as_array().unwrap().len(), 0);
}
