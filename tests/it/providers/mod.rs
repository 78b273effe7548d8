//! `provider test` and `provider list`, and the examples of `examples/providers`.

mod commands;
mod service;
mod static_file;
mod two_keys;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use v_secure_rotation::command::Checked;
use v_secure_testkit::cli::{Cli, Run, finish};
use v_secure_testkit::executable;
use v_secure_testkit::scene;
use v_secure_testkit::tools;

/// A folder that nobody else writes, up to the root: in the user's home, or beside what is built. `None`, with a word,
/// where neither is one.
pub fn folder() -> Option<TempDir> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let places = home.into_iter().chain([scene::repository("target")]);
    for place in places.filter_map(|place| place.canonicalize().ok()) {
        let made = tempfile::Builder::new().prefix(".v-secure-test-").tempdir_in(place);
        let Ok(folder) = made else { continue };
        if Checked::as_it_is(&program(folder.path(), "probe", "#!/bin/sh\n")).is_ok() {
            return Some(folder);
        }
    }
    tools::skip_here("others can write the home folder, and the folder of this project");
    None
}

/// A program in a folder, that only its owner writes.
fn program(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    executable::script(&path, text);
    let status = Command::new("chmod").arg("755").arg(&path).status().unwrap();
    assert!(status.success());
    path
}

/// An example, where it can be started from.
fn example(folder: &Path, name: &str) -> PathBuf {
    let text = std::fs::read_to_string(scene::repository("examples/providers").join(name)).unwrap();
    program(folder, name, &text)
}

/// `provider test` with `--json --yes` and what else is given.
fn tried(cli: &Cli, program: &Path, more: &[&str], input: &[u8]) -> Run {
    let mut command = cli.command("provider test --json --yes");
    command.arg(program).args(more);
    finish(&mut command, input)
}

/// The checks of a result: `name result`.
fn checks(run: &Run) -> Vec<String> {
    let object: Value = serde_json::from_slice(&run.out).unwrap_or_else(|_| panic!("{run:?}"));
    let checks = object["checks"].as_array().unwrap().iter();
    checks
        .map(|check| {
            format!("{} {}", check["check"].as_str().unwrap(), check["result"].as_str().unwrap())
        })
        .collect()
}

fn failed(run: &Run) -> Vec<String> {
    let failed = checks(run)
        .into_iter()
        .filter_map(|check| check.strip_suffix(" failed").map(str::to_owned));
    failed.collect()
}
