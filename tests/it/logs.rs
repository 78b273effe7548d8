//! `logs tail` and `audit export`, as a shell sees them.

#![cfg(unix)]

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Stdio};
use v_secure_testkit::cli;
use v_secure_testkit::cli::{Cli, keys};
use v_secure_testkit::signals;

const FIELDS: [&str; 9] = [
    "timestamp",
    "action",
    "secret_id",
    "actor",
    "actor_type",
    "source_ip",
    "reason",
    "status",
    "compliance_standards",
];

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn actions(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["action"].as_str().unwrap()).collect()
}

/// Two values of one secret, another secret, a role, and a read.
fn history() -> Cli {
    let cli = Cli::with_vault();
    cli.set("A", "one");
    cli.set("A", "two");
    cli.set("prod/B", "three");
    cli.ok("role create developer --grant read:prod/*");
    cli.ok("get A");
    cli
}

#[test]
fn the_tail_is_the_latest_events_oldest_first() {
    let cli = history();
    let text = cli.ok("logs tail -n 2");
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.len() == 7), "{text}");
    let all = lines(&cli.ok("logs tail --json -n 99 --reads"));
    assert_eq!(actions(&all)[..2], ["vault", "member-add"]);
    assert_eq!(*actions(&all).last().unwrap(), "get");
    assert_eq!(cli.ok("logs tail --reads -n 1").split('\t').nth(1), Some("get"));
    assert!(!cli.ok("logs tail -n 99").contains("\tget\t"), "reads are shown when asked for");
}

#[test]
fn filters_of_one_kind_widen_and_of_several_narrow() {
    let cli = history();
    let shown = |filters: &str| {
        let text = cli.ok(&format!("logs tail --json -n 99 {filters}"));
        lines(&text)
            .iter()
            .map(|row| {
                format!(
                    "{} {}",
                    row["action"].as_str().unwrap(),
                    row["secret_id"].as_str().unwrap()
                )
            })
            .collect::<Vec<_>>()
    };
    let rotations = shown("--filter rotation");
    assert!(rotations.contains(&"put default/A".into()), "{rotations:?}");
    assert!(!rotations.contains(&"put prod/B".into()), "its first value: {rotations:?}");
    assert_eq!(rotations.iter().filter(|row| *row == "put default/A").count(), 1);
    assert_eq!(shown("--filter read"), ["get default/A"]);
    assert_eq!(shown("--filter secret=A --reads").len(), 3);
    assert_eq!(shown("--filter secret=A --filter secret=prod/B").len(), 4);
    assert_eq!(shown("--filter secret=A --filter rotation"), ["put default/A"]);
    assert!(shown("--filter policy").contains(&"role-add ".into()));
    assert_eq!(shown("--filter actor=ada --filter secret=prod/B").len(), 2);
    for (filter, failure) in [
        ("sometimes", (2, "bad-filter")),
        ("secret=NOPE", (5, "not-found")),
        ("actor=bob", (5, "no-member")),
        ("secret=a=b", (2, "bad-name")),
    ] {
        let failed = cli.fails(&format!("logs tail --filter {filter}"));
        assert_eq!(failed, (failure.0, failure.1.into()), "{filter}");
    }
}

fn follow(cli: &Cli) -> (Child, BufReader<ChildStdout>) {
    let mut command = cli.command("logs tail --follow --interval 50 -n 1 --reads --json");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    (child, out)
}

fn next(out: &mut BufReader<ChildStdout>) -> Value {
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap()
}

#[test]
fn following_shows_what_is_added_and_ends_with_ctrl_c() {
    signals::as_in_the_foreground();
    let cli = history();
    let (mut child, mut out) = follow(&cli);
    assert_eq!(next(&mut out)["action"], "get");
    cli.set("C", "new");
    let put = next(&mut out);
    assert_eq!((&put["action"], &put["secret_id"]), (&"put".into(), &"default/C".into()));
    cli.ok("get C");
    assert_eq!(next(&mut out)["action"], "get");
    cli.ok("role create ops");
    assert_eq!(next(&mut out)["object"], "ops");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(2), "{status:?}");
    let mut rest = String::new();
    child.stderr.take().unwrap().read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[test]
fn following_ends_when_nobody_reads_any_more() {
    let cli = history();
    let (mut child, mut out) = follow(&cli);
    next(&mut out);
    drop(out);
    assert!(child.wait().unwrap().success(), "without a line to write");
}

#[test]
fn following_says_once_that_the_vault_was_damaged_and_goes_on() {
    let cli = history();
    let (mut child, mut out) = follow(&cli);
    next(&mut out);
    let good = std::fs::read(cli.vault()).unwrap();
    std::fs::write(cli.vault(), "<<<<<<< ours\n").unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    errors.read_line(&mut line).unwrap();
    assert!(line.contains("\"exit\":6"), "{line}");
    std::fs::write(cli.vault(), good).unwrap();
    cli.set("C", "new");
    assert_eq!(next(&mut out)["secret_id"], "default/C");
    child.kill().unwrap();
    child.wait().unwrap();
    line.clear();
    errors.read_line(&mut line).unwrap();
    assert_eq!(line, "", "said once");
}

#[test]
fn an_export_has_the_promised_fields_for_every_kind_of_event() {
    let cli = history();
    let exported = lines(&cli.ok("audit export --format jsonl --reads"));
    for event in &exported {
        assert_eq!(keys(event)[..9], FIELDS);
        assert_eq!(
            (&event["source_ip"], &event["actor"], &event["actor_type"]),
            (&"".into(), &"ada".into(), &"user".into())
        );
        let standards = event["compliance_standards"].as_array().unwrap();
        assert!(standards.contains(&"ISO27001:A.8.15".into()), "{event}");
    }
    let find = |action: &str| exported.iter().find(|event| event["action"] == action).unwrap();
    assert_eq!(
        (&find("put")["secret_id"], &find("put")["status"]),
        (&"default/A".into(), &"counting".into())
    );
    assert_eq!(
        (&find("grant")["object"], &find("grant")["secret_id"]),
        (&"developer prod/* read".into(), &"".into())
    );
    assert_eq!(
        (&find("get")["status"], &find("get")["secret_id"]),
        (&"recorded".into(), &"default/A".into())
    );
    assert_eq!(cli.ok("audit export --format jsonl --until 2020-01-01"), "");
    let without = lines(&cli.ok("audit export --format jsonl --since 1d"));
    assert_eq!(without.len(), exported.len() - 1, "reads only when asked for");
    let documented = include_str!("../../docs/json.md");
    for event in &exported {
        let action = event["action"].as_str().unwrap();
        assert!(documented.contains(&format!("`{action}`")), "{action} is not in docs/json.md");
    }
}

#[test]
fn an_export_as_csv_is_safe_to_open_and_is_never_written_over() {
    let cli = Cli::with_vault();
    let mut set = cli.command("set A --reason");
    assert_eq!(cli::finish(set.arg("=HYPERLINK(\"https://evil.example\"),x"), b"one").code, 0);
    let run = cli.run("audit export --format csv -o audit.csv");
    assert_eq!((run.code, run.out.len()), (0, 0), "{run:?}");
    let file = cli.project().join("audit.csv");
    assert_eq!(cli::mode(&file), 0o600);
    let mut reader = csv::Reader::from_path(&file).unwrap();
    assert_eq!(reader.headers().unwrap().iter().take(9).collect::<Vec<_>>(), FIELDS);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), lines(&cli.ok("audit export --format jsonl")).len());
    let put = rows.iter().find(|row| &row[1] == "put").unwrap();
    assert_eq!(&put[6], "'=HYPERLINK(\"https://evil.example\"),x");
    assert_eq!(&put[8], "SOC2:CC6.1;ISO27001:A.5.17;ISO27001:A.8.15");
    assert_eq!(cli.fails("audit export --format csv -o audit.csv").0, 7);
    let report = cli.json("audit export --format jsonl -o audit.jsonl");
    assert_eq!((&report["format"], &report["events"]), (&"jsonl".into(), &rows.len().into()));
}

#[test]
fn what_does_not_count_is_exported_as_void_and_who_left_keeps_a_kind() {
    let cli = Cli::with_vault();
    let vault = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/vault/v1/vault.toml");
    std::fs::copy(vault, cli.vault()).unwrap();
    std::fs::remove_dir_all(cli.project().parent().unwrap().join("home/state")).unwrap();
    let exported = lines(&cli.ok("audit export --format jsonl"));
    let void: Vec<&Value> = exported.iter().filter(|event| event["status"] == "void").collect();
    assert!(!void.is_empty());
    assert!(void.iter().all(|event| event["actor"] == "cy" && event["actor_type"] == "user"));
    assert!(exported.iter().all(|event| event["actor_type"] != ""), "of everybody who signed");
}

/// What stands in the document: the actions that each list of controls is for.
fn controls() -> String {
    use v_secure_core::report::{controls, history};
    let mut lists: Vec<(&[&str], Vec<&str>)> = Vec::new();
    let reads = ["get", "exec", "export", "inject", "edit", "diff", "copy", "rename"];
    let reads = reads.map(|read| (read, controls::OF_READS));
    for (action, of) in history::actions().map(|action| (action, controls::of(action))).chain(reads)
    {
        match lists.iter_mut().find(|(known, _)| *known == of) {
            Some((_, actions)) => actions.push(action),
            None => lists.push((of, vec![action])),
        }
    }
    let line = |(of, actions): (&[&str], Vec<&str>)| {
        format!("- `{}`: {}\n", actions.join("`, `"), of.join(", "))
    };
    lists.into_iter().map(line).collect()
}

#[test]
fn the_controls_in_the_document_are_the_programs() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/json.md");
    let document = std::fs::read_to_string(path).unwrap();
    let (before, rest) = document.split_once("<!-- controls: begin -->\n").unwrap();
    let (listed, after) = rest.split_once("<!-- controls: end -->").unwrap();
    if std::env::var_os("V_SECURE_REGENERATE").is_some_and(|value| value == "1") {
        let marks = ("<!-- controls: begin -->\n", "<!-- controls: end -->");
        let text = format!("{before}{}{}{}{after}", marks.0, controls(), marks.1);
        return std::fs::write(path, text).unwrap();
    }
    assert_eq!(listed, controls(), "V_SECURE_REGENERATE=1 cargo test --test it logs::");
}
