//! What git has of a vault and the working tree has not, and whose variables git is asked with: nobody
//! is led to make another vault, and an unfinished merge is called one.

#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::Command;
use v_secure_testkit::cli::{Run, failure};
use v_secure_testkit::repository::{FILE, Repository, first_hint};

#[test]
fn a_vault_that_a_sparse_checkout_leaves_out_is_no_missing_one() {
    let Some(repository) = Repository::new() else { return };
    let (root, src) = (repository.root(), repository.root().join("src"));
    repository.git(&["sparse-checkout", "set", "src"]);
    let below = repository.run_in(&src, "init --json", &[]);
    assert_eq!(failure(&below), (7, "vault-hidden".into()));
    let hint = first_hint(&below);
    assert!(
        hint.starts_with("git -C ") && hint.ends_with("sparse-checkout add .v-secure"),
        "{hint}"
    );
    let hint = repository.hidden_in(&root);
    assert_eq!(hint, "git sparse-checkout add .v-secure");
    repository.follow(&root, &hint);
    repository.0.ok("get A");
}

#[test]
fn a_vault_that_the_index_or_the_last_commit_has_is_brought_back() {
    let Some(repository) = Repository::new() else { return };
    let root = repository.root();
    let remove = || fs::remove_dir_all(root.join(".v-secure")).unwrap();
    repository.git(&["update-index", "--skip-worktree", FILE]);
    remove();
    repository.follow(&root, &repository.hidden_in(&root));
    remove();
    repository.follow(&root, &repository.hidden_in(&root));
    repository.git(&["rm", "-r", "--quiet", "--cached", ".v-secure"]);
    remove();
    repository.follow(&root, &repository.hidden_in(&root));
    assert_eq!(repository.0.ok("get A"), "one");
}

#[test]
fn a_backup_replaces_no_vault_that_is_out_of_sight() {
    let Some(repository) = Repository::new() else { return };
    let backup = repository.root().join("src/backup");
    repository.0.ok(&format!("backup create {}", backup.display()));
    repository.git(&["sparse-checkout", "set", "src"]);
    let line = format!("backup restore {} --json", backup.display());
    let run = repository.run_in(&repository.root(), &line, &[]);
    assert_eq!(failure(&run), (7, "vault-hidden".into()));
    assert!(!repository.root().join(FILE).exists());
}

#[test]
fn a_vault_that_an_unfinished_merge_or_rebase_took_away_is_found() {
    let Some(repository) = Repository::new() else { return };
    let root = repository.root();
    repository.git(&["checkout", "--quiet", "-b", "without"]);
    repository.git(&["rm", "-r", "--quiet", ".v-secure"]);
    repository.commit("remove");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.git(&["merge", "--quiet", "--no-commit", "--no-ff", "without"]);
    repository.follow(&root, &repository.hidden_in(&root));
    repository.git(&["merge", "--abort"]);
    repository.0.set("A", "two");
    repository.commit("second");
    let merge = repository.git_in(&root, &["merge", "without"]);
    assert!(!merge.status.success(), "one side changed what the other removed");
    let _ = fs::remove_file(root.join(FILE));
    repository.follow(&root, &repository.hidden_in(&root));
    repository.git(&["merge", "--abort"]);
    let rebase = repository.git_in(&root, &["rebase", "without"]);
    assert!(!rebase.status.success());
    repository.git(&["rm", "--quiet", "--cached", FILE]);
    fs::remove_file(root.join(FILE)).unwrap();
    repository.follow(&root, &repository.hidden_in(&root));
}

#[test]
fn a_vault_of_another_branch_is_named_and_another_one_is_made_only_on_demand() {
    let Some(repository) = Repository::new() else { return };
    let root = repository.root();
    repository.git(&["checkout", "--quiet", "--orphan", "pages"]);
    repository.git(&["rm", "-r", "--quiet", "--force", "."]);
    repository.git(&["commit", "--quiet", "--allow-empty", "-m", "empty"]);
    let run = repository.run_in(&root, "init --json", &[]);
    assert_eq!(failure(&run), (7, "vault-hidden".into()));
    assert!(run.shows("the branch main has"), "{run:?}");
    let made = repository.run_in(&root, "init --nested", &[]);
    assert_eq!(made.code, 0, "{made:?}");
    fs::remove_dir_all(root.join(".v-secure")).unwrap();
    assert_eq!(first_hint(&run), "git checkout main -- .v-secure");
    repository.follow(&root, &first_hint(&run));
}

#[test]
fn a_partial_clone_has_the_vault_of_a_branch_though_not_its_content() {
    let Some(repository) = Repository::new() else { return };
    repository.git(&["config", "uploadpack.allowFilter", "true"]);
    let (clone, url) = (repository.root().parent().unwrap().join("clone"), repository.root());
    let url = format!("file://{}", url.display());
    let path = clone.display().to_string();
    repository.git(&["clone", "--quiet", "--filter=blob:none", "--no-checkout", &url, &path]);
    let hint = repository.hidden_in(&clone);
    repository.follow(&clone, &hint);
    let bare = clone.with_file_name("bare");
    let path = bare.display().to_string();
    repository.git(&["clone", "--quiet", "--filter=tree:0", "--no-checkout", &url, &path]);
    repository.follow(&bare, &repository.hidden_in(&bare));
    for arguments in [
        &["checkout", "--quiet", "--orphan", "pages"][..],
        &["rm", "-r", "--quiet", "--force", "."],
    ] {
        assert!(repository.git_in(&clone, arguments).status.success(), "{arguments:?}");
    }
    let run = repository.run_in(&clone, "init --json", &[]);
    assert_eq!(failure(&run), (7, "vault-hidden".into()));
}

#[test]
fn a_branch_name_that_a_shell_would_run_is_quoted_in_what_is_to_be_typed() {
    let Some(repository) = Repository::new() else { return };
    repository.git(&["branch", "-m", "x;$(touch${IFS}ran)"]);
    repository.git(&["checkout", "--quiet", "--orphan", "pages"]);
    repository.git(&["rm", "-r", "--quiet", "--force", "."]);
    let run = repository.run_in(&repository.root(), "ls --json", &[]);
    assert_eq!(first_hint(&run), "git checkout 'x;$(touch${IFS}ran)' -- .v-secure");
}

/// git refuses to make such a branch, and takes one that a server has.
#[test]
fn a_branch_that_git_would_take_for_an_option_is_named_in_full() {
    let Some(repository) = Repository::new() else { return };
    repository.git(&["update-ref", "refs/heads/-f", "HEAD"]);
    repository.git(&["checkout", "--quiet", "--orphan", "pages"]);
    repository.git(&["branch", "-D", "main"]);
    repository.git(&["rm", "-r", "--quiet", "--force", "."]);
    let run = repository.run_in(&repository.root(), "ls --json", &[]);
    assert_eq!(failure(&run), (5, "vault-hidden".into()));
    assert!(run.shows("the branch -f has"), "{run:?}");
    assert_eq!(first_hint(&run), "git checkout refs/heads/-f -- .v-secure");
    repository.follow(&repository.root(), &first_hint(&run));
}

#[test]
fn folders_whose_names_are_options_or_not_shown_as_they_are_lead_nobody_astray() {
    let Some(repository) = Repository::new() else { return };
    let root = repository.root();
    for name in ["-f", "two\nlines"] {
        let folder = root.join(name);
        fs::create_dir_all(folder.join(".v-secure")).unwrap();
        fs::copy(root.join(FILE), folder.join(FILE)).unwrap();
        repository.git(&["add", "."]);
        repository.commit(name);
        fs::remove_dir_all(folder.join(".v-secure")).unwrap();
        let run = repository.run_in(&folder, "ls --json --vault .", &[]);
        assert_eq!(failure(&run), (5, "vault-hidden".into()), "{name}");
        match name {
            "-f" => repository.follow(&folder, &first_hint(&run)),
            _ => assert!(first_hint(&run).starts_with("git status, in that folder"), "{run:?}"),
        }
    }
    let skipped = "-f/.v-secure/vault.toml";
    repository.git(&["update-index", "--skip-worktree", "--", skipped]);
    fs::remove_dir_all(root.join("-f/.v-secure")).unwrap();
    let run = repository.run_in(&root.join("-f"), "ls --json --vault .", &[]);
    repository.follow(&root.join("-f"), &first_hint(&run));
    repository.git(&["sparse-checkout", "set", "src"]);
    assert!(!root.join("-f").exists(), "the folder is left out too");
    let run = repository.run_in(&root, "init --json --vault ./-f", &[]);
    assert_eq!(failure(&run), (7, "vault-hidden".into()));
    let run = repository.run_in(&root, "ls --json --vault ./-f", &[]);
    assert_eq!(failure(&run), (5, "vault-hidden".into()));
    let hint = first_hint(&run);
    let mut shell = Command::new("sh");
    assert!(shell.args(["-c", &hint]).current_dir(&root).output().unwrap().status.success());
    assert!(root.join(skipped).exists(), "{hint}");
}

#[test]
fn variables_of_another_repository_are_not_taken_for_the_vaults() {
    let Some(repository) = Repository::new() else { return };
    repository.0.ok("git install");
    let other = repository.root().parent().unwrap().join("other");
    fs::create_dir(&other).unwrap();
    assert!(repository.git_in(&other, &["init", "--quiet"]).status.success());
    fs::write(other.join("file"), "x").unwrap();
    assert!(repository.git_in(&other, &["add", "file"]).status.success());
    let git = other.join(".git");
    let (index, objects) = (git.join("index"), git.join("objects"));
    let temporary = Path::new(".git/next-index-1.lock");
    for variables in [
        &[("GIT_DIR", git.as_path())][..],
        &[("GIT_INDEX_FILE", &index)],
        &[("GIT_INDEX_FILE", temporary)],
        &[("GIT_WORK_TREE", &other)],
        &[("GIT_DIR", &git), ("GIT_WORK_TREE", &other), ("GIT_INDEX_FILE", &index)],
        &[("GIT_OBJECT_DIRECTORY", &objects)],
        // The vault's own, as an alias and a hook in a folder below have them.
        &[("GIT_DIR", Path::new(".git"))],
    ] {
        let run = repository.run_in(&repository.root(), "doctor", variables);
        assert!(run.shows("git-sound"), "{variables:?}: {}", run.text());
        assert!(run.shows("hook-helpless"), "{variables:?}: {}", run.text());
        let verified = repository.run_in(&repository.root(), "audit verify --base HEAD", variables);
        assert_eq!(verified.code, 0, "{variables:?}: {verified:?}");
    }
}

#[test]
fn the_index_of_a_commit_that_is_being_made_is_the_one_that_the_hook_sees() {
    let Some(repository) = Repository::new() else { return };
    let root = repository.root();
    let mut broken = fs::read(root.join(FILE)).unwrap();
    broken.extend_from_slice(b"x\n");
    fs::write(root.join(FILE), broken).unwrap();
    fs::copy(root.join(".git/index"), root.join(".git/mine")).unwrap();
    let mut add = Command::new("git");
    add.current_dir(&root).env("GIT_INDEX_FILE", ".git/mine").args(["add", FILE]);
    assert!(add.output().unwrap().status.success());
    let in_git = root.join(".git/mine");
    let outside = root.parent().unwrap().join("mine");
    fs::copy(&in_git, &outside).unwrap();
    assert_eq!(repository.0.run("git pre-commit").code, 0, "nothing is staged in the index itself");
    for index in [in_git.as_path(), &outside, Path::new(".git/mine")] {
        let run = repository.run_in(&root, "git pre-commit", &[("GIT_INDEX_FILE", index)]);
        assert_eq!(run.code, 6, "{index:?}: {run:?}");
    }
}

#[test]
fn what_a_second_worktree_lacks_is_said_once() {
    let Some(repository) = Repository::new() else { return };
    let second = repository.root().parent().unwrap().join("second");
    let path = second.display().to_string();
    repository.git(&["worktree", "add", "--quiet", "-b", "second", &path]);
    repository.0.set("A", "two");
    let get = || repository.run_in(&second, "get A", &[]);
    let warns = |run: &Run| run.shows("log entry that was seen here before is missing");
    assert!(warns(&get()), "a roll-back looks the same");
    assert!(!warns(&get()) && !warns(&get()));
    repository.0.set("A", "three");
    assert!(warns(&get()), "another state");
    assert!(!warns(&get()));
    repository.0.ok("settings set reads off");
    let older = |run: &Run| run.shows("this is an older state");
    assert!(older(&get()) && !older(&get()));
    let strict = repository.run_in(&second, "exec --strict -- true", &[]);
    assert_eq!(strict.code, 6, "{strict:?}");
}
