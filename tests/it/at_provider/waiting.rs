//! What becomes of the credentials while somebody waits for the end of an overlap.

use super::*;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Stdio};

/// A command that waits, once it says so, and the rest of what it says.
#[track_caller]
fn waiting(owner: &Person, line: &str) -> (Child, BufReader<ChildStderr>) {
    let arguments: Vec<&str> = line.split(' ').collect();
    let mut command = owner.command(&arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("the old credential is revoked") {
        assert_ne!(told.read_line(&mut said).unwrap(), 0, "{said}");
    }
    (child, told)
}

#[test]
fn a_new_credential_that_is_lost_while_somebody_waits_costs_the_old_one_nothing() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    for line in ["rotation retire prod/A --wait", "secret rotate prod/A --overlap 6s"] {
        if line.starts_with("rotation") {
            owner.run("settings set provider.file.overlap 6s").ok();
            owner.run("secret rotate prod/A").ok();
        }
        let (mut child, mut told) = waiting(&owner, line);
        let new = current(&owner);
        assert_eq!(service.lines(), [FIRST, &new], "{line}");
        service.accept(&[FIRST]);
        let mut said = String::new();
        told.read_to_string(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(7), "{line}: {said}");
        assert_eq!(service.lines(), [FIRST], "{line}: {said}");
        // What the failure names leads on.
        owner.run("rotation settle prod/A").ok();
        assert!(service.accepts(&new), "{line}");
        owner.run("secret rollback prod/A --version 2").ok();
        owner.run("settings set provider.file.overlap 0s").ok();
        owner.run("rotation retire prod/A").ok();
        assert_eq!(service.lines(), [FIRST], "{line}");
    }
}

#[test]
fn an_old_credential_that_is_current_again_while_somebody_waits_is_not_revoked() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    owner.run("settings set provider.file.overlap 6s").ok();
    owner.run("secret rotate prod/A").ok();
    let new = current(&owner);
    let (mut child, _told) = waiting(&owner, "rotation retire prod/A --wait");
    owner.run("secret rollback prod/A --version 2").ok();
    // It goes on waiting for what is over now, and that is the other one.
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!((current(&owner).as_str(), service.lines()), (FIRST, vec![FIRST.to_owned()]));
    assert!(!service.accepts(&new));
}

#[test]
fn an_overlap_that_the_owners_make_longer_while_somebody_waits_is_kept() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    owner.run("settings set provider.file.overlap 6s").ok();
    owner.run("secret rotate prod/A").ok();
    let new = current(&owner);
    let (mut child, _told) = waiting(&owner, "rotation retire prod/A --wait");
    owner.run("settings set provider.file.overlap 10d").ok();
    // It is refused, or goes on waiting.
    std::thread::sleep(std::time::Duration::from_secs(9));
    let _ = child.kill();
    assert_ne!(child.wait().unwrap().code(), Some(0));
    assert_eq!(service.lines(), [FIRST, &new]);
}
