//! What happens beside a rotation that it does not know of: it is stale, comes to nobody, and somebody ends it.

use super::{OLD, begin, given, refused, rotating, status};
use serde_json::json;
use std::fs;
use std::path::PathBuf;
use v_secure_testkit::branches;
use v_secure_testkit::cli::{Cli, finish};

const OTHER: &str = "other-value-t5Wc63";

/// A's rotation was given to all, and then somebody set A.
fn stale() -> Cli {
    let cli = rotating("100%");
    cli.set("A", OTHER);
    cli
}

#[test]
fn a_value_that_is_set_meanwhile_is_given_to_all() {
    let cli = stale();
    assert_eq!((given(&cli, "--instance web-1"), cli.ok("get A")), (OTHER.into(), OTHER.into()));
    let of = status(&cli)["rotations"][0].clone();
    assert_eq!(of["state"], "stale");
    assert!(of["why"].as_str().unwrap().contains("not the current version any more"), "{of}");
    assert_eq!(cli.json("rotation list")["rotations"][0]["state"], "stale");
}

#[test]
fn a_stale_rotation_does_not_go_on_unless_somebody_names_it() {
    let cli = stale();
    for line in ["secret rotate A --resume --to 50%", "rotation promote A"] {
        assert_eq!(cli.fails(line), (7, "rotation-unsettled".into()), "{line}");
    }
    assert_eq!(cli.fails("secret rotate A --generate"), (7, "rotation-open".into()));
    let id = status(&cli)["rotations"][0]["rotation"].clone();
    // What a script left empty, and what is too short to have been looked at, names none.
    for few in ["", "abc", &id.as_str().unwrap()[..9]] {
        let line = format!("rotation promote A --rotation={few}");
        assert_eq!(cli.fails(&line), (2, "usage".into()), "{line}");
    }
    assert_eq!(cli.fails("secret rotate A --abort --rotation="), (2, "usage".into()));
    let promoted = cli.json(&format!("rotation promote A --rotation={}", id.as_str().unwrap()));
    assert_eq!(promoted["version"], 3);
    assert_eq!(cli.ok("get A"), super::NEW);
}

#[test]
fn a_stale_rotation_is_ended_by_an_abort() {
    let cli = stale();
    cli.ok("secret rotate A --abort");
    cli.ok("rotation retire A --yes");
    begin(&cli, "5%");
    assert_eq!(cli.json("rotation list")["rotations"][0]["state"], "live");
}

#[test]
fn strict_readers_stop_at_a_stale_rotation() {
    let cli = stale();
    let unsettled = (7, "rotation-unsettled".to_owned());
    for options in ["--strict", "--strict --instance web-1"] {
        assert_eq!(refused(&cli, options), unsettled, "{options}");
    }
    for line in ["get A --strict", "export --format json --strict"] {
        assert_eq!(cli.fails(line), unsettled, "{line}");
    }
    cli.set("prod/A", "calm");
    assert_eq!(given(&cli, "--strict -e prod"), "calm");
    cli.ok("secret rotate A --abort");
    assert_eq!(given(&cli, "--strict"), OTHER);
}

#[test]
fn whoever_writes_a_value_beside_a_rotation_is_told() {
    let warning = "v-secure secret rotate default/A --abort";
    let cli = rotating("5%");
    let run = cli.run("set A --description text");
    assert!(run.code == 0 && !run.shows("is stale"), "metadata alone: {run:?}");
    let run = cli.feed("set A", OTHER.as_bytes());
    assert!(run.code == 0 && run.shows(warning), "{run:?}");
    let run = cli.run("set A --description other");
    assert!(run.code == 0 && !run.shows("is stale"), "said once: {run:?}");

    let cli = rotating("5%");
    fs::write(cli.project().join("new.env"), format!("A={OTHER}\nB=1\n")).unwrap();
    let run = cli.run("import new.env");
    assert!(run.code == 0 && run.shows(warning), "{run:?}");
    let run = cli.run("import new.env");
    assert!(run.code == 0 && !run.shows("is stale"), "unchanged: {run:?}");
}

#[test]
fn whoever_edits_a_value_beside_a_rotation_is_told() {
    for line in ["secret edit A", "edit"] {
        let cli = rotating("5%");
        let editor = format!("sed -i.b s/{OLD}/{OTHER}/");
        let run = super::with(&cli, line, "EDITOR", &editor);
        let warned = run.shows("v-secure secret rotate default/A --abort");
        assert!(run.code == 0 && warned, "{line}: {run:?}");
        assert_eq!(cli.ok("get A"), OTHER);
    }
}

/// Another checkout, in which a rotation of A began; returns its vault.
fn branch(cli: &Cli) -> PathBuf {
    let folder = cli.project().join("../branch");
    fs::create_dir_all(folder.join(".v-secure")).unwrap();
    let vault = folder.join(".v-secure/vault.toml");
    fs::copy(cli.vault(), &vault).unwrap();
    let mut command = cli.command("--trust-first-use secret rotate A --to 100%");
    command.current_dir(&folder).env("XDG_STATE_HOME", folder.join("state"));
    let run = finish(&mut command, super::NEW.as_bytes());
    assert_eq!(run.code, 0, "{run:?}");
    vault
}

#[test]
fn two_rotations_of_one_secret_come_to_nobody_until_one_is_aborted() {
    let cli = Cli::with_vault();
    cli.set("A", OLD);
    let branch = branch(&cli);
    let first = begin(&cli, "100%");
    branches::unite(&cli.vault(), &branch);
    let rotations = cli.json("rotation list")["rotations"].clone();
    assert_eq!(rotations.as_array().unwrap().len(), 2, "{rotations}");
    assert_eq!(given(&cli, "--instance web-1"), OLD);
    assert_eq!(refused(&cli, "--strict"), (7, "rotation-unsettled".into()));
    assert_eq!(cli.fails("secret rotate A --abort"), (7, "rotation-unsettled".into()));
    assert_eq!(cli.fails("secret rotate A --resume --to 5%"), (7, "rotation-unsettled".into()));
    cli.ok(&format!("secret rotate A --abort --rotation={first}"));
    assert_eq!(given(&cli, "--instance web-1"), super::NEW);
    assert_eq!(status(&cli)["to_retire"].as_array().unwrap().len(), 1);
    cli.ok("rotation promote A");
    assert_eq!(cli.json("secret versions A")["versions"].as_array().unwrap().len(), 2);
    assert_eq!(cli.json("rotation list")["rotations"], json!([]));
}
