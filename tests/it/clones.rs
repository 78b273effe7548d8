//! Merges in clones of one repository: of each other's branches, and with a part of the history alone, and in a second
//! worktree. What is to be typed first where git needs it is typed.

use std::fs;
use std::path::{Path, PathBuf};
use v_secure_testkit::cli::{Run, last_failure};
use v_secure_testkit::repository::{FILE, Repository, first_hint};

/// The tree without files, which every repository has.
const NO_FILES: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// A repository with two branches that each set another secret, after `main` went on, and a folder for a clone.
fn branched() -> Option<(Repository, PathBuf)> {
    let repository = Repository::new()?;
    let cli = &repository.0;
    cli.ok("git install");
    repository.git(&["add", ".v-secure"]);
    repository.commit("driver");
    for name in ["left", "right"] {
        repository.git(&["checkout", "--quiet", "-B", name, "main"]);
        cli.set(name, name);
        repository.commit(name);
    }
    repository.git(&["config", "uploadpack.allowFilter", "true"]);
    let clone = repository.root().with_file_name("clone");
    Some((repository, clone))
}

/// What the merge of both branches is where nothing is missing.
fn whole(repository: &Repository) -> Vec<u8> {
    repository.git(&["checkout", "--quiet", "-B", "whole", "left"]);
    repository.git(&["merge", "--quiet", "--no-edit", "right"]);
    fs::read(repository.0.vault()).unwrap()
}

#[track_caller]
fn git(repository: &Repository, folder: &Path, arguments: &[&str]) {
    let output = repository.git_in(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
}

fn clone(repository: &Repository, folder: &Path, how: &[&str]) {
    let url = format!("file://{}", repository.root().display());
    let path = folder.display().to_string();
    repository.git(&[&["clone", "--quiet"], how, &["--branch", "left", &url, &path]].concat());
    let installed = repository.run_in(folder, "git install", &[]);
    assert_eq!(installed.code, 0, "{installed:?}");
}

fn verified(repository: &Repository, folder: &Path, expected: &[u8]) {
    assert!(fs::read(folder.join(FILE)).unwrap() == expected, "another file than elsewhere");
    let verified = repository.run_in(folder, "audit verify --base origin/left", &[]);
    assert_eq!(verified.code, 0, "{verified:?}");
}

#[test]
fn a_shallow_clone_fetches_where_the_branches_began_and_merges_then() {
    let Some((repository, folder)) = branched() else { return };
    let expected = whole(&repository);
    clone(&repository, &folder, &["--depth", "1"]);
    git(&repository, &folder, &["fetch", "--quiet", "--depth", "1", "origin", "right"]);
    let refused = repository.git_in(&folder, &["merge", "--no-edit", "FETCH_HEAD"]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && told.contains("unrelated histories"), "{refused:?}");
    let verified_first = repository.run_in(&folder, "audit verify", &[]);
    assert_eq!(verified_first.code, 0, "{verified_first:?}");
    git(&repository, &folder, &["fetch", "--quiet", "--unshallow", "origin", "right"]);
    git(&repository, &folder, &["merge", "--quiet", "--no-edit", "FETCH_HEAD"]);
    verified(&repository, &folder, &expected);
}

#[test]
fn the_driver_needs_no_common_commit() {
    let Some((repository, folder)) = branched() else { return };
    let expected = whole(&repository);
    clone(&repository, &folder, &["--depth", "1"]);
    git(&repository, &folder, &["fetch", "--quiet", "--depth", "1", "origin", "right"]);
    let merge = ["merge", "--quiet", "--no-edit", "--allow-unrelated-histories", "FETCH_HEAD"];
    git(&repository, &folder, &merge);
    verified(&repository, &folder, &expected);
}

#[test]
fn a_partial_clone_fetches_what_it_merges_by_itself() {
    let Some((repository, folder)) = branched() else { return };
    let expected = whole(&repository);
    clone(&repository, &folder, &["--filter=blob:none"]);
    git(&repository, &folder, &["merge", "--quiet", "--no-edit", "origin/right"]);
    verified(&repository, &folder, &expected);
}

/// Every command that reads a revision; none takes what is not here for what is not there.
#[test]
fn a_partial_clone_says_that_it_lacks_a_revisions_vault_and_how_to_fetch_it() {
    let Some((repository, folder)) = branched() else { return };
    clone(&repository, &folder, &["--filter=blob:none"]);
    fs::create_dir_all(folder.join("src")).unwrap();
    let lines = [
        "audit verify --base HEAD~1",
        "audit log --base HEAD~1",
        "diff HEAD~1",
        "policy rebase HEAD~1 --yes",
    ];
    let mut fetch = String::new();
    for line in lines {
        let run = repository.run_in(&folder.join("src"), &format!("{line} --json"), &[]);
        assert_eq!(last_failure(&run), (7, "base-not-fetched".into()), "{line}: {run:?}");
        let last = run.err.lines().last().unwrap().to_owned();
        fetch = first_hint(&Run { err: last, ..run });
    }
    assert!(repository.shell(&format!("cd / && {fetch}")).status.success(), "{fetch}");
    let again = repository.run_in(&folder, "audit verify --base HEAD~1", &[]);
    assert_eq!(again.code, 0, "{again:?}");
    // What no commit has is still told apart.
    let none = repository.git_in(&folder, &["commit-tree", NO_FILES, "-m", "none"]);
    let none = String::from_utf8(none.stdout).unwrap();
    let run = repository.run_in(&folder, &format!("diff {} --json", none.trim()), &[]);
    assert_eq!(last_failure(&run), (5, "base-without-vault".into()), "{run:?}");
}

/// git takes one side without a look at the other, whose bytes are then not here.
#[test]
fn in_a_partial_clone_no_side_of_a_merge_is_passed_over() {
    let Some((repository, folder)) = branched() else { return };
    clone(&repository, &folder, &["--filter=blob:none"]);
    let merge = ["merge", "--quiet", "--no-edit", "--no-commit", "-s", "ours", "origin/right"];
    git(&repository, &folder, &merge);
    let commit = repository.git_in(&folder, &["commit", "--quiet", "-m", "merge"]);
    let told = String::from_utf8_lossy(&commit.stderr).into_owned();
    assert!(!commit.status.success() && told.contains("has not fetched"), "{told}");
    let refused = repository.run_in(&folder, "git resolve --json", &[]);
    assert_eq!(last_failure(&refused), (7, "base-not-fetched".into()), "{refused:?}");
    git(&repository, &folder, &["cat-file", "-e", "MERGE_HEAD:.v-secure/vault.toml"]);
    let resolved = repository.run_in(&folder, "git resolve", &[]);
    assert_eq!(resolved.code, 0, "{resolved:?}");
    git(&repository, &folder, &["add", ".v-secure"]);
    git(&repository, &folder, &["commit", "--quiet", "-m", "merge"]);
}

#[test]
fn a_second_worktree_merges_as_the_first_one() {
    let Some((repository, folder)) = branched() else { return };
    let expected = whole(&repository);
    let path = folder.display().to_string();
    repository.git(&["worktree", "add", "--quiet", "-b", "second", &path, "left"]);
    git(&repository, &folder, &["merge", "--quiet", "--no-edit", "right"]);
    assert!(fs::read(folder.join(FILE)).unwrap() == expected);
    let verified = repository.run_in(&folder, "audit verify --base left", &[]);
    assert_eq!(verified.code, 0, "{verified:?}");
}

/// Each works by itself, then takes what the other one has, and again while the other one goes on.
#[test]
fn two_clones_that_merge_each_others_branches_end_with_one_file() {
    let Some((repository, ours)) = branched() else { return };
    let theirs = ours.with_file_name("theirs");
    for (folder, name) in [(&ours, "OURS"), (&theirs, "THEIRS")] {
        clone(&repository, folder, &[]);
        write(&repository, folder, "A");
        write(&repository, folder, name);
    }
    write(&repository, &theirs, "LATER");
    merge_of(&repository, &ours, &theirs, "left~1");
    merge_of(&repository, &theirs, &ours, "left~1");
    merge_of(&repository, &ours, &theirs, "left");
    merge_of(&repository, &theirs, &ours, "left");
    let expected = fs::read(ours.join(FILE)).unwrap();
    verified(&repository, &ours, &expected);
    verified(&repository, &theirs, &expected);
    let listed = repository.run_in(&ours, "ls", &[]);
    for name in ["OURS", "THEIRS", "LATER"] {
        assert!(listed.shows(name), "{name}: {listed:?}");
    }
}

fn write(repository: &Repository, folder: &Path, name: &str) {
    let set = repository.run_in(folder, &format!("set {name}"), &[]);
    assert_eq!(set.code, 0, "{set:?}");
    git(repository, folder, &["commit", "--quiet", "--all", "-m", name]);
}

/// Merges a commit of the branch `left` of another clone.
fn merge_of(repository: &Repository, folder: &Path, other: &Path, commit: &str) {
    let (other, back) = (other.display().to_string(), commit.trim_start_matches("left"));
    git(repository, folder, &["fetch", "--quiet", &other, "left"]);
    let fetched = format!("FETCH_HEAD{back}");
    git(repository, folder, &["merge", "--quiet", "--no-edit", &fetched]);
}
