//! What was begun for a share of the instances is nobody's to give to all.

use super::*;
use v_secure_testkit::tools;

/// A service that is away where the new credential would be set, and how it comes back.
#[track_caller]
fn begun_and_away(owner: &Person, service: &Service, share: &str) {
    let whole = fs::read_to_string(service.program()).unwrap();
    service.replace(&replaced(&whole, "    set) set_it ;;", "    set) exit 1 ;;"));
    service.serve(owner, "prod/A");
    let failed = owner.run(&format!("secret rotate prod/A --to {share}"));
    assert_eq!(failed.code, 1, "{}", failed.err);
    service.replace(&whole);
    service.serve(owner, "prod/A");
}

#[test]
fn a_machine_gives_to_nobody_what_was_begun_for_a_share() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    for share in ["5%", "0%", "100%"] {
        begun_and_away(&owner, &service, share);
        for line in ["rotation run", "rotation run --due"] {
            let run = owner.run(&format!("{line} --json")).json();
            let did = &run["secrets"][0]["did"];
            assert!(did == "held" || line.ends_with("due") && did.is_null(), "{share}: {run}");
        }
        assert_eq!((current(&owner).as_str(), service.lines()), (FIRST, vec![FIRST.to_owned()]));
        owner.run("secret rotate prod/A --abort").ok();
        owner.run("rotation run").ok();
    }
}

#[test]
fn going_on_with_it_says_the_share_again_or_that_it_is_for_all() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    begun_and_away(&owner, &service, "5%");
    let refused = owner.run("--json secret rotate prod/A --resume");
    assert_eq!(refused.error(), (7, "rotation-open".into()), "{}", refused.err);
    assert_eq!((current(&owner).as_str(), service.lines()), (FIRST, vec![FIRST.to_owned()]));
    owner.run("secret rotate prod/A --resume --to 5%").ok();
    assert_eq!((current(&owner).as_str(), service.lines().len()), (FIRST, 2));
    let refused = owner.run("--json secret rotate prod/A --resume");
    assert_eq!(refused.error(), (7, "rotation-open".into()), "{}", refused.err);
    owner.run("rotation promote prod/A").ok();
    assert_ne!(current(&owner), FIRST);
}

#[test]
fn another_clone_sees_that_it_is_for_a_share_from_its_beginning() {
    if !tools::has("git") {
        return;
    }
    let Some(service) = Service::new() else { return };
    let (remote, owner) = shared(&service);
    let other = another(&remote, &owner);
    let whole = fs::read_to_string(service.program()).unwrap();
    // The other one runs while the first one sets.
    let runs = service.folder.path().join("runs");
    let waits = format!(
        "    set) : >'{0}'; while [ -e '{0}' ]; do sleep 0.05; done; set_it ;;",
        runs.display()
    );
    service.replace(&replaced(&whole, "    set) set_it ;;", &waits));
    service.serve(&owner, "prod/A");
    git(&owner.checkout(), "commit --quiet --all -m settings");
    git(&owner.checkout(), "push --quiet origin main");
    let mut command = owner.command(&["secret", "rotate", "prod/A", "--to", "5%"]);
    let child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let begun = std::time::Instant::now();
    while !runs.exists() {
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "nobody sets it");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let run = other.run("rotation run --json").json();
    assert_eq!(run["secrets"][0]["did"], "held", "{run}");
    fs::remove_file(&runs).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{done:?}");
    assert_eq!((current(&owner).as_str(), service.lines().len()), (FIRST, 2));
}
