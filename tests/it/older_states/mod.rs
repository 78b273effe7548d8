//! What an older state of a vault gives where a newer one was accepted: what counted there, and
//! nothing that the newer policy does not let count.

#![cfg(unix)]

mod log_seen;
mod stricter;

use std::fs;
use std::path::{Path, PathBuf};
use v_secure_testkit::branches::unite;
use v_secure_testkit::person::{Done, Person, copy};
use v_secure_testkit::terminal::{rest, terminal, type_in};

/// An owner and a developer who reads and writes dev, with one file.
fn team() -> (Person, Person) {
    let olga = Person::new("olga");
    olga.run("init --vault-name shop").ok();
    olga.set("dev/DB", "one");
    olga.run("role create developer --grant read,write,delete:dev/*").ok();
    let rex = join(&olga, "rex", "developer");
    (olga, rex)
}

fn join(by: &Person, name: &str, role: &str) -> Person {
    let person = Person::new(name);
    person.pull(by);
    let request = person.run("member request --json").json();
    let line = request["request"].as_str().unwrap();
    by.feed(&format!("member add {name} --request - --yes --role {role}"), line).ok();
    person.pull(by);
    person.accept_as(by);
    person
}

/// Keeps the vault as it is now under a name.
fn kept(person: &Person, name: &str) -> PathBuf {
    let path = person.checkout().join(name);
    fs::copy(person.vault(), &path).unwrap();
    path
}

fn checkout(person: &Person, file: &Path) {
    fs::copy(file, person.vault()).unwrap();
}

/// A file that [`unite`] makes of two.
fn united(person: &Person, name: &str, one: &Path, other: &Path) -> PathBuf {
    let path = person.checkout().join(name);
    fs::copy(one, &path).unwrap();
    unite(&path, other);
    path
}

/// What `get` and `exec` give of dev/DB.
fn given(person: &Person) -> (Done, String) {
    let get = person.run("get dev/DB");
    let env = person.run("exec -e dev -- env");
    assert_eq!((get.code, env.code), (0, 0), "{get:?} {env:?}");
    let exec = env.out.lines().find_map(|line| line.strip_prefix("DB=")).unwrap().to_owned();
    assert_eq!(get.out, exec);
    (get, exec)
}

#[test]
fn a_back_dated_entry_that_was_seen_does_not_count_in_an_older_state() {
    let (olga, rex) = team();
    let before = kept(&olga, "before.toml");
    rex.pull(&olga);
    olga.run("member remove rex --yes").ok();
    let after = kept(&olga, "after.toml");
    rex.set("dev/DB", "evil");
    let with_it = kept(&rex, "evil.toml");
    // First beside the removal, where it is void and seen.
    let seen = united(&olga, "seen.toml", &after, &with_it);
    checkout(&olga, &seen);
    assert_eq!(given(&olga).1, "one");
    olga.run("audit verify").ok();
    // Then without the removal.
    let older = united(&olga, "older.toml", &before, &with_it);
    checkout(&olga, &older);
    for _ in 0..2 {
        let (done, value) = given(&olga);
        assert_eq!(value, "one");
        assert!(done.err.contains("older state"), "{}", done.err);
    }
    let strict = olga.run("--json audit verify --strict");
    assert!(strict.code == 6 && strict.out.contains("pin-void"), "{strict:?}");
}

#[test]
fn what_counted_in_a_pull_request_is_void_once_a_removal_without_it_was_accepted() {
    let (olga, rex) = team();
    rex.pull(&olga);
    rex.set("dev/DB", "of the branch");
    let main = kept(&olga, "main.toml");
    let branch = kept(&rex, "branch.toml");
    checkout(&olga, &branch);
    assert_eq!(given(&olga).1, "of the branch");
    checkout(&olga, &main);
    olga.run("member remove rex --yes").ok();
    olga.run("get dev/DB").ok();
    checkout(&olga, &branch);
    assert_eq!(given(&olga).1, "one");
}

#[test]
fn an_old_branch_gives_what_counted_though_its_file_cannot_show_it() {
    let (olga, rex) = team();
    rex.set("dev/DB", "honest");
    olga.pull(&rex);
    assert_eq!(given(&olga).1, "honest");
    let old = kept(&olga, "old.toml");
    // The removal names what follows the honest entry, which the old branch does not have.
    olga.set("dev/OTHER", "x");
    olga.run("member remove rex --yes").ok();
    assert_eq!(given(&olga).1, "honest");
    checkout(&olga, &old);
    assert_eq!(given(&olga).1, "honest");
    let ledger = fs::read_dir(olga.home().join(".local/state/v-secure/pins")).unwrap();
    let ledger = ledger.map(|entry| entry.unwrap().path());
    let ledger = ledger.into_iter().find(|path| path.extension().is_some_and(|e| e == "ledger"));
    // Without what this device remembers, nothing vouches for it.
    fs::remove_file(ledger.unwrap()).unwrap();
    assert_eq!(given(&olga).1, "one");
}

#[test]
fn writing_on_an_older_state_that_lacks_a_removal_is_refused() {
    let (olga, _) = team();
    let old = kept(&olga, "old.toml");
    olga.run("member remove rex --yes").ok();
    checkout(&olga, &old);
    let refused = olga.feed("--json set dev/DB", "x");
    assert_eq!(refused.error(), (6, "pin-older".into()));
    // Before a request is read, or anything asked that only a terminal answers.
    for line in [
        "member add x --request absent",
        "member remove rex",
        "member key remove rex/rex-laptop",
        "role rm developer",
    ] {
        let refused = olga.run(&format!("--json {line}"));
        assert_eq!(refused.error(), (6, "pin-older".into()), "{line}");
    }
}

#[test]
fn strict_readers_give_nothing_out_of_an_older_state() {
    let (olga, _) = team();
    fs::write(olga.checkout().join("t"), "{{ v-secure:dev/DB }}").unwrap();
    let commands = [
        "get dev/DB --strict",
        "exec -e dev --strict -- env",
        "export -e dev --format json --strict",
        "inject -i t --strict",
    ];
    let check = |code: i32| {
        for line in commands {
            let done = olga.run(&format!("--json {line}"));
            assert_eq!(done.code, code, "{line}: {done:?}");
            if code != 0 {
                assert_eq!(done.error(), (6, "pin-older".into()), "{line}");
                assert_eq!(done.out, "", "{line}");
            }
            assert_eq!(olga.run(&line.replace(" --strict", "")).code, 0, "{line}");
        }
    };
    check(0);
    let before = kept(&olga, "before.toml");
    olga.set("dev/DB", "two");
    let policy = kept(&olga, "policy.toml");
    checkout(&olga, &before);
    check(6);
    checkout(&olga, &policy);
    check(0);
    olga.run("role create more").ok();
    checkout(&olga, &policy);
    check(6);
}

#[test]
fn an_older_state_is_served_by_the_settings_of_the_accepted_policy() {
    let (olga, _) = team();
    olga.set("base/HOST", "localhost");
    olga.set("dev/LD_PRELOAD", "x.so");
    for setting in ["env.dev.extends base", "variables.allow LD_PRELOAD", "reads off"] {
        olga.run(&format!("settings set {setting}")).ok();
    }
    assert!(olga.run("exec -e dev -- env").ok().contains("HOST=localhost"));
    let old = kept(&olga, "old.toml");
    for setting in ["env.dev.extends", "variables.allow", "reads"] {
        olga.run(&format!("settings set {setting} --unset")).ok();
    }
    let reads = olga.home().join(".local/state/v-secure/reads");
    assert!(!reads.exists());
    checkout(&olga, &old);
    let env = olga.run("exec -e dev --only DB -- env").ok();
    assert!(env.contains("DB=one") && !env.contains("HOST="), "{env}");
    assert!(reads.exists(), "reads are written down again");
    let guarded = olga.run("--json exec -e dev -- env");
    assert_eq!(guarded.error(), (1, "environment".into()));
    assert_eq!(olga.run("--json export -e dev --format dotenv").code, 1);
}

#[test]
fn what_a_grantor_voids_that_counted_here_or_in_the_base_is_told() {
    let (olga, rex) = team();
    olga.run("role create lead --grant read,write,grant:dev/*").ok();
    let gina = join(&olga, "gina", "lead");
    rex.pull(&olga);
    rex.set("dev/DB", "honest");
    gina.run("access revoke developer dev/* write,delete").ok();
    let (with_it, revoked) = (kept(&rex, "with.toml"), kept(&gina, "revoked.toml"));
    checkout(&olga, &with_it);
    assert_eq!(given(&olga).1, "honest");
    let merged = united(&olga, "merged.toml", &revoked, &with_it);
    checkout(&olga, &merged);
    for _ in 0..2 {
        let told = olga.run("audit verify");
        assert_eq!(told.code, 0, "{told:?}");
        assert!(told.out.contains("void-known") && told.out.contains("dev/DB"), "{told:?}");
        olga.run("get dev/DB").ok();
    }
    let strict = olga.run("audit verify --strict");
    assert!(strict.code == 6 && strict.out.contains("void-known"), "{strict:?}");
    let stranger = Person::new("stranger");
    checkout(stranger_at(&stranger), &merged);
    let line = format!("audit verify --base {}", with_it.display());
    let base = stranger.run(&line);
    assert!(base.code == 6 && base.out.contains("void-known"), "{base:?}");
    let alone = stranger.run("audit verify");
    assert!(alone.code == 0 && !alone.out.contains("void-known"), "{alone:?}");
}

#[test]
fn what_an_owner_voids_is_not_told_as_such() {
    let (olga, rex) = team();
    rex.pull(&olga);
    let main = kept(&olga, "main.toml");
    rex.set("dev/DB", "honest");
    let with_it = kept(&rex, "with.toml");
    checkout(&olga, &with_it);
    olga.run("get dev/DB").ok();
    checkout(&olga, &main);
    olga.run("member remove rex --yes").ok();
    let removed = kept(&olga, "removed.toml");
    checkout(&olga, &united(&olga, "merged.toml", &removed, &with_it));
    let told = olga.run("audit verify");
    assert!(told.code == 0 && !told.out.contains("void-known"), "{told:?}");
}

fn stranger_at(person: &Person) -> &Person {
    fs::create_dir(person.checkout().join(".v-secure")).unwrap();
    person
}

#[test]
fn a_write_does_not_make_a_device_forget_what_was_cut_off() {
    let olga = Person::new("olga");
    olga.run("init --vault-name shop").ok();
    olga.set("dev/DB", "old");
    let cut = kept(&olga, "cut.toml");
    olga.set("dev/DB", "new");
    olga.run("get dev/DB").ok();
    checkout(&olga, &cut);
    olga.set("dev/OTHER", "written on the older log");
    assert_eq!(olga.run("get dev/DB --strict").code, 6);
    assert!(olga.run("get dev/DB").err.contains("missing"));
    olga.run("pin accept --yes").ok();
    assert_eq!(olga.run("get dev/DB --strict").ok(), "old");
}

#[test]
fn accepting_an_older_state_says_that_it_lowers_the_pin_for_every_clone() {
    let (olga, _) = team();
    let old = kept(&olga, "old.toml");
    let clone = olga.checkout().join("../clone");
    copy(&old, &clone);
    let at_clone = |line: &str| -> Done {
        let arguments: Vec<&str> = line.split(' ').collect();
        olga.command(&arguments).current_dir(&clone).output().unwrap().into()
    };
    olga.set("dev/DB", "two");
    olga.run("member remove rex --yes").ok();
    assert!(at_clone("--trust-first-use get dev/DB").err.contains("older state"));
    let kept_up = olga.run("pin accept --json").json();
    assert_eq!(kept_up["given_up"]["policy_entries"], 0);
    checkout(&olga, &old);
    let asked = olga.run("pin accept");
    assert_eq!(asked.code, 1, "{asked:?}");
    let quiet = olga.run("-q pin accept --yes --json");
    for done in [&asked, &quiet] {
        for text in ["entries that this device has accepted", "lowers the pin for every clone"] {
            assert!(done.err.contains(text), "{done:?}");
        }
    }
    let report = quiet.json();
    assert_eq!(report["changed"], true);
    assert_eq!(report["given_up"]["policy_entries"], 1);
    assert_eq!(report["given_up"]["log_entries"], 1);
    assert!(!at_clone("get dev/DB").err.contains("older state"), "it holds there, too");
    let again = olga.run("pin accept");
    assert!(again.err.contains("accepted already") && !again.err.contains("lowers"), "{again:?}");
}

#[test]
fn an_accepted_older_state_is_told_in_words() {
    let (olga, _) = team();
    let old = kept(&olga, "old.toml");
    olga.run("member remove rex --yes").ok();
    checkout(&olga, &old);
    let mut session = terminal(olga.command(&["pin", "accept"]));
    type_in(&mut session, "for every clone on this device?", "y");
    let text = rest(&mut session);
    assert!(
        text.contains("every clone of this vault on this device is held to this state"),
        "{text}"
    );
    olga.set("dev/DB", "two");
    checkout(&olga, &old);
    let same_policy = olga.run("pin accept --yes");
    assert!(same_policy.err.contains("1 entry of the log given up"), "{same_policy:?}");
    assert!(!same_policy.err.contains("clone"), "{same_policy:?}");
}

#[test]
fn rights_are_not_changed_on_a_branch_that_lacks_changes_of_them() {
    let (olga, _) = team();
    let old = kept(&olga, "old.toml");
    olga.run("role create ops").ok();
    checkout(&olga, &old);
    for line in
        ["role create other", "settings set reads off", "member add x --service --new-identity"]
    {
        let refused = olga.run(line);
        assert_eq!(refused.code, 7, "{line}: {refused:?}");
        assert!(refused.err.contains("split the policy"), "{line}: {refused:?}");
    }
    assert_eq!(fs::read(olga.vault()).unwrap(), fs::read(&old).unwrap());
    olga.set("dev/DB", "two");
    assert_eq!(given(&olga).1, "two", "secrets are written on");
}
