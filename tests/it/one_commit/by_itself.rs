//! What git does to one commit by itself: no driver runs, or commits of one branch come in another order.

use super::{is_as_committed, made, repository};
use std::fs;
use v_secure_testkit::cli::failure;
use v_secure_testkit::repository::Repository;

/// A clone without the driver has marks, or lines that git merged.
#[test]
fn a_clone_without_the_driver_finds_the_same() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    repository.git(&["config", "--remove-section", "merge.v-secure"]);
    cli.set("A", "two");
    repository.commit("two");
    cli.set("A", "three");
    cli.set("B", "b");
    repository.commit("three");
    let stopped = repository.git_in(&repository.root(), &["revert", "--no-edit", "HEAD~1"]);
    assert!(!stopped.status.success(), "{stopped:?}");
    assert_eq!(failure(&cli.run("git resolve --yes --json")), (7, "revert".into()));
    repository.git(&["revert", "--abort"]);
    repository.git(&["checkout", "--quiet", "-b", "side", "HEAD~2"]);
    let stopped = repository.git_in(&repository.root(), &["cherry-pick", "main"]);
    if !stopped.status.success() {
        cli.ok("git resolve --yes");
        assert_eq!((cli.ok("get A"), cli.ok("get B")), ("three".into(), "b".into()));
        cli.ok("audit verify");
    }
}

/// Neither driver nor hook: git commits a part of a history.
#[test]
fn what_git_did_to_one_commit_by_itself_has_a_way_out() {
    for pick in [false, true] {
        let Some(repository) = apart(pick) else { return };
        let cli = &repository.0;
        let git = |commit: &'static str| match pick {
            true => vec!["cherry-pick", "main~1"],
            false => vec!["revert", "--no-edit", commit],
        };
        let done = repository.git_in(&repository.root(), &git("HEAD~1"));
        if !done.status.success() {
            // Lines that chance put beside each other.
            cli.ok("git resolve --yes");
            continue;
        }
        let broken = cli.run("get A");
        assert!(broken.code == 6 && broken.shows("try: git checkout HEAD~1 --"), "{broken:?}");
        assert!(cli.run("audit verify").shows("try: git checkout HEAD~1 --"));
        let hint =
            broken.err.lines().find_map(|line| line.trim().strip_prefix("try: git checkout"));
        let mended = repository.shell(&format!("git checkout{}", hint.unwrap()));
        assert!(mended.status.success(), "{mended:?}");
        cli.ok("audit verify");
        cli.ok("git install");
        repository.git(&["add", ".v-secure"]);
        repository.commit("driver");
        // Three commits have come since.
        let resolved = made(&repository, &git("HEAD~4"));
        let action = resolved["again"][0]["action"].as_str().unwrap();
        assert_eq!(action, if pick { "put" } else { "remove" }, "{resolved}");
    }
}

#[test]
fn commits_of_one_branch_in_another_order_are_made_again_by_the_rebase() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    for name in ["ONE", "TWO"] {
        cli.set(name, name);
        repository.commit(name);
    }
    let line = "GIT_SEQUENCE_EDITOR='sed -i -e 1{h\\;d} -e 2G' git rebase -i HEAD~2";
    let begun = repository.shell(line);
    let mut said = String::from_utf8_lossy(&begun.stderr).into_owned();
    assert!(!begun.status.success() && !said.contains("cherry-pick --abort"), "{said}");
    for _ in 0..2 {
        let hint = said.lines().find_map(|line| line.trim().strip_prefix("try: ")).unwrap();
        let next = repository.shell(&hint.replace("git resolve", "git resolve --yes"));
        said = String::from_utf8_lossy(&next.stderr).into_owned();
        if next.status.success() {
            break;
        }
    }
    assert!(repository.shell("! test -d .git/rebase-merge").status.success(), "{said}");
    assert_eq!((cli.ok("get ONE"), cli.ok("get TWO")), ("ONE".into(), "TWO".into()));
    cli.ok("audit verify");
    is_as_committed(&repository);
}

/// git keeps no record of it.
#[test]
fn a_part_of_a_history_that_is_not_committed_goes_with_one_command() {
    let Some(repository) = apart(true) else { return };
    let cli = &repository.0;
    let done = repository.git_in(&repository.root(), &["cherry-pick", "-n", "main~1"]);
    let broken = cli.run("get A");
    if done.status.success() {
        let hint = "git checkout HEAD -- .v-secure/vault.toml";
        assert!(broken.code == 6 && broken.shows(hint), "{broken:?}");
        assert!(repository.shell(hint).status.success());
        cli.ok("audit verify");
    }
}

/// Another file conflicts, so that git waits with a vault that it merged by itself.
#[test]
fn a_vault_that_git_merged_by_itself_while_it_waits_is_resolved_too() {
    for pick in [false, true] {
        let Some(repository) = apart(pick) else { return };
        let (cli, code) = (&repository.0, repository.root().join("src/code"));
        fs::write(&code, "conflicting\n").unwrap();
        repository.commit("code");
        let git: &[&str] =
            if pick { &["cherry-pick", "main~1"] } else { &["revert", "--no-edit", "main~2"] };
        let stopped = repository.git_in(&repository.root(), git);
        assert!(!stopped.status.success(), "{stopped:?}");
        let broken = cli.run("get A");
        assert!([6, 7].contains(&broken.code), "{broken:?}");
        assert!(broken.shows("v-secure git resolve"), "{broken:?}");
        let resolved = cli.json("git resolve --yes");
        assert_eq!(resolved["again"].as_array().unwrap().len(), 1, "{resolved}");
        cli.ok("audit verify");
        fs::write(&code, "resolved\n").unwrap();
        repository.commit("resolved");
        assert_eq!(cli.run("get B").code == 0, pick);
    }
}

/// A clone where nobody typed `git install`. On `main` each of three commits made a secret, `B`'s with a line of
/// another file; what is picked from there is picked onto the commit before them.
fn apart(pick: bool) -> Option<Repository> {
    let repository = Repository::new()?;
    let cli = &repository.0;
    for number in 0..30 {
        cli.set(&format!("S{number}"), "x");
    }
    repository.commit("much");
    let made = |name: &str| {
        cli.set(name, "made");
        repository.commit(name);
    };
    made("C");
    cli.set("B", "made");
    fs::write(repository.root().join("src/code"), "of B\n").unwrap();
    repository.commit("B");
    made("D");
    if pick {
        repository.git(&["checkout", "--quiet", "-b", "here", "main~3"]);
    }
    Some(repository)
}
