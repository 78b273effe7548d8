//! Keyring slots against gnome-keyring on a bus of its own.
#![cfg(target_os = "linux")]

use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use v_secure_testkit::desktop::{Desktop, skipped};
use v_secure_testkit::faults;
use v_secure_testkit::sandbox::{Sandbox, contains, describe, feed};
use v_secure_testkit::tools::without_kernel_keyring;

/// The program on that bus.
trait Calls {
    fn run(&self, sandbox: &Sandbox, line: &str) -> Output;
    fn command(&self, sandbox: &Sandbox, line: &str) -> Command;
    fn ok(&self, sandbox: &Sandbox, line: &str) -> String;
    fn json(&self, sandbox: &Sandbox, line: &str) -> Value;
}

impl Calls for Desktop {
    fn run(&self, sandbox: &Sandbox, line: &str) -> Output {
        self.command(sandbox, line).output().unwrap()
    }

    fn command(&self, sandbox: &Sandbox, line: &str) -> Command {
        let arguments: Vec<&str> = line.split(' ').collect();
        let mut command = sandbox.command(&arguments);
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        command
    }

    #[track_caller]
    fn ok(&self, sandbox: &Sandbox, line: &str) -> String {
        let output = self.run(sandbox, line);
        assert!(output.status.success(), "{line}: {}", describe(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    fn json(&self, sandbox: &Sandbox, line: &str) -> Value {
        serde_json::from_str(&self.ok(sandbox, &format!("{line} --json"))).unwrap()
    }
}

/// The exit code and the reasons of a run with `--json` that must fail.
#[track_caller]
fn refused(output: &Output) -> (i32, String) {
    assert!(!output.status.success() && output.stdout.is_empty(), "{}", describe(output));
    let object: Value = serde_json::from_slice(&output.stderr).unwrap();
    (output.status.code().unwrap(), object["error"]["causes"].to_string())
}

/// A vault whose owner's identity is in the keyring of `desktop` and nowhere else.
fn vault(desktop: &Desktop) -> Sandbox {
    let sandbox = Sandbox::new();
    let made = desktop.json(&sandbox, "init --member ada --keyring --no-recovery");
    assert_eq!(made["identity"], Value::Null);
    let file = PathBuf::from(made["keyring"].as_str().unwrap());
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    let mut set = desktop.command(&sandbox, "set A");
    let output = feed(set.stdin(Stdio::piped()), b"value-of-a");
    assert!(output.status.success(), "{}", describe(&output));
    sandbox
}

#[test]
fn the_keyring_opens_the_vault_and_no_file_holds_the_identity() {
    if skipped() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let desktop = Desktop::start(data.path(), true);
    let sandbox = vault(&desktop);
    assert_eq!(desktop.ok(&sandbox, "get A"), "value-of-a");
    assert_eq!(desktop.json(&sandbox, "--vault .")["unlocked_by"], "the OS keyring");
    let found = desktop.json(&sandbox, "doctor")["findings"].to_string();
    assert!(found.contains("keyring-sound") && found.contains("identity-found"), "{found}");
    let slot = desktop.json(&sandbox, "keyring show");
    assert_eq!((&slot["member"], &slot["share"]), (&"ada".into(), &"there".into()));
    assert!(!sandbox.identity().exists());
    assert_eq!(sandbox.holding(&["AGE-SECRET-KEY-"]), [] as [PathBuf; 0]);
    let found = Command::new("grep").args(["-ral", "AGE-SECRET-KEY-"]).arg(data.path()).output();
    assert!(found.unwrap().stdout.is_empty());
}

#[test]
fn without_bus_share_or_unlocked_collection_it_is_locked_at_once() {
    if skipped() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let desktop = Desktop::start(data.path(), true);
    let sandbox = vault(&desktop);
    drop(desktop);
    let others = tempfile::tempdir().unwrap();
    let locked = Desktop::start(data.path(), false);
    let lost = Desktop::start(others.path(), true);
    let none = "unix:path=/nonexistent";
    for (address, why) in [
        (none, "the OS keyring cannot be used"),
        (&locked.address, "the OS keyring"),
        (&lost.address, "it has lost its share"),
    ] {
        let begun = Instant::now();
        let mut command = sandbox.command(&["get", "A", "--json"]);
        let output = command.env("DBUS_SESSION_BUS_ADDRESS", address).output().unwrap();
        let (code, causes) = refused(&output);
        assert_eq!(code, 3, "{causes}");
        assert!(causes.contains(why), "{causes}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{why}: {:?}", begun.elapsed());
    }
    let slot = lost.json(&sandbox, "keyring show");
    assert_eq!(slot["share"], "missing");
}

#[test]
fn a_slot_is_added_beside_an_identity_and_removed_when_that_is_safe() {
    if skipped() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let desktop = Desktop::start(data.path(), true);
    let sandbox = Sandbox::with_vault();
    sandbox.set("A", "value-of-a");
    let none = desktop.run(&sandbox, "keyring show --json");
    assert_eq!(none.status.code(), Some(5), "{}", describe(&none));
    for _ in 0..2 {
        desktop.ok(&sandbox, "keyring add");
    }
    let away = sandbox.path("away.txt");
    fs::rename(sandbox.identity(), &away).unwrap();
    assert_eq!(desktop.ok(&sandbox, "get A"), "value-of-a");
    let only = desktop.run(&sandbox, "keyring remove --json");
    assert!(contains(&only.stderr, b"not-confirmed"), "{}", describe(&only));
    fs::rename(&away, sandbox.identity()).unwrap();
    desktop.ok(&sandbox, "keyring remove");
    fs::rename(sandbox.identity(), &away).unwrap();
    let (code, causes) = refused(&desktop.run(&sandbox, "get A --json"));
    assert_eq!(code, 3, "{causes}");
    assert_eq!(desktop.run(&sandbox, "keyring show").status.code(), Some(5));
}

#[test]
fn init_without_a_keyring_or_a_word_on_recovery_makes_nothing() {
    let sandbox = Sandbox::new();
    let undecided = sandbox.run(&["init", "--keyring", "--json"]);
    assert_eq!(undecided.status.code(), Some(2), "{}", describe(&undecided));
    assert!(contains(&undecided.stderr, b"recovery-undecided"), "{}", describe(&undecided));
    let mut command = sandbox.command(&["init", "--keyring", "--no-recovery", "--json"]);
    let output =
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent").output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", describe(&output));
    assert!(contains(&output.stderr, b"\"keyring\""), "{}", describe(&output));
    assert!(!sandbox.vault().exists() && !sandbox.identity().exists());
}

/// Where the kernel's keyring is forbidden, as in a container, `unlock` uses the desktop's.
#[test]
fn the_desktop_keeps_what_the_kernel_may_not() {
    if skipped() || faults::skipped() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let desktop = Desktop::start(data.path(), true);
    let sandbox = Sandbox::with_vault();
    sandbox.set("A", "value-of-a");
    let unlocked = without_kernel_keyring(&desktop.command(&sandbox, "unlock --for 1h --json"))
        .output()
        .unwrap();
    assert!(unlocked.status.success(), "{}", describe(&unlocked));
    let report: Value = serde_json::from_slice(&unlocked.stdout).unwrap();
    assert_eq!(report["keyring"], "OS keyring");
    fs::rename(sandbox.identity(), sandbox.path("away.txt")).unwrap();
    let read = without_kernel_keyring(&desktop.command(&sandbox, "get A")).output().unwrap();
    assert_eq!(read.stdout, b"value-of-a", "{}", describe(&read));
    let locked =
        without_kernel_keyring(&desktop.command(&sandbox, "lock --all --json")).output().unwrap();
    assert!(locked.status.success(), "{}", describe(&locked));
    let report: Value = serde_json::from_slice(&locked.stdout).unwrap();
    assert_eq!(report["locked"].as_array().unwrap().len(), 1);
    let (code, causes) = refused(&desktop.run(&sandbox, "get A --json"));
    assert_eq!(code, 3, "{causes}");
}
