//! Two policies that parted, and somebody who follows git's own hint: `git add` of the file as it is. Neither side's
//! change goes, and what every command says then leads out.

use super::{branches, developers, member, members, text};
use v_secure_testkit::cli::{Cli, failure};
use v_secure_testkit::repository::{Repository, first_hint};

/// On a branch with one commit that removes `fe2`, beside `main` with a role.
fn firing() -> Option<Repository> {
    let common = |cli: &Cli| {
        developers(cli);
        member(cli, "fe2", "dev");
    };
    let repository = branches(
        common,
        |cli| {
            cli.ok("member remove fe2 --yes");
            cli.set("X", "x");
        },
        |cli| drop(cli.ok("role create of-main")),
    )?;
    repository.git(&["checkout", "--quiet", "side"]);
    repository.0.ok("pin accept --yes");
    repository.git(&["branch", "before"]);
    Some(repository)
}

#[track_caller]
fn is_unmerged(cli: &Cli) {
    for line in ["ls", "get A", "member list", "audit verify"] {
        assert_eq!(cli.fails(line), (7, "unmerged".into()), "{line}");
    }
    assert!(cli.run("doctor").shows("unfinished merge"));
}

/// Types what `git resolve` says.
#[track_caller]
fn led_out(repository: &Repository) {
    let cli = &repository.0;
    let refused = cli.run("git resolve --json");
    assert_eq!(failure(&refused), (7, "policy-diverged".into()), "{refused:?}");
    let line = first_hint(&refused).replace("policy rebase", "policy rebase --yes");
    let line = line
        .replace("git commit --no-edit", "git commit")
        .replace("git commit", "git commit -m ended");
    let done = repository.shell(&line);
    assert!(done.status.success(), "{line}: {}{}", text(&done.stdout), text(&done.stderr));
    cli.ok("audit verify --base main");
    assert_eq!(members(cli), ["ada"]);
    assert!(cli.ok("role list").contains("of-main"));
    assert!(!cli.run("doctor").shows("unfinished merge"));
}

/// git commits without a hook then, and an empty commit would be dropped.
fn go_on(repository: &Repository) -> bool {
    repository.git(&["add", ".v-secure"]);
    let gone_on = repository.git_in(&repository.root(), &["rebase", "--continue"]);
    is_unmerged(&repository.0);
    gone_on.status.success()
}

#[test]
fn a_removal_stays_in_a_rebase_that_goes_on_over_it() {
    let Some(repository) = firing() else { return };
    assert!(!repository.git_in(&repository.root(), &["rebase", "main"]).status.success());
    is_unmerged(&repository.0);
    assert!(go_on(&repository));
    // git forgets the name of the commit that it stopped at last no sooner than with the next rebase.
    let refused = repository.0.run("git resolve --json");
    assert!(!refused.shows("git rebase"), "no rebase runs: {refused:?}");
    led_out(&repository);
    repository.0.ok("audit verify --base before");
    assert_eq!(repository.0.ok("get X"), "x");
}

#[test]
fn later_commits_of_the_branch_are_put_to_their_side() {
    let Some(repository) = firing() else { return };
    let cli = &repository.0;
    cli.ok("role create second");
    cli.set("X", "later");
    repository.commit("second");
    cli.set("Y", "y");
    repository.commit("third");
    assert!(!repository.git_in(&repository.root(), &["rebase", "main"]).status.success());
    for last in [false, false, true] {
        assert_eq!(go_on(&repository), last);
    }
    led_out(&repository);
    assert_eq!((cli.ok("get X"), cli.ok("get Y")), ("later".into(), "y".into()));
    assert!(cli.ok("role list").contains("second"));
}

/// The same where the second stop is ended as it should be.
#[test]
fn a_rebase_that_went_on_over_marks_is_ended_at_a_later_commit() {
    let Some(repository) = firing() else { return };
    repository.0.set("Y", "y");
    repository.commit("second");
    assert!(!repository.git_in(&repository.root(), &["rebase", "main"]).status.success());
    assert!(!go_on(&repository));
    let refused = repository.0.run("git resolve --json");
    assert!(refused.shows("git rebase --continue"), "a rebase runs: {refused:?}");
    led_out(&repository);
    assert_eq!(repository.0.ok("get Y"), "y");
}

#[test]
fn a_stash_that_is_popped_keeps_both_sides_too() {
    for added in [false, true] {
        let Some(repository) = firing() else { return };
        repository.git(&["reset", "--quiet", "--soft", "HEAD~1"]);
        repository.git(&["stash", "--quiet"]);
        repository.git(&["checkout", "--quiet", "main"]);
        assert!(!repository.git_in(&repository.root(), &["stash", "pop"]).status.success());
        is_unmerged(&repository.0);
        if added {
            repository.git(&["add", ".v-secure"]);
            is_unmerged(&repository.0);
            assert!(
                !repository.git_in(&repository.root(), &["commit", "-m", "x"]).status.success()
            );
        }
        led_out(&repository);
        assert_eq!(repository.0.ok("get X"), "x");
    }
}
