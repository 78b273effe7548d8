//! Whose a value is, when others have done routine work with it.

use super::*;

const WILS: &str = "known-to-wil-7Rd";

/// An owner, and wil, who may write and not read, and has chosen a value.
fn chosen(service: &Service) -> (Person, Person) {
    let owner = owner(service);
    let wil = member(&owner, "wil", &["write:prod/A"]);
    wil.set("prod/A", WILS);
    owner.pull(&wil);
    (owner, wil)
}

/// The value comes to the provider by nothing that anybody does with it.
#[track_caller]
fn is_given_to_no_provider(owner: &Person, service: &Service, secret: &str) {
    service.serve(owner, "prod/*,dev/*");
    for line in [
        format!("secret rotate {secret} --dry-run"),
        format!("secret rotate {secret}"),
        "rotation run".to_owned(),
        format!("rotation settle {secret}"),
    ] {
        service.asked();
        let done = owner.run(&line);
        assert!(!service.asked().contains(WILS), "{line}: {}", done.err);
        assert!(!service.accepts(WILS), "{line}: {}", done.err);
    }
}

#[test]
fn a_fresh_key_makes_a_value_nobody_elses() {
    for settles in ["rotation settle prod/A", "rotation settle prod/A --set --yes"] {
        let Some(service) = Service::logging() else { return };
        let (owner, _) = chosen(&service);
        owner.run("key rotate --dek --secret prod/A").ok();
        let refused = owner.run("--json secret rotate prod/A");
        assert_eq!(refused.error(), (4, "not-permitted".into()), "{}", refused.err);
        // The value before it is the owner's, and works.
        owner.run(settles).ok();
        assert_eq!((current(&owner).as_str(), service.lines()), (FIRST, vec![FIRST.to_owned()]));
        assert!(!service.asked().contains(WILS));
        owner.run("secret rotate prod/A").ok();
    }
}

#[test]
fn nor_does_going_back_to_it() {
    let Some(service) = Service::logging() else { return };
    let (owner, _) = chosen(&service);
    owner.run("secret rollback prod/A --version 2").ok();
    owner.run("secret rollback prod/A --version 3").ok();
    assert_eq!(current(&owner), WILS);
    is_given_to_no_provider(&owner, &service, "prod/A");
}

#[test]
fn nor_do_another_name_and_a_copy() {
    for (line, secret) in [
        ("secret rename prod/A prod/B", "prod/B"),
        ("secret copy prod/A --to-env dev", "dev/A"),
        ("env copy prod dev", "dev/A"),
    ] {
        let Some(service) = Service::logging() else { return };
        let (owner, _) = chosen(&service);
        let done = owner.run(line);
        assert_eq!(done.code, 0, "{line}: {}", done.err);
        service.serve(&owner, secret);
        // Whose it was first is not to be seen there. It does not work, and no command has it work but one that says so.
        for line in ["secret rotate", "rotation settle", "rotation settle --set"] {
            let (verb, more) = line.split_once(" --").unwrap_or((line, ""));
            let more = if more.is_empty() { String::new() } else { format!(" --{more}") };
            let refused = owner.run(&format!("--json {verb} {secret}{more}"));
            assert_eq!(refused.code, 1, "{line}: {}", refused.err);
        }
        assert_eq!(service.lines(), [FIRST]);
    }
}

#[test]
fn nor_does_another_person_of_the_same_name() {
    let Some(service) = Service::logging() else { return };
    let (owner, _) = chosen(&service);
    owner.run("member remove wil --yes").ok();
    owner.run("role grant r-wil prod/A read").ok();
    let namesake = Person::new("wil");
    namesake.pull(&owner);
    let line = namesake.run("member request").ok();
    owner.feed("member add wil --request - --role r-wil --yes", &line).ok();
    is_given_to_no_provider(&owner, &service, "prod/A");
}

#[test]
fn what_nobody_rotated_is_set_only_by_who_says_so() {
    let Some(service) = Service::logging() else { return };
    let owner = owner(&service);
    let bob = member(&owner, "bob", &["read:prod/A", "write:prod/A"]);
    bob.set("prod/A", "chosen-by-bob");
    owner.pull(&bob);
    for line in ["rotation settle prod/A", "secret rotate prod/A", "rotation run"] {
        let done = owner.run(line);
        assert!(!service.accepts("chosen-by-bob"), "{line}");
        if line.contains("settle") {
            assert!(done.code == 1 && done.err.contains("bob"), "whose it is: {}", done.err);
        }
    }
    owner.run("rotation settle prod/A --set --yes").ok();
    assert!(service.accepts("chosen-by-bob"));
}
