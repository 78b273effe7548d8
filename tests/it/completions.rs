//! Completions: what the program answers a shell, and what each shell that is here makes of it. Names
//! complete without unlocking anything.

#![cfg(unix)]

use std::fs;
use v_secure_testkit::scene;
use v_secure_testkit::stage::Stage;
use v_secure_testkit::tools;

/// A vault, and nothing that opens it.
fn world() -> Stage {
    let stage = Stage::new();
    stage.ok("v-secure init --vault-name shop --member admin");
    stage.ok("printf v | v-secure set GREETING && printf v | v-secure set prod/GREETING");
    stage.ok("v-secure role create developer --grant 'read:dev/*'");
    stage.ok("v-secure member add builder --service --new-identity --read 'prod/*' > /dev/null");
    fs::remove_dir_all(stage.scene.home()).unwrap();
    fs::create_dir(stage.scene.home()).unwrap();
    stage
}

/// What the program answers when the last word is to be completed.
pub fn answered(stage: &Stage, words: &[&str]) -> Vec<String> {
    let mut command = stage.scene.command(&["--"]);
    command.arg("v-secure").args(words);
    command.env("COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", words.len().to_string());
    command.env("_CLAP_COMPLETE_COMP_TYPE", "9").env("_CLAP_COMPLETE_SPACE", "true");
    command.env("_CLAP_IFS", "\n");
    let text = scene::stdout(&command.output().unwrap());
    text.lines().map(str::to_owned).collect()
}

#[test]
fn names_of_all_kinds_complete_without_a_key() {
    let stage = world();
    let cases: [(&[&str], &[&str]); 19] = [
        (&["get", "GREE"], &["GREETING"]),
        (&["get", "prod/"], &["prod/GREETING"]),
        (&["secret", "show", "--secret-id", "GREE"], &["GREETING"]),
        (&["exec", "--only", "GREE"], &["GREETING"]),
        (&["-e", "pr"], &["prod"]),
        (&["member", "show", "bu"], &["builder"]),
        (&["access", "list", "--member", "ad"], &["admin"]),
        (&["role", "join", "dev"], &["developer"]),
        (&["role", "join", "developer", "bu"], &["builder"]),
        (&["access", "grant", "dev"], &["developer"]),
        (&["access", "list", "--secret-id", "GREE"], &["GREETING"]),
        (&["doc"], &["doctor"]),
        (&["settings", "set", "reten"], &["retention.days", "retention.versions"]),
        (&["settings", "set", "env.pr"], &["env.prod.extends"]),
        (&["settings", "set", "provider.d.b.o"], &["provider.d.b.overlap", "provider.d.b.owner"]),
        (&["settings", "set", "rotation.v"], &["rotation.via"]),
        (&["ls", "GREE"], &["GREETING"]),
        (&["set", "A", "--type", "o"], &["oauth_token"]),
        (&["ls", "--type", "tls"], &["tls_certificate"]),
    ];
    for (words, expected) in cases {
        assert_eq!(answered(&stage, words), expected, "{words:?}");
    }
    // What is not there yet has no name to complete.
    assert_eq!(answered(&stage, &["role", "create", "dev"]), Vec::<String>::new());
}

#[test]
fn what_exec_runs_completes_to_programs_and_files() {
    let stage = world();
    let folder = stage.path("bin");
    fs::create_dir(&folder).unwrap();
    for name in ["greeter", "greeting-card"] {
        stage.ok(&format!("printf '#!/bin/sh\\n' > bin/{name} && chmod +x bin/{name}"));
    }
    fs::write(stage.path("bin/greet.txt"), "").unwrap();
    fs::write(stage.path("greetings.json"), "").unwrap();
    let completed = |words: &[&str]| {
        let mut command = stage.scene.command(&["--"]);
        command.arg("v-secure").args(words).env("PATH", &folder);
        command.env("COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", words.len().to_string());
        command.env("_CLAP_COMPLETE_COMP_TYPE", "9").env("_CLAP_COMPLETE_SPACE", "true");
        command.env("_CLAP_IFS", "\n");
        let text = scene::stdout(&command.output().unwrap());
        text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>()
    };
    let programs = completed(&["exec", "--", "greet"]);
    assert_eq!(programs, ["greeter", "greeting-card", "greetings.json"], "{programs:?}");
    assert_eq!(completed(&["exec", "--", "greeter", "greet"]), ["greetings.json"]);
    assert_eq!(completed(&["run", "--", "greeter", "greet"]), ["greetings.json"]);
}

#[test]
fn nothing_completes_where_nothing_can_be_read() {
    let stage = world();
    fs::write(stage.vault(), "broken").unwrap();
    assert_eq!(answered(&stage, &["get", "GREE"]), Vec::<String>::new());
    assert_eq!(answered(&stage, &["member", "show", "bu"]), Vec::<String>::new());
}

/// A script that completes `v-secure get GREE` in a real shell and prints what is offered.
const SHELLS: [(&str, &str, &[&str]); 3] = [
    (
        "bash",
        "completions/v-secure.bash",
        &[
            "-c",
            "source \"$0\"; COMP_WORDS=(v-secure get GREE); COMP_CWORD=2; \
           _clap_complete_v_secure v-secure GREE get; printf '%s\\n' \"${COMPREPLY[@]}\"",
        ],
    ),
    (
        "fish",
        "completions/v-secure.fish",
        &["-c", "source $argv[1]; complete -C 'v-secure get GREE'"],
    ),
    (
        "zsh",
        "completions/_v-secure",
        &[
            "-fc",
            "compdef() { :; }; _describe() { print -l -- ${(P)${@[-1]}}; }; words=(v-secure get GREE); \
           CURRENT=3; source $0; _clap_dynamic_completer_v_secure",
        ],
    ),
];

#[test]
fn the_shells_that_are_here_complete_by_the_checked_in_files() {
    let stage = world();
    for (shell, file, arguments) in SHELLS.into_iter().filter(|(shell, ..)| tools::has(shell)) {
        let shown = stage
            .shell("")
            .get_envs()
            .find(|(key, _)| *key == "PATH")
            .unwrap()
            .1
            .unwrap()
            .to_owned();
        let mut command = stage.scene.program(shell);
        command.args(arguments).arg(scene::repository(file)).env("PATH", shown);
        let text = scene::stdout(&command.output().unwrap());
        assert!(text.lines().any(|line| line.starts_with("GREETING")), "{shell}: {text}");
    }
}

#[test]
fn every_shell_has_its_file() {
    let marks = [
        ("v-secure.bash", "COMPREPLY"),
        ("_v-secure", "#compdef"),
        ("v-secure.fish", "complete "),
        ("v-secure.ps1", "Register-ArgumentCompleter"),
    ];
    for (file, mark) in marks {
        let text = fs::read_to_string(scene::repository(&format!("completions/{file}"))).unwrap();
        assert!(text.contains(mark) && text.contains("COMPLETE"), "{file}");
    }
}
