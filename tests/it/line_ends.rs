//! What git makes of a vault's line ends: nothing, where its attributes are there; and what is said and done
//! where they are not.

#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::Command;
use v_secure_testkit::cli::{Cli, failure, finish};
use v_secure_testkit::tools;

fn git(cli: &Cli, folder: &Path, line: &str) {
    let mut command = Command::new("git");
    let own = cli.command("ls");
    let own = own.get_envs().filter_map(|(name, value)| Some((name, value?)));
    command.env_clear().envs(own).env("PATH", "/usr/bin:/bin").env("GIT_CONFIG_NOSYSTEM", "1");
    for role in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{role}_NAME"), "t")
            .env(format!("GIT_{role}_EMAIL"), "t@example.com");
    }
    let done = command.current_dir(folder).args(line.split(' ')).output().unwrap();
    assert!(done.status.success(), "git {line}: {}", String::from_utf8_lossy(&done.stderr));
}

/// The project's clone on a machine that converts line ends, put in the project's place: what is
/// accepted is the same.
fn cloned(cli: &Cli) {
    let (project, away) = (cli.project(), cli.project().with_extension("origin"));
    fs::rename(&project, &away).unwrap();
    let line =
        format!("clone --quiet -c core.autocrlf=true {} {}", away.display(), project.display());
    git(cli, away.parent().unwrap(), &line);
}

#[test]
fn a_vault_that_was_made_before_its_repository_is_committed_whole_and_without_its_lock() {
    let cli = Cli::with_vault();
    if !tools::has("git") {
        return;
    }
    cli.set("A", "one");
    git(&cli, &cli.project(), "init --quiet");
    git(&cli, &cli.project(), "add .v-secure");
    git(&cli, &cli.project(), "commit --quiet -m first");
    cloned(&cli);
    assert!(!cli.project().join(".v-secure/.lock").exists());
    assert_eq!(cli.ok("get A --trust-first-use"), "one");
}

#[test]
fn line_ends_that_git_changed_are_told_as_such_and_the_hints_mend_them() {
    let cli = Cli::with_vault();
    if !tools::has("git") {
        return;
    }
    cli.set("A", "one");
    fs::remove_file(cli.project().join(".v-secure/.gitattributes")).unwrap();
    git(&cli, &cli.project(), "init --quiet");
    git(&cli, &cli.project(), "add .v-secure");
    git(&cli, &cli.project(), "commit --quiet -m first");
    cloned(&cli);
    for line in ["get A", "exec -- true", "ls", "set A", "export --format json"] {
        let run = cli.feed(&format!("--json {line}"), b"x");
        assert_eq!(failure(&run), (6, "carriage-return".into()), "{line}");
        assert!(run.shows("core.autocrlf"), "{line}: {run:?}");
    }
    let run = cli.run("audit verify");
    assert_eq!(run.code, 6);
    assert!(run.shows("core.autocrlf"), "{run:?}");
    let run = cli.run("get A --json");
    let error: serde_json::Value = serde_json::from_str(run.err.trim()).unwrap();
    let hints = error["error"]["hints"].as_array().unwrap();
    let [install, again] =
        [0, 1].map(|at| hints[at].as_str().unwrap().split("  #").next().unwrap());
    cli.ok(install.trim_start_matches("v-secure "));
    let mut shell = Command::new("sh");
    shell.args(["-c", again]).current_dir(cli.project());
    assert_eq!(finish(&mut shell, b"").code, 0);
    assert_eq!(cli.ok("get A --trust-first-use"), "one");
}

#[test]
fn what_is_there_keeps_its_lines_and_gets_those_that_it_lacks() {
    let cli = Cli::with_vault();
    if !tools::has("git") {
        return;
    }
    git(&cli, &cli.project(), "init --quiet");
    let folder = cli.project().join(".v-secure");
    fs::write(folder.join(".gitattributes"), "vault.toml diff=toml").unwrap();
    fs::write(folder.join(".gitignore"), "/.lock\nnotes\n").unwrap();
    let report: serde_json::Value = serde_json::from_str(&cli.ok("git install --json")).unwrap();
    assert_eq!(report["files"].as_array().unwrap().len(), 2);
    let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let attributes = "vault.toml diff=toml\nvault.toml -text merge=v-secure diff=v-secure\nproposals/** -text\n\
         history/*.log -text -diff\nhistory/*.versions -text -diff merge=union\n";
    assert_eq!(text(".gitattributes"), attributes);
    let ignored = "/.lock\nnotes\n/.*.tmp-*\n/history/.lock\n/history/.*.tmp-*\n!/history/\n!/history/*.log\n\
         !/history/*.versions\n";
    assert_eq!(text(".gitignore"), ignored);
    let report: serde_json::Value = serde_json::from_str(&cli.ok("git install --json")).unwrap();
    assert_eq!(report["changed"], false);
    // A vault whose own text has CR was not changed by git.
    let text = fs::read_to_string(cli.vault()).unwrap().replacen('\n', "\r\n", 3);
    fs::write(cli.vault(), text).unwrap();
    let run = cli.run("ls --json");
    assert_eq!(failure(&run).0, 6);
    assert!(!run.shows("core.autocrlf"), "{run:?}");
}
