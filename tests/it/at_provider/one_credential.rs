//! A provider at which one credential works at a time: whoever is served fails until everybody has the new one.

use super::*;
use std::thread;
use std::time::Duration;

#[test]
fn no_share_is_given_what_takes_the_credential_of_all_others() {
    let Some(service) = Service::of_one() else { return };
    let owner = owner(&service);
    let before = fs::read(owner.vault()).unwrap();
    for line in ["--to 5% --yes", "--to 0% --yes", "--to 100% --yes"] {
        let refused = owner.run(&format!("--json secret rotate prod/A {line}")).error();
        assert_eq!(refused, (1, "provider-unfit".into()), "{line}");
    }
    let verbs = service.verbs();
    assert!(!verbs.iter().any(|verb| verb == "set"), "{verbs:?}");
    assert_eq!((fs::read(owner.vault()).unwrap(), service.lines()), (before, vec![FIRST.into()]));
}

#[test]
fn nor_is_one_where_a_rotation_is_open() {
    let Some(service) = Service::of_one() else { return };
    let owner = owner(&service);
    let whole = fs::read_to_string(service.program()).unwrap();
    service.replace(&replaced(&whole, "    set) set_it ;;", "    set) exit 1 ;;"));
    service.serve(&owner, "prod/A");
    let unclear = owner.run("--json secret rotate prod/A --yes").error();
    assert_eq!(unclear, (1, "provider-unclear".into()));
    service.replace(&whole);
    service.serve(&owner, "prod/A");
    let refused = owner.run("--json secret rotate prod/A --resume --to 5%").error();
    assert_eq!(refused, (1, "provider-unfit".into()));
    assert_eq!((current(&owner).as_str(), service.lines()), (FIRST, vec![FIRST.to_owned()]));
    owner.run("secret rotate prod/A --resume").ok();
    assert_eq!(service.lines(), [current(&owner)]);
}

#[test]
fn a_machine_begins_no_outage_that_nobody_agreed_to() {
    let Some(service) = Service::of_one() else { return };
    let owner = owner(&service);
    owner.run("set prod/A --rotation-interval 1s").ok();
    thread::sleep(Duration::from_millis(1_100));
    let before = fs::read(owner.vault()).unwrap();
    for _ in 0..2 {
        let failed = owner.run("--json rotation run --due");
        assert_eq!(failed.error(), (1, "rotations-failed".into()));
        assert!(failed.out.contains("provider-unfit"), "{}", failed.out);
    }
    let verbs = service.verbs();
    assert!(!verbs.iter().any(|verb| verb == "set" || verb == "revoke"), "{verbs:?}");
    assert_eq!((fs::read(owner.vault()).unwrap(), service.lines()), (before, vec![FIRST.into()]));
    // Somebody does, and a machine ends it.
    owner.run("secret rotate prod/A --yes").ok();
    assert_eq!(service.lines(), [current(&owner)]);
    owner.run("rotation run").ok();
    assert_eq!(service.lines(), [current(&owner)]);
}
