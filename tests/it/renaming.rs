//! `secret rename`, `copy`, `tag` and `describe`, and `secret diff`.

#![cfg(unix)]

use serde_json::{Value, json};
use std::fs;
use v_secure_testkit::cli;
use v_secure_testkit::cli::{Cli, keys};
use v_secure_testkit::old_vault;
use v_secure_testkit::person::Person;

/// The names of the log's latest entry's ops.
fn last_entry(cli: &Cli) -> Vec<(String, String)> {
    let rows = cli.json("audit log");
    let rows = rows.as_array().unwrap();
    let last = &rows[0]["id"];
    let of_last = rows.iter().filter(|row| row["id"] == *last);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    of_last.map(|row| (text(&row["action"]), text(&row["secret_id"]))).collect()
}

/// The actions in the journal of reads, with their names.
fn reads(cli: &Cli) -> Vec<(String, Value)> {
    let folder = cli.project().parent().unwrap().join("home/state/v-secure/reads");
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        lines.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
    }
    let row = |line: Value| (line["action"].as_str().unwrap().to_owned(), line["secrets"].clone());
    lines.into_iter().map(row).collect()
}

#[test]
fn renaming_takes_value_metadata_and_expiry_along_in_one_entry() {
    let cli = Cli::with_vault();
    cli.set("OLD --tag web --type api_key --description why --ttl 30d", "value");
    let before = cli.json("secret show OLD");
    let report = cli.json("secret rename OLD NEW");
    assert_eq!(keys(&report), ["secret", "from", "version", "id"]);
    assert_eq!((&report["secret"], &report["version"]), (&json!("default/NEW"), &json!(1)));
    let ops = last_entry(&cli);
    assert!(ops.contains(&("put".into(), "default/NEW".into())), "{ops:?}");
    assert!(ops.contains(&("remove".into(), "default/OLD".into())), "{ops:?}");
    assert_eq!(cli.ok("get NEW"), "value");
    assert_eq!(cli.fails("get OLD"), (5, "removed".into()));
    let after = cli.json("secret show NEW");
    for field in ["tags", "type", "description", "expires", "meta"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    let versions = cli.json("secret versions NEW");
    assert_eq!(versions["versions"][0]["same_value_as"], json!([before["id"]]));
    assert!(reads(&cli).contains(&("rename".into(), json!(["default/OLD"]))));
    cli.ok("audit verify");
}

#[test]
fn a_type_that_another_writer_stored_is_shown_found_and_taken_along() {
    let olga = Person::new("olga");
    let ops = old_vault::ops("developer", "read:dev/*", &[]);
    old_vault::leave(&olga.vault(), &olga.home(), 3, &[("dev/A", "v")], ops);
    olga.run("--trust-first-use get dev/A").ok();
    let stored =
        |name: &str| olga.run(&format!("secret show {name} --json")).json()["type"].clone();
    assert_eq!(stored("dev/A"), "password");
    olga.run("secret copy dev/A --to-env prod").ok();
    olga.run("secret rename dev/A dev/C").ok();
    olga.run("secret tag dev/C --add web").ok();
    olga.feed("set dev/C", "new").ok();
    assert_eq!((stored("prod/A"), stored("dev/C")), (json!("password"), json!("password")));
    let listed = olga.run("ls --type password").ok();
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert_eq!(olga.run("set dev/C --type password").code, 2, "written anew it is one of the list");
    olga.run("set dev/C --type api_key").ok();
    olga.run("set prod/A --type=").ok();
    assert_eq!((stored("prod/A"), stored("dev/C")), (Value::Null, json!("api_key")));
    assert_eq!(olga.run("audit verify --json").json()["verdict"], "ok");
}

#[test]
fn a_name_without_an_environment_stays_in_the_old_ones() {
    let cli = Cli::with_vault();
    cli.set("prod/A", "v");
    cli.ok("secret rename prod/A B");
    assert_eq!(cli.ok("get prod/B"), "v");
    cli.ok("secret rename prod/B dev/C");
    assert_eq!(cli.ok("get dev/C"), "v");
    assert_eq!(cli.fails("secret rename dev/C dev/C"), (2, "same-name".into()));
    assert_eq!(cli.fails("secret rename dev/NONE dev/D"), (5, "not-found".into()));
}

#[test]
fn a_taken_name_is_replaced_only_where_that_is_said() {
    let cli = Cli::with_vault();
    cli.set("A --tag a", "from-a");
    cli.set("prod/A --tag b --type api_key", "theirs");
    let before = fs::read(cli.vault()).unwrap();
    assert_eq!(cli.fails("secret copy A --to-env prod"), (7, "exists".into()));
    assert_eq!(cli.fails("secret rename A prod/A"), (7, "exists".into()));
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
    cli.ok("secret copy A --to-env prod --overwrite");
    let shown = cli.json("secret show prod/A");
    assert_eq!((&shown["tags"], &shown["type"]), (&json!(["a"]), &Value::Null));
    assert_eq!((cli.ok("get prod/A"), cli.ok("get A")), ("from-a".into(), "from-a".into()));
    cli.ok("secret copy A --as B");
    assert_eq!(cli.ok("get B"), "from-a");
    assert!(reads(&cli).contains(&("copy".into(), json!(["default/A"]))));
    assert_eq!(cli.run("secret copy A").code, 2);
}

#[test]
fn rights_are_needed_there_and_here() {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.set("dev/A", "dev-value");
    owner.set("prod/A", "prod-value");
    owner.run("role create developer --grant read,write:dev/* --grant write:stage/*").ok();
    let developer = Person::new("developer");
    developer.pull(&owner);
    let line = developer.run("member request").ok();
    owner.feed("member add developer --request - --role developer --yes", &line).ok();
    developer.pull(&owner);
    developer.accept_as(&owner);
    for line in [
        // No delete there, no write here, no read there.
        "secret rename dev/A dev/B",
        "secret copy dev/A --to-env prod --as B",
        "secret copy prod/A --to-env dev --as B",
    ] {
        assert_eq!(developer.run(&format!("{line} --json")).error(), (4, "not-permitted".into()));
    }
    developer.run("secret copy dev/A --to-env stage").ok();
    let row = developer.run("secret diff dev stage --json").json()["secrets"][0].clone();
    assert_eq!(row["difference"], "unknown", "{row}");
    owner.pull(&developer);
    assert_eq!(owner.run("get stage/A").ok(), "dev-value");
    owner.run("audit verify").ok();
}

#[test]
fn tags_and_descriptions_make_no_version() {
    let cli = Cli::with_vault();
    cli.set("A --tag old", "v");
    let report = cli.json("secret tag A --add web,db --remove old");
    assert_eq!(report, json!({ "secret": "default/A", "changed": true, "tags": ["db", "web"] }));
    assert_eq!(cli.json("secret tag A --add web")["changed"], false);
    assert_eq!(cli.fails("secret tag A --add x --remove x"), (2, "repeated-field".into()));
    assert_eq!(cli.run("secret tag A").code, 2);
    let report = cli.json("secret describe A what-for");
    assert_eq!(keys(&report), ["secret", "changed", "description"]);
    assert_eq!(cli.json("secret describe A what-for")["changed"], false);
    let shown = cli.json("secret show A");
    assert_eq!((&shown["description"], &shown["version"]), (&json!("what-for"), &json!(1)));
    let mut clear = cli.command("secret describe A");
    clear.arg("");
    assert_eq!(cli::finish(&mut clear, b"").code, 0);
    assert!(cli.json("secret show A")["description"].is_null());
    for line in ["secret tag NONE --add x", "secret describe NONE x"] {
        assert_eq!(cli.fails(line), (5, "not-found".into()), "{line}");
    }
}

fn two_environments() -> Cli {
    let cli = Cli::with_vault();
    cli.set("SHARED", "shared-planted");
    cli.set("stage/SAME", "same-planted");
    cli.set("prod/SAME", "same-planted");
    cli.set("stage/OTHER", "stage-planted");
    cli.set("prod/OTHER", "prod-planted");
    cli.set("stage/ONLY", "only-planted");
    cli.ok("settings set env.stage.extends default");
    cli.ok("settings set env.prod.extends default");
    cli
}

#[test]
fn a_diff_tells_names_and_equality_and_no_value() {
    let cli = two_environments();
    cli.set("prod/EXPIRED --expires-at 2020-01-01", "old-planted");
    cli.set("stage/EXPIRED", "old-planted");
    let report = cli.json("secret diff stage prod");
    assert_eq!(keys(&report), ["left", "right", "secrets"]);
    let found: Vec<(&str, &str)> = report["secrets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["name"].as_str().unwrap(), row["difference"].as_str().unwrap()))
        .collect();
    let expected = [
        ("EXPIRED", "unknown"),
        ("ONLY", "left"),
        ("OTHER", "different"),
        ("SAME", "equal"),
        ("SHARED", "equal"),
    ];
    assert_eq!(found, expected);
    assert_eq!(report["secrets"][1]["left"], json!({ "secret": "stage/ONLY" }));
    assert_eq!(report["secrets"][4]["right"]["secret"], "default/SHARED");
    let run = cli.run("secret diff stage prod");
    assert!(run.code == 0 && !run.shows("planted"), "{run:?}");
    assert!(run.text().contains("only in stage\tONLY\n"), "{run:?}");
}

#[test]
fn a_diff_shows_values_only_when_asked_and_writes_the_read_down() {
    let cli = two_environments();
    let text = cli.ok("secret diff stage prod --reveal");
    assert!(text.contains("different\tOTHER\tstage-planted\tprod-planted\n"), "{text}");
    assert!(!text.contains("same-planted"), "what is equal needs no showing: {text}");
    let report = cli.json("secret diff stage prod --reveal");
    assert_eq!(report["secrets"][1]["right"]["value"], "prod-planted");
    let expected = json!(["prod/OTHER", "prod/SAME", "default/SHARED"]);
    assert!(reads(&cli).contains(&("diff".into(), expected)), "{:?}", reads(&cli));
}

#[test]
fn the_exit_code_of_a_diff_is_asked_for() {
    let cli = two_environments();
    let run = cli.run("secret diff stage prod --exit-code --json");
    assert_eq!(run.code, 1);
    assert!(run.err.contains("\"code\":\"differs\""), "{run:?}");
    assert_eq!(cli.run("secret diff stage stage --exit-code").code, 0);
    assert_eq!(cli.fails("secret diff stage prd"), (5, "no-secrets".into()));
}
