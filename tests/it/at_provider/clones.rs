//! Several clones that rotate one secret, and publish by git.

use super::*;
use v_secure_testkit::tools;

#[test]
fn another_clone_goes_on_with_what_one_published_and_left() {
    if !tools::has("git") {
        return;
    }
    let Some(service) = Service::new() else { return };
    let (remote, owner) = shared(&service);
    let other = another(&remote, &owner);
    let whole = fs::read_to_string(service.program()).unwrap();
    service.replace(&whole.replace("    set) set_it ;;", "    set) exit 1 ;;"));
    service.serve(&owner, "prod/A");
    git(&owner.checkout(), "commit --quiet --all -m settings");
    git(&owner.checkout(), "push --quiet origin main");
    assert_eq!(owner.run("--json secret rotate prod/A").error(), (1, "provider-unclear".into()));
    // As the one who began it would, from what is published alone.
    service.replace(&whole);
    git(&other.checkout(), "pull --quiet origin main");
    service.serve(&other, "prod/A");
    git(&other.checkout(), "commit --quiet --all -m settings");
    git(&other.checkout(), "push --quiet origin main");
    other.run("secret rotate prod/A --resume").ok();
    assert!(service.accepts(&current(&other)) && current(&other) != FIRST);
    owner.run("rotation run").ok();
    assert_eq!(current(&owner), current(&other));
    assert_eq!(service.lines(), [current(&owner)]);
}

#[test]
fn of_two_clones_at_once_one_rotates_and_the_other_says_so() {
    if !tools::has("git") {
        return;
    }
    let Some(service) = Service::new() else { return };
    let (remote, owner) = shared(&service);
    let other = another(&remote, &owner);
    for _ in 0..4 {
        let start = |person: &Person| {
            let mut command = person.command(&["--json", "secret", "rotate", "prod/A"]);
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            command.spawn().unwrap()
        };
        let both = [start(&owner), start(&other)].map(|child| child.wait_with_output().unwrap());
        let mut codes = both.each_ref().map(|output| output.status.code().unwrap());
        codes.sort_unstable();
        assert!(matches!(codes, [0, 7]), "{both:?}");
        owner.run("rotation run").ok();
        other.run("rotation run").ok();
        assert_eq!(current(&owner), current(&other));
        assert_eq!(service.lines(), [current(&owner)]);
        owner.run("audit verify").ok();
    }
}

#[test]
fn a_branch_that_takes_no_pushes_has_another_one_beside_it() {
    if !tools::has("git") {
        return;
    }
    let Some(service) = Service::new() else { return };
    let (remote, owner) = shared(&service);
    v_secure_testkit::executable::script(
        &remote.path().join("hooks/update"),
        "#!/bin/sh\n[ \"$1\" != refs/heads/main ]\n",
    );
    let failed = owner.run("secret rotate prod/A");
    let hint = "v-secure settings set rotation.via 'git origin refs/heads/rotations'";
    assert!(failed.err.contains(hint), "{}", failed.err);
    assert_eq!(service.lines(), [FIRST]);
    let via = "git origin refs/heads/rotations";
    owner.command(&["settings", "set", "rotation.via", via]).output().unwrap();
    git(&owner.checkout(), "checkout --quiet -b rotations");
    git(&owner.checkout(), "commit --quiet --all -m settings");
    git(&owner.checkout(), "push --quiet origin rotations");
    owner.run("secret rotate prod/A").ok();
    assert!(service.accepts(&current(&owner)));
}
