//! The commands themselves: what is asked, refused, shown and recorded.

use super::{checks, example, failed, folder, program, tried};
use expectrl::Expect;
use serde_json::json;
use std::fs;
use v_secure_testkit::cli::{Cli, failure, finish, last_failure};
use v_secure_testkit::terminal::{rest, terminal, type_in};

const STATIC: &str = "static-file.sh";

#[test]
fn a_program_that_others_could_change_is_not_started() {
    let cli = Cli::with_vault();
    let path = program(&cli.project(), "shop", "#!/bin/sh\ntouch started\n");
    let run = tried(&cli, &path, &[], b"");
    // A temporary folder is everybody's.
    assert_eq!(failure(&run), (1, "provider-program".to_owned()), "{run:?}");
    let run = finish(cli.command("provider test shop --yes --json").env("LANG", "C"), b"");
    assert_eq!(failure(&run), (1, "provider-program".to_owned()));
    assert!(!cli.project().join("started").exists());
}

#[test]
fn it_is_asked_before_anything_is_started() {
    let Some(folder) = folder() else { return };
    let cli = Cli::with_vault();
    let started = folder.path().join("started");
    let path = program(folder.path(), "shop", &format!("#!/bin/sh\ntouch {}\n", started.display()));
    let line = format!("provider test {}", path.display());
    assert_eq!(cli.fails(&line), (1, "not-confirmed".to_owned()));
    let mut session = terminal(cli.command(&line));
    type_in(&mut session, "made-up credentials. Try it?", "n");
    assert!(rest(&mut session).contains("nothing was changed"));
    assert!(!started.exists());
    let mut session = terminal(cli.command(&line));
    type_in(&mut session, "Try it?", "y");
    session.expect("1 of 1 checks failed").unwrap();
    assert!(started.exists());
}

#[test]
fn what_it_shows_makes_it_a_provider() {
    let Some(folder) = folder() else { return };
    let cli = Cli::with_vault();
    let (path, endpoint) = (example(folder.path(), STATIC), folder.path().join("accepted"));
    let run = tried(&cli, &path, &["--endpoint", endpoint.to_str().unwrap()], b"");
    assert_eq!((run.code, failed(&run)), (0, vec![]), "{run:?}");
    let object: serde_json::Value = serde_json::from_slice(&run.out).unwrap();
    for line in object["settings"].as_array().unwrap() {
        let line = line.as_str().unwrap().strip_prefix("v-secure ").unwrap();
        cli.ok(&line.replace("ENVIRONMENT/NAME", "default/A"));
    }
    cli.set("A", "one");
    cli.set("B", "two");
    cli.ok("settings set provider.static-file.admin default/B");
    let listed = || cli.json("provider list")["providers"][0].clone();
    let expected = json!({
        "name": "static-file", "kind": "command", "serves": ["default/A"], "secrets": 1,
        "program": path, "sha256": listed()["sha256"], "matches": "yes", "why": null,
        "admin": "default/B", "missing": [],
    });
    assert_eq!(listed(), expected);
    assert!(cli.ok("provider list").contains("yes"));
    program(folder.path(), STATIC, "#!/bin/sh\n");
    assert_eq!(listed()["matches"], "no");
    assert!(cli.ok("provider list").contains("no: its SHA-256 is "));
    fs::remove_file(&path).unwrap();
    assert_eq!(listed()["matches"], "missing");
    assert!(cli.ok("provider list").contains("not on this machine"));
}

#[test]
fn with_an_administrator_it_shows_the_setting_for_one() {
    let Some(folder) = folder() else { return };
    let cli = Cli::with_vault();
    let (path, endpoint) = (example(folder.path(), STATIC), folder.path().join("accepted"));
    let endpoint = endpoint.to_str().unwrap();
    let run = tried(&cli, &path, &["--endpoint", endpoint, "--admin-file", "-"], b"password");
    let object: serde_json::Value = serde_json::from_slice(&run.out).unwrap();
    let line = json!("v-secure settings set provider.static-file.admin ENVIRONMENT/NAME");
    assert!(object["settings"].as_array().unwrap().contains(&line), "{object}");
}

#[test]
fn without_settings_there_is_no_provider() {
    let cli = Cli::with_vault();
    assert_eq!(cli.json("provider list"), json!({"providers": []}));
    let run = cli.run("provider list");
    assert!(run.out.is_empty() && run.err.contains("no setting names a provider"), "{run:?}");
    cli.ok("settings set provider.pg.kind postgres");
    let listed = cli.json("provider list");
    assert_eq!(listed["providers"][0]["matches"], json!(null));
}

#[test]
fn values_are_read_from_files_and_shown_nowhere() {
    let Some(folder) = folder() else { return };
    let cli = Cli::with_vault();
    let text = "#!/bin/sh\ncat >&2\nexit 3\n";
    let path = program(folder.path(), "leaky", text);
    fs::write(cli.project().join("first"), "first-credential\n").unwrap();
    let run =
        tried(&cli, &path, &["--admin-file", "-", "--value-file", "first"], b"admin-password\n");
    assert_eq!(last_failure(&run), (1, "provider-test".to_owned()));
    let shown = format!("{}{}", run.text(), run.err);
    assert!(shown.contains("[value]") && !shown.contains("admin-password"), "{shown}");

    let describes = r#"case $request in *'"describe"'*) echo '{"ok":true,"contract":1,"verbs":["set","validate","revoke"]}'; exit;; esac"#;
    let text = format!("#!/bin/sh\nrequest=$(cat)\n{describes}\necho \"$request\" >&2\nexit 3\n");
    let path = program(folder.path(), "leaky", &text);
    let run =
        tried(&cli, &path, &["--admin-file", "-", "--value-file", "first"], b"admin-password\n");
    assert_eq!(run.code, 1);
    let shown = format!("{}{}", run.text(), run.err);
    assert!(!shown.contains("admin-password") && !shown.contains("first-credential"), "{shown}");
    assert_eq!(checks(&run)[3], "generate skipped");
    assert_eq!(failed(&run), ["set", "set again", "clean up"]);
}
