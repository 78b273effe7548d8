//! Where a vault that this device knows is at home without a question, and where it is not: whoever
//! reads one of somebody's vaults could put it into another project of theirs.

#![cfg(unix)]

mod carried;
mod merged;

use std::fs;
use std::path::PathBuf;
use v_secure_testkit::person::{Done, Person, copy};
use v_secure_testkit::planted::{IDENTITY, git, run_in};
use v_secure_testkit::tools;

/// Her vault in a folder that no repository is around.
fn maker() -> Person {
    let olga = Person::new("olga");
    olga.run("init --vault-name shop").ok();
    olga.set("prod/DB", "genuine");
    olga
}

/// The same, committed and used since.
fn committed() -> Person {
    let olga = maker();
    commit_all(&olga, ".");
    olga.run("get prod/DB").ok();
    olga
}

fn beside(olga: &Person, folder: &str) -> PathBuf {
    olga.checkout().join(folder)
}

fn commit_all(olga: &Person, folder: &str) {
    let folder = beside(olga, folder);
    git(&folder, "init --quiet -b main");
    git(&folder, "add .");
    git(&folder, "commit --quiet -m all");
}

/// Another project's repository, with a file.
fn foreign(olga: &Person, folder: &str) {
    fs::create_dir_all(beside(olga, folder)).unwrap();
    fs::write(beside(olga, folder).join("README"), "another project").unwrap();
    commit_all(olga, folder);
}

/// Commits her vault there, as somebody with push rights does.
fn plant(olga: &Person, folder: &str) {
    copy(&olga.vault(), &beside(olga, folder));
    git(&beside(olga, folder), "add .v-secure");
    git(&beside(olga, folder), "commit --quiet -m planted");
}

#[track_caller]
fn is_at_home(olga: &Person, folder: &str) {
    assert_eq!(run_in(olga, folder, "--no-input get prod/DB").ok(), "genuine", "{folder}");
    assert_eq!(run_in(olga, folder, "pin show --json").json()["accepted"], true);
    run_in(olga, folder, "set prod/NEW --generate").ok();
}

#[track_caller]
fn is_asked_about(olga: &Person, folder: &str) {
    for line in [
        "get prod/DB",
        "set prod/DB --generate",
        "--no-input exec -e prod -- true",
        "export -e prod --format json",
        "secret rotate prod/DB --generate",
    ] {
        let refused = run_in(olga, folder, &format!("--json {line}"));
        assert_eq!(refused.error(), (1, "first-use".into()), "{folder}: {line}");
        let known = olga.vault().canonicalize().unwrap().display().to_string();
        assert!(refused.err.contains(&known), "{}", refused.err);
    }
}

#[test]
fn a_project_without_a_repository_may_be_moved_and_copied() {
    if !tools::has("git") {
        return;
    }
    let olga = maker();
    copy(&olga.vault(), &beside(&olga, "../copied"));
    is_at_home(&olga, "../copied");
    fs::rename(beside(&olga, "../copied"), beside(&olga, "../moved")).unwrap();
    is_at_home(&olga, "../moved");
}

#[test]
fn a_repository_without_a_commit_is_no_other_history() {
    if !tools::has("git") {
        return;
    }
    let olga = maker();
    git(&olga.checkout(), "init --quiet -b main");
    is_at_home(&olga, ".");
    fs::create_dir(beside(&olga, "../copied")).unwrap();
    git(&beside(&olga, "../copied"), "init --quiet -b main");
    copy(&olga.vault(), &beside(&olga, "../copied"));
    is_at_home(&olga, "../copied");
}

#[test]
fn what_was_made_before_its_repository_is_known_in_a_clone_and_where_that_is_moved_to() {
    if !tools::has("git") {
        return;
    }
    let olga = maker();
    commit_all(&olga, ".");
    git(&olga.checkout(), "clone --quiet . ../clone");
    is_at_home(&olga, "../clone");
    is_at_home(&olga, ".");
    git(&olga.checkout(), "clone --quiet . ../other");
    run_in(&olga, "../other", "ls").ok();
    assert_eq!(run_in(&olga, "../other", "pin show --json").json()["accepted"], true);
    fs::rename(beside(&olga, "../other"), beside(&olga, "../moved")).unwrap();
    is_at_home(&olga, "../moved");
}

#[test]
fn a_repository_that_was_moved_is_known_by_what_its_history_begins_with() {
    if !tools::has("git") {
        return;
    }
    let olga = Person::new("olga");
    fs::create_dir(beside(&olga, "../first")).unwrap();
    run_in(&olga, "../first", "init --vault-name shop").ok();
    run_in(&olga, "../first", "set prod/DB --generate").ok();
    commit_all(&olga, "../first");
    let value = run_in(&olga, "../first", "get prod/DB").ok();
    fs::rename(beside(&olga, "../first"), beside(&olga, "../second")).unwrap();
    assert_eq!(run_in(&olga, "../second", "--no-input get prod/DB").ok(), value);
}

#[test]
fn a_question_names_no_folder_that_is_gone() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    for folder in ["../gone", "../gone-too"] {
        git(&olga.checkout(), &format!("clone --quiet . {folder}"));
        is_at_home(&olga, folder);
        fs::remove_dir_all(beside(&olga, folder)).unwrap();
    }
    foreign(&olga, "../other");
    plant(&olga, "../other");
    let asked = run_in(&olga, "../other", "--no-input get prod/DB");
    let home = olga.checkout().canonicalize().unwrap();
    let said = format!("from {}/.v-secure/vault.toml, has never", home.display());
    assert!(asked.code == 1 && asked.err.contains(&said), "{}", asked.err);
    fs::remove_dir_all(olga.checkout().join(".v-secure")).unwrap();
    let asked = run_in(&olga, "../other", "--no-input get prod/DB");
    assert!(asked.err.contains("from a folder that is gone, has never"), "{}", asked.err);
}

#[test]
fn a_shallow_clone_is_at_home_where_the_whole_one_has_its_first_commit() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    olga.set("prod/DB", "genuine");
    git(&olga.checkout(), "commit --quiet -a -m more");
    let url = format!("file://{}", olga.checkout().display());
    git(&olga.checkout(), &format!("clone --quiet --depth 1 {url} ../shallow"));
    is_at_home(&olga, "../shallow");
    // The whole repository has never seen this commit.
    git(&olga.checkout(), "clone --quiet . ../ahead");
    fs::write(beside(&olga, "../ahead/README"), "more").unwrap();
    git(&beside(&olga, "../ahead"), "add .");
    git(&beside(&olga, "../ahead"), "commit --quiet -m ahead");
    let url = format!("file://{}", beside(&olga, "../ahead").canonicalize().unwrap().display());
    git(&olga.checkout(), &format!("clone --quiet --depth 1 {url} ../unknown"));
    is_asked_about(&olga, "../unknown");
}

#[test]
fn in_another_projects_repository_a_known_vault_is_asked_about() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    foreign(&olga, "../foreign");
    plant(&olga, "../foreign");
    git(&beside(&olga, "../foreign"), "clone --quiet . ../fresh");
    is_asked_about(&olga, "../fresh");
    run_in(&olga, "../fresh", "ls").ok();
    is_asked_about(&olga, "../fresh");
    let agreed = run_in(&olga, "../fresh", "--trust-first-use get prod/DB").ok();
    assert_eq!(agreed, "genuine");
    is_at_home(&olga, "../fresh");
    // A branch that is yet to begin makes no repository without commits of it.
    git(&beside(&olga, "../foreign"), "checkout --quiet --orphan begun");
    is_asked_about(&olga, "../foreign");
}

#[test]
fn a_history_that_was_merged_in_makes_no_other_project_the_vaults_home() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    foreign(&olga, "../foreign");
    let merge = |into: &str, from: &str| {
        git(&beside(&olga, into), &format!("fetch --quiet {from} main"));
        let how = "merge --quiet --allow-unrelated-histories -m merged FETCH_HEAD";
        git(&beside(&olga, into), how);
    };
    // The other project's into the vault's, which is pulled and used.
    git(&olga.checkout(), "clone --quiet . ../pushed");
    merge("../pushed", "../foreign");
    git(&olga.checkout(), "pull --quiet ../pushed main");
    is_at_home(&olga, ".");
    git(&beside(&olga, "../foreign"), "clone --quiet . ../fresh");
    plant(&olga, "../fresh");
    is_asked_about(&olga, "../fresh");
    // The vault's into the other project's: its own root stays.
    let other = committed();
    foreign(&other, "../foreign");
    git(&beside(&other, "../foreign"), "fetch --quiet ../checkout main");
    let how = "merge --quiet --allow-unrelated-histories -m merged FETCH_HEAD";
    git(&beside(&other, "../foreign"), how);
    is_asked_about(&other, "../foreign");
}

#[test]
fn a_branch_with_the_vaults_history_makes_no_other_project_its_home() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    foreign(&olga, "../foreign");
    git(&beside(&olga, "../foreign"), "fetch --quiet ../checkout main:feature");
    git(&beside(&olga, "../foreign"), "clone --quiet . ../fresh");
    git(&beside(&olga, "../fresh"), "checkout --quiet feature");
    is_asked_about(&olga, "../fresh");
    // The other way round, the other project's branch in the vault's repository is none of its roots.
    git(&olga.checkout(), "fetch --quiet ../foreign main:theirs");
    is_at_home(&olga, ".");
    git(&beside(&olga, "../foreign"), "clone --quiet --single-branch --branch main . ../second");
    plant(&olga, "../second");
    is_asked_about(&olga, "../second");
}

#[test]
fn a_submodule_is_no_home_that_the_project_around_it_is_not() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    foreign(&olga, "../foreign");
    git(
        &beside(&olga, "../foreign"),
        "-c protocol.file.allow=always submodule --quiet add ../checkout pay",
    );
    git(&beside(&olga, "../foreign"), "commit --quiet -m pay");
    is_asked_about(&olga, "../foreign/pay");
}

#[test]
fn what_was_only_fetched_is_a_history_too() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    foreign(&olga, "../foreign");
    plant(&olga, "../foreign");
    fs::create_dir(beside(&olga, "../fresh")).unwrap();
    git(&beside(&olga, "../fresh"), "init --quiet");
    git(&beside(&olga, "../fresh"), "fetch --quiet ../foreign main");
    git(&beside(&olga, "../fresh"), "checkout --quiet FETCH_HEAD -- .");
    is_asked_about(&olga, "../fresh");
}

#[test]
fn what_a_repository_says_beside_its_commits_counts_for_nothing() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    foreign(&olga, "../foreign");
    plant(&olga, "../foreign");
    let folder = beside(&olga, "../foreign");
    git(&folder, "fetch --quiet ../checkout main:known");
    let id = |of: &str| {
        let mut command = std::process::Command::new("git");
        command.args(["rev-parse", of]).current_dir(&folder);
        String::from_utf8(command.output().unwrap().stdout).unwrap().trim().to_owned()
    };
    let (own, known) = (id("main~1"), id("known"));
    git(&folder, &format!("replace --graft {own} {known}"));
    is_asked_about(&olga, "../foreign");
    git(&folder, &format!("replace -d {own}"));
    fs::write(folder.join(".git/info/grafts"), format!("{own} {known}\n")).unwrap();
    is_asked_about(&olga, "../foreign");
    fs::remove_file(folder.join(".git/info/grafts")).unwrap();
    let mut command = olga.command(&["--json", "get", "prod/DB"]);
    let (dir, grafts) = (olga.checkout().join(".git"), olga.home().join("grafts"));
    fs::write(&grafts, format!("{own} {known}\n")).unwrap();
    command.env("GIT_DIR", dir).env("GIT_GRAFT_FILE", grafts).current_dir(&folder);
    let refused = Done::from(command.output().unwrap());
    assert_eq!(refused.error(), (1, "first-use".into()));
}

#[test]
fn without_git_a_repository_is_none_that_is_known() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    git(&olga.checkout(), "clone --quiet . ../clone");
    let refused = |folder: &str| {
        let mut command = olga.command(&["--json", "get", "prod/DB"]);
        command.env("PATH", "/nonexistent").current_dir(beside(&olga, folder));
        Done::from(command.output().unwrap())
    };
    assert_eq!(refused("../clone").error(), (1, "first-use".into()));
    copy(&olga.vault(), &beside(&olga, "../copied"));
    assert_eq!(refused("../copied").code, 0);
}

#[test]
fn at_home_too_a_vault_is_compared_with_the_furthest_policy() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    git(&olga.checkout(), "clone --quiet . ../clone");
    olga.run("role create developer").ok();
    let older = run_in(&olga, "../clone", "get prod/DB");
    assert!(older.err.contains("older state"), "{}", older.err);
    assert_eq!(older.ok(), "genuine");
}

#[test]
fn a_vault_that_moved_within_its_repository_is_held_to_the_log_that_was_seen_there() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    git(&olga.checkout(), "clone --quiet . ../ahead");
    run_in(&olga, "../ahead", "set prod/ELSEWHERE --generate").ok();
    let old = fs::read(olga.vault()).unwrap();
    olga.set("prod/NEW", "x");
    fs::create_dir(beside(&olga, "lib")).unwrap();
    git(&olga.checkout(), "mv .v-secure lib/.v-secure");
    assert_eq!(run_in(&olga, "lib", "get prod/DB --strict").err, "", "of its own repository alone");
    fs::create_dir(beside(&olga, "app")).unwrap();
    git(&olga.checkout(), "mv lib/.v-secure app/.v-secure");
    fs::write(beside(&olga, "app/.v-secure/vault.toml"), old).unwrap();
    let strict = run_in(&olga, "app", "--json get prod/DB --strict");
    assert_eq!(strict.error(), (6, "pin-older".into()));
}
