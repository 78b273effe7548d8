//! The journal of reads as a shell sees it: what it holds, how it is filtered, what shows when it
//! was changed, and that `reads = required` gives nothing out without it.

#![cfg(unix)]

use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use v_secure_testkit::cli;
use v_secure_testkit::cli::{Cli, finish};

/// A vault with two secrets that have been read in three ways.
fn read() -> Cli {
    let cli = Cli::with_vault();
    cli.set("A", "one");
    cli.set("prod/B", "two");
    let mut get = cli.command("get A --reason");
    assert_eq!(finish(get.arg("looking into it"), b"").text(), "one");
    cli.ok("exec -e prod --reason migration -- true");
    cli.ok("export -e prod --format json --reason backup");
    cli
}

fn journal(cli: &Cli) -> PathBuf {
    let folder = cli.project().parent().unwrap().join("home/state/v-secure/reads");
    let mut files = fs::read_dir(folder).unwrap();
    let file = files.next().unwrap().unwrap().path();
    assert!(files.next().is_none(), "one journal a place");
    file
}

fn rows(cli: &Cli, options: &str) -> Vec<Value> {
    let value = cli.json(format!("audit log --reads {options}").trim());
    value.as_array().unwrap().clone()
}

#[test]
fn a_read_is_written_down_with_who_when_what_and_why() {
    let cli = read();
    let rows = rows(&cli, "");
    let facts: Vec<[&Value; 5]> = rows
        .iter()
        .map(|row| ["action", "environment", "secrets", "actor", "reason"].map(|key| &row[key]))
        .collect();
    let secrets = |name| Value::from(vec![name]);
    assert_eq!(
        facts[0].map(Clone::clone),
        ["export".into(), "prod".into(), secrets("prod/B"), "ada".into(), "backup".into()]
    );
    assert_eq!(
        facts[1].map(Clone::clone),
        ["exec".into(), "prod".into(), secrets("prod/B"), "ada".into(), "migration".into()]
    );
    assert_eq!(facts[2][4], "looking into it");
    assert!(rows[0]["timestamp"].as_str().unwrap().ends_with('Z'));
    assert_eq!(cli::mode(&journal(&cli)), 0o600);
    let text = cli.ok("audit log --reads");
    assert_eq!(text.lines().count(), 3);
    assert!(
        text.lines().nth(2).unwrap().contains("\tget\tdefault\tdefault/A\tada\tlooking into it\t")
    );
    assert!(!fs::read_to_string(journal(&cli)).unwrap().contains("two"), "names, no values");
}

#[test]
fn filters_take_what_is_known_and_name_what_is_not() {
    let cli = read();
    assert_eq!(rows(&cli, "--secret-id prod/B").len(), 2);
    assert_eq!(rows(&cli, "--actor ada --action exec").len(), 1);
    assert_eq!(rows(&cli, "--limit 1").len(), 1);
    assert_eq!(rows(&cli, "--since 1d").len(), 3);
    assert_eq!(rows(&cli, "--until 1d").len(), 0);
    for (option, code) in [("--secret-id prod/C", "not-found"), ("--actor bob", "no-member")] {
        for command in ["audit log", "audit log --reads"] {
            assert_eq!(cli.fails(&format!("{command} {option}")), (5, code.into()), "{option}");
        }
    }
    assert_eq!(cli.fails("audit log --action dance"), (5, "no-action".into()));
    cli.ok("rm --yes A");
    assert_eq!(rows(&cli, "--secret-id A").len(), 1, "a secret that was");
    assert_eq!(cli.json("audit log --secret-id A").as_array().unwrap().len(), 2);
}

#[test]
fn a_changed_journal_is_refused_with_the_line() {
    let cli = read();
    assert!(cli.ok("audit verify --reads").contains("journal ok: 3 reads since 2"));
    assert_eq!(cli.json("audit verify --reads")["reads"], 3);
    let path = journal(&cli);
    let good = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = good.lines().collect();
    let changed = good.replace("\"reason\":\"migration\"", "\"reason\":\"nothing\"");
    let shortened = format!("{}\n{}\n", lines[0], lines[2]);
    for (text, line) in [(changed, 2), (shortened, 2), (format!("{good}x\n"), 4)] {
        fs::write(&path, text).unwrap();
        let run = cli.run("audit verify --reads");
        assert_eq!(run.code, 6);
        assert!(run.err.contains(&format!("because: line {line}: ")), "{run:?}");
        assert!(run.err.contains(&*path.to_string_lossy()), "{run:?}");
        let report = cli.run("audit verify --reads --json");
        let report: Value = serde_json::from_slice(&report.out).unwrap();
        assert_eq!(report["verdict"], "refused");
        let finding = &report["findings"][0];
        assert_eq!(
            (&finding["code"], &finding["kind"], &finding["line"]),
            (&"journal-broken".into(), &"journal".into(), &line.into())
        );
        assert!(cli.run("audit log --reads").err.contains("warning"), "shown with a warning");
        assert_eq!(cli.fails("audit export --format csv --reads"), (6, "journal-broken".into()));
        assert_eq!(cli.run("audit verify").code, 0, "the vault itself is sound");
    }
    fs::write(&path, good).unwrap();
    assert_eq!(cli.run("audit verify --reads").code, 0);
}

#[test]
fn required_gives_nothing_out_that_cannot_be_written_down() {
    let cli = Cli::with_vault();
    cli.set("A", "hunter2");
    cli.ok("settings set reads required");
    assert_eq!(cli.ok("get A"), "hunter2");
    let folder = journal(&cli).parent().unwrap().to_path_buf();
    let refused = |what: &str| {
        for line in ["get A", "exec -- echo started", "export --format json"] {
            let run = cli.run(line);
            assert_eq!((run.code, run.text().as_str()), (4, ""), "{what}, {line}: {run:?}");
            assert!(run.err.contains("every read to be recorded"), "{run:?}");
        }
        assert_eq!(cli.fails("get A"), (4, "journal".into()));
    };
    // A file where a folder is needed keeps root out as well.
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "").unwrap();
    refused("no folder for journals");
    cli.ok("settings set reads best-effort");
    assert_eq!(cli.ok("get A"), "hunter2");
    cli.ok("settings set reads required");
    let mut command = cli.command("get A --trust-first-use");
    let elsewhere = finish(command.env("XDG_STATE_HOME", cli.vault()), b"");
    assert_eq!((elsewhere.code, elsewhere.out.len()), (1, 0), "pins come first: {elsewhere:?}");
    let mut command = cli.command("get A --trust-first-use --identity");
    command.arg(cli.project().parent().unwrap().join("home/config/v-secure/identity.txt"));
    let homeless = finish(command.env_remove("HOME").env_remove("XDG_STATE_HOME"), b"");
    assert_eq!((homeless.code, homeless.out.len()), (4, 0), "{homeless:?}");
}

#[test]
fn off_writes_nothing_and_a_reason_is_text() {
    let cli = Cli::with_vault();
    cli.set("A", "one");
    cli.ok("settings set reads off");
    assert_eq!(cli.ok("get A"), "one");
    assert_eq!(rows(&cli, "").len(), 0);
    assert!(cli.ok("audit verify --reads").starts_with("journal ok: 0 reads\n"));
    cli.ok("settings set reads --unset");
    let mut get = cli.command("get A --json --reason");
    let refused = cli::failure(&finish(get.arg("two\nlines"), b""));
    assert_eq!(refused, (2, "bad-reason".into()));
}
