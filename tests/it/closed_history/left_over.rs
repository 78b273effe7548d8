//! Files of closings that came to nothing: doctor names them, with a command that takes away nothing that some state of
//! the vault still needs.

use super::{closed, closed_beside_a_role, files, fill, folder};
use std::fs;
use std::process::Command;
use v_secure_testkit::cli::Cli;
use v_secure_testkit::repository::Repository;

/// What doctor says of them: the text and the command.
fn said(cli: &Cli) -> Option<(String, String)> {
    let run = cli.run("doctor --json");
    let report: serde_json::Value = serde_json::from_slice(&run.out).unwrap();
    let findings = report["findings"].as_array().unwrap().clone();
    let found = findings.iter().find(|found| found["code"] == "history-left")?;
    let text = |field: &str| found[field].as_str().unwrap().to_owned();
    Some((text("what"), text("command")))
}

/// A process that is killed before the vault is written leaves what was written beside it.
#[test]
fn what_a_closing_left_that_was_broken_off_is_removed_by_the_command() {
    let cli = Cli::with_vault();
    fill(&cli, 3);
    let before = fs::read(cli.vault()).unwrap();
    cli.ok("history close --all --yes");
    assert_eq!(said(&cli), None);
    let after = fs::read(cli.vault()).unwrap();
    fs::write(cli.vault(), &before).unwrap();
    // This device has accepted the closing: a vault without it is an older one, and its files are of the later.
    assert_eq!(said(&cli), None);
    fs::remove_dir_all(cli.project().join("../home/state/v-secure/pins")).unwrap();
    cli.ok("pin accept --yes");
    let (what, command) = said(&cli).unwrap();
    assert!(what.contains("2 files") && command.starts_with("rm -- "), "{what}: {command}");
    let mut shell = Command::new("sh");
    assert!(shell.args(["-c", &command]).current_dir(cli.project()).status().unwrap().success());
    assert_eq!((files(&cli, "log").len(), said(&cli)), (0, None));
    cli.ok("audit verify");
    cli.ok("history close --all --yes");
    assert_eq!(fs::read(cli.vault()).unwrap().len(), after.len());
    cli.ok("audit verify");
}

/// What a checkpoint names stays, and so does what holds entries that this vault lacks.
#[test]
fn what_some_state_needs_is_not_called_of_no_use() {
    let cli = closed(2);
    let other = closed(3);
    let theirs = &files(&other, "log")[0];
    fs::copy(theirs, folder(&cli).join(theirs.file_name().unwrap())).unwrap();
    fs::write(folder(&cli).join("notes.log"), "mine").unwrap();
    let (what, command) = said(&cli).unwrap();
    assert!(what.contains("1 file") && what.contains("keep"), "{what}");
    assert!(command.starts_with("git log "), "{command}");
}

/// By git: what gave way was committed, and git keeps it.
#[test]
fn what_a_closing_left_that_gave_way_goes_by_git() {
    let Some(repository) = closed_beside_a_role() else { return };
    let cli = &repository.0;
    cli.ok("policy rebase --keep theirs --yes");
    assert_eq!(said(cli), None, "the last commit names them");
    let done = repository.shell("git add .v-secure && git commit --quiet --no-edit");
    assert!(done.status.success(), "{done:?}");
    let (what, command) = said(cli).unwrap();
    assert!(what.contains("files") && command.starts_with("git rm -- "), "{what}: {command}");
    assert!(repository.shell(&command).status.success());
    assert_eq!(said(cli), None);
    cli.ok("audit verify");
    cli.ok("history close --all --yes");
}

/// A closing that was committed without its new files, on another branch: they are all that has them.
#[test]
fn what_a_commit_of_another_branch_names_is_kept() {
    let Some(repository) = Repository::new() else { return };
    let cli = &repository.0;
    fill(cli, 2);
    repository.git(&["add", "-A"]);
    repository.commit("common");
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    cli.ok("history close --all --yes");
    assert!(repository.shell("git commit --quiet -am closed --no-verify").status.success());
    repository.git(&["checkout", "--quiet", "main"]);
    fs::remove_dir_all(cli.project().join("../home/state/v-secure/pins")).unwrap();
    cli.ok("pin accept --yes");
    let (what, command) = said(cli).unwrap();
    assert!(what.contains("keep") && command.starts_with("git log "), "{what}: {command}");
    assert!(repository.shell(&command).status.success(), "{command}");
}
