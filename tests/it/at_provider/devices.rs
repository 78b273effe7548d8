//! One device rotates: no other one asks a provider for anything, however old what it has is.

use super::*;

/// A colleague who may do all that a rotation takes, at another machine.
fn colleague(owner: &Person) -> Person {
    member(owner, "bob", &["read:prod/A", "rotate:prod/A", "write:prod/A"])
}

/// The owner at another machine of hers.
fn second(owner: &Person) -> Person {
    let second = Person::new("olga");
    second.pull(owner);
    let line = second.run("member request --device olga-desk").ok();
    owner.feed("member add olga --device --request - --yes", &line).ok();
    second.pull(owner);
    second.accept_as(owner);
    second
}

/// Each of these is refused before the provider is asked, and writes nothing.
#[track_caller]
fn refused(person: &Person, service: &Service, lines: &[&str]) {
    let (accepted, vault) = (service.lines(), fs::read(person.vault()).unwrap());
    service.asked();
    for line in lines {
        let refused = person.run(&format!("--json {line}"));
        assert_eq!(refused.error(), (4, "not-published-here".into()), "{line}");
        assert_eq!(service.verbs(), [""; 0], "{line}");
        assert_eq!(service.lines(), accepted, "{line}");
        assert_eq!(fs::read(person.vault()).unwrap(), vault, "{line}");
    }
}

#[test]
fn another_device_goes_on_with_no_rotation_that_is_open_where_it_saw_it_last() {
    let Some(service) = Service::logging() else { return };
    let owner = owner(&service);
    let (bob, desk) = (colleague(&owner), second(&owner));
    owner.run("secret rotate prod/A --to 5%").ok();
    bob.pull(&owner);
    desk.pull(&owner);
    owner.run("secret rotate prod/A --abort").ok();
    owner.run("rotation retire prod/A").ok();
    assert_eq!(service.lines(), [FIRST]);
    let all = [
        "secret rotate prod/A",
        "secret rotate prod/A --dry-run",
        "secret rotate prod/A --resume",
        "secret rotate prod/A --resume --to 50%",
        "secret rotate prod/A --abort",
        "rotation promote prod/A",
        "rotation settle prod/A",
        "rotation run",
        "rotation run --due",
    ];
    refused(&bob, &service, &all);
    refused(&desk, &service, &all);
}

#[test]
fn another_device_revokes_nothing_that_it_holds_for_old() {
    let Some(service) = Service::logging() else { return };
    let owner = owner(&service);
    let (bob, desk) = (colleague(&owner), second(&owner));
    owner.run("secret rotate prod/A").ok();
    bob.pull(&owner);
    desk.pull(&owner);
    // The old one is in use again, and the machine that rotates knows it.
    owner.run("secret rollback prod/A --version 2").ok();
    assert_eq!(current(&owner), FIRST);
    let all = [
        "rotation retire prod/A",
        "rotation retire prod/A --wait",
        "rotation run",
        "rotation run --due",
        "rotation settle prod/A",
        "secret rotate prod/A",
    ];
    refused(&bob, &service, &all);
    refused(&desk, &service, &all);
    assert!(service.accepts(FIRST));
}

#[test]
fn another_device_settles_nothing_by_what_was_retired_meanwhile() {
    let Some(service) = Service::logging() else { return };
    let owner = owner(&service);
    let bob = colleague(&owner);
    bob.pull(&owner);
    owner.run("secret rotate prod/A").ok();
    owner.run("rotation retire prod/A").ok();
    assert_eq!(current(&bob), FIRST);
    refused(&bob, &service, &["rotation settle prod/A", "secret rotate prod/A", "rotation run"]);
    assert_eq!(service.lines(), [current(&owner)]);
}
