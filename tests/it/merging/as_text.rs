//! Clones and forges without the driver: git merges the lines of the vault.

use super::repository;
use std::fs;
use std::path::Path;
use std::process::Command;
use v_secure_testkit::branches::open;
use v_secure_testkit::cli::finish;
use v_secure_testkit::person::Person;
use v_secure_testkit::repository::{FILE, Repository};
use v_secure_testkit::tools;

/// A developer writes on a branch, and is removed on another: git merges the lines without a conflict.
#[test]
fn a_file_that_git_merged_as_text_is_served_by_nobody_and_mended_by_anybody() {
    if !tools::has("git") {
        return;
    }
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.set("dev/DB", "old");
    owner.run("role create developer --grant read,write:dev/*").ok();
    let developer = Person::new("developer");
    developer.pull(&owner);
    let request = developer.run("member request --json").json();
    let line = request["request"].as_str().unwrap();
    owner.feed("member add developer --request - --yes --role developer", line).ok();
    developer.pull(&owner);
    developer.accept_as(&owner);
    let base = fs::read(owner.vault()).unwrap();
    developer.set("dev/DB", "of the developer");
    owner.run("member remove developer --yes").ok();
    let merged = merged_as_text(&base, &owner.vault(), &developer.vault());
    let Some(merged) = merged else { panic!("git has a conflict where the sides are apart") };
    fs::write(owner.vault(), &merged).unwrap();
    for line in
        ["get dev/DB", "ls", "exec -e dev -- true", "audit verify", "set dev/DB", "pin show"]
    {
        let run = owner.feed(&format!("{line} --json"), "x");
        let run = if line.contains("--") { owner.run("exec --json -e dev -- true") } else { run };
        assert_eq!(run.code, 7, "{line}: {}", run.err);
        assert!(run.err.contains("merged-as-text"), "{line}: {}", run.err);
        assert!(run.err.contains("v-secure git resolve"), "{line}: {}", run.err);
    }
    assert_eq!(fs::read(owner.vault()).unwrap(), merged);
    let resolved = owner.run("git resolve --json").json();
    assert_eq!(resolved["changed"], true);
    assert_eq!(owner.run("get dev/DB").ok(), "old", "what a removed member wrote is void");
    assert!(owner.run("audit verify").out.contains("void"));
}

/// With `-X` git keeps one side's lines where both changed some, and takes the others from either. A squashed branch is
/// named by the message alone that git prepared.
#[test]
fn what_an_option_of_git_dropped_of_a_side_is_united_while_git_knows_that_side() {
    for how in ["merge --no-commit -X ours side", "merge --squash -X ours side"] {
        let Some(repository) = repository() else { return };
        let cli = &repository.0;
        repository.git(&["config", "--remove-section", "merge.v-secure"]);
        repository.git(&["checkout", "--quiet", "-b", "side"]);
        cli.set("A", "side");
        cli.set("N", "new");
        repository.commit("side");
        repository.git(&["checkout", "--quiet", "main"]);
        cli.ok("pin accept --yes");
        cli.set("A", "main");
        cli.set("M", "more");
        repository.commit("main");
        repository.git(&how.split(' ').collect::<Vec<_>>());
        for line in ["ls", "get A", "audit verify"] {
            let run = cli.run(line);
            assert_eq!(run.code, 6, "{how}: {line}: {run:?}");
            assert!(run.shows("try: v-secure git resolve"), "{how}: {line}: {run:?}");
        }
        cli.ok("git resolve");
        cli.ok("audit verify");
        assert_eq!((cli.ok("get N"), cli.ok("get M")), ("new".into(), "more".into()));
        let versions = cli.json("secret versions A");
        let versions = versions["versions"].as_array().unwrap().iter();
        assert_eq!(versions.filter(|one| one["state"] == "conflicting").count(), 2, "{how}");
        repository.git(&["add", ".v-secure"]);
        repository.commit("united");
        cli.ok("audit verify --base side");
    }
}

/// The message of a squash that was given up is left behind, and names a side that nobody wants any more.
#[test]
fn a_squash_that_was_given_up_is_not_brought_in_later() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    cli.set("N", "new");
    repository.commit("side");
    repository.git(&["checkout", "--quiet", "main"]);
    cli.ok("pin accept --yes");
    repository.git(&["merge", "--quiet", "--squash", "side"]);
    repository.git(&["restore", "--staged", "--worktree", ".v-secure"]);
    cli.ok("pin accept --yes");
    cli.set("M", "more");
    assert_eq!(cli.json("git resolve")["changed"], false);
    assert_eq!(cli.fails("get N"), (5, "not-found".into()));
}

fn merged_as_text(base: &[u8], ours: &Path, theirs: &Path) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let origin = folder.path().join("base");
    fs::write(&origin, base).unwrap();
    let mut command = Command::new("git");
    command.args(["merge-file", "--stdout"]).args([ours, &origin, theirs]);
    let output = command.output().unwrap();
    output.status.success().then_some(output.stdout)
}

/// Every pair of sides, merged by git's own lines: what comes out is what the driver writes, or it is refused
/// and mended to that. Nothing is served that is not.
#[test]
fn what_git_makes_of_the_lines_is_never_served_wrong() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    cli.ok("settings set retention.versions 2");
    for number in 0..8 {
        cli.set(&format!("S{number}"), "base");
    }
    cli.set("S7", "again");
    repository.commit("more");
    let base = fs::read(cli.vault()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let work: [&[&str]; 11] = [
        &["set S0"],
        &["set S1"],
        &["set S0", "set S2"],
        &["set NEW"],
        &["set NEW", "set S3"],
        &["rm S4 --yes"],
        &["secret describe S5 x"],
        &["secret rename S6 MOVED"],
        &["set S6"],
        // Versions go where others come, and wraps come to what stays: lines that are alike lie between them.
        &["set S7", "set S7"],
        &["role create reader --grant read:default/*", "access settle"],
    ];
    let sides: Vec<_> = work
        .iter()
        .enumerate()
        .map(|(number, lines)| {
            repository.git(&["checkout", "--quiet", "-B", &format!("s{number}"), "main"]);
            lines.iter().for_each(|line| assert_eq!(cli.feed(line, b"value").code, 0, "{line}"));
            let side = folder.path().join(format!("s{number}"));
            fs::copy(cli.vault(), &side).unwrap();
            repository.commit("side");
            side
        })
        .collect();
    let (mut clean, mut mended) = (0, 0);
    for (place, ours) in sides.iter().enumerate() {
        for theirs in &sides[place + 1..] {
            let expected = driven(&repository, folder.path(), &base, ours, theirs);
            let origin = folder.path().join("base");
            let mut command = Command::new("git");
            command.args(["merge-file", "--stdout"]).args([ours, &origin, theirs]);
            let lines = command.output().unwrap().stdout;
            fs::write(cli.vault(), &lines).unwrap();
            let verified = cli.run("audit verify --json");
            match verified.code {
                0 => {
                    assert_eq!(lines, expected, "served, and not what the driver writes");
                    clean += 1;
                }
                6 | 7 => {
                    assert!(verified.shows("v-secure git resolve"), "{verified:?}");
                    cli.ok("git resolve");
                    assert_eq!(fs::read(cli.vault()).unwrap(), expected);
                    mended += 1;
                }
                _ => panic!("{ours:?} {theirs:?}: {verified:?}"),
            }
        }
    }
    assert!(clean > 20 && mended > 0, "{clean} clean, {mended} mended");
    open(&cli.vault());
}

fn driven(
    repository: &Repository,
    folder: &Path,
    base: &[u8],
    ours: &Path,
    theirs: &Path,
) -> Vec<u8> {
    let [origin, copy] = ["base", "copy"].map(|name| folder.join(name));
    fs::write(&origin, base).unwrap();
    fs::copy(ours, &copy).unwrap();
    let mut command = repository.0.command("git merge-driver");
    command.args([&origin, &copy, theirs]).arg(FILE);
    let run = finish(&mut command, b"");
    assert_eq!(run.code, 0, "{run:?}");
    fs::read(copy).unwrap()
}

#[test]
fn a_clone_that_does_not_know_the_driver_is_told() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    assert!(!cli.run("-e default").shows("merges the vault as text"));
    assert!(cli.run("doctor").shows("git merges the vault by its records"));
    repository.git(&["config", "--remove-section", "merge.v-secure"]);
    assert!(
        cli.run("-e default").shows("this clone merges the vault as text: v-secure git install")
    );
    assert!(cli.run("doctor").shows("driver-missing"));
    cli.ok("git install");
    assert!(!cli.run("doctor").shows("driver-missing"));
    cli.ok("git install --uninstall");
    let left = repository.git_in(&repository.root(), &["config", "--get-regexp", "^merge"]);
    assert!(left.stdout.is_empty(), "{left:?}");
}
