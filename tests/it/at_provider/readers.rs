//! Who could not record a step has a provider do nothing.

use super::*;

/// Whatever asks a provider for something.
const ASKING: [&str; 7] = [
    "secret rotate prod/A --yes",
    "secret rotate prod/A --resume",
    "secret rotate prod/A --resume --to 5%",
    "secret rotate prod/A --abort",
    "rotation promote prod/A",
    "rotation retire prod/A",
    "rotation settle prod/A",
];

/// Nothing but what a provider can do is asked of it, and nothing is written.
#[track_caller]
fn refused(person: &Person, service: &Service, lines: &[&str]) {
    let (accepted, vault) = (service.lines(), fs::read(person.vault()).unwrap());
    service.asked();
    for line in lines {
        let refused = person.run(&format!("--json {line}"));
        assert_eq!(refused.error(), (4, "not-permitted".into()), "{line}: {}", refused.err);
        assert_eq!(service.verbs(), [""; 0], "{line}");
        assert_eq!(service.lines(), accepted, "{line}");
        assert_eq!(fs::read(person.vault()).unwrap(), vault, "{line}");
    }
}

/// A rotation of the owner's that is begun and not set, and the program that sets it.
#[track_caller]
fn interrupted(owner: &Person, service: &Service) -> String {
    let whole = fs::read_to_string(service.program()).unwrap();
    service.replace(&replaced(&whole, "    set) set_it ;;", "    set) exit 1 ;;"));
    service.serve(owner, "prod/A");
    let unclear = owner.run("--json secret rotate prod/A --yes").error();
    assert_eq!(unclear, (1, "provider-unclear".into()));
    service.replace(&whole);
    service.serve(owner, "prod/A");
    whole
}

/// From now on the device of this member is the one that rotates.
#[track_caller]
fn hand_over(owner: &Person, member: &Person) {
    publish_via(owner, &device(member));
    if member.name() != owner.name() {
        member.pull(owner);
    }
}

#[test]
fn who_may_only_read_neither_sets_nor_withdraws_what_another_one_began() {
    for service in [Service::logging(), Service::of_one()] {
        let Some(service) = service else { return };
        let owner = owner(&service);
        let rea = member(&owner, "rea", &["read:prod/A"]);
        interrupted(&owner, &service);
        hand_over(&owner, &rea);
        refused(&rea, &service, &ASKING);
        assert_eq!(service.lines(), [FIRST]);
    }
}

#[test]
fn who_may_only_read_revokes_nothing_that_is_over() {
    let Some(service) = Service::logging() else { return };
    let owner = owner(&service);
    let rea = member(&owner, "rea", &["read:prod/A"]);
    owner.run("secret rotate prod/A").ok();
    hand_over(&owner, &rea);
    refused(&rea, &service, &["rotation retire prod/A"]);
    let run = rea.run("--json rotation run");
    assert_eq!((service.verbs(), service.lines().len()), (vec![], 2), "{}", run.err);
    // It is left to who may.
    hand_over(&owner, &owner);
    owner.run("rotation retire prod/A").ok();
    assert_eq!(service.lines(), [current(&owner)]);
}

#[test]
fn who_may_not_promote_what_another_one_began_sets_nothing_for_it() {
    for service in [Service::logging(), Service::of_one()] {
        let Some(service) = service else { return };
        let owner = owner(&service);
        let bot = member(&owner, "bot", &["read:prod/A", "rotate:prod/A"]);
        interrupted(&owner, &service);
        hand_over(&owner, &bot);
        let lines = ["secret rotate prod/A --resume", "rotation promote prod/A"];
        refused(&bot, &service, &lines);
        // A machine leaves it alone, and that is no failure.
        let run = bot.run("rotation run --json").json();
        assert_eq!(run["secrets"][0]["did"], "held", "{run}");
        assert_eq!((service.verbs(), service.lines()), (vec![], vec![FIRST.to_owned()]));
        hand_over(&owner, &owner);
        owner.run("secret rotate prod/A --resume").ok();
        assert!(service.accepts(&current(&owner)) && current(&owner) != FIRST);
    }
}
