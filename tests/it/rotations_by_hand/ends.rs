//! How a rotation ends: its value becomes the active one, or is taken back; and what is over is retired.

use super::{INSTANCES, NEW, OLD, ahead, begin, given, rotating, status};
use serde_json::{Value, json};
use std::fs;
use v_secure_testkit::cli::{Cli, keys, last_failure};

#[test]
fn from_the_beginning_to_the_end() {
    let cli = Cli::with_vault();
    cli.set("A", OLD);
    let id = begin(&cli, "5%");
    assert_eq!(cli.fails("secret rotate A --generate"), (7, "rotation-open".into()));
    let report = cli.json("secret rotate A --resume --to 100%");
    assert_eq!(
        keys(&report),
        ["secret", "version", "id", "generated", "expires", "rotation", "dry_run"]
    );
    let of = &report["rotation"];
    assert_eq!(
        (&report["version"], &of["share"], &of["base"]),
        (&json!(1), &json!(10_000), &json!(1))
    );
    let promoted = cli.json("rotation promote A");
    assert_eq!((&promoted["version"], &promoted["rotation"]), (&json!(2), &json!(id)));
    assert_eq!((cli.ok("get A"), given(&cli, "-e default")), (NEW.to_owned(), NEW.to_owned()));
    assert_eq!(ahead(&cli).len(), INSTANCES);
    assert_eq!(cli.json("rotation list")["rotations"], json!([]));
    let over = status(&cli);
    assert_eq!(
        (&over["rotations"][0]["state"], &over["to_retire"][0]["version"]),
        (&json!("promoted"), &json!(1))
    );
    let retired = cli.json("rotation retire A --yes");
    assert_eq!(retired["retired"][0]["version"], 1);
    assert_eq!(status(&cli)["to_retire"], json!([]));
    assert_eq!(cli.fails("secret rollback A --version 1"), (7, "retired".into()));
    cli.ok("audit verify");
    // And once more.
    begin(&cli, "5%");
    assert_eq!(status(&cli)["rotations"].as_array().unwrap().len(), 2);
}

#[test]
fn a_rotation_that_is_aborted_comes_to_nobody() {
    let cli = rotating("100%");
    let report = cli.json("secret rotate A --abort");
    let of = &report["rotation"];
    assert_eq!((&of["state"], &report["version"]), (&json!("aborted"), &json!(1)));
    assert_eq!(ahead(&cli), [] as [usize; 0]);
    let id = of["rotation"].as_str().unwrap();
    for line in ["secret rotate A --abort", "rotation promote A"] {
        assert_eq!(cli.fails(line), (5, "rotation-missing".into()), "{line}");
        let named = format!("{line} --rotation={id}");
        assert_eq!(cli.fails(&named), (7, "rotation-over".into()), "{line}");
    }
    let told = cli.json("audit verify")["findings"].to_string();
    assert!(told.contains("rotation-left") && told.contains("v-secure rotation retire"), "{told}");
    let retired = cli.json("rotation retire A --yes");
    assert_eq!(retired["retired"][0]["version"], json!(null), "it never was active");
    assert_eq!(cli.json("audit verify")["findings"], serde_json::json!([]));
    assert_eq!(cli.fails("rotation retire A --yes"), (5, "rotation-missing".into()));
}

#[test]
fn a_rollback_takes_back_what_is_pending() {
    let cli = rotating("100%");
    let report = cli.json("secret rollback A");
    assert_eq!(keys(&report), ["secret", "from", "aborted", "version", "id"]);
    assert_eq!((&report["from"], &report["version"]), (&json!(null), &json!(1)));
    assert_eq!(report["aborted"].as_array().unwrap().len(), 1);
    assert_eq!(ahead(&cli), [] as [usize; 0]);
    assert_eq!(cli.fails("secret rollback A"), (2, "no-version-given".into()));
}

#[test]
fn a_rollback_to_a_version_takes_back_what_is_pending_too() {
    let cli = Cli::with_vault();
    cli.set("A", "first");
    cli.set("A", OLD);
    let id = begin(&cli, "100%");
    let report = cli.json("secret rollback A --version 1");
    assert_eq!(
        (&report["from"], &report["version"], &report["aborted"]),
        (&json!(1), &json!(3), &json!([id]))
    );
    assert_eq!(
        (given(&cli, "--instance web-1"), cli.ok("get A")),
        ("first".into(), "first".into())
    );
    assert_eq!(status(&cli)["rotations"][0]["state"], "aborted");
}

#[test]
fn what_is_in_use_is_not_retired_and_nothing_is_without_a_yes() {
    let cli = rotating("5%");
    assert_eq!(cli.fails("rotation retire A --version 1 --yes"), (7, "in-use".into()));
    let pending = status(&cli)["rotations"][0]["value"].clone();
    let line = format!("rotation retire A --yes --version={}", pending.as_str().unwrap());
    assert_eq!(cli.fails(&line), (7, "in-use".into()));
    assert_eq!(cli.fails("rotation retire A --version 9 --yes"), (5, "no-version".into()));
    cli.ok("rotation promote A");
    let before = fs::read(cli.vault()).unwrap();
    assert_eq!(cli.fails("rotation retire A"), (1, "not-confirmed".into()));
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
}

/// The versions that are to be retired.
fn to_retire(cli: &Cli) -> Vec<Value> {
    let over = status(cli)["to_retire"].as_array().unwrap().clone();
    over.iter().map(|one| one["version"].clone()).collect()
}

#[test]
fn what_is_to_be_revoked_is_named_until_it_is_retired() {
    let cli = rotating("5%");
    cli.ok("rotation promote A");
    let run = cli.feed("--json secret rotate A --to 5%", b"third");
    assert_eq!(last_failure(&run), (7, "not-retired".into()));
    cli.ok("key rotate --dek --secret A");
    assert_eq!(to_retire(&cli), [json!(1)]);
    cli.set("A", "fourth");
    assert_eq!(to_retire(&cli), [json!(1), json!(2)], "version 3 has the value of version 2");
    let retired = cli.json("rotation retire A --yes");
    assert_eq!(retired["retired"].as_array().unwrap().len(), 2);
    begin(&cli, "5%");
}

#[test]
fn a_value_that_is_in_use_again_is_not_retired_by_its_old_version() {
    let cli = rotating("5%");
    cli.ok("rotation promote A");
    cli.ok("secret rollback A --version 1");
    assert_eq!(to_retire(&cli), [json!(2)], "what went wrong");
    assert_eq!(cli.fails("rotation retire A --version 1 --yes"), (7, "in-use".into()));
}

#[test]
fn a_removal_says_that_it_aborts_a_rotation_and_a_new_name_what_is_to_be_revoked() {
    for line in ["rm A --yes", "env rm default --yes"] {
        let cli = rotating("5%");
        let told = cli.run(line).err;
        assert!(told.contains("is aborted by that"), "{told}");
        assert!(told.contains("v-secure rotation retire default/A"), "{told}");
        assert_eq!(status(&cli)["rotations"][0]["state"], "aborted");
    }
    let cli = rotating("5%");
    cli.ok("rotation promote A");
    let told = cli.run("secret rename A B").err;
    assert!(told.contains("end with that name") && told.contains("version 1."), "{told}");
    let retired = cli.json("rotation retire A --version 1 --yes");
    assert_eq!(retired["retired"][0]["version"], 1);
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    let cli = rotating("5%");
    for line in [
        "secret rotate A --resume",
        "secret rotate A --abort --to 5%",
        "secret rotate A --abort --resume --to 5%",
        "secret rotate A --resume --to 5% --generate",
        "secret rotate A --resume --to 5% --ttl 30d",
        "secret rotate A --abort --no-expiry",
        "secret rotate A --to 5% --rotation-interval 30d",
        "secret rotate A --rotation=abc",
        "secret rotate A --to 5% --rotation=abc",
    ] {
        assert_eq!(cli.fails(line), (2, "usage".into()), "{line}");
    }
}
