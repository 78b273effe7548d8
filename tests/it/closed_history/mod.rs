//! A vault whose log is closed up to some entry: what goes on without the history beside it, what needs it, how
//! branches that began before merge, and what somebody can do to the files.

mod branches;
mod brought_back;
mod daily;
#[cfg(unix)]
mod forged;
mod left_over;
mod lies;
mod several_owners;
mod tampered;

use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use v_secure_testkit::cli::{Cli, Run, failure};
use v_secure_testkit::repository::Repository;

/// Exit code and code of what was refused; 0 and nothing of what was not. Of a verification that of its first finding.
fn outcome(cli: &Cli, line: &str) -> (i32, String) {
    let run = cli.run(&format!("{line} --json"));
    let verdict: Option<Value> = serde_json::from_slice(&run.out).ok();
    match verdict.as_ref().and_then(|verdict| verdict["findings"][0]["code"].as_str()) {
        _ if run.code == 0 => (0, String::new()),
        Some(code) => (run.code, code.to_owned()),
        None => failure(&run),
    }
}

fn says(run: &Run, text: &str) {
    assert!(run.shows(text), "{text}: {run:?}");
}

/// A vault in which `A` and `B` were set so many times and `GONE` was removed, all of it closed.
fn closed(times: usize) -> Cli {
    let cli = Cli::with_vault();
    fill(&cli, times);
    cli.ok("history close --all --yes");
    cli
}

fn fill(cli: &Cli, times: usize) {
    for number in 1..=times {
        cli.set("A", format!("a{number}"));
        cli.set("B", format!("b{number}"));
    }
    cli.set("GONE", "gone");
    cli.ok("rm GONE --yes");
}

fn folder(cli: &Cli) -> PathBuf {
    cli.project().join(".v-secure/history")
}

/// The files of the history with this ending, oldest first is not said.
fn files(cli: &Cli, ending: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(folder(cli)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|found| found == ending)).collect();
    files.sort();
    files
}

/// Takes the history away, and says where it is meanwhile.
fn hidden(cli: &Cli) -> PathBuf {
    let away = cli.project().join("../history-away");
    fs::rename(folder(cli), &away).unwrap();
    away
}

/// A merge that stopped: one side closed the history, the other changed the policy. `None` without git.
fn closed_beside_a_role() -> Option<Repository> {
    let repository = Repository::new()?;
    let cli = &repository.0;
    cli.ok("git install");
    fill(cli, 2);
    repository.git(&["add", "-A"]);
    repository.commit("common");
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    cli.ok("role create dev");
    repository.commit("role");
    repository.git(&["checkout", "--quiet", "main"]);
    cli.ok("pin accept --yes");
    cli.ok("history close --all --yes");
    repository.git(&["add", "-A"]);
    repository.commit("closed");
    assert!(!repository.shell("git merge --no-edit side").status.success());
    Some(repository)
}
