//! Branches that parted, and with what each is compared.

use super::*;

/// A branch from the commit `vault`, while main has a further secret.
fn stale(team: &Team) {
    team.ok("git checkout --quiet -b topic vault && echo x > file && git add file && git commit --quiet -m topic");
}

#[test]
fn a_branch_that_is_behind_passes_and_one_that_takes_something_away_does_not() {
    let Some(team) = team() else { return };
    stale(&team);
    team.ok("git push --quiet origin topic");
    // Its own commit, and what merging it would give.
    team.checkout("origin/topic", "");
    let said = passes(&team.requested(&[]));
    assert!(!said.contains(WARNING), "{said}");
    team.ok("git checkout --quiet --detach main && git merge --quiet --no-edit topic && git tag merged && git push --quiet origin merged");
    team.ok("git checkout --quiet main");
    team.set("TWO");
    team.ok("git push --quiet origin main");
    team.checkout("merged", "");
    passes(&team.requested(&[]));
    // A merge that keeps the branch's vault.
    team.ok("git checkout --quiet --detach one && git merge --quiet --no-commit topic && git checkout --quiet topic -- .v-secure");
    team.ok("git commit --quiet -m merge && git tag -f merged && git push --quiet --force origin merged");
    team.checkout("merged", "");
    fails(&team.requested(&[]), 6);
    // What the branch itself had.
    team.ok("git checkout --quiet -b undo main && git checkout --quiet one -- .v-secure && git commit --quiet -m undo");
    team.ok("git push --quiet origin undo");
    team.checkout("origin/undo", "");
    fails(&team.requested(&[]), 6);
}

#[test]
fn a_branch_without_a_common_commit_is_compared_with_its_target() {
    let Some(team) = team() else { return };
    team.ok(
        "git checkout --quiet --orphan apart && git rm --quiet -rf --cached . && rm -rf .v-secure",
    );
    team.substitute();
    team.ok("git push --quiet origin apart");
    team.checkout("origin/apart", "");
    fails(&team.requested(&[]), 6);
}

#[test]
fn a_tag_is_not_taken_for_the_target() {
    let Some(team) = team() else { return };
    stale(&team);
    team.ok("git checkout --quiet -b undo one && git checkout --quiet vault -- .v-secure && git commit --quiet -m undo");
    team.ok("git push --quiet origin undo && git push --quiet origin vault:refs/tags/origin/main");
    team.checkout("refs/remotes/origin/undo", "");
    team.ok("cd ../job && git rev-parse --verify --quiet refs/tags/origin/main");
    fails(&team.requested(&[]), 6);
    // Nor where it has the target's full name, and the target is not there.
    team.ok("cd ../job && git update-ref refs/tags/refs/remotes/origin/gone refs/tags/origin/main");
    fails(&team.verify(&[("github.base_ref", "gone")]), 5);
}

/// The program and the step judge a name alike.
#[test]
fn a_base_that_may_be_a_tag_is_to_be_named_in_full() {
    let Some(team) = team() else { return };
    stale(&team);
    team.ok("git checkout --quiet -b undo one && git checkout --quiet vault -- .v-secure && git commit --quiet -m undo");
    team.ok("git push --quiet origin undo && git push --quiet origin vault:refs/tags/origin/main");
    team.checkout("refs/remotes/origin/undo", "");
    let one = team.hash("one");
    let short = &one[..10];
    fails(&team.verify(&[("base", short)]), 6);
    let described = format!("v1-3-g{short}");
    for name in [short, &described, "refs/remotes/origin/gone", "a@b", "vault"] {
        team.ok(&format!("cd ../job && git update-ref 'refs/tags/{name}' refs/tags/origin/main"));
    }
    team.ok("cd ../job && git branch --quiet a@b origin/undo~1 2> /dev/null");
    for (base, code) in [
        ("origin/main", 7),
        ("origin/main~0", 7),
        ("origin/main^{commit}", 7),
        ("a@b", 7),
        (short, 7),
        (described.as_str(), 7),
        (one.as_str(), 6),
        ("refs/remotes/origin/main", 6),
        ("refs/remotes/origin/main~0", 6),
        ("remotes/origin/main", 6),
        ("refs/heads/a@b", 6),
        ("refs/remotes/origin/gone", 5),
        ("HEAD", 0),
        ("refs/tags/origin/main", 0),
        ("vault", 0),
    ] {
        let said = fails(&team.verify(&[("base", base)]), code);
        let words = if code == 7 { "may be any of refs/" } else { "" };
        assert!(said.contains(words), "{base}: {said}");
        let program =
            team.stage.shell(&format!("cd ../job && v-secure audit verify --base '{base}'"));
        assert_eq!({ program }.output().unwrap().status.code(), Some(code), "{base}");
    }
}

#[test]
fn gitlabs_job_compares_a_merge_request_with_where_it_left_its_target() {
    let Some(team) = team() else { return };
    stale(&team);
    team.ok("git push --quiet origin topic");
    let base = team.hash("vault");
    team.checkout("origin/topic", "");
    passes(&team.gitlab_requested(&base, &[]));
    team.ok("git checkout --quiet -b undo main && git checkout --quiet vault -- .v-secure && git commit --quiet -m undo");
    team.ok("git checkout --quiet --detach first");
    team.substitute();
    team.ok("git tag early && git push --quiet origin undo early");
    // The repository says where the branches parted, whatever the service says.
    for revision in ["origin/undo", "early"] {
        team.checkout(revision, "");
        for base in ["vault", "one", "first"] {
            fails(&team.gitlab_requested(&team.hash(base), &[]), 6);
        }
    }
    // A fork has another origin: there the commit that the service names has to do.
    team.checkout("origin/undo", "");
    team.ok("cd ../job && git remote set-url origin file:///nonexistent");
    fails(&team.gitlab_requested(&team.hash("one"), &[]), 5);
    fails(&team.gitlab_requested(&team.hash("one"), &[("CI_PROJECT_ID", "2")]), 6);
    passes(&team.gitlab_requested(&team.hash("vault"), &[("CI_PROJECT_ID", "2")]));
    team.checkout("HEAD", "--depth=1");
    assert!(fails(&team.gitlab_requested(&base, &[]), 5).contains("GIT_DEPTH"));
}

/// Two branches that merged each other have two commits at which they parted, and the author of one chooses
/// which of them git names first.
#[test]
fn each_commit_at_which_two_branches_parted_counts() {
    for (topic_day, main_day) in [(1, 2), (2, 1)] {
        let Some(team) = team() else { return };
        let dated = |day: u32, line: &str| {
            let date = format!("2026-01-0{day}T00:00:00Z");
            team.ok(&format!("export GIT_AUTHOR_DATE={date} GIT_COMMITTER_DATE={date}; {line}"));
        };
        dated(
            topic_day,
            "git checkout --quiet -b topic vault && git commit --quiet --allow-empty -m topic && git tag c",
        );
        dated(
            main_day,
            "git checkout --quiet -b side one && git commit --quiet --allow-empty -m side && git tag b",
        );
        dated(3, "git checkout --quiet -B main b && git merge --quiet --no-edit c");
        dated(3, "git checkout --quiet topic && git merge --quiet --no-edit b");
        dated(4, "git checkout --quiet vault -- .v-secure && git commit --quiet -m undo");
        assert_eq!(team.ok("git merge-base --all main topic").lines().count(), 2);
        team.ok("git push --quiet --force origin main topic");
        team.checkout("origin/topic", "");
        fails(&team.requested(&[]), 6);
        for named in ["b", "c"] {
            fails(&team.gitlab_requested(&team.hash(named), &[]), 6);
        }
    }
}
