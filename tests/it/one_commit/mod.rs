//! One commit that git takes back or brings from another branch: `git resolve` makes its change as one of its own.

mod by_itself;

use serde_json::Value;
use std::fs;
use v_secure_testkit::cli::{Run, failure, last_failure};
use v_secure_testkit::repository::Repository;

fn repository() -> Option<Repository> {
    let repository = Repository::new()?;
    let cli = &repository.0;
    cli.ok("git install");
    repository.git(&["add", ".v-secure"]);
    for name in ["GONE", "MOVES", "OLD"] {
        cli.set(name, "before");
    }
    repository.commit("driver");
    Some(repository)
}

/// What git refuses, made by the command that its refusal names, and committed.
#[track_caller]
fn made(repository: &Repository, git: &[&str]) -> Value {
    let stopped = repository.git_in(&repository.root(), git);
    let said = String::from_utf8_lossy(&stopped.stderr).into_owned();
    assert!(!stopped.status.success(), "{git:?}: {stopped:?}");
    assert!(said.contains("v-secure git resolve"), "{git:?}: {said}");
    let resolved = repository.0.json("git resolve --yes");
    let line = "git add .v-secure && git commit --quiet --no-edit";
    let done = repository.shell(line);
    assert!(done.status.success(), "{done:?}");
    for line in ["audit verify", "audit verify --base HEAD~1"] {
        repository.0.ok(line);
    }
    let left = repository.git_in(&repository.root(), &["status", "--porcelain"]);
    assert!(left.stdout.is_empty(), "{left:?}");
    resolved
}

/// The last commit, of which git makes what was there before and a hook stops it, and one before others.
#[test]
fn a_value_that_is_taken_back_is_the_earlier_one_as_a_new_version() {
    for later in [false, true] {
        let Some(repository) = repository() else { return };
        let cli = &repository.0;
        cli.set("A", "two");
        repository.commit("two");
        let mut commit = "HEAD";
        if later {
            cli.set("B", "later");
            repository.commit("later");
            commit = "HEAD~1";
        }
        let resolved = made(&repository, &["revert", "--no-edit", commit]);
        assert_eq!(resolved["again"][0]["action"], "rollback", "{resolved}");
        assert_eq!(cli.ok("get A"), "one");
        assert_eq!(cli.json("secret versions A")["versions"].as_array().unwrap().len(), 3);
        assert_eq!(cli.run("get B").code == 0, later);
        assert!(cli.ok("logs tail --filter read").contains("resolve"));
    }
}

#[test]
fn what_was_removed_made_moved_or_described_is_taken_back_too() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    cli.ok("rm GONE --yes");
    cli.set("NEW", "made");
    cli.ok("secret rename MOVES MOVED");
    cli.ok("secret describe OLD described");
    cli.ok("secret expire OLD --ttl 30d");
    repository.commit("much");
    cli.set("A", "later");
    repository.commit("later");
    made(&repository, &["revert", "--no-edit", "HEAD~1"]);
    for (name, value) in [("GONE", "before"), ("MOVES", "before"), ("A", "later")] {
        assert_eq!(cli.ok(&format!("get {name}")), value, "{name}");
    }
    for name in ["NEW", "MOVED"] {
        assert_eq!(cli.fails(&format!("get {name}")).1, "removed", "{name}");
    }
    let old = cli.json("secret show OLD").to_string();
    assert!(!old.contains("described"), "{old}");
    assert!(!cli.ok("secret versions OLD").contains("in 29 days"), "it never expires again");
}

#[test]
fn what_was_changed_again_since_is_left_and_nothing_is_written_where_that_is_all() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    cli.set("A", "two");
    cli.set("OLD", "two");
    repository.commit("two");
    cli.set("A", "three");
    repository.commit("three");
    let resolved = made(&repository, &["revert", "--no-edit", "HEAD~1"]);
    assert_eq!(resolved["left"][0]["why"], "it was changed again since", "{resolved}");
    assert_eq!((cli.ok("get A"), cli.ok("get OLD")), ("three".into(), "before".into()));
    cli.set("OLD", "four");
    repository.commit("four");
    let before = fs::read(cli.vault()).unwrap();
    let stopped = repository.git_in(&repository.root(), &["revert", "--no-edit", "HEAD~3"]);
    assert!(!stopped.status.success(), "{stopped:?}");
    let refused = cli.run("git resolve --yes --json");
    assert_eq!(failure(&refused), (7, "revert".into()));
    assert!(refused.shows("default/A: it was changed again since"), "{refused:?}");
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
    repository.git(&["revert", "--abort"]);
}

#[test]
fn a_picked_value_is_a_new_version_here_for_those_who_may_read_it_here() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    cli.set("A", "side");
    repository.commit("side");
    cli.set("A", "next");
    cli.ok("secret describe A picked");
    repository.commit("next");
    repository.git(&["checkout", "--quiet", "main"]);
    cli.ok("identity new -o ../app.txt");
    let request = cli.ok("--identity ../app.txt member request app -q");
    fs::write(cli.project().join("../app.request"), request).unwrap();
    cli.ok("role create app --grant read:default/A");
    cli.ok("member add app --request ../app.request --yes --role app");
    repository.commit("app");
    let resolved = made(&repository, &["cherry-pick", "side"]);
    assert_eq!(resolved["again"].as_array().unwrap().len(), 2, "{resolved}");
    assert_eq!(
        (cli.ok("get A"), cli.ok("--identity ../app.txt get A")),
        ("next".into(), "next".into())
    );
    assert!(cli.ok("secret show A").contains("picked"));
    let values = cli.json("secret versions A")["versions"].as_array().unwrap().len();
    assert_eq!(values, 2, "'side' is not among them");
    // The branch merges all the same.
    repository.git(&["merge", "--quiet", "--no-edit", "side"]);
    cli.ok("audit verify --base side");
}

#[test]
fn changes_of_the_policy_are_left_and_named() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    cli.ok("role create later");
    cli.set("A", "two");
    repository.commit("two");
    let resolved = made(&repository, &["revert", "--no-edit", "HEAD"]);
    assert_eq!(resolved["left"][0]["what"], "role-add later", "{resolved}");
    assert!(cli.ok("role list").contains("later") && cli.ok("get A") == "one");
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    cli.ok("role create of-side");
    repository.commit("role");
    cli.set("B", "b");
    cli.ok("role create picked");
    repository.commit("b");
    repository.git(&["checkout", "--quiet", "main"]);
    cli.ok("pin accept --yes");
    let resolved = made(&repository, &["cherry-pick", "side"]);
    assert_eq!(resolved["left"][0]["what"], "role-add picked", "{resolved}");
    assert_eq!(cli.ok("get B"), "b");
    let roles = cli.ok("role list");
    assert!(!roles.contains("picked") && !roles.contains("of-side"), "{roles}");
}

#[test]
fn it_is_asked_about_and_takes_the_usual_rights() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    cli.ok("identity new -o ../app.txt");
    let request = cli.ok("--identity ../app.txt member request app -q");
    fs::write(cli.project().join("../app.request"), request).unwrap();
    cli.ok("role create app --grant read:default/*");
    cli.ok("member add app --request ../app.request --yes --role app");
    repository.commit("app");
    cli.set("A", "two");
    repository.commit("two");
    assert!(
        !repository.git_in(&repository.root(), &["revert", "--no-edit", "HEAD"]).status.success()
    );
    let before = fs::read(cli.vault()).unwrap();
    let asked = cli.run("git resolve");
    assert_eq!(asked.code, 1);
    assert!(asked.shows("rollback default/A") && asked.shows("--yes"), "{asked:?}");
    let refused = cli.run("--identity ../app.txt git resolve --yes --json");
    assert_eq!(last_failure(&refused), (4, "not-permitted".into()));
    assert!(refused.shows("who can: ada"), "{refused:?}");
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
    assert_eq!(cli.run("--identity ../nobody.txt git resolve --yes").code, 3);
}

/// On the last commit of `main`, which made a secret, with a member who may not remove one.
fn made_by_others() -> Option<Repository> {
    let repository = repository()?;
    let cli = &repository.0;
    cli.ok("identity new -o ../app.txt");
    let request = cli.ok("--identity ../app.txt member request app -q");
    fs::write(cli.project().join("../app.request"), request).unwrap();
    cli.ok("role create app --grant read,write:default/*");
    cli.ok("member add app --request ../app.request --yes --role app");
    repository.commit("app");
    cli.set("NEW", "made");
    repository.commit("made");
    Some(repository)
}

/// git has staged the older file, and its own record of the revert is gone.
#[track_caller]
fn stopped(repository: &Repository) {
    let revert = repository.git_in(&repository.root(), &["revert", "--no-edit", "HEAD"]);
    assert!(!revert.status.success(), "{revert:?}");
}

#[track_caller]
fn is_as_committed(repository: &Repository) {
    let left = repository.git_in(&repository.root(), &["status", "--porcelain"]);
    assert!(left.status.success() && left.stdout.is_empty(), "{left:?}");
}

#[test]
fn a_revert_that_is_not_permitted_or_does_nothing_names_how_it_is_given_up() {
    let Some(repository) = made_by_others() else { return };
    let cli = &repository.0;
    let give_up = |refused: &Run| {
        let hint = "git reset --merge  # gives the revert up";
        assert!(refused.shows(hint), "{refused:?}");
        assert!(repository.shell(hint).status.success());
        is_as_committed(&repository);
        assert_eq!(cli.ok("get NEW"), "made");
    };
    stopped(&repository);
    let refused = cli.run("--identity ../app.txt git resolve --yes --json");
    assert_eq!(failure(&refused), (4, "not-permitted".into()), "{refused:?}");
    give_up(&refused);
    cli.ok("role create nothing");
    repository.commit("of the policy alone");
    stopped(&repository);
    let refused = cli.run("git resolve --yes --json");
    assert_eq!(failure(&refused), (7, "revert".into()), "{refused:?}");
    give_up(&refused);
}

#[test]
fn what_a_revert_left_that_was_given_up_by_half_is_united_with_the_last_commit() {
    let Some(repository) = made_by_others() else { return };
    let cli = &repository.0;
    for later in [false, true] {
        stopped(&repository);
        repository.git(&["restore", "--staged", ".v-secure/vault.toml"]);
        assert_eq!(cli.run("get NEW").code, 5);
        if later {
            cli.set("LATER", "x");
        }
        let resolved = cli.run("git resolve");
        assert_eq!(resolved.code, 0, "{resolved:?}");
        assert_eq!(resolved.shows("all of the last commit again"), !later, "{resolved:?}");
        assert_eq!(cli.ok("get NEW"), "made");
        if !later {
            is_as_committed(&repository);
        }
    }
    assert_eq!(cli.ok("get LATER"), "x");
    repository.commit("later");
    cli.ok("audit verify --base HEAD~1");
}
