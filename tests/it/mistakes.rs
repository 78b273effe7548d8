//! Mistakes that are easily made with secrets, and what is said and kept then.

#![cfg(unix)]

use std::fs;
use std::time::Duration;
use v_secure_testkit::cli;
use v_secure_testkit::cli::{Cli, Run, failure};
use v_secure_testkit::executable;
use v_secure_testkit::person::Person;

fn write(cli: &Cli, name: &str, text: &str) {
    fs::write(cli.project().join(name), text).unwrap();
}

/// The next steps of a command that must fail.
fn hints(run: &Run) -> Vec<String> {
    let error: serde_json::Value = serde_json::from_str(run.err.trim()).unwrap();
    let hints = error["error"]["hints"].as_array().unwrap().iter();
    hints.map(|hint| hint.as_str().unwrap().to_owned()).collect()
}

#[test]
fn ciphertext_of_another_tool_never_takes_the_place_of_values() {
    let cli = Cli::with_vault();
    cli.set("A", "value");
    let before = fs::read(cli.vault()).unwrap();
    let sops = "A=ENC[AES256_GCM,data:q1w2,iv:e3,tag:r4,type:str]\nsops_version=3.11.0\n";
    let levels = "A: ENC[AES256_GCM,data:q1w2,iv:e3,tag:r4,type:str]\nsops:\n  version: 3.11.0\n";
    let dotenvx = "DOTENV_PUBLIC_KEY=\"02ab\"\nA=\"encrypted:BMeB4igb\"\n";
    for (file, text, tool) in
        [("s.env", sops, "sops"), ("s.yaml", levels, "sops"), (".env", dotenvx, "dotenvx")]
    {
        write(&cli, file, text);
        let run = cli.run(&format!("import {file} --json"));
        assert_eq!(failure(&run), (2, "import-from".into()), "{file}");
        assert_eq!(hints(&run), [format!("v-secure import --from {tool} {file}")]);
    }
    let piped = cli.feed("import --format dotenv - --json", sops.as_bytes());
    assert_eq!(failure(&piped), (2, "import-from".into()));
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
}

#[test]
fn the_environment_of_another_tools_file_is_asked_for_with_the_tool() {
    let cli = Cli::with_vault();
    write(&cli, ".env.prod", "A=encrypted:x\n");
    let bin = cli.project().join("bin");
    fs::create_dir(&bin).unwrap();
    executable::script(&bin.join("dotenvx"), "#!/bin/sh\necho '{\"A\":\"1\"}'\n");
    let mut command = cli.command("import --from dotenvx .env.prod --json");
    let run = cli::finish(command.env("PATH", cli::path_after(&bin)), b"");
    assert_eq!(failure(&run), (2, "environment-unsaid".into()));
    assert_eq!(hints(&run)[0], "v-secure import --from dotenvx .env.prod -e prod");
}

#[test]
fn levels_are_refused_with_what_helps() {
    let cli = Cli::with_vault();
    let run = cli.feed("import --format json -", br#"{"A":{"B":"1"}}"#);
    assert!(run.code == 1 && run.err.contains("standard input cannot be imported"), "{run:?}");
    assert!(run.err.contains("jq '[paths(scalars)"), "{run:?}");
}

#[test]
fn a_template_is_never_replaced_by_what_it_renders() {
    let cli = Cli::with_vault();
    cli.set("A", "planted");
    let template = "a: {{ v-secure:A }}\n";
    write(&cli, "a.yaml", template);
    let link = cli.project().join("link.yaml");
    std::os::unix::fs::symlink("a.yaml", link).unwrap();
    for line in ["inject -i a.yaml -o a.yaml --force", "inject -i link.yaml -o ./a.yaml --force"] {
        assert_eq!(cli.fails(line), (7, "exists".into()), "{line}");
    }
    assert_eq!(fs::read_to_string(cli.project().join("a.yaml")).unwrap(), template);
    cli.ok("inject -i a.yaml -o out.yaml");
    cli.ok("inject -i a.yaml -o out.yaml --force");
}

#[test]
fn every_environment_that_lacks_a_reference_is_named() {
    let cli = Cli::with_vault();
    let run = cli.feed("inject --json", b"{{ v-secure:A }} {{ v-secure:prod/B }}");
    assert_eq!(failure(&run), (5, "not-found".into()));
    assert_eq!(hints(&run), ["v-secure ls -e default", "v-secure ls -e prod"]);
}

#[test]
fn the_old_value_as_the_new_one_cures_nothing() {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.set("dev/A", "planted-a");
    owner.set("dev/B", "planted-b");
    owner.run("role create developer --grant read:dev/*").ok();
    let developer = Person::new("developer");
    developer.pull(&owner);
    let line = developer.run("member request").ok();
    owner.feed("member add developer --request - --role developer --yes", &line).ok();
    owner.run("member remove developer --yes").ok();
    let exposed = || {
        let report = owner.run("exposed --json").json();
        report["exposed"].as_array().unwrap().len()
    };
    assert_eq!(exposed(), 2);
    let run = owner.feed("secret rotate dev/A", "planted-a");
    assert!(run.code == 0 && run.err.contains("has the same value as before"), "{run:?}");
    owner.set("dev/B", "planted-b");
    assert_eq!(exposed(), 2);
    assert!(!owner.feed("secret rotate dev/A", "another").err.contains("warning"));
    owner.set("dev/B", "another");
    assert_eq!(exposed(), 0);
    owner.run("audit verify").ok();
}

#[test]
fn who_may_not_rotate_is_told_so_before_a_value_is_asked_for() {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.set("dev/A", "value");
    owner.run("role create developer --grant read:dev/*").ok();
    let developer = Person::new("developer");
    developer.pull(&owner);
    let line = developer.run("member request").ok();
    owner.feed("member add developer --request - --role developer --yes", &line).ok();
    developer.pull(&owner);
    developer.accept_as(&owner);
    assert_eq!(developer.run("secret rotate dev/A --json").error(), (4, "not-permitted".into()));
    assert_eq!(owner.run("secret rotate dev/A --json").error(), (2, "no-value".into()));
}

#[test]
fn the_state_names_expired_secrets_that_were_pruned() {
    let cli = Cli::with_vault();
    cli.set("T --ttl 1s", "value");
    std::thread::sleep(Duration::from_millis(2100));
    cli.ok("prune --no-grace");
    assert_eq!(cli.run("exec -- true").code, 8);
    let state = cli.json("--quiet");
    assert_eq!(state["environments"]["default"], 1);
    assert_eq!(state["expiring"][0]["secret"], "default/T");
    assert_eq!(state["expiring"][0]["expired"], true);
    cli.ok("rm T");
    assert_eq!(cli.json("--quiet")["expiring"], serde_json::json!([]));
}

#[test]
fn a_refused_setting_says_what_it_takes() {
    let cli = Cli::with_vault();
    for (line, takes) in [
        ("settings set ttl sometimes", "ttl takes every or on-write"),
        ("settings set retention.versions 0", "retention.versions takes a whole number from 1"),
        ("settings set env.prod.extends a/b", "env.prod.extends takes an environment"),
        ("settings set rotation.via origin", "rotation.via takes 'git REMOTE REF'"),
        ("settings set provider.db.kind sql", "provider.db.kind takes command or postgres"),
        ("settings set provider.db.serve a/b", "did you mean provider.db.serves?"),
    ] {
        let run = cli.run(line);
        assert!(run.code == 2 && run.err.contains(takes), "{run:?}");
    }
}

#[test]
fn what_is_allowed_already_stays_in_the_hint_for_another_variable() {
    let cli = Cli::with_vault();
    cli.ok("settings set variables.allow GIT_*");
    cli.set("NODE_OPTIONS", "--inspect");
    let run = cli.run("exec --json -- true");
    assert_eq!(failure(&run), (1, "environment".into()));
    assert_eq!(hints(&run), ["v-secure settings set variables.allow 'GIT_*,NODE_OPTIONS'"]);
}

#[test]
fn arguments_of_rotate_that_are_not_understood_lead_to_rotate() {
    let cli = Cli::with_vault();
    let run = cli.run("secret rotate A typed-here --json");
    assert_eq!(failure(&run), (2, "usage".into()));
    assert_eq!(hints(&run)[0], "v-secure secret rotate --help");
    assert!(!run.shows("typed-here"), "{run:?}");
}

#[test]
fn a_member_that_is_to_have_left_already_is_remarked() {
    let cli = Cli::with_vault();
    let run = cli.run("member add ci --service --new-identity --expires 2020-01-31");
    assert!(run.code == 0 && run.err.contains("--expires is past"), "{run:?}");
}

/// Heads of secrets had an id once, where their name is in quotes now.
#[test]
fn a_vault_in_the_form_of_an_earlier_build_is_refused_and_told_as_such() {
    let cli = Cli::with_vault();
    cli.set("A", "value");
    let text = fs::read_to_string(cli.vault()).unwrap();
    let told = "where an unreleased build wrote it";
    let head = "[[secret.\"default/A\".version]]";
    let earlier = text.replacen(head, &format!("[secret.BZWxTFCol46u0SQKr9TVaHrj]\n{head}"), 1);
    assert!(earlier != text);
    for (text, is_told) in [(earlier, true), (text.replace("active", "actve"), false)] {
        fs::write(cli.vault(), text).unwrap();
        for line in ["ls", "get A", "audit verify"] {
            let run = cli.run(line);
            assert_eq!((run.code, run.shows(told)), (6, is_told), "{line}: {run:?}");
        }
    }
}
