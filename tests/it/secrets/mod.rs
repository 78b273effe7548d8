//! The commands about secrets, as a shell sees them: output, JSON shapes, exit codes, exact bytes.

#![cfg(unix)]

mod earlier;
mod on_terminal;

use expectrl::Expect;
use std::fs;
use std::process::Command;
use v_secure_core::secret::kind::SecretKind;
use v_secure_testkit::cli::{Cli, failure, finish, keys};
use v_secure_testkit::terminal::{rest, terminal};

#[test]
fn one_trailing_newline_of_standard_input_is_dropped_unless_raw() {
    let cli = Cli::with_vault();
    for (option, given, stored) in [
        ("", "v\n", "v"),
        ("", "v\r\n", "v"),
        ("", "v\n\n", "v\n"),
        ("", " v ", " v "),
        (" --raw", "v\n", "v\n"),
        (" --raw", "", ""),
    ] {
        cli.set(&format!("A{option}"), given);
        assert_eq!(cli.ok("get A"), stored, "{given:?}{option}");
    }
}

#[test]
fn a_files_bytes_and_binary_values_come_back_exactly() {
    let cli = Cli::with_vault();
    let bytes: Vec<u8> = (0..=255).chain(*b"\n\n").collect();
    fs::write(cli.project().join("key.der"), &bytes).unwrap();
    cli.ok("set A --file key.der");
    assert_eq!(cli.run("get A").out, bytes);
    cli.set("B --raw", &bytes);
    assert_eq!(cli.run("get B").out, bytes);
    let object = cli.json("get A");
    assert_eq!(keys(&object), ["secret", "version", "id", "value_base64"]);
    cli.set("C", "text");
    assert_eq!(cli.json("get C")["value"], "text");
}

#[test]
fn a_value_on_the_command_line_is_refused_and_shown_nowhere() {
    let cli = Cli::with_vault();
    let before = fs::read(cli.vault()).unwrap();
    for line in [
        "set A hunter2secret",
        "set A --tag x hunter2secret",
        "set A --hunter2secret",
        "set A -hunter2secret",
        "set A --value=hunter2secret",
        "set A=hunter2secret",
        "set default/A=hunter2secret",
        "set --generate hunter2secret! A",
        "set A --generate=hunter2secret",
        "set A --ttl hunter2secret",
        "set A --type hunter2secret",
        "secret set A --type x -- hunter2secret",
        "--json secret set A hunter2secret",
    ] {
        let run = cli.run(line);
        assert_eq!(run.code, 2, "{line}: {run:?}");
        assert!(!run.shows("hunter2secret"), "{line}: {run:?}");
    }
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
}

#[test]
fn a_value_that_is_empty_by_mistake_is_refused() {
    let cli = Cli::with_vault();
    assert_eq!(cli.fails("set A"), (2, "empty-value".into()));
    assert_eq!(failure(&cli.feed("set A --json", b"\n")), (2, "empty-value".into()));
    cli.set("A", "v");
    // An expiry belongs to a value, so that one is asked for here.
    assert_eq!(cli.fails("set A --tag x --ttl 5d"), (2, "empty-value".into()));
}

#[test]
fn metadata_changes_alone_where_a_secret_exists() {
    let cli = Cli::with_vault();
    assert_eq!(cli.fails("set A --tag x"), (5, "not-found".into()));
    cli.set("A", "v");
    cli.ok("set A --tag x --tag y --type api_key --meta team=web --description why --var B");
    let shown = cli.json("secret show A");
    assert_eq!((shown["version"].as_u64(), shown["type"].as_str()), (Some(1), Some("api_key")));
    assert_eq!(shown["tags"], serde_json::json!(["x", "y"]));
    assert_eq!(shown["meta"], serde_json::json!({ "team": "web" }));
    cli.ok("set A --untag x --meta team= --description= --var=");
    let shown = cli.json("secret show A");
    assert_eq!(shown["tags"], serde_json::json!(["y"]));
    assert_eq!(shown["meta"], serde_json::json!({}));
    assert!(shown["description"].is_null() && shown["var"].is_null(), "{shown}");
    cli.ok("rm A");
    assert_eq!(cli.fails("set A --tag x"), (5, "removed".into()));
}

#[test]
fn what_is_there_already_is_not_written_again() {
    let cli = Cli::with_vault();
    cli.set("A --tag x", "v");
    let before = fs::read(cli.vault()).unwrap();
    let report = cli.json("set A --tag x");
    assert_eq!(report["value_written"], false);
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
}

#[test]
fn generated_values_have_their_form_and_may_expire() {
    let cli = Cli::with_vault();
    let report = cli.json("set KEY --generate=hex:16 --ttl 12h");
    assert!(report["expires"].is_string(), "{report}");
    let first = cli.ok("get KEY");
    assert_eq!(first.len(), 32);
    assert!(first.bytes().all(|b| b.is_ascii_hexdigit()), "{first}");
    cli.ok("set KEY --generate=hex:16");
    assert_ne!(cli.ok("get KEY"), first);
    assert_eq!(cli.json("secret show KEY")["generate"], "hex:16");
}

#[test]
fn a_write_may_ask_for_the_version_it_replaces() {
    let cli = Cli::with_vault();
    cli.set("A --if-version 0", "v1");
    let conflict = (7, "version-conflict".to_owned());
    assert_eq!(failure(&cli.feed("set A --if-version 0 --json", b"v2")), conflict);
    cli.set("A --if-version 1", "v2");
    assert_eq!(failure(&cli.feed("set A --if-version 1 --json", b"v3")), conflict);
    let id = cli.json("get A")["id"].as_str().unwrap().to_owned();
    cli.set(&format!("A --if-version={id}"), "v3");
    assert_eq!(cli.ok("get A"), "v3");
}

#[test]
fn a_missing_or_expired_secret_has_its_own_exit_code() {
    let cli = Cli::with_vault();
    assert_eq!(cli.fails("get A"), (5, "not-found".into()));
    assert_eq!(cli.fails("secret versions A"), (5, "not-found".into()));
    assert_eq!(cli.fails("secret show A"), (5, "not-found".into()));
    cli.set("A", "v");
    assert_eq!(cli.fails("get A --version 2"), (5, "no-version".into()));
    cli.set("A --expires-at 2020-01-01", "old-value");
    let run = cli.run("get A");
    assert_eq!(run.code, 8, "{run:?}");
    assert!(!run.shows("old-value"));
    assert_eq!(cli.fails("export --format json"), (8, "expired".into()));
    assert_eq!(cli.run("exec -- true").code, 8);
}

#[test]
fn a_name_is_given_by_position_option_or_environment() {
    let cli = Cli::with_vault();
    cli.set("prod/A", "v");
    for line in ["get A -e prod", "-e prod get A", "get --secret-id prod/A", "secret get prod/A"] {
        assert_eq!(cli.ok(line), "v", "{line}");
    }
    let mut command = cli.command("get A");
    assert_eq!(finish(command.env("V_SECURE_ENV", "prod"), b"").out, b"v");
    cli.ok("rm --secret-id A -e prod");
    assert_eq!(cli.run("get prod/A").code, 5);
}

#[test]
fn a_list_is_tabs_without_unlocking_or_values() {
    let cli = Cli::with_vault();
    cli.set("A --type api_key --tag web --tag db", "value-of-a");
    cli.set("prod/B --expires-at 2020-01-01", "value-of-b");
    let mut command = cli.command("ls");
    let run = finish(command.env("XDG_CONFIG_HOME", "/nonexistent").env("NO_COLOR", "1"), b"");
    let rows: Vec<Vec<String>> =
        run.text().lines().map(|row| row.split('\t').map(str::to_owned).collect()).collect();
    assert_eq!(rows[0][..5], ["default/A", "1", "api_key", "db,web", "-"]);
    assert_eq!(rows[1][..5], ["prod/B", "1", "-", "-", "2020-01-01T00:00:00Z"]);
    assert!(rows.iter().all(|row| row.len() == 7 && row[6] == "ada"), "{rows:?}");
    assert!(!run.shows("value-of") && !run.shows("\u{1b}"));
    assert_eq!(cli.ok("secret list"), run.text());
}

#[test]
fn a_list_is_narrowed_by_what_is_asked() {
    let cli = Cli::with_vault();
    cli.set("A --tag web --type api_key", "v");
    cli.set("B --ttl 3d --tag db", "v");
    cli.set("C --expires-at 2020-01-01", "v");
    cli.set("prod/D --ttl 90d --tag web", "v");
    cli.set("E", "v");
    cli.ok("rm E");
    for (options, names) in [
        ("", "default/A default/B default/C prod/D"),
        ("-e prod", "prod/D"),
        ("-e default --tag web", "default/A"),
        ("--tag web --tag db", "default/A default/B prod/D"),
        ("--type api_key", "default/A"),
        ("--expiring 7d", "default/B"),
        ("--expired", "default/C"),
        ("--expiring 7d --expired", "default/B default/C"),
        ("--expiring 100d", "default/B prod/D"),
        ("--all", "default/A default/B default/C default/E prod/D"),
    ] {
        let line = format!("secret list {options} --json");
        let list: serde_json::Value =
            serde_json::from_str(&cli.ok(line.replace("  ", " ").trim())).unwrap();
        let found: Vec<&str> = list["secrets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["secret"].as_str().unwrap())
            .collect();
        assert_eq!(found.join(" "), names, "{options}");
    }
    let all = cli.ok("ls --all");
    let states: Vec<&str> = all.lines().map(|row| row.rsplit('\t').next().unwrap()).collect();
    assert_eq!(states, ["active", "active", "expired", "removed", "active"]);
}

#[test]
fn json_objects_have_their_documented_keys() {
    let cli = Cli::with_vault();
    cli.set("A", "v");
    let row = [
        "secret",
        "environment",
        "name",
        "state",
        "version",
        "id",
        "type",
        "description",
        "var",
        "tags",
        "meta",
        "expires",
        "updated",
        "who",
        "rotation_interval",
        "rotation_due",
    ];
    assert_eq!(keys(&cli.json("ls")["secrets"][0]), row);
    let more = [
        "generate",
        "versions",
        "created",
        "audience",
        "readers",
        "conflict",
        "field_conflicts",
        "expiry_conflict",
        "overruled",
        "unsettled",
    ];
    let shown = cli.json("secret show A");
    assert_eq!(keys(&shown), [&row[..], &more[..]].concat());
    assert_eq!(shown["readers"], serde_json::json!(["ada"]));
    let versions = cli.json("secret versions A");
    assert_eq!(
        keys(&versions["versions"][0]),
        [
            "version",
            "id",
            "date",
            "state",
            "current",
            "retired",
            "overruled",
            "author",
            "brought_by",
            "reason",
            "expires",
            "expiry_conflict",
            "same_value_as",
            "from",
            "entry"
        ]
    );
    let set = cli.json("set A --tag x");
    assert_eq!(keys(&set), ["secret", "version", "id", "value_written", "fields", "expires"]);
    let environments = cli.json("env list");
    assert_eq!(keys(&environments["environments"][0]), ["name", "secrets", "expired", "extends"]);
    assert_eq!(
        cli.json("rm A"),
        serde_json::json!({ "secrets": [{ "secret": "default/A", "versions": [1] }] })
    );
    assert_eq!(
        cli.json("secret restore A"),
        serde_json::json!({ "secret": "default/A", "versions": [1], "version": 1 })
    );
    let expire = cli.json("secret expire A --ttl 1d");
    assert_eq!(keys(&expire), ["secret", "version", "id", "changed", "expires"]);
}

#[test]
fn environments_are_counted() {
    let cli = Cli::with_vault();
    cli.set("A", "v");
    cli.set("prod/A", "v");
    cli.set("prod/B --expires-at 2020-01-01", "v");
    cli.set("prod/C", "v");
    cli.ok("rm prod/C");
    assert_eq!(cli.ok("env list"), "default\t1\t0\t-\nprod\t2\t1\t-\n");
}

#[test]
fn a_name_that_is_no_variable_is_remarked_when_it_is_set() {
    let cli = Cli::with_vault();
    assert!(cli.feed("set api.key", b"v").shows("--var"));
    assert!(!cli.feed("set api.key --var API_KEY", b"v").shows("--var"));
    assert_eq!(cli.fails("set api.key --var 1bad"), (2, "bad-variable".into()));
    assert!(cli.feed("set LD_PRELOAD", b"v").shows("variables.allow"));
}

#[test]
fn a_type_is_one_of_the_list_and_what_is_none_is_not_repeated() {
    let cli = Cli::with_vault();
    cli.set("A --type ssh_key", "v");
    let before = fs::read(cli.vault()).unwrap();
    for (line, said) in [
        ("set A --type ssh-key", "did you mean ssh_key?"),
        ("set A --type TLS_CERTIFICAT", "did you mean tls_certificate?"),
        ("secret set A --type hunter2", "types are database_credential, api_key, jwt_key"),
    ] {
        let run = cli.run(line);
        assert!(run.code == 2 && run.shows(said) && !run.shows("hunter2"), "{line}: {run:?}");
        assert_eq!(cli.fails(line), (2, "bad-type".into()), "{line}");
    }
    // Before a value is read, as before one is written.
    assert_eq!(failure(&cli.feed("set B --type none --json", b"v")), (2, "bad-type".into()));
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
    let help = cli.ok("set --help");
    for kind in SecretKind::ALL {
        assert!(help.contains(kind.as_str()), "{kind}: {help}");
        cli.ok(&format!("set A --type {kind}"));
        assert_eq!(cli.json("secret show A")["type"], kind.as_str());
    }
    cli.ok("set A --type=");
    assert!(cli.json("secret show A")["type"].is_null());
}
