//! What git could not merge, or merged by itself: every command calls it that, the steps out of it lose no side,
//! and the hook lets no merge pass that drops one.

#![cfg(unix)]

mod commits;

use std::fs;
use std::process::Command;
use v_secure_testkit::cli::{Run, failure, finish};
use v_secure_testkit::repository::{FILE, Repository};

const LEAVER: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

/// Two branches that both changed the vault, merged as far as git can without the driver.
fn conflict() -> Option<Repository> {
    merged(["", ""])
}

/// The same where both changed the policy too.
fn diverged() -> Option<Repository> {
    merged(["role create of-main", "role create of-side"])
}

fn merged([main, side]: [&str; 2]) -> Option<Repository> {
    let repository = Repository::new()?;
    without_driver(&repository);
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    repository.0.set("A", "side");
    if !side.is_empty() {
        repository.0.ok(side);
    }
    repository.commit("side");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.0.set("A", "main");
    repository.0.set("M", "main");
    if !main.is_empty() {
        // This device saw the role of the other branch.
        repository.0.ok("pin accept --yes");
        repository.0.ok(main);
    }
    repository.commit("main");
    let merge = repository.git_in(&repository.root(), &["merge", "side"]);
    assert!(!merge.status.success(), "{merge:?}");
    Some(repository)
}

/// The hooks of a clone that does not know the driver.
fn without_driver(repository: &Repository) {
    repository.0.ok("git install");
    repository.git(&["config", "--remove-section", "merge.v-secure"]);
}

/// Mends the merge, and commits it.
#[track_caller]
fn resolve(repository: &Repository) {
    let resolved =
        typed(repository, "v-secure git resolve && git add .v-secure && git commit --no-edit");
    assert!(resolved.status.success(), "{resolved:?}");
    repository.0.ok("audit verify");
    let lists = repository.git_in(&repository.root(), &["status", "--porcelain"]);
    assert!(lists.status.success() && lists.stdout.is_empty(), "{lists:?}");
}

#[test]
fn every_command_calls_conflict_markers_an_unfinished_merge() {
    let Some(repository) = conflict() else { return };
    let cli = &repository.0;
    let before = fs::read(cli.vault()).unwrap();
    for line in [
        "ls",
        "get A",
        "set A",
        "rm A --yes",
        "exec -- true",
        "export --format json",
        "secret show A",
        "import src/code --format dotenv",
        "member list",
        "member request",
        "access list",
        "audit log",
        "audit verify",
        "pin show",
        "pin accept --yes",
        "key status",
        "policy log",
        "policy review",
        "settings show",
        "backup create out",
        "exposed",
        "prune",
        "unlock",
        "git pre-commit",
        "inject -i src/code",
    ] {
        let run = cli.feed(&format!("--json {line}"), b"x");
        assert_eq!(failure(&run), (7, "unmerged".into()), "{line}: {run:?}");
    }
    let run = cli.run("get A");
    for text in ["unfinished merge of 'HEAD' and 'side'", "line ", "try: v-secure git resolve"] {
        assert!(run.shows(text), "{text}: {run:?}");
    }
    assert!(cli.run("doctor").shows("unfinished merge"));
    let init = cli.run("init");
    assert!(init.code == 7 && init.shows("unfinished merge"), "{init:?}");
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
}

/// git merges the log by itself where the new entries of both sides lie apart, and the marks are in one
/// secret's section alone.
#[test]
fn a_secret_beside_the_marks_is_not_served_either() {
    let Some(repository) = Repository::new() else { return };
    let cli = &repository.0;
    cli.set("OTHER", "beside");
    cli.ok("get OTHER");
    let text = fs::read_to_string(cli.vault()).unwrap();
    const HEAD: &str = "[[secret.\"default/A\".version]]\n";
    let (before, rest) = text.split_once(HEAD).unwrap();
    let (active, after) = rest.split_once('\n').unwrap();
    let marked =
        format!("{before}{HEAD}<<<<<<< HEAD\n{active}\n=======\n{active}\n>>>>>>> side\n{after}");
    fs::write(cli.vault(), marked).unwrap();
    fs::write(cli.project().join("in.tmpl"), "{{ v-secure:OTHER }}").unwrap();
    for line in [
        "get OTHER",
        "get OTHER --strict",
        "get A OTHER",
        "secret show OTHER",
        "secret versions OTHER",
        "exec --only OTHER -- true",
        "export --only OTHER --format json",
        "inject -i in.tmpl",
        "ls",
    ] {
        let run = cli.run(&format!("--json {line}"));
        assert_eq!(failure(&run), (7, "unmerged".into()), "{line}: {run:?}");
    }
    // A device that knows nothing is not asked about a vault that it could not read.
    let mut new = cli.command("get OTHER --json --trust-first-use");
    new.env("XDG_STATE_HOME", cli.project().with_file_name("new"));
    assert_eq!(failure(&finish(&mut new, b"")), (7, "unmerged".into()));
}

/// One line in a shell, in the project.
fn typed(repository: &Repository, line: &str) -> std::process::Output {
    let mut shell = Command::new("sh");
    repository.surroundings(&mut shell);
    shell.args(["-c", line]).current_dir(repository.root()).output().unwrap()
}

fn hints(run: &Run) -> Vec<String> {
    let error: serde_json::Value = serde_json::from_str(run.err.trim()).unwrap();
    let hints = error["error"]["hints"].as_array().unwrap();
    hints.iter().map(|hint| hint.as_str().unwrap().to_owned()).collect()
}

/// The first hint of `policy-diverged`, which ends it.
#[track_caller]
fn rebase(repository: &Repository) {
    let refused = repository.0.run("git resolve --json");
    assert_eq!(failure(&refused), (7, "policy-diverged".into()), "{refused:?}");
    let line = hints(&refused).swap_remove(0).replace("policy rebase", "policy rebase --yes");
    let line = match line.contains("--no-edit") {
        true => line,
        false => line.replace("git commit", "git commit -m merged"),
    };
    let done = typed(repository, &line);
    assert!(done.status.success(), "{line}: {done:?}");
    repository.0.ok("audit verify");
    let lists = repository.git_in(&repository.root(), &["status", "--porcelain"]);
    assert!(lists.status.success() && lists.stdout.is_empty(), "{lists:?}");
}

/// The values of `A` that are active.
fn active(repository: &Repository) -> usize {
    let both = repository.0.json("secret versions A");
    let versions = both["versions"].as_array().unwrap().iter();
    versions.filter(|one| one["state"] == "conflicting").count()
}

#[test]
fn the_steps_out_of_a_conflict_lose_neither_side_and_pass_the_hook() {
    let Some(repository) = diverged() else { return };
    let refused = repository.0.run("git resolve --json");
    assert!(refused.shows("of-main") && refused.shows("of-side"), "who changed what: {refused:?}");
    rebase(&repository);
    let cli = &repository.0;
    assert_eq!((active(&repository), cli.ok("get M")), (2, "main".into()));
    let verified = cli.run("audit verify --base side");
    assert_eq!(verified.code, 0, "{verified:?}");
}

/// A second branch with a value of its own, beside `main` with another; on `main`, the hook installed.
fn sides() -> Option<Repository> {
    let repository = conflict()?;
    repository.git(&["merge", "--abort"]);
    Some(repository)
}

/// What the hook says of what is staged.
#[track_caller]
fn hook(repository: &Repository, expected: i32) -> Run {
    let run = repository.0.run("git pre-commit --json");
    assert_eq!(run.code, expected, "{}", run.text());
    run
}

#[test]
fn one_command_mends_what_git_left_and_keeps_both_sides() {
    let Some(repository) = conflict() else { return };
    // Written since, upon the first side.
    repository.git(&["checkout", "--ours", "--", FILE]);
    repository.0.set("LATER", "x");
    resolve(&repository);
    let cli = &repository.0;
    assert_eq!((cli.ok("get M"), cli.ok("get LATER")), ("main".into(), "x".into()));
    let both = cli.json("secret versions A");
    let active = both["versions"].as_array().unwrap().iter();
    assert_eq!(active.filter(|one| one["state"] == "conflicting").count(), 2, "{both}");
    assert_eq!(cli.run("audit verify --base side").code, 0);
    let again = cli.json("git resolve");
    assert_eq!(again["changed"], false, "{again}");
}

/// As [`conflict`], where the other side took a member out.
fn removal() -> Option<Repository> {
    let repository = Repository::new()?;
    let cli = &repository.0;
    without_driver(&repository);
    cli.ok(&format!("member add leaver --recipient {LEAVER} --yes"));
    cli.ok("role create app");
    cli.ok("access grant app prod/* read");
    cli.ok("role join app leaver");
    repository.commit("member");
    repository.git(&["branch", "side"]);
    cli.set("A", "main");
    repository.commit("main");
    repository.git(&["checkout", "--quiet", "side"]);
    cli.set("A", "side");
    cli.ok("member remove leaver --yes");
    repository.commit("leaves");
    repository.git(&["checkout", "--quiet", "main"]);
    let merge = repository.git_in(&repository.root(), &["merge", "side"]);
    assert!(!merge.status.success(), "{merge:?}");
    Some(repository)
}

#[test]
fn a_removal_on_the_other_side_of_a_conflict_stays_made() {
    let Some(repository) = removal() else { return };
    resolve(&repository);
    let members = repository.0.ok("member list");
    assert!(!members.contains("leaver"), "{members}");
    assert_eq!(repository.0.run("audit verify --base side").code, 0);
}

#[test]
fn a_merge_that_drops_what_the_other_side_signed_is_not_committed() {
    for repository in [conflict, removal] {
        let Some(repository) = repository() else { return };
        repository.git(&["checkout", "--ours", "--", FILE]);
        repository.git(&["add", FILE]);
        let refused = repository.0.run("git pre-commit --json");
        assert_eq!(refused.code, 6, "{refused:?}");
        let commit = repository.git_in(&repository.root(), &["commit", "--quiet", "-m", "merged"]);
        assert!(!commit.status.success(), "{commit:?}");
        let way_out = hints(&refused).swap_remove(0);
        assert!(typed(&repository, &way_out).status.success(), "{way_out}");
        repository.git(&["commit", "--quiet", "-m", "merged"]);
        repository.0.ok("audit verify --base side");
    }
}

#[test]
fn marks_of_policies_that_parted_are_ended_after_they_were_added_too() {
    let Some(repository) = diverged() else { return };
    repository.git(&["add", FILE]);
    hook(&repository, 7);
    rebase(&repository);
    let Some(repository) = diverged() else { return };
    repository.git(&["merge", "--abort"]);
    assert!(!repository.git_in(&repository.root(), &["rebase", "side"]).status.success());
    repository.git(&["add", FILE]);
    hook(&repository, 7);
    rebase(&repository);
    assert_eq!(active(&repository), 2);
    repository.0.ok("audit verify --base side");
}

/// The index has no sides then: a merge has its commits, and a rebase the marks.
#[test]
fn marks_that_were_added_are_mended_all_the_same() {
    for (begin, go_on) in [("merge", "git commit --no-edit"), ("rebase", "git rebase --continue")] {
        let Some(repository) = sides() else { return };
        assert!(!repository.git_in(&repository.root(), &[begin, "side"]).status.success());
        repository.git(&["add", FILE]);
        let added = hook(&repository, 7);
        let line = format!("{} && git add .v-secure && {go_on}", hints(&added)[0]);
        let done = typed(&repository, &line);
        assert!(done.status.success(), "{line}: {done:?}");
        repository.0.ok("audit verify --base side");
        assert_eq!(repository.0.ok("get M"), "main");
    }
}

/// git runs another hook for a merge that it makes by itself, and a file that it merged by itself may be none.
#[test]
fn a_merge_that_git_makes_by_itself_is_verified() {
    let Some(repository) = Repository::new() else { return };
    let (cli, root) = (&repository.0, repository.root());
    without_driver(&repository);
    repository.git(&["branch", "side"]);
    cli.set("N", "main");
    repository.commit("main");
    repository.git(&["checkout", "--quiet", "side"]);
    let text = fs::read_to_string(cli.vault()).unwrap();
    fs::write(cli.vault(), text.replacen("format = 1", "format = 1\nbroken = 1", 1)).unwrap();
    repository.git(&["commit", "--quiet", "--all", "--no-verify", "-m", "broken"]);
    repository.git(&["checkout", "--quiet", "main"]);
    let merge = repository.git_in(&root, &["merge", "--no-edit", "side"]);
    let said = String::from_utf8_lossy(&merge.stderr).into_owned();
    assert!(!merge.status.success() && said.contains("git merge --abort"), "{merge:?}");
    repository.git(&["merge", "--abort"]);
    assert_eq!(cli.ok("get N"), "main");
    cli.ok("git install --uninstall");
    assert!(!root.join(".git/hooks/pre-merge-commit").exists());
}

#[test]
fn marks_that_were_committed_have_a_way_out_too() {
    let Some(repository) = conflict() else { return };
    repository.git(&["commit", "--quiet", "--all", "--no-verify", "-m", "marks"]);
    let cli = &repository.0;
    cli.ok("git resolve");
    assert_eq!(cli.ok("get M"), "main");
    cli.ok("audit verify --base side");
    repository.commit("mended");
    let Some(repository) = diverged() else { return };
    repository.git(&["commit", "--quiet", "--all", "--no-verify", "-m", "marks"]);
    rebase(&repository);
    let cli = &repository.0;
    assert_eq!((active(&repository), cli.ok("get M")), (2, "main".into()));
}
