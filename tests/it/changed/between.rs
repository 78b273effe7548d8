//! `v-secure diff`, without values.

use super::repository;
use serde_json::Value;
use std::fs;
use v_secure_testkit::cli::{Cli, failure};
use v_secure_testkit::repository::{FILE, Repository};

/// Kind, change and subject of each row.
fn rows(report: &Value) -> Vec<[String; 3]> {
    let of = |row: &Value| {
        ["kind", "change", "subject"].map(|key| row[key].as_str().unwrap().to_owned())
    };
    report["changes"].as_array().unwrap().iter().map(of).collect()
}

fn has(report: &Value, row: [&str; 3]) -> bool {
    rows(report).iter().any(|found| *found == row)
}

/// What the lines change, since the last commit.
#[track_caller]
fn changes(repository: &Repository, lines: &[&str], expected: &[[&str; 3]]) -> Value {
    lines.iter().for_each(|line| repository.0.feed_ok(line));
    let report = repository.0.json("diff");
    for row in expected {
        assert!(has(&report, *row), "{lines:?}: {row:?} in {:#?}", rows(&report));
    }
    assert_eq!(report["missing"], 0);
    repository.commit("next");
    assert_eq!(rows(&repository.0.json("diff")).len(), 0);
    report
}

trait FeedOk {
    fn feed_ok(&self, line: &str);
}

impl FeedOk for Cli {
    #[track_caller]
    fn feed_ok(&self, line: &str) {
        let run = self.feed(line, format!("value of {line}").as_bytes());
        assert_eq!(run.code, 0, "{line}: {run:?}");
    }
}

#[test]
fn each_thing_that_changed_is_told_once_with_who_and_why() {
    let Some(repository) = repository() else { return };
    let a = "default/A";
    let report = changes(&repository, &["set A", "set A"], &[["secret", "updated", a]]);
    assert_eq!(rows(&report).len(), 1);
    let row = &report["changes"][0];
    assert_eq!((&row["before"], &row["after"]), (&"version 1".into(), &"version 3".into()));
    assert_eq!((&row["who"], &row["reason"]), (&"ada".into(), &"set a value".into()));
    assert!(row["timestamp"].is_string() && row["entry"].is_string() && row["old"].is_null());
    changes(&repository, &["set B"], &[["secret", "created", "default/B"]]);
    changes(&repository, &["secret rollback A --version 1"], &[["secret", "rolled-back", a]]);
    let renamed =
        changes(&repository, &["secret rename B C"], &[["secret", "renamed", "default/C"]]);
    assert_eq!(rows(&renamed).len(), 1, "{renamed:#}");
    assert_eq!(renamed["changes"][0]["before"], "default/B");
    changes(&repository, &["secret copy C --to-env prod"], &[["secret", "copied", "prod/C"]]);
    changes(&repository, &["rm C --yes"], &[["secret", "removed", "default/C"]]);
    changes(&repository, &["secret restore C"], &[["secret", "restored", "default/C"]]);
    changes(
        &repository,
        &["secret describe A words", "secret expire A --at 2101-01-31"],
        &[["field", "added", "default/A description"], ["secret", "expiry", a]],
    );
    changes(
        &repository,
        &["secret describe A other"],
        &[["field", "changed", "default/A description"]],
    );
    changes(
        &repository,
        &["key rotate --dek --secret default/A"],
        &[["secret", "re-encrypted", a]],
    );
    let rights = changes(
        &repository,
        &[
            "role create dev",
            "access grant dev default/* read,write",
            "settings set reads required",
        ],
        &[
            ["role", "added", "dev"],
            ["grant", "added", "dev default/*"],
            ["setting", "added", "reads"],
            ["keys", "added", "dev+owner"],
            ["secret", "rewrapped", a],
        ],
    );
    let grant = rights["changes"].as_array().unwrap().iter().find(|row| row["kind"] == "grant");
    assert_eq!(grant.unwrap()["after"], "read,write");
    changes(
        &repository,
        &["access revoke dev default/* write"],
        &[["grant", "changed", "dev default/*"]],
    );
    changes(
        &repository,
        &["member add bot --service --new-identity --read default/A"],
        &[["member", "added", "bot"], ["membership", "added", "bot bot"]],
    );
    changes(&repository, &["member remove bot --yes"], &[["member", "removed", "bot"]]);
    changes(
        &repository,
        &["role rm dev --yes"],
        &[["role", "removed", "dev"], ["grant", "removed", "dev default/*"]],
    );
}

#[test]
fn any_two_states_are_compared_in_either_direction() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    cli.set("A", "two");
    repository.commit("two");
    cli.set("B", "b");
    repository.commit("b");
    let forth = cli.json("diff HEAD~2 HEAD");
    assert_eq!(
        (&forth["from"], &forth["to"], &forth["missing"]),
        (&"HEAD~2".into(), &"HEAD".into(), &0.into())
    );
    assert_eq!(rows(&forth).len(), 2);
    // Backwards nobody did it.
    let back = cli.json("diff HEAD HEAD~2");
    assert_eq!(back["missing"], 2);
    assert!(
        has(&back, ["secret", "removed", "default/B"])
            && has(&back, ["secret", "rolled-back", "default/A"])
    );
    assert!(back["changes"].as_array().unwrap().iter().all(|row| row["who"].is_null()));
    let run = cli.run("diff HEAD HEAD~2");
    assert!(run.err.contains("HEAD~2 lacks 2 entries of HEAD"), "{run:?}");
    // Branches that parted.
    repository.git(&["checkout", "--quiet", "-b", "side", "HEAD~1"]);
    cli.set("SIDE", "s");
    repository.commit("side");
    let parted = cli.json("diff main side");
    assert_eq!(parted["missing"], 1);
    assert!(
        has(&parted, ["secret", "created", "default/SIDE"])
            && has(&parted, ["secret", "removed", "default/B"])
    );
    // A merge that keeps two values.
    cli.set("A", "of the side");
    repository.commit("a");
    repository.git(&["checkout", "--quiet", "main"]);
    cli.set("A", "of main");
    repository.commit("a");
    repository.git(&["merge", "--quiet", "--no-edit", "side"]);
    assert!(has(&cli.json("diff HEAD~1"), ["secret", "conflict", "default/A"]));
    cli.ok("secret resolve A --take 3");
    assert!(rows(&cli.json("diff")).iter().any(|row| row[0] == "secret" && row[2] == "default/A"));
    // A file, and the working tree left out of it.
    fs::write(
        repository.root().join("old.toml"),
        super::said(&repository, &["show", &format!("main~1:{FILE}")]),
    )
    .unwrap();
    assert!(has(&cli.json("diff ./old.toml HEAD"), ["secret", "created", "default/SIDE"]));
    assert!(cli.ok("diff HEAD HEAD").is_empty());
    assert!(cli.run("diff HEAD HEAD").err.contains("nothing changed between HEAD and HEAD"));
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    assert_eq!(cli.fails("diff no-such"), (5, "base-missing".into()));
    assert_eq!(cli.fails("diff HEAD no-such"), (5, "base-missing".into()));
    assert_eq!(cli.fails("diff ./no-such"), (5, "base-missing".into()));
    assert_eq!(cli.fails("diff --output=x"), (2, "usage".into()));
    // What git would take for an option of its own.
    let odd = cli.run("--json diff -- --output=x");
    assert_eq!(failure(&odd), (5, "base-missing".into()));
    assert!(!repository.root().join("x").exists());
    repository.git(&["tag", "twice"]);
    repository.git(&["branch", "twice"]);
    let run = cli.run("diff twice --json");
    assert_eq!(failure(&run), (7, "base-ambiguous".into()));
    assert!(
        run.err.contains("v-secure diff refs/tags/twice") && !run.err.contains("--base"),
        "{run:?}"
    );
    cli.ok("diff refs/tags/twice");
    repository.git(&["rm", "--quiet", "-r", "--cached", ".v-secure"]);
    repository.git(&["commit", "--quiet", "--no-verify", "-m", "none"]);
    assert_eq!(cli.fails("diff HEAD"), (5, "base-without-vault".into()));
    let sound = fs::read_to_string(cli.vault()).unwrap();
    let forged = sound.replacen("\"actor\":\"ada\"", "\"actor\":\"eve\"", 1);
    fs::write(repository.root().join("forged.toml"), forged).unwrap();
    assert_eq!(cli.run("diff forged.toml --json").code, 6);
    let other = Cli::with_vault();
    fs::copy(other.vault(), repository.root().join("other.toml")).unwrap();
    assert_eq!(cli.fails("diff other.toml"), (7, "base-other-vault".into()));
    fs::write(repository.root().join("empty.toml"), "").unwrap();
    assert_eq!(cli.fails("diff empty.toml"), (6, "file-empty".into()));
    // The vault here is one that every command refuses.
    fs::write(cli.vault(), &sound[..sound.len() / 2]).unwrap();
    assert_eq!(cli.run("diff HEAD~1 --json").code, 6);
}
