//! Branches that began before a checkpoint, and merge after it.

use super::{closed_beside_a_role, files, fill, folder, hidden, outcome, says};
use serde_json::Value;
use std::fs;
use v_secure_testkit::repository::Repository;

/// `side` began when `A` and `B` had two versions. `main` was closed since.
fn sides(on_side: &[(&str, &str)], on_main: &[(&str, &str)]) -> Option<Repository> {
    let repository = Repository::new()?;
    let cli = &repository.0;
    cli.ok("git install");
    fill(cli, 2);
    repository.commit("common");
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    on_side.iter().for_each(|(name, value)| cli.set(name, value));
    repository.git(&["add", "-A"]);
    repository.git(&["commit", "--quiet", "--allow-empty", "-m", "side"]);
    repository.git(&["checkout", "--quiet", "main"]);
    fill(cli, 2);
    cli.ok("history close --all --yes");
    repository.git(&["add", "-A"]);
    repository.commit("closed");
    on_main.iter().for_each(|(name, value)| cli.set(name, value));
    repository.git(&["add", "-A"]);
    repository.git(&["commit", "--quiet", "--allow-empty", "-m", "main"]);
    Some(repository)
}

fn said(output: &std::process::Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{out}{err}")
}

#[test]
fn a_branch_from_before_merges_in_both_directions() {
    for [here, there] in [["main", "side"], ["side", "main"]] {
        let Some(repository) = sides(&[("LATE", "late")], &[("C", "c")]) else { return };
        let cli = &repository.0;
        repository.git(&["checkout", "--quiet", here]);
        let merge = repository.shell(&format!("git merge --no-edit {there}"));
        assert!(merge.status.success(), "{}", said(&merge));
        cli.ok("audit verify");
        cli.ok("audit verify --base side");
        cli.ok("audit verify --base main");
        for (name, value) in [("LATE", "late"), ("C", "c"), ("A", "a2"), ("B", "b2")] {
            assert_eq!(cli.ok(&format!("get {name}")), value, "{here}");
        }
        cli.set("A", "after");
        cli.ok("history close --all --yes");
        cli.ok("audit verify");
        hidden(cli);
        assert_eq!((cli.ok("get A"), cli.ok("get LATE")), ("after".into(), "late".into()));
    }
}

#[test]
fn a_branch_from_before_is_rebased() {
    let Some(repository) = sides(&[("LATE", "late")], &[("C", "c")]) else { return };
    let cli = &repository.0;
    repository.git(&["checkout", "--quiet", "side"]);
    let rebase = repository.shell("git rebase main");
    assert!(rebase.status.success(), "{}", said(&rebase));
    cli.ok("audit verify");
    assert_eq!((cli.ok("get LATE"), cli.ok("get C")), ("late".into(), "c".into()));
}

/// What both sides set is a conflict, whether or not one side was closed.
#[test]
fn a_late_value_of_a_secret_that_is_closed_conflicts_as_ever() {
    let Some(repository) = sides(&[("A", "late")], &[]) else { return };
    let cli = &repository.0;
    let merge = repository.shell("git merge --no-edit side");
    assert!(merge.status.success(), "{}", said(&merge));
    let versions = cli.json("secret versions A");
    let conflicting = versions["versions"].as_array().unwrap().iter();
    assert_eq!(conflicting.filter(|version| version["state"] == "conflicting").count(), 2);
    assert_eq!(cli.ok("get B"), "b2");
    cli.set("A", "settled");
    cli.ok("audit verify");
    assert_eq!(cli.ok("get A"), "settled");
}

/// Which secrets are late hangs on what is behind, so that nothing is given without it.
#[test]
fn after_a_late_merge_the_history_is_needed_until_the_next_closing() {
    let Some(repository) = sides(&[("LATE", "late")], &[]) else { return };
    let cli = &repository.0;
    assert!(repository.shell("git merge --no-edit side").status.success());
    let away = hidden(cli);
    assert_eq!(outcome(cli, "get B"), (7, "history-missing".into()));
    fs::rename(away, folder(cli)).unwrap();
    let run = cli.run("history close --keep 1s --yes");
    assert_eq!(run.code, 7, "{run:?}");
    says(&run, "v-secure history close --all");
    cli.ok("history close --all --yes");
    hidden(cli);
    assert_eq!((cli.ok("get B"), cli.ok("get LATE")), ("b2".into(), "late".into()));
}

/// To close all takes an entry that joins both sides: it is written where the closing is, and not before.
#[test]
fn a_closing_that_is_refused_or_not_wanted_joins_nothing() {
    let Some(repository) = sides(&[("LATE", "late")], &[]) else { return };
    let cli = &repository.0;
    cli.ok("role create dev --grant read,write,rotate,delete,grant:*");
    cli.ok("identity new -o ../bob.txt");
    let line = cli.ok("--identity ../bob.txt member request bob -q");
    fs::write(cli.project().join("../bob.request"), line).unwrap();
    cli.ok("member add bob --request ../bob.request --yes --role dev");
    repository.git(&["commit", "--quiet", "-am", "bob"]);
    assert!(repository.shell("git merge --no-edit side").status.success());
    let before = fs::read(cli.vault()).unwrap();
    assert_eq!(outcome(cli, "--identity ../bob.txt history close --all --yes").0, 4);
    assert_eq!(outcome(cli, "history close --all").1, "not-confirmed");
    says(&cli.run("history close --all"), "it asks: Close ");
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
    cli.ok("history close --all --yes");
}

#[test]
fn it_is_said_that_clones_without_the_folder_cannot_read_and_which_has_none() {
    let Some(repository) = sides(&[("LATE", "late")], &[]) else { return };
    let cli = &repository.0;
    let codes = || {
        let run = cli.run("doctor --json");
        let found: Value = serde_json::from_slice(&run.out).unwrap();
        let codes = found["findings"].as_array().unwrap().iter();
        let all: Vec<String> = codes.map(|one| one["code"].as_str().unwrap().to_owned()).collect();
        (run.code, all)
    };
    let has = |code: &str| codes().1.contains(&code.to_owned());
    assert!(!has("history-needed") && !has("history-absent"));
    assert!(repository.shell("git merge --no-edit side").status.success());
    assert!(has("history-needed"), "{:?}", codes());
    says(&cli.run("--no-input"), "v-secure history close --all");
    cli.ok("history close --all --yes");
    assert!(!has("history-needed"));
    assert!(!cli.run("--no-input").shows("history close"));
    hidden(cli);
    assert!(has("history-absent") && !has("vault-broken"), "{:?}", codes());
    assert_eq!(codes().0, 0);
}

/// A clone without the driver has git merge the text.
#[test]
fn what_git_merged_as_text_is_resolved() {
    let Some(repository) = sides(&[("LATE", "late")], &[("C", "c")]) else { return };
    let cli = &repository.0;
    repository.git(&["config", "--remove-section", "merge.v-secure"]);
    let merge = repository.shell("git merge --no-edit side");
    let way = "v-secure git resolve && git add .v-secure && git commit --no-edit";
    if !merge.status.success() {
        let done = repository.shell(way);
        assert!(done.status.success(), "{}", said(&done));
    } else {
        cli.ok("git resolve");
    }
    cli.ok("audit verify");
    assert_eq!((cli.ok("get LATE"), cli.ok("get C")), ("late".into(), "c".into()));
}

/// Both sides close what they have: two policies, of which one stays.
#[test]
fn two_closings_beside_each_other_are_two_policies() {
    let Some(repository) = sides(&[("LATE", "late")], &[("C", "c")]) else { return };
    let cli = &repository.0;
    repository.git(&["checkout", "--quiet", "side"]);
    // As on a device that has not seen the other side.
    cli.ok("pin accept --yes");
    cli.ok("history close --all --yes");
    repository.git(&["add", "-A"]);
    repository.commit("closed, too");
    let merge = repository.shell("git merge --no-edit main");
    assert!(!merge.status.success());
    let done = repository
        .shell("v-secure policy rebase --yes && git add .v-secure && git commit --no-edit");
    assert!(done.status.success(), "{}{}", said(&merge), said(&done));
    assert!(said(&merge).contains("or what is closed of the history"), "{}", said(&merge));
    assert!(said(&done).contains("open again") && !said(&done).contains("there already"));
    cli.ok("audit verify");
    for (name, value) in [("LATE", "late"), ("C", "c"), ("A", "a2")] {
        assert_eq!(cli.ok(&format!("get {name}")), value);
    }
}

/// It is not made again on the side that stays, and says so.
#[test]
fn a_closing_that_gives_way_to_a_change_of_the_policy_is_said_to_be_open_again() {
    for (keep, closed) in [("ours", true), ("theirs", false)] {
        let Some(repository) = closed_beside_a_role() else { return };
        let cli = &repository.0;
        let run = cli.run(&format!("policy rebase --keep {keep} --yes"));
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(run.shows("open again"), !closed, "{run:?}");
        assert_eq!(run.shows("to close it: v-secure history close"), !closed, "{run:?}");
        assert!(!run.shows("there already"), "{run:?}");
        assert_eq!(cli.json("history status")["closed"] != 0, closed);
        cli.ok("audit verify");
    }
}

/// Whoever pulls a closing has heads remembered that are not in the file any more.
#[test]
fn a_device_that_pulls_a_closing_misses_nothing() {
    let Some(repository) = Repository::new() else { return };
    let cli = &repository.0;
    fill(cli, 2);
    repository.commit("common");
    let there = repository.root().join("../clone");
    let clone = repository.shell("git clone --quiet . ../clone");
    assert!(clone.status.success(), "{}", said(&clone));
    let home: &std::path::Path = &repository.root().join("../other-state");
    let state = [("XDG_STATE_HOME", home)];
    assert_eq!(repository.run_in(&there, "pin accept --yes", &state).code, 0);
    assert_eq!(repository.run_in(&there, "get A", &state).text(), "a2");
    cli.set("A", "a3");
    cli.ok("history close --all --yes");
    repository.git(&["add", "-A"]);
    repository.commit("closed");
    assert!(!files(cli, "log").is_empty());
    let pull = repository.git_in(&there, &["pull", "--quiet"]);
    assert!(pull.status.success(), "{}", said(&pull));
    let run = repository.run_in(&there, "get A", &state);
    assert_eq!((run.code, run.text().as_str(), run.err.as_str()), (0, "a3", ""), "{run:?}");
    let run = repository.run_in(&there, "get A --strict", &state);
    assert_eq!(run.code, 0, "{run:?}");
}

/// `git commit -am` takes no new files, and a vault without them could be judged by nobody.
#[test]
fn the_hook_asks_for_the_history_of_the_staged_vault() {
    let Some(repository) = Repository::new() else { return };
    let cli = &repository.0;
    cli.ok("git install");
    fill(cli, 2);
    repository.commit("open");
    cli.ok("history close --all --yes");
    let commit = repository.shell("git commit -qam closed");
    assert!(!commit.status.success(), "{}", said(&commit));
    let way = "git add .v-secure/history";
    assert!(said(&commit).contains(way), "{}", said(&commit));
    let done = repository.shell(&format!("{way} && git commit -qam closed"));
    assert!(done.status.success(), "{}", said(&done));
    let gone =
        repository.shell("git rm -q --cached .v-secure/history/*.log && git commit -qm gone");
    assert!(!gone.status.success(), "{}", said(&gone));
    assert!(said(&gone).contains(way), "{}", said(&gone));
}

/// What is neither in the index nor in the folder is in the last commit.
#[test]
fn history_that_would_go_with_a_commit_is_taken_from_the_last_one() {
    let Some(repository) = sides(&[], &[]) else { return };
    for going in [
        "git rm -qr .v-secure/history",
        "mkdir .v-secure/history/old && git mv .v-secure/history/*.* .v-secure/history/old",
    ] {
        let gone = repository.shell(&format!("{going} && git commit -qm gone"));
        assert!(!gone.status.success(), "{going}: {}", said(&gone));
        let way = "git checkout --ignore-skip-worktree-bits HEAD -- .v-secure/history";
        assert!(said(&gone).contains(way), "{}", said(&gone));
        let done = repository.shell(way);
        assert!(done.status.success(), "{}", said(&done));
        repository.0.ok("audit verify");
        repository.git(&["reset", "--quiet", "--hard"]);
    }
}

/// A clone without the folder has it in its index, and what is compared there is the index.
#[test]
fn a_merge_is_ended_in_a_clone_without_the_folder() {
    let Some(repository) = sides(&[("LATE", "late")], &[]) else { return };
    repository.git(&["checkout", "--quiet", "side"]);
    fs::write(repository.root().join("src/code"), "side\n").unwrap();
    repository.git(&["commit", "--quiet", "-am", "side, too"]);
    repository.git(&["checkout", "--quiet", "main"]);
    fs::write(repository.root().join("src/code"), "main\n").unwrap();
    repository.git(&["commit", "--quiet", "-am", "main, too"]);
    let sparse = "git sparse-checkout set --no-cone '/*' '!.v-secure/history'";
    assert!(repository.shell(sparse).status.success());
    let cli = &repository.0;
    assert!(files(cli, "log").is_empty());
    assert!(!repository.shell("git merge --no-edit side").status.success());
    let ended = repository.shell("echo both > src/code && git commit -qam both");
    assert!(ended.status.success(), "{}", said(&ended));
    let run = cli.run("get LATE");
    assert_eq!(run.code, 7, "{run:?}");
    let said = run.err.replace("\n    ", " ");
    let way = said.lines().find_map(|line| line.split_once("try: git -C ")).unwrap().1;
    // From a folder below, too.
    assert!(repository.shell(&format!("cd src && git -C {way}")).status.success(), "{way}");
    assert_eq!(cli.ok("get LATE"), "late");
}

/// Whoever may push has branches of their own, with any file under the name of a segment.
#[test]
fn a_merge_takes_no_segment_that_is_another_one() {
    let Some(repository) = sides(&[("LATE", "late")], &[]) else { return };
    let evil = "git checkout -q -b evil && for f in .v-secure/history/*; do echo x > $f; done \
                && git commit -qnam evil && git checkout -q side && git merge --no-edit main";
    let merge = repository.shell(evil);
    assert!(merge.status.success(), "{}", said(&merge));
    let cli = &repository.0;
    cli.ok("audit verify");
    assert_eq!((cli.ok("get LATE"), cli.ok("get A --version 1")), ("late".into(), "one".into()));
}

/// Many projects ignore `*.log`, and some a folder of this name.
#[test]
fn what_a_project_ignores_leaves_no_history_out() {
    let Some(repository) = Repository::new() else { return };
    let cli = &repository.0;
    let doctor = || String::from_utf8(cli.run("doctor --json").out).unwrap();
    fs::write(repository.root().join(".gitignore"), "*.log\nhistory/\n").unwrap();
    fill(cli, 2);
    repository.git(&["add", "-A"]);
    repository.commit("open");
    cli.ok("history close --all --yes");
    assert!(doctor().contains("git-untracked"), "{}", doctor());
    repository.git(&["add", "-A"]);
    repository.commit("closed");
    let listed = ["ls-files", ".v-secure/history"];
    let tracked = repository.git_in(&repository.root(), &listed);
    assert_eq!(String::from_utf8_lossy(&tracked.stdout).lines().count(), 2);
    assert!(doctor().contains("git-sound"), "{}", doctor());
    fs::remove_file(repository.root().join(".v-secure/.gitignore")).unwrap();
    repository.git(&["rm", "-rq", "--cached", ".v-secure/history"]);
    assert!(doctor().contains("git-ignored"), "{}", doctor());
    cli.ok("git install");
    assert!(doctor().contains("git-untracked"), "{}", doctor());
}
