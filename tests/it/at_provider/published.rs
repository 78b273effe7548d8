//! What is withdrawn in one clone alone, while everybody else is handed it.

use super::*;
use v_secure_testkit::tools;

/// A clone whose newest credential is published, and a remote that takes no push from now on.
fn parted(service: &Service) -> (TempDir, Person) {
    let (remote, owner) = shared(service);
    owner.run("secret rotate prod/A").ok();
    assert_eq!(service.lines(), [FIRST, &current(&owner)]);
    executable::script(&hook(&remote), "#!/bin/sh\nexit 1\n");
    set_mode(&hook(&remote));
    (remote, owner)
}

fn hook(remote: &TempDir) -> PathBuf {
    remote.path().join("hooks/pre-receive")
}

/// Nothing is revoked while nobody else knows, nor at once when they do.
#[track_caller]
fn held(owner: &Person, service: &Service, remote: &TempDir, accepted: &[String]) {
    for (line, code) in
        [("rotation retire prod/A", "unpublished"), ("rotation run", "rotations-failed")]
    {
        let failed = owner.run(&format!("--json {line}")).error();
        assert_eq!(failed, (1, code.into()), "{line}");
        assert_eq!(service.lines(), accepted, "{line}");
    }
    fs::remove_file(hook(remote)).unwrap();
    let early = owner.run("--json rotation retire prod/A").error();
    assert_eq!((early, service.lines().as_slice()), ((7, "not-retired".into()), accepted));
    let other = another(remote, owner);
    assert_eq!(current(&other), current(owner), "it is published now");
}

#[test]
fn what_was_rolled_back_here_alone_revokes_nothing_that_others_are_given() {
    if !tools::has("git") {
        return;
    }
    let Some(service) = Service::new() else { return };
    let (remote, owner) = parted(&service);
    let accepted = service.lines();
    owner.run("secret rollback prod/A --version 2").ok();
    held(&owner, &service, &remote, &accepted);
    // Once everybody knows, it goes on.
    owner.run("rotation retire prod/A").ok();
    assert_eq!(service.lines(), [FIRST]);
}

#[test]
fn what_was_set_by_hand_here_alone_revokes_nothing_that_others_are_given() {
    if !tools::has("git") {
        return;
    }
    let Some(service) = Service::new() else { return };
    let (remote, owner) = parted(&service);
    let was = current(&owner);
    service.accept(&[FIRST, &was, "by-hand-9Xk"]);
    let accepted = service.lines();
    owner.set("prod/A", "by-hand-9Xk");
    held(&owner, &service, &remote, &accepted);
    owner.run("rotation retire prod/A").ok();
    assert_eq!(service.lines(), ["by-hand-9Xk"]);
}

#[test]
fn a_run_that_publishes_what_was_here_alone_revokes_nothing_at_once() {
    if !tools::has("git") {
        return;
    }
    let Some(service) = Service::new() else { return };
    let (remote, owner) = parted(&service);
    let accepted = service.lines();
    fs::remove_file(hook(&remote)).unwrap();
    owner.run("secret rollback prod/A --version 2").ok();
    owner.run("rotation run");
    assert_eq!(service.lines(), accepted);
    assert_eq!(current(&another(&remote, &owner)), FIRST);
    owner.run("rotation run").ok();
    assert_eq!(service.lines(), [FIRST]);
}

/// The time is the record's, which is as old as the overlap when others are told of it.
#[test]
fn an_overlap_begins_when_others_are_told() {
    if !tools::has("git") {
        return;
    }
    let Some(service) = Service::new() else { return };
    let (remote, owner) = parted(&service);
    let accepted = service.lines();
    fs::remove_file(hook(&remote)).unwrap();
    owner.run("settings set provider.file.overlap 8s").ok();
    owner.run("secret rollback prod/A --version 2").ok();
    std::thread::sleep(std::time::Duration::from_secs(8));
    for _ in 0..2 {
        let early = owner.run("--json rotation retire prod/A").error();
        assert_eq!(early, (7, "not-retired".into()));
        assert_eq!(service.lines(), accepted);
    }
}

#[test]
fn a_run_that_has_to_wait_since_it_published_is_none_that_failed() {
    if !tools::has("git") {
        return;
    }
    let Some(service) = Service::new() else { return };
    let (remote, owner) = parted(&service);
    fs::remove_file(hook(&remote)).unwrap();
    owner.run("secret rollback prod/A --version 2").ok();
    let run = owner.run("rotation run --json").json();
    assert_eq!(run["secrets"][0]["did"], "waits");
}
