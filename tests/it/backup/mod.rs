//! `backup create` and `backup restore`: round trips, also through stock `age`, and what is refused.

#![cfg(unix)]

mod hostile;
mod with_age;

use expectrl::Expect;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use v_secure_core::crypto::{armor, envelope, identity, passphrase_file};
use v_secure_core::secret_value::SecretValue;
use v_secure_testkit::person::{Done, Person};
use v_secure_testkit::terminal::{rest, terminal};
use v_secure_testkit::tools::has;

const PASSPHRASE: &str = "several random words make this one";
const VARIABLE: &str = "V_SECURE_BACKUP_PASSPHRASE";

fn owner() -> Person {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop --member owner").ok();
    owner.set("A", "first");
    owner
}

fn identity_file(person: &Person) -> PathBuf {
    person.home().join(".config/v-secure/identity.txt")
}

/// A command with the passphrase in its variable.
fn with_passphrase(person: &Person, line: &str) -> Done {
    let arguments: Vec<&str> = line.split(' ').collect();
    person.command(&arguments).env(VARIABLE, PASSPHRASE).output().unwrap().into()
}

/// The path of a backup that `owner` makes, outside of every checkout.
fn backup(owner: &Person, options: &str) -> String {
    let path = owner.home().join("backup.age");
    let _ = fs::remove_file(&path);
    let line = format!("backup create {} {options}", path.display());
    with_passphrase(owner, line.trim()).ok();
    path.to_str().unwrap().to_owned()
}

fn own_keys(owner: &Person) -> Vec<identity::Identity> {
    let text = SecretValue::new(fs::read(identity_file(owner)).unwrap());
    identity::parse_identities(&text).unwrap()
}

fn mode(path: impl AsRef<Path>) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_lost_machine_comes_back_from_a_passphrase_alone() {
    let owner = owner();
    let file = backup(&owner, "--with-identity --passphrase");
    assert_eq!(mode(&file), 0o600);
    let sealed = fs::read(&file).unwrap();
    let key = fs::read_to_string(identity_file(&owner)).unwrap();
    let key = key.lines().last().unwrap();
    assert!(!String::from_utf8_lossy(&sealed).contains(key));

    let fresh = Person::new("fresh");
    let line = format!("backup restore {file} --json");
    assert_eq!(with_passphrase(&fresh, &line).error(), (1, "first-use".into()));
    assert!(!identity_file(&fresh).exists() && !fresh.vault().exists());
    let report = with_passphrase(&fresh, &format!("--trust-first-use {line}")).json();
    assert_eq!((&report["changed"], &report["identity_written"]), (&true.into(), &true.into()));
    assert_eq!((&report["member"], &report["device"]), (&"owner".into(), &"owner-laptop".into()));
    assert_eq!(mode(identity_file(&fresh)), 0o600);
    assert_eq!(fs::read(fresh.vault()).unwrap(), fs::read(owner.vault()).unwrap());
    assert_eq!(fresh.run("get A").ok(), "first");
    // Its pin is accepted: a pipe without a terminal reads and writes.
    fresh.set("B", "second");
    fresh.run("audit verify").ok();
}

#[test]
fn the_owners_open_what_names_nobody() {
    let owner = owner();
    let file = backup(&owner, "");
    let before = fs::read(owner.vault()).unwrap();
    fs::remove_file(owner.vault()).unwrap();
    let report = owner.run(&format!("backup restore {file} --json")).json();
    assert_eq!(report["secrets"], 1);
    assert_eq!(fs::read(owner.vault()).unwrap(), before);
    let again = owner.run(&format!("backup restore {file} --json")).json();
    assert_eq!(again["changed"], false);
    let stranger = Person::new("stranger");
    let run = stranger.run(&format!("backup restore {file} --json"));
    assert_eq!(run.error(), (3, "backup-locked".into()));
    assert!(!stranger.vault().exists());
}

#[test]
fn what_is_there_and_newer_is_kept_and_what_is_older_replaced() {
    let owner = owner();
    let old = fs::read(owner.vault()).unwrap();
    let file = backup(&owner, "");
    owner.set("NEWER", "x");
    owner.run("role create dev --grant read:*").ok();
    let newer = fs::read(owner.vault()).unwrap();
    let run = owner.run(&format!("backup restore {file} --json"));
    assert_eq!(run.error(), (7, "backup-older".into()));
    for text in ["1 entry of the policy", "entries of the log", "default/NEWER"] {
        assert!(run.err.contains(text), "{}", run.err);
    }
    assert_eq!(fs::read(owner.vault()).unwrap(), newer);

    let file = backup(&owner, "--passphrase");
    let clone = Person::new("clone");
    fs::create_dir(clone.checkout().join(".v-secure")).unwrap();
    fs::write(clone.vault(), &old).unwrap();
    let line = format!("backup restore {file} --json");
    assert_eq!(with_passphrase(&clone, &line).error(), (1, "first-use".into()));
    assert_eq!(fs::read(clone.vault()).unwrap(), old);
    let report = with_passphrase(&clone, &format!("--trust-first-use {line}")).json();
    assert_eq!(report["changed"], true);
    assert_eq!(fs::read(clone.vault()).unwrap(), newer);
}

#[test]
fn an_older_backup_without_a_vault_is_restored_and_stays_known_as_older() {
    let owner = owner();
    let file = backup(&owner, "");
    owner.set("NEWER", "x");
    fs::remove_file(owner.vault()).unwrap();
    let run = owner.run(&format!("backup restore {file}"));
    assert!(run.code == 0 && run.err.contains("older than what was seen here"), "{run:?}");
    let run = owner.run("get A");
    assert!(
        run.code == 0 && run.err.contains("1 log entry that was seen here before is missing"),
        "{run:?}"
    );
}

#[test]
fn another_vault_is_never_replaced() {
    let (owner, other) = (owner(), owner());
    let file = backup(&owner, "--passphrase");
    let before = fs::read(other.vault()).unwrap();
    let run = with_passphrase(&other, &format!("backup restore {file} --json"));
    assert_eq!(run.error(), (6, "backup-other-vault".into()));
    assert_eq!(fs::read(other.vault()).unwrap(), before);
    // One that stands in the place of the accepted one is told before the backup is read.
    other.pull(&owner);
    let run = other.run("backup restore absent --json");
    assert_eq!(run.error(), (6, "pin-other-vault".into()));
    fs::remove_dir_all(other.checkout().join(".v-secure")).unwrap();
    let run = with_passphrase(&other, &format!("backup restore {file} --json"));
    assert_eq!(run.error(), (6, "pin-other-vault".into()));
    assert!(!other.checkout().join(".v-secure").exists());
}

#[test]
fn a_damaged_vault_is_not_dropped_for_a_backup() {
    let owner = owner();
    let file = backup(&owner, "");
    fs::write(owner.vault(), "format = 1\n").unwrap();
    let run = owner.run(&format!("backup restore {file}"));
    assert!(run.code == 6 && run.err.contains("vault.toml.damaged"), "{run:?}");
    assert_eq!(fs::read(owner.vault()).unwrap(), b"format = 1\n");
}

#[test]
fn an_identity_that_is_there_stays() {
    let (owner, other) = (owner(), owner());
    let file = backup(&owner, "--with-identity --passphrase");
    let key = fs::read(identity_file(&other)).unwrap();
    fs::create_dir(other.checkout().join("../elsewhere")).unwrap();
    let line = format!("--vault ../elsewhere backup restore {file}");
    let run = with_passphrase(&other, &format!("--trust-first-use {line}"));
    assert!(run.code == 0 && run.err.contains("holds another identity and stays"), "{run:?}");
    assert_eq!(fs::read(identity_file(&other)).unwrap(), key);
    with_passphrase(&other, &format!("{line} --identity-out mine.txt")).ok();
    assert_eq!(mode(other.checkout().join("mine.txt")), 0o600);
    let run = other.run("--identity mine.txt --vault ../elsewhere get A");
    assert_eq!(run.ok(), "first");
    let run = with_passphrase(&other, &format!("{line} --identity-out mine.txt --json"));
    assert_eq!(run.error(), (7, "exists".into()));
    let without = backup(&owner, "--passphrase");
    let line =
        format!("--vault ../elsewhere backup restore {without} --identity-out new.txt --json");
    assert_eq!(with_passphrase(&other, &line).error(), (5, "backup-identity".into()));
}

#[test]
fn an_identity_is_written_only_for_somebody_who_is_named() {
    let owner = owner();
    let own = owner.run("identity show --json").json()["identities"][0]["recipient"].clone();
    let own = own.as_str().unwrap();
    for options in ["", &format!(" --recipient {own}")] {
        let run = owner.run(&format!("backup create f.age --with-identity{options} --json"));
        assert_eq!(run.error(), (2, "backup-reader".into()), "{options}");
    }
    let cases = [("--passphrase", 3, "no-passphrase"), ("--recipient age1x", 2, "recipient")];
    for (options, exit, code) in cases {
        let run = owner.run(&format!("backup create f.age {options} --json"));
        assert_eq!(run.error(), (exit, code.into()), "{options}");
    }
    assert!(!owner.checkout().join("f.age").exists());
    fs::write(owner.checkout().join("f.age"), "mine").unwrap();
    assert_eq!(owner.run("backup create f.age --json").error(), (7, "exists".into()));
    assert_eq!(fs::read(owner.checkout().join("f.age")).unwrap(), b"mine");
}

#[test]
fn a_weak_passphrase_is_refused_unless_it_is_wanted() {
    let owner = owner();
    let weak = |line: &str| -> Done {
        let arguments: Vec<&str> = line.split(' ').collect();
        owner.command(&arguments).env(VARIABLE, "hunter2").output().unwrap().into()
    };
    let refused = weak("backup create f.age --passphrase --json");
    assert_eq!(refused.error(), (2, "weak-passphrase".into()));
    assert!(!owner.checkout().join("f.age").exists() && !refused.err.contains("hunter2"));
    let made = weak("backup create f.age --passphrase --allow-weak-passphrase");
    assert!(made.code == 0 && made.err.contains("weak"), "{}", made.err);
    assert_eq!(weak("backup restore f.age").code, 0);
}

#[test]
fn a_file_and_a_descriptor_give_the_passphrase() {
    let owner = owner();
    let script = format!(
        "printf '%s\\n' '{PASSPHRASE}' | \"$0\" backup create f.age --backup-passphrase-fd 0 --armor && \
         exec 5<p && \"$0\" backup restore f.age --backup-passphrase-fd 5 && \
         V_SECURE_BACKUP_PASSPHRASE_FILE=p \"$0\" backup restore f.age"
    );
    fs::write(owner.checkout().join("p"), PASSPHRASE).unwrap();
    let mut command = Command::new("/bin/sh");
    let program = owner.command(&[]);
    command.args(["-c", &script]).arg(program.get_program()).current_dir(owner.checkout());
    command.env_clear().envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = fs::read_to_string(owner.checkout().join("f.age")).unwrap();
    assert!(text.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"));
    let mut wrong = owner.command(&["backup", "restore", "f.age", "--json"]);
    let run: Done = wrong.env(VARIABLE, "another").output().unwrap().into();
    assert_eq!(run.error(), (3, "backup-locked".into()));
}

#[test]
fn a_folder_that_is_not_there_is_named_with_what_makes_it() {
    let owner = owner();
    owner.run("backup create ../b.backup").ok();
    let line = "--vault ../new backup restore ../b.backup --trust-first-use --json";
    let refused = owner.run(line);
    assert_eq!(refused.error(), (5, "file".into()));
    assert!(refused.err.contains("mkdir -p "), "{}", refused.err);
    fs::create_dir(owner.checkout().join("../new")).unwrap();
    owner.run(line).ok();
}
