//! Where bytes are known the accepted chain is told by its hash and the policy is folded without being judged: what does
//! not fit is refused as it is elsewhere.

use std::fs;
use std::path::{Path, PathBuf};
use v_secure_testkit::sandbox::Sandbox;

/// The state folder, in the home folder.
const STATE: &str = ".local/state/v-secure";

fn pinned(sandbox: &Sandbox) -> PathBuf {
    let folder = fs::read_dir(sandbox.home().join(STATE).join("pins")).unwrap();
    let mut chains = folder.map(|entry| entry.unwrap().path());
    chains.find(|path| path.extension().is_some_and(|ending| ending == "chain")).unwrap()
}

/// With a past, and known to this device.
fn scene() -> Sandbox {
    let sandbox = Sandbox::with_vault();
    sandbox.set("A", "value-of-a-one");
    sandbox.ok(&["settings", "set", "reads", "off"]);
    sandbox.ok(&["audit", "verify"]);
    sandbox.ok(&["get", "A"]);
    sandbox
}

fn codes(sandbox: &Sandbox) -> Vec<Option<i32>> {
    let commands = [&["get", "A"][..], &["exec", "--", "true"], &["audit", "verify"], &["list"]];
    commands.map(|command| sandbox.run(command).status.code()).to_vec()
}

#[test]
fn a_pin_that_was_changed_is_no_pin_of_the_file_that_is_known() {
    let sandbox = scene();
    let (path, good) = (pinned(&sandbox), fs::read_to_string(pinned(&sandbox)).unwrap());
    let shorter = good.strip_suffix("\n").unwrap().to_owned();
    let other_format = good.replacen("\"format\":2", "\"format\":3", 1);
    let other_entry = good.replacen("set reads", "set reeds", 1);
    for bad in [String::new(), shorter, other_format, other_entry, good.replace("sigs", "sogs")] {
        assert!(bad != good);
        fs::write(&path, &bad).unwrap();
        let codes = codes(&sandbox);
        assert!(!codes.contains(&Some(0)), "{codes:?} with {bad}");
    }
    fs::write(&path, good).unwrap();
    assert_eq!(codes(&sandbox), [Some(0); 4]);
}

#[test]
fn a_chain_that_parted_is_refused_of_a_file_that_is_known() {
    let sandbox = scene();
    let before = fs::read(sandbox.vault()).unwrap();
    let pin = fs::read(pinned(&sandbox)).unwrap();
    sandbox.ok(&["settings", "set", "ttl", "on-write"]);
    let (other, longer) = (fs::read(pinned(&sandbox)).unwrap(), fs::read(sandbox.vault()).unwrap());
    // As if it had never been accepted: another change in its place.
    let put_back = |path: &Path, bytes: &[u8]| fs::write(path, bytes).unwrap();
    put_back(&sandbox.vault(), &before);
    put_back(&pinned(&sandbox), &pin);
    sandbox.ok(&["settings", "set", "retention.days", "9"]);
    assert_eq!(codes(&sandbox), [Some(0); 4]);
    put_back(&pinned(&sandbox), &other);
    assert_eq!(codes(&sandbox)[..3], [Some(6); 3]);
    // An older state that is known, and a newer one.
    put_back(&sandbox.vault(), &before);
    let warned = sandbox.run(&["get", "A"]);
    assert!(String::from_utf8_lossy(&warned.stderr).contains("warning"), "{warned:?}");
    assert_eq!(sandbox.run(&["get", "--strict", "A"]).status.code(), Some(6));
    put_back(&sandbox.vault(), &longer);
    assert_eq!(codes(&sandbox), [Some(0); 4]);
}

#[test]
fn what_the_file_says_of_its_policy_is_judged_where_one_byte_is_new() {
    let sandbox = scene();
    let good = fs::read_to_string(sandbox.vault()).unwrap();
    let forged = good.replacen("\"value\":\"off\"", "\"value\":\"required\"", 1);
    assert_ne!(forged, good);
    fs::write(sandbox.vault(), forged).unwrap();
    assert_eq!(codes(&sandbox), [Some(6); 4]);
    fs::write(sandbox.vault(), good).unwrap();
    assert_eq!(codes(&sandbox), [Some(0); 4]);
}
