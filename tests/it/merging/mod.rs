//! Branches that both changed the vault, merged by git with the driver and without it.

mod as_text;

use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use v_secure_testkit::cli::{Cli, failure};
use v_secure_testkit::repository::Repository;

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
    ("set A", "set B", "secret versions A", "replaced"),
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
    let listed = cli.run("secret resolve A");
    assert_eq!(listed.code, 7, "{listed:?}");
    for text in
        ["version 2, by ada at ", "version 3, by ada at ", "secret resolve default/A --take 3"]
    {
        assert!(listed.shows(text), "{text}: {listed:?}");
    }
    assert_eq!(failure(&cli.run("secret resolve A --json")), (7, "conflict".into()));
    let taken = cli.json("secret resolve A --take 2");
    assert_eq!((&taken["secret"], &taken["version"]), (&"default/A".into(), &2.into()));
    let run = cli.run("get A");
    assert!(["side", "other"].contains(&cli.ok("get A").as_str()), "{run:?}");
    assert!(run.err.is_empty(), "{run:?}");
    let again = cli.run("secret resolve A --take 2 --json");
    assert_eq!(failure(&again), (7, "no-conflict".into()));
    assert_eq!(failure(&cli.run("secret resolve A --json")), (7, "no-conflict".into()));
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
