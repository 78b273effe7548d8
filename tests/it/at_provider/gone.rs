//! A secret that is removed while its credentials are alive.

use super::*;

/// What was begun is open when its secret is removed, which says by what its credential ends.
#[track_caller]
fn removed(service: &Service) -> Person {
    let owner = owner(service);
    owner.run("secret rotate prod/A --to 5%").ok();
    assert_eq!(service.lines().len(), 2);
    let removed = owner.run("rm prod/A --yes");
    assert_eq!(removed.code, 0, "{}", removed.err);
    assert!(removed.err.contains("rotation retire prod/A"), "{}", removed.err);
    owner
}

#[test]
fn what_was_given_to_a_share_of_a_secret_that_is_removed_is_revoked() {
    for ends in ["rotation retire prod/A", "rotation run"] {
        let Some(service) = Service::new() else { return };
        let owner = removed(&service);
        owner.run(ends).ok();
        // What was current when it was removed is no rotation's to end.
        assert_eq!(service.lines(), [FIRST], "{ends}");
        owner.run("rotation run").ok();
        let again = owner.run("--json rotation retire prod/A").error();
        assert_eq!(again, (5, "rotation-missing".into()), "{ends}");
        owner.run("audit verify").ok();
    }
}

#[test]
fn it_rotates_again_once_it_is_back() {
    let Some(service) = Service::new() else { return };
    let owner = removed(&service);
    owner.run("rotation retire prod/A").ok();
    owner.run("secret restore prod/A").ok();
    assert_eq!(current(&owner), FIRST);
    owner.run("secret rotate prod/A").ok();
    owner.run("rotation retire prod/A").ok();
    assert_eq!(service.lines(), [current(&owner)]);
}
