//! What a provider compares with, where the current version has another id than the one that it was set to.

use super::*;

/// Rotates and retires, after which the provider knows the id of what it was set to.
#[track_caller]
fn rotated(owner: &Person) {
    owner.run("secret rotate prod/A").ok();
    owner.run("rotation retire prod/A").ok();
}

/// Rotates, and sees that this one is the only value that works.
#[track_caller]
fn goes_on(owner: &Person, service: &Service) {
    let before = current(owner);
    rotated(owner);
    assert_ne!(current(owner), before);
    assert_eq!(service.lines(), [current(owner)]);
}

#[test]
fn after_a_fresh_key_of_a_value_settling_lets_its_rotations_go_on() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    rotated(&owner);
    let before = current(&owner);
    owner.run("key rotate --dek --secret prod/A").ok();
    let view = json(&owner, "rotation settle", "prod/A ");
    assert_eq!(view["set_again"], false, "it worked");
    assert_eq!((current(&owner), service.lines()), (before.clone(), vec![before]));
    goes_on(&owner, &service);
    goes_on(&owner, &service);
}

#[test]
fn after_a_value_that_works_and_was_set_by_hand_settling_lets_rotations_go_on() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    // Twice: what was set before the last one is known, too.
    rotated(&owner);
    rotated(&owner);
    // Somebody changes it where it is used, and says so here.
    service.accept(&["by-hand-9Xk"]);
    owner.set("prod/A", "by-hand-9Xk");
    owner.run("rotation settle prod/A").ok();
    assert_eq!(service.lines(), ["by-hand-9Xk"]);
    owner.run("rotation retire prod/A").ok();
    goes_on(&owner, &service);
    goes_on(&owner, &service);
}

#[test]
fn what_a_fence_refuses_is_gone_on_with_by_the_step_that_it_names() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    rotated(&owner);
    rotated(&owner);
    service.accept(&["by-hand-9Xk"]);
    owner.set("prod/A", "by-hand-9Xk");
    owner.run("rotation retire prod/A").ok();
    let refused = owner.run("--json secret rotate prod/A");
    assert_eq!(refused.error(), (7, "provider-fenced".into()));
    assert!(refused.err.contains("rotation settle prod/A"), "{}", refused.err);
    owner.run("rotation settle prod/A").ok();
    owner.run("secret rotate prod/A --resume").ok();
    assert!(service.accepts(&current(&owner)) && current(&owner) != "by-hand-9Xk");
    owner.run("rotation retire prod/A").ok();
    goes_on(&owner, &service);
}

#[test]
fn a_fresh_key_of_a_value_ends_no_rotations() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    for _ in 0..2 {
        rotated(&owner);
        owner.run("key rotate --dek --secret prod/A").ok();
        owner.run("rotation run").ok();
    }
    owner.run("secret rotate prod/A").ok();
    // Nor does one between a rotation and the end of the old credential.
    owner.run("key rotate --dek --secret prod/A").ok();
    owner.run("rotation retire prod/A").ok();
    assert_eq!(service.lines(), [current(&owner)]);
    goes_on(&owner, &service);
}
