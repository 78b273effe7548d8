//! Records that one clone alone has, while everybody else is handed something else.

use super::*;
use v_secure_testkit::person::path_after;
use v_secure_testkit::tools;

/// What is refused while the clone has what nobody else has.
const ASKING: [&str; 8] = [
    "rotation retire prod/A",
    "rotation retire prod/A --wait",
    "rotation run",
    "rotation run --due",
    "rotation settle prod/A",
    "rotation promote prod/A",
    "secret rotate prod/A",
    "secret rotate prod/A --abort",
];

fn tip(remote: &TempDir) -> String {
    fs::read_to_string(remote.path().join("refs/heads/main")).unwrap()
}

/// A clone whose newest credential is published, where `draft` is not.
#[track_caller]
fn refused_until_pushed(draft: impl FnOnce(&Person, &Service)) -> (TempDir, Person, Service) {
    let service = Service::logging().unwrap();
    let (remote, owner) = shared(&service);
    owner.run("secret rotate prod/A").ok();
    let made = current(&owner);
    assert_eq!(service.lines(), [FIRST, &made]);
    draft(&owner, &service);
    let (accepted, tip_before) = (service.lines(), tip(&remote));
    service.asked();
    for line in ASKING {
        let refused = owner.run(&format!("--json {line}")).error();
        assert_eq!(refused, (1, "unpublished".into()), "{line}");
    }
    // Nobody was asked for anything, and nothing was pushed for anybody.
    assert_eq!((service.asked().as_str(), service.lines()), ("", accepted));
    assert_eq!(tip(&remote), tip_before);
    // The way out that is printed, in a clone that is behind what its own rotation pushed.
    owner.run("git install").ok();
    for line in [
        "add .v-secure",
        "commit --quiet -m Secrets -- .v-secure",
        "pull --quiet --no-rebase --no-edit origin refs/heads/main",
        "push --quiet origin HEAD:refs/heads/main",
    ] {
        typed(&owner, line);
    }
    (remote, owner, service)
}

/// git as its user types it: with the program of the hooks and of the merge driver on the path.
#[track_caller]
fn typed(person: &Person, line: &str) {
    let as_theirs = person.command(&[]);
    let program = Path::new(as_theirs.get_program()).parent().unwrap().to_owned();
    let variables = as_theirs.get_envs().filter_map(|(key, value)| Some((key, value?)));
    let mut git = Command::new("git");
    git.args(["-c", "user.name=t", "-c", "user.email=t@example.org"]).envs(variables);
    git.env("PATH", path_after(&program)).current_dir(person.checkout());
    let output = git.args(line.split(' ')).output().unwrap();
    assert!(output.status.success(), "{line}: {output:?}");
}

fn can() -> bool {
    tools::has("git") && Service::new().is_some()
}

#[test]
fn what_was_rolled_back_here_alone_revokes_nothing_that_others_are_given() {
    if !can() {
        return;
    }
    let (_remote, owner, service) = refused_until_pushed(|owner, _| {
        owner.run("secret rollback prod/A --version 2").ok();
    });
    owner.run("rotation retire prod/A").ok();
    assert_eq!(service.lines(), [FIRST]);
}

#[test]
fn what_was_set_by_hand_here_alone_revokes_nothing_that_others_are_given() {
    if !can() {
        return;
    }
    let (_remote, owner, service) = refused_until_pushed(|owner, service| {
        service.accept(&[FIRST, &current(owner), "by-hand-9Xk"]);
        owner.set("prod/A", "by-hand-9Xk");
    });
    owner.run("rotation retire prod/A").ok();
    assert_eq!(service.lines(), ["by-hand-9Xk"]);
}

/// A draft, and a member whom nobody looked at yet.
#[test]
fn what_is_about_another_secret_is_pushed_for_nobody_either() {
    if !can() {
        return;
    }
    let (_remote, owner, service) = refused_until_pushed(|owner, _| {
        owner.set("dev/DRAFT", "not-yet");
    });
    owner.run("rotation run").ok();
    assert_eq!(service.lines(), [current(&owner)]);
}

/// One clone has a value that another one pruned: that is no record that others lack.
#[test]
fn what_another_clone_pruned_keeps_nobody_from_rotating() {
    if !can() {
        return;
    }
    let service = Service::new().unwrap();
    let (remote, owner) = shared(&service);
    owner.feed("set prod/OLD --ttl 1s", "short").ok();
    git(&owner.checkout(), "commit --quiet --all -m old");
    git(&owner.checkout(), "push --quiet origin main");
    let other = another(&remote, &owner);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    owner.run("prune --no-grace").ok();
    git(&owner.checkout(), "commit --quiet --all -m pruned");
    git(&owner.checkout(), "push --quiet origin main");
    other.run("secret rotate prod/A").ok();
    owner.run("rotation run").ok();
    assert_eq!(current(&owner), current(&other));
    assert_eq!(service.lines(), [current(&owner)]);
}
