//! Signatures that this device has seen to hold are not checked again, and nothing else follows from that.

use std::fs;
use std::path::PathBuf;
use v_secure_testkit::sandbox::Sandbox;

/// The state folder, in the home folder.
const STATE: &str = ".local/state/v-secure";
const FIRST: &str = r#""sig":""#;

fn list(sandbox: &Sandbox) -> PathBuf {
    let folder = fs::read_dir(sandbox.home().join(STATE).join("signatures")).unwrap();
    let mut lists: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(lists.len(), 1, "{lists:?}");
    lists.remove(0)
}

fn count(sandbox: &Sandbox) -> usize {
    fs::read(list(sandbox)).unwrap().len() / 16
}

/// Forgets which files were verified, as a file that was pulled is none of them.
fn forget_files(sandbox: &Sandbox) {
    fs::remove_dir_all(sandbox.home().join(STATE).join("verified")).unwrap();
}

fn scene() -> Sandbox {
    let sandbox = Sandbox::with_vault();
    sandbox.set("A", "value-of-a-one");
    sandbox.set("B", "value-of-b-one");
    sandbox
}

#[test]
fn each_signature_is_remembered_once_whether_written_here_or_read() {
    let sandbox = scene();
    // Genesis with the proof of its key, what follows it in the chain, and an entry for each value.
    let written = count(&sandbox);
    let vault = fs::read_to_string(sandbox.vault()).unwrap();
    let signatures = vault.matches(FIRST).count() + vault.matches(r#""proof":""#).count();
    assert_eq!(written, signatures, "{vault}");
    forget_files(&sandbox);
    sandbox.ok(&["audit", "verify"]);
    assert_eq!(count(&sandbox), written);
    fs::remove_file(list(&sandbox)).unwrap();
    forget_files(&sandbox);
    sandbox.ok(&["audit", "verify"]);
    assert_eq!(count(&sandbox), written);
}

#[test]
fn a_changed_signature_is_refused_by_who_knows_the_right_one() {
    let sandbox = scene();
    let vault = fs::read_to_string(sandbox.vault()).unwrap();
    // Of the last entry: what stands behind it stands.
    let at = vault.rfind(FIRST).unwrap() + FIRST.len();
    let other = if vault[at..].starts_with('A') { "B" } else { "A" };
    let forged = format!("{}{other}{}", &vault[..at], &vault[at + 1..]);
    fs::write(sandbox.vault(), forged).unwrap();
    for command in [&["audit", "verify"][..], &["exec", "--", "true"], &["list"]] {
        let output = sandbox.run(command);
        assert_eq!(output.status.code(), Some(6), "{command:?}: {output:?}");
    }
    // Who reads one secret checks the entries that name it.
    let codes = ["A", "B"].map(|name| sandbox.run(&["get", name]).status.code());
    assert!(codes.contains(&Some(6)), "{codes:?}");
}

#[test]
fn a_list_that_is_gone_or_spoilt_costs_checks_and_nothing_else() {
    let sandbox = scene();
    for spoil in [Vec::new(), vec![0; 160], b"no list\n".to_vec()] {
        fs::write(list(&sandbox), &spoil).unwrap();
        forget_files(&sandbox);
        sandbox.ok(&["audit", "verify"]);
        sandbox.ok(&["exec", "--", "true"]);
    }
}
