//! Completions and man pages in the repository are what the program prints.
//! `V_SECURE_REGENERATE=1 cargo test --test generated` writes them.

#[allow(dead_code)]
#[path = "support/scene.rs"]
mod scene;

use scene::{Scene, repository};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const FOLDERS: [&str; 2] = ["completions", "man"];

/// Path in the repository and text of each file that the program prints.
fn printed() -> BTreeMap<String, String> {
    let text = Scene::new().run(&["generate"]);
    let files: Vec<BTreeMap<String, String>> = serde_json::from_str(&text).unwrap();
    files.into_iter().map(|mut file| (file["path"].clone(), file.remove("text").unwrap())).collect()
}

fn checked_in(folder: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(repository(folder)) else { return Vec::new() };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.map(|name| format!("{folder}/{name}")).collect()
}

fn write(files: &BTreeMap<String, String>) {
    for stale in FOLDERS.iter().flat_map(|folder| checked_in(folder)) {
        if !files.contains_key(&stale) {
            fs::remove_file(repository(&stale)).unwrap();
        }
    }
    for (path, text) in files {
        let path = repository(path);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        fs::write(path, text).unwrap();
    }
}

#[test]
fn the_checked_in_files_are_what_the_program_prints() {
    let files = printed();
    if scene::regenerating() {
        write(&files);
    }
    let mut found: Vec<String> = FOLDERS.iter().flat_map(|folder| checked_in(folder)).collect();
    found.sort();
    let expected: Vec<String> = files.keys().cloned().collect();
    assert_eq!(found, expected, "renew them with: just generate");
    for (path, text) in &files {
        let stored = fs::read_to_string(repository(path)).unwrap();
        assert!(stored == *text, "{path} is out of date: just generate");
    }
}

#[test]
fn every_command_has_a_page_with_its_usage() {
    let files = printed();
    assert!(files["man/v-secure-secret-set.1"].contains("v\\-secure secret set [OPTIONS]"));
    for (path, text) in files.iter().filter(|(path, _)| path.starts_with("man/")) {
        for section in [".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION"] {
            assert!(text.contains(section), "{path} has no {section}");
        }
    }
}

/// What bash completes a line to, in the demo's folder.
#[cfg(unix)]
fn completed(line: &[&str]) -> Option<Vec<String>> {
    let scene = Scene::new();
    scene::copy(&repository("fixtures/demo"), &scene.project());
    let registration = scene.project().join("complete.bash");
    fs::write(&registration, &printed()["completions/v-secure.bash"]).unwrap();
    let folder = Path::new(env!("CARGO_BIN_EXE_v-secure")).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let script = r#"source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _clap_complete_v_secure v-secure "${@: -1}" "${@: -2:1}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    let mut bash = scene.program("bash");
    bash.args(["-c", script, "bash"]).arg(registration).args(line);
    bash.env("PATH", format!("{}:{path}", folder.display()));
    match bash.output() {
        Ok(output) => Some(scene::stdout(&output).lines().map(str::to_owned).collect()),
        Err(error) if std::env::var_os("V_SECURE_TEST_REQUIRE_TOOLS").is_some() => {
            panic!("bash is required: {error}")
        }
        Err(error) => {
            eprintln!("skipped: bash does not run: {error}");
            None
        }
    }
}

#[cfg(unix)]
#[test]
fn bash_completes_commands_names_and_environments() {
    let cases: [(&[&str], &[&str]); 3] = [
        (&["v-secure", "imp"], &["import"]),
        (&["v-secure", "get", "GREE"], &["GREETING"]),
        (&["v-secure", "-e", "pr"], &["prod"]),
    ];
    for (line, expected) in cases {
        if let Some(found) = completed(line) {
            assert_eq!(found, expected, "{line:?}");
        }
    }
}
