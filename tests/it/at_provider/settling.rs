//! Settling replaces whatever a provider holds: who may have it done, and when.

use super::*;

#[test]
fn who_may_read_and_rotate_but_not_write_settles_nothing() {
    let Some(service) = Service::logging() else { return };
    let owner = owner(&service);
    let rea = member(&owner, "rea", &["read:prod/A", "rotate:prod/A"]);
    publish_via(&owner, &device(&rea));
    rea.pull(&owner);
    for accepted in [FIRST, "another-one-5Tq"] {
        service.accept(&[accepted]);
        let refused = rea.run("--json rotation settle prod/A");
        assert_eq!(refused.error(), (4, "not-permitted".into()), "{}", refused.err);
        assert_eq!((service.verbs(), service.lines()), (vec![], vec![accepted.to_owned()]));
    }
    service.accept(&[FIRST]);
    rea.run("secret rotate prod/A").ok();
}

#[test]
fn nor_does_who_may_only_read_in_a_clone_of_their_own() {
    if !v_secure_testkit::tools::has("git") {
        return;
    }
    let Some(service) = Service::logging() else { return };
    let (remote, owner) = shared(&service);
    let rea = member(&owner, "rea", &["read:prod/A"]);
    git(&owner.checkout(), "commit --quiet --all -m rea");
    git(&owner.checkout(), "push --quiet origin main");
    fs::remove_dir_all(rea.checkout().join(".v-secure")).unwrap();
    git(&rea.checkout(), &format!("clone --quiet {} .", remote.path().display()));
    // What she has is what the provider held a while ago.
    owner.run("secret rotate prod/A").ok();
    owner.run("rotation retire prod/A").ok();
    service.asked();
    let refused = rea.run("--json rotation settle prod/A");
    assert_eq!(refused.error(), (4, "not-permitted".into()), "{}", refused.err);
    assert_eq!((service.verbs(), service.lines()), (vec![], vec![current(&owner)]));
}

#[test]
fn where_one_credential_works_a_rotation_that_goes_on_keeps_it() {
    let Some(service) = Service::of_one() else { return };
    let owner = owner(&service);
    // It is set, and its answer is lost.
    let whole = fs::read_to_string(service.program()).unwrap();
    service.replace(&replaced(
        &whole,
        "    set) set_it ;;",
        "    set) (set_it) >/dev/null; exit 1 ;;",
    ));
    service.serve(&owner, "prod/A");
    let unclear = owner.run("--json secret rotate prod/A --yes").error();
    assert_eq!(unclear, (1, "provider-unclear".into()));
    service.replace(&whole);
    service.serve(&owner, "prod/A");
    let accepted = service.lines();
    assert_ne!(accepted, [FIRST]);
    service.asked();
    let refused = owner.run("--json rotation settle prod/A");
    assert_eq!(refused.error(), (7, "rotation-open".into()), "{}", refused.err);
    assert_eq!((service.verbs(), service.lines()), (vec![], accepted.clone()));
    owner.run("secret rotate prod/A --resume").ok();
    assert_eq!((vec![current(&owner)], service.lines()), (accepted.clone(), accepted));
    owner.run("rotation settle prod/A").ok();
}
