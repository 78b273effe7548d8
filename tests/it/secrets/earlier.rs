//! Versions that were: rolled back to, removed, restored.

use super::*;

#[test]
fn a_roll_back_is_a_new_version_that_keeps_history() {
    let cli = Cli::with_vault();
    cli.set("A", "one");
    cli.set("A --reason second", "two");
    assert_eq!(cli.fails("secret rollback A --version 2"), (7, "current".into()));
    assert_eq!(cli.fails("secret rollback A --version 9"), (5, "no-version".into()));
    let run =
        cli.command("secret rollback A --version 1 --reason").arg("the host is down").output();
    assert!(run.unwrap().status.success());
    assert_eq!(cli.ok("get A"), "one");
    assert_eq!(cli.ok("get A --version 2"), "two");
    let versions = cli.json("secret versions A");
    let column = |key: &str| -> Vec<String> {
        versions["versions"].as_array().unwrap().iter().map(|v| v[key].to_string()).collect()
    };
    assert_eq!(column("version"), ["3", "2", "1"]);
    assert_eq!(column("state"), ["\"active\"", "\"replaced\"", "\"replaced\""]);
    assert_eq!(column("reason")[..2], ["\"the host is down\"", "\"second\""]);
    assert_eq!(versions["versions"][0]["same_value_as"][0], versions["versions"][2]["id"]);
    assert_ne!(versions["versions"][0]["id"], versions["versions"][2]["id"]);
    let table = cli.ok("secret versions A");
    assert!(table.lines().next().unwrap().contains("\tactive (current)\tada\tthe host is down\t"));
}

#[test]
fn what_is_expired_or_removed_is_no_version_to_roll_back_to() {
    let cli = Cli::with_vault();
    cli.set("A --expires-at 2020-01-01", "one");
    cli.set("A", "two");
    assert_eq!(cli.fails("secret rollback A --version 1"), (8, "expired".into()));
    cli.set("B", "one");
    cli.ok("rm B");
    cli.set("B", "two");
    assert_eq!(cli.fails("secret rollback B --version 1"), (5, "removed".into()));
    cli.ok("secret restore B --version 1");
    assert_eq!(cli.ok("get B"), "two");
    cli.ok("secret rollback B --version 1");
    assert_eq!(cli.ok("get B"), "one");
}

#[test]
fn a_removed_secret_is_gone_until_it_is_restored() {
    let cli = Cli::with_vault();
    cli.set("A --tag x", "one");
    cli.set("A", "two");
    cli.set("B", "three");
    let before = fs::read(cli.vault()).unwrap();
    assert_eq!(cli.fails("rm A MISSING"), (5, "not-found".into()));
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
    cli.ok("rm A B");
    assert_eq!(cli.fails("get A"), (5, "removed".into()));
    assert_eq!(cli.fails("rm A"), (5, "removed".into()));
    assert_eq!(cli.ok("ls"), "");
    assert_eq!(cli.run("exec --only A -- true").code, 5);
    cli.ok("secret restore A");
    assert_eq!(cli.ok("get A"), "two");
    assert_eq!(cli.ok("get A --version 1"), "one");
    assert_eq!(cli.json("secret show A")["tags"], serde_json::json!(["x"]));
    assert_eq!(cli.fails("secret restore A"), (7, "not-removed".into()));
    assert_eq!(cli.fails("get B"), (5, "removed".into()));
}

#[test]
fn restoring_takes_back_the_last_removal_alone() {
    let cli = Cli::with_vault();
    cli.set("A", "one");
    cli.ok("rm A");
    cli.set("A", "two");
    cli.ok("rm A");
    assert_eq!(cli.json("secret restore A")["versions"], serde_json::json!([2]));
    assert_eq!(cli.ok("get A"), "two");
    let states = cli.json("secret versions A");
    assert_eq!(states["versions"][1]["state"], "removed");
    cli.ok("rm A");
    let report = cli.json("secret restore A --version 1");
    assert!(report["version"].is_null(), "{report}");
    assert_eq!(cli.run("get A").code, 5);
    cli.ok("secret rollback A --version 1");
    assert_eq!(cli.ok("get A"), "one");
}
