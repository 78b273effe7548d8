//! Branches that both changed the vault, merged by git with the driver and without it.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::process::Command;
use v_secure_testkit::branches::open;
use v_secure_testkit::cli::{Cli, failure, finish};
use v_secure_testkit::person::Person;
use v_secure_testkit::repository::{FILE, Repository};
use v_secure_testkit::tools;

/// A repository whose clone runs the driver.
fn repository() -> Option<Repository> {
    let repository = Repository::new()?;
    repository.0.ok("git install");
    repository.git(&["add", ".v-secure"]);
    repository.commit("driver");
    Some(repository)
}

/// A branch of `from` on which these lines are run, and a commit of it.
fn branch(repository: &Repository, name: &str, from: &str, work: impl FnOnce(&Repository)) {
    repository.git(&["checkout", "--quiet", "-B", name, from]);
    work(repository);
    repository.commit(name);
}

fn text(repository: &Repository) -> String {
    fs::read_to_string(repository.0.vault()).unwrap()
}

/// In an order that the seed decides: that of the names hashed with it.
fn shuffled(names: &[String], seed: u64) -> Vec<String> {
    let mut order = names.to_vec();
    order.sort_by_cached_key(|name| {
        let mut hasher = DefaultHasher::new();
        (seed, name).hash(&mut hasher);
        hasher.finish()
    });
    order
}

#[test]
fn each_direction_and_every_order_ends_in_one_file() {
    let Some(repository) = repository() else { return };
    let names: Vec<String> = (0..20).map(|number| format!("b{number}")).collect();
    for (number, name) in names.iter().enumerate() {
        branch(&repository, name, "main", |r| match number % 4 {
            0 => r.0.set("A", name),
            1 => r.0.set(&format!("N{number}"), name),
            2 => drop(r.0.ok("secret describe A shared")),
            _ => {
                r.0.set("A", name);
                r.0.set(&format!("N{number}"), name);
            }
        });
    }
    let mut ends = BTreeSet::new();
    for seed in 1..=4 {
        let order = shuffled(&names, seed);
        repository.git(&["checkout", "--quiet", "-B", "together", &order[0]]);
        for next in &order[1..] {
            repository.git(&["merge", "--quiet", "--no-edit", next]);
        }
        ends.insert(text(&repository));
    }
    assert_eq!(ends.len(), 1, "the order of merging is in the file");
    repository.0.ok("audit verify --base b0");
    branch(&repository, "left", "b1", |r| r.0.set("L", "l"));
    repository.git(&["merge", "--quiet", "--no-edit", "b2"]);
    let one = text(&repository);
    repository.git(&["checkout", "--quiet", "-B", "right", "b2"]);
    repository.git(&["merge", "--quiet", "--no-edit", "left~1"]);
    assert_eq!(text(&repository), one);
}

#[test]
fn rebases_stashes_squashes_and_criss_cross_merges_need_nothing_more() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    branch(&repository, "one", "main", |r| r.0.set("A", "one"));
    cli.set("ONE", "1");
    repository.commit("one more");
    branch(&repository, "two", "main", |r| r.0.set("A", "two"));
    repository.git(&["rebase", "--quiet", "one"]);
    cli.ok("audit verify --base one");
    branch(&repository, "three", "main", |r| r.0.set("THREE", "3"));
    cli.set("STASHED", "s");
    repository.git(&["stash", "--quiet"]);
    repository.git(&["merge", "--quiet", "--no-edit", "two"]);
    repository.git(&["stash", "pop", "--quiet"]);
    assert_eq!(cli.ok("get STASHED"), "s");
    repository.commit("popped");
    branch(&repository, "four", "main", |r| r.0.set("FOUR", "4"));
    repository.git(&["merge", "--quiet", "--squash", "three"]);
    repository.commit("squashed");
    cli.ok("audit verify --base three");
    // Criss-cross: each has merged an older state of the other one.
    branch(&repository, "x", "four", |r| r.0.set("X", "x"));
    branch(&repository, "y", "four", |r| r.0.set("Y", "y"));
    repository.git(&["merge", "--quiet", "--no-edit", "x"]);
    repository.git(&["checkout", "--quiet", "x"]);
    repository.git(&["merge", "--quiet", "--no-edit", "y~1"]);
    cli.set("X", "x2");
    repository.commit("x2");
    repository.git(&["merge", "--quiet", "--no-edit", "y"]);
    assert_eq!((cli.ok("get X"), cli.ok("get Y")), ("x2".into(), "y".into()));
    branch(&repository, "p", "x", |r| r.0.set("P", "p"));
    branch(&repository, "q", "x", |r| r.0.set("Q", "q"));
    cli.ok("audit verify --base x");
}

/// What `docs/merging.md` says of each pair of changes: on one side, on the other, and what is seen then.
const PAIRS: [(&str, &str, &str, &str); 8] = [
    ("set A", "set B", "secret versions A", "retired"),
    ("set A", "set A", "audit verify", "default/A has several active versions"),
    ("set A", "rm A --yes", "get A", "of one side"),
    ("set A", "secret rename A MOVED", "get A", "of one side"),
    ("set A", "secret rename A MOVED", "get MOVED", "one"),
    ("set NEW", "set NEW", "audit verify", "default/NEW has several active versions"),
    ("secret describe A here", "secret describe A there", "audit verify", "description"),
    ("set A", "prune", "get A", "of one side"),
];

#[test]
fn each_pair_of_changes_comes_to_what_the_document_says() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    for (ours, theirs, seen, expected) in PAIRS {
        for sides in [[ours, theirs], [theirs, ours]] {
            for (name, line) in ["left", "right"].iter().zip(sides) {
                repository.git(&["checkout", "--quiet", "-B", name, "main"]);
                let run = cli.feed(line, b"of one side");
                assert_eq!(run.code, 0, "{line}: {run:?}");
                repository.git(&["commit", "--quiet", "--all", "--allow-empty", "-m", line]);
            }
            repository.git(&["merge", "--quiet", "--no-edit", "left"]);
            let run = cli.run(seen);
            assert!(run.code == 0 && run.shows(expected), "{sides:?}, {seen}: {run:?}");
        }
    }
}

/// The rest of the document's table: who may read it changed on the other side.
#[test]
fn a_value_beside_new_readers_waits_for_them() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    branch(&repository, "value", "main", |r| r.0.set("A", "new"));
    branch(&repository, "readers", "main", |r| drop(r.0.ok("role create app --grant read:*")));
    repository.git(&["merge", "--quiet", "--no-edit", "value"]);
    assert_eq!(cli.ok("get A"), "new");
    assert!(cli.run("audit verify").shows("unsettled"));
    cli.ok("access settle");
    assert!(!cli.run("audit verify").shows("unsettled"));
}

#[test]
fn several_branches_are_merged_at_once_where_their_lines_are_apart() {
    let Some(repository) = repository() else { return };
    for name in ["one", "two", "three"] {
        branch(&repository, name, "main", |r| r.0.set(name, name));
    }
    repository.git(&["checkout", "--quiet", "-B", "all", "main"]);
    let merge =
        repository.git_in(&repository.root(), &["merge", "--no-edit", "one", "two", "three"]);
    // git runs no driver for it, and gives up where lines meet, which hangs on chance.
    if merge.status.success() {
        let cli = &repository.0;
        assert_eq!((cli.ok("get one"), cli.ok("get three")), ("one".into(), "three".into()));
        cli.ok("audit verify --base two");
    } else {
        assert!(String::from_utf8_lossy(&merge.stdout).contains("octopus"), "{merge:?}");
    }
}

/// A conflict of values is served and said; who wants none is refused; one command ends it.
#[test]
fn two_values_of_one_secret_are_both_kept_until_one_is_taken() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    branch(&repository, "side", "main", |r| r.0.set("A", "side"));
    branch(&repository, "other", "main", |r| r.0.set("A", "other"));
    repository.git(&["merge", "--quiet", "--no-edit", "side"]);
    for line in ["get A", "ls", "exec -- true", "audit verify"] {
        assert!(cli.run(line).shows("several active versions"), "{line}");
    }
    assert_eq!(failure(&cli.run("exec --strict --json -- true")), (7, "conflict".into()));
    let first = cli.json("secret versions A")["versions"][2]["id"].as_str().unwrap().to_owned();
    let refused = cli.run(&format!("secret resolve A --json --take {first}"));
    assert_eq!(failure(&refused), (7, "no-conflict".into()), "the oldest is not one of them");
    assert_eq!(conflicts(cli), ["v-secure secret resolve default/A --take VERSION"]);
    let taken = cli.json("secret resolve A --take 2");
    assert_eq!((&taken["secret"], &taken["version"]), (&"default/A".into(), &2.into()));
    let run = cli.run("get A");
    assert!(["side", "other"].contains(&cli.ok("get A").as_str()), "{run:?}");
    assert!(run.err.is_empty(), "{run:?}");
    let again = cli.run("secret resolve A --take 2 --json");
    assert_eq!(failure(&again), (7, "no-conflict".into()));
    assert_eq!(failure(&cli.run("secret resolve B --take 2 --json")), (5, "not-found".into()));
}

/// A field, what each side makes of it, and what the hint's words stand for.
const FIELDS: [(&str, [&str; 2], [&str; 2]); 8] = [
    ("description", ["secret describe A here", "secret describe A there"], ["TEXT", "both"]),
    ("tag.web", ["secret tag A --remove web", "secret tag A --remove web"], ["", ""]),
    ("meta.team", ["set A --meta team=a", "set A --meta team=b"], ["VALUE", "c"]),
    ("type", ["set A --type api_key", "set A --type generic"], ["TYPE", "api_key"]),
    ("var", ["set A --var HERE", "set A --var THERE"], ["VARIABLE", "HERE"]),
    (
        "rotation-interval",
        ["set A --rotation-interval 1d", "set A --rotation-interval 2d"],
        ["SPAN", "3d"],
    ),
    ("generate", ["set A --generate=hex:16", "set A --generate=hex:32"], ["KIND:SIZE", "hex:32"]),
    ("tag.app", ["secret tag A --add app", "secret tag A --add app"], ["", ""]),
];

/// The hints of `audit verify`, typed.
#[test]
fn a_conflict_of_a_field_ends_by_its_own_hint_and_the_value_stays() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    for tag in ["secret tag A --add web", "secret tag A --add app", "secret tag A --remove app"] {
        cli.ok(tag);
    }
    repository.commit("tags");
    for (field, sides, [word, filled]) in FIELDS {
        for (name, line) in ["left", "right"].iter().zip(sides) {
            repository.git(&["checkout", "--quiet", "-B", name, "main"]);
            // With a reason, as two entries that are alike in all are one.
            assert_eq!(cli.feed(&format!("{line} --reason {name}"), b"").code, 0, "{line}");
            // The same statement on both sides is none that differs.
            if let (&"right", Some(tag)) = (name, field.strip_prefix("tag.")) {
                let back = if line.contains("--add") { "--remove" } else { "--add" };
                cli.ok(&format!("secret tag A {back} {tag}"));
            }
            repository.commit(line);
        }
        repository.git(&["merge", "--quiet", "--no-edit", "left"]);
        let hints = conflicts(cli);
        assert!(!hints.is_empty(), "{field}");
        for (place, hint) in hints.into_iter().enumerate() {
            let take = hint.replace("VERSION", &(place + 2).to_string());
            let line = if word.is_empty() { take } else { take.replace(word, filled) };
            let done = repository.shell(&line);
            assert!(done.status.success(), "{field}: {line}: {done:?}");
        }
        assert_eq!(conflicts(cli), Vec::<String>::new(), "{field}");
        assert_eq!(cli.ok("get A") == "one", field != "generate", "{field}");
        repository.commit("ended");
    }
}

/// What is said to end each conflict.
fn conflicts(cli: &Cli) -> Vec<String> {
    let verified = cli.json("audit verify");
    let findings = verified["findings"].as_array().unwrap().iter();
    let conflicts = findings.filter(|found| found["code"] == "conflict");
    conflicts.map(|found| found["hint"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_revert_and_a_pick_that_mean_something_else_are_refused() {
    let Some(repository) = repository() else { return };
    let (cli, root) = (&repository.0, repository.root());
    branch(&repository, "side", "main", |r| r.0.set("A", "side"));
    branch(&repository, "next", "side", |r| r.0.set("A", "next"));
    let done = repository.git_in(&root, &["revert", "--no-edit", "HEAD~1"]);
    assert!(!done.status.success(), "{done:?}");
    assert_eq!(failure(&cli.run("git resolve --json")), (7, "revert".into()));
    repository.git(&["revert", "--abort"]);
    // Of the last commit git makes by itself what was there before, and runs one hook.
    let done = repository.git_in(&root, &["revert", "--no-edit", "HEAD"]);
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!done.status.success() && said.contains("git reset --merge"), "{done:?}");
    repository.git(&["reset", "--merge"]);
    cli.ok("secret rollback A --version 2");
    assert_eq!(cli.ok("get A"), "side");
    repository.commit("rolled back");
    repository.git(&["checkout", "--quiet", "-B", "here", "main"]);
    let picked = repository.git_in(&root, &["cherry-pick", "next"]);
    assert!(!picked.status.success(), "{picked:?}");
    assert_eq!(failure(&cli.run("git resolve --json")), (1, "not-confirmed".into()));
    repository.git(&["cherry-pick", "--abort"]);
    repository.git(&["merge", "--quiet", "--no-edit", "next"]);
    assert_eq!(cli.ok("get A"), "side", "all of that branch");
    repository.git(&["reset", "--quiet", "--hard", "main"]);
    repository.git(&["cherry-pick", "side"]);
    assert_eq!(cli.ok("get A"), "side", "what was made upon what is here");
    cli.ok("audit verify --base main");
}

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
    for number in 0..8 {
        cli.set(&format!("S{number}"), "base");
    }
    repository.commit("more");
    let base = fs::read(cli.vault()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let work: [&[&str]; 9] = [
        &["set S0"],
        &["set S1"],
        &["set S0", "set S2"],
        &["set NEW"],
        &["set NEW", "set S3"],
        &["rm S4 --yes"],
        &["secret describe S5 x"],
        &["secret rename S6 MOVED"],
        &["set S6"],
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

#[test]
fn a_side_that_is_no_vault_stops_the_merge() {
    let Some(repository) = repository() else { return };
    branch(&repository, "side", "main", |r| r.0.set("A", "side"));
    let broken = text(&repository).replacen("format = 1", "format = 1\nbroken = 1", 1);
    fs::write(repository.0.vault(), broken).unwrap();
    repository.git(&["commit", "--quiet", "--all", "--no-verify", "-m", "broken"]);
    branch(&repository, "other", "main", |r| r.0.set("A", "other"));
    let before = text(&repository);
    let merge = repository.git_in(&repository.root(), &["merge", "--no-edit", "side"]);
    let said = String::from_utf8_lossy(&merge.stderr).into_owned();
    assert!(!merge.status.success() && said.contains("git merge --abort"), "{merge:?}");
    assert_eq!(text(&repository), before, "nothing is written over what was there");
    assert_eq!(failure(&repository.0.run("git resolve --json")), (6, "header-key".into()));
    repository.git(&["merge", "--abort"]);
    repository.0.ok("audit verify");
}
