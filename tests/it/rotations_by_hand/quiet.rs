//! No value is typed as an argument, and none is in what these commands say; ids complete without a key.

use super::{NEW, OLD, rotating, status};
use crate::completions::answered;
use v_secure_testkit::cli::Cli;
use v_secure_testkit::stage::Stage;

#[test]
fn no_command_says_a_value() {
    let cli = Cli::with_vault();
    cli.set("A", OLD);
    for (line, input) in [
        ("secret rotate A --to 5%", NEW),
        ("secret rotate A --to 5%", NEW),
        ("secret rotate A --resume --to 50%", ""),
        ("rotation list", ""),
        ("secret rotation-status A --instance web-1", ""),
        ("secret rotate A --abort", ""),
        ("rotation retire A --yes", ""),
        ("secret rotate A --to 5%", NEW),
        ("rotation promote A", ""),
        ("rotation retire A", ""),
        ("secret rotation-status", ""),
        ("audit log", ""),
        ("diff .v-secure/vault.toml", ""),
    ] {
        for line in [line.to_owned(), format!("{line} --json")] {
            let run = cli.feed(&line, input.as_bytes());
            assert!(!run.shows(OLD) && !run.shows(NEW), "{line}: {run:?}");
        }
    }
}

#[test]
fn a_value_among_the_arguments_is_refused_and_not_repeated() {
    let cli = Cli::with_vault();
    cli.set("A", OLD);
    for line in ["secret rotate A --to 5% hunter2secret", "secret rotate A hunter2secret --to 5%"] {
        let run = cli.run(line);
        assert!(run.code == 2 && !run.shows("hunter2secret"), "{line}: {run:?}");
    }
    assert_eq!(cli.json("rotation list")["rotations"].as_array().unwrap().len(), 0);
}

#[test]
fn what_is_pending_is_in_no_list_of_versions() {
    let cli = rotating("100%");
    assert_eq!(cli.json("secret versions A")["versions"].as_array().unwrap().len(), 1);
    let pending = status(&cli)["rotations"][0]["value"].clone();
    let line = format!("get A --version={}", pending.as_str().unwrap());
    assert_eq!(
        cli.fails(&line),
        (5, "no-version".into()),
        "nobody is given it before it is active"
    );
}

#[test]
fn ids_of_open_rotations_complete_without_a_key() {
    let stage = Stage::new();
    stage.ok("v-secure init --vault-name shop --member admin");
    stage.ok("printf v | v-secure set A && printf w | v-secure secret rotate A --to 5%");
    let text = stage.ok("v-secure rotation list --json");
    let list: serde_json::Value = serde_json::from_str(&text).unwrap();
    let id = list["rotations"][0]["rotation"].as_str().unwrap().to_owned();
    std::fs::remove_dir_all(stage.scene.home()).unwrap();
    std::fs::create_dir(stage.scene.home()).unwrap();
    for words in [
        &["rotation", "promote", "A", "--rotation", &id[..3]][..],
        &["secret", "rotate", "A", "--abort", "--rotation", &id[..3]],
    ] {
        assert_eq!(answered(&stage, words), [id.as_str()], "{words:?}");
    }
}
