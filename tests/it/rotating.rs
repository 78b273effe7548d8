//! `secret rotate`, rotation intervals, and the lists of what is stale or expires soon.

#![cfg(unix)]

use expectrl::Expect;
use serde_json::json;
use std::fs;
use std::time::Duration;
use v_secure_testkit::cli::{Cli, failure, keys};
use v_secure_testkit::person::Person;
use v_secure_testkit::terminal::{rest, terminal};

#[test]
fn a_stored_generator_makes_the_next_value() {
    let cli = Cli::with_vault();
    cli.ok("set KEY --generate=hex:16 --tag web");
    let first = cli.ok("get KEY");
    let report = cli.json("secret rotate KEY");
    assert_eq!(
        keys(&report),
        ["secret", "version", "id", "generated", "expires", "rotation", "dry_run"]
    );
    assert_eq!((&report["version"], &report["generated"]), (&json!(2), &json!("hex:16")));
    let second = cli.ok("get KEY");
    assert!(second.len() == 32 && second != first, "{second}");
    let shown = cli.json("secret show KEY");
    assert_eq!((&shown["tags"], &shown["generate"]), (&json!(["web"]), &json!("hex:16")));
}

#[test]
fn without_a_generator_nothing_random_is_written() {
    let cli = Cli::with_vault();
    cli.set("TOKEN", "issued-by-a-provider");
    let before = fs::read(cli.vault()).unwrap();
    assert_eq!(cli.fails("secret rotate TOKEN"), (2, "no-value".into()));
    let run = cli.run("secret rotate TOKEN");
    for choice in ["| v-secure secret rotate default/TOKEN", "--generate", "v-secure set"] {
        assert!(run.err.contains(choice), "{choice}: {}", run.err);
    }
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
    assert_eq!(cli.feed("secret rotate TOKEN", b"issued-anew\n").code, 0);
    assert_eq!(cli.ok("get TOKEN"), "issued-anew");
    let generated = cli.json("secret rotate TOKEN --generate=digits:12");
    assert_eq!(generated["generated"], "digits:12");
    assert_eq!(cli.ok("get TOKEN").len(), 12);
    // For this once: the next one is not random either.
    assert_eq!(cli.fails("secret rotate TOKEN"), (2, "no-value".into()));
}

#[test]
fn what_is_piped_wins_over_a_stored_generator() {
    let cli = Cli::with_vault();
    cli.ok("set KEY --generate=hex:16");
    let report = cli.feed("secret rotate KEY --json", b"given");
    assert!(report.text().contains("\"generated\": null"), "{report:?}");
    assert_eq!(cli.ok("get KEY"), "given");
    fs::write(cli.project().join("value"), "from a file").unwrap();
    cli.ok("secret rotate KEY --file value");
    assert_eq!(cli.ok("get KEY"), "from a file");
}

#[test]
fn only_what_is_there_is_rotated_and_no_value_is_an_argument() {
    let cli = Cli::with_vault();
    assert_eq!(cli.fails("secret rotate NONE --generate"), (5, "not-found".into()));
    cli.set("A", "v");
    cli.ok("rm A");
    assert_eq!(cli.fails("secret rotate A --generate"), (5, "removed".into()));
    cli.set("B", "v");
    let run = cli.run("secret rotate B hunter2secret");
    assert!(run.code == 2 && !run.shows("hunter2secret"), "{run:?}");
    assert_eq!(cli.fails("secret rotate B --generate=nonsense"), (2, "bad-generator".into()));
    assert_eq!(failure(&cli.feed("secret rotate B --json --raw --ttl x", b"")).0, 2);
}

#[test]
fn a_lifetime_begins_anew_unless_it_is_stated() {
    let cli = Cli::with_vault();
    cli.ok("set KEY --generate --ttl 30d");
    let expires = |line: &str| cli.json(line)["expires"].as_str().map(str::to_owned);
    let (first, later) = (expires("secret show KEY").unwrap(), expires("secret rotate KEY"));
    assert!(later.unwrap() >= first);
    assert!(expires("secret rotate KEY --ttl 60d").unwrap() > first);
    assert_eq!(expires("secret rotate KEY --no-expiry"), None);
    assert_eq!(expires("secret rotate KEY"), None);
}

#[test]
fn an_expired_secret_can_be_rotated() {
    let cli = Cli::with_vault();
    cli.ok("set KEY --generate --expires-at 2020-01-01");
    assert_eq!(cli.fails("get KEY"), (8, "expired".into()));
    cli.ok("secret rotate KEY --ttl 1d");
    assert_eq!(cli.ok("get KEY").len(), 32);
}

#[test]
fn an_interval_is_metadata_and_what_is_older_is_stale() {
    let cli = Cli::with_vault();
    assert_eq!(cli.ok("ls --stale"), "");
    cli.set("OLD --rotation-interval 1s", "v");
    cli.set("YOUNG --rotation-interval 30d", "v");
    cli.set("FREE", "v");
    assert_eq!(cli.fails("set FREE --rotation-interval soon"), (2, "bad-time".into()));
    let versions = cli.json("secret show YOUNG");
    assert_eq!(versions["rotation_interval"], "30d");
    cli.ok("set FREE --rotation-interval 20d");
    assert_eq!(cli.json("secret show FREE")["version"], 1, "no new version");
    cli.ok("set FREE --rotation-interval=");
    assert!(cli.json("secret show FREE")["rotation_interval"].is_null());
    std::thread::sleep(Duration::from_millis(1_100));
    let names = |line: &str| -> Vec<String> {
        let secrets = cli.json(line)["secrets"].as_array().unwrap().clone();
        secrets.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("ls --stale"), ["OLD"]);
    assert!(cli.ok("ls --stale").starts_with("default/OLD\t"));
    // The same value elsewhere is as old.
    cli.ok("secret rename OLD RENAMED");
    assert_eq!(names("ls --stale"), ["RENAMED"]);
    let run = cli.feed("secret rotate RENAMED --rotation-interval 1d", b"w");
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(names("ls --stale"), [] as [&str; 0]);
}

#[test]
fn expiring_has_a_span_of_its_own() {
    let cli = Cli::with_vault();
    cli.set("SOON --ttl 2d", "v");
    cli.set("LATE --ttl 20d", "v");
    let names = |text: String| -> Vec<String> {
        text.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
    };
    assert_eq!(names(cli.ok("ls --expiring")), ["default/SOON"]);
    assert_eq!(names(cli.ok("ls --expiring 30d")), ["default/LATE", "default/SOON"]);
}

#[test]
fn the_right_to_rotate_suffices_and_no_more_than_that() {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.run("set prod/KEY --generate=hex:16").ok();
    owner.run("role create rotator --grant rotate:prod/*").ok();
    let rotator = Person::new("rotator");
    rotator.pull(&owner);
    let line = rotator.run("member request").ok();
    owner.feed("member add rotator --request - --role rotator --yes", &line).ok();
    rotator.pull(&owner);
    rotator.accept_as(&owner);
    let report = rotator.run("secret rotate prod/KEY --json").json();
    assert_eq!(report["version"], 2);
    let refused = rotator.run("secret rotate prod/KEY --rotation-interval 30d --json");
    assert_eq!(refused.error(), (4, "not-permitted".into()));
    assert_eq!(rotator.run("get prod/KEY --json").error().0, 4, "it does not read");
    owner.pull(&rotator);
    assert_eq!(owner.run("get prod/KEY").ok().len(), 32);
    owner.run("audit verify").ok();
}

#[test]
fn on_a_terminal_a_value_is_asked_for_only_where_none_is_generated() {
    let cli = Cli::with_vault();
    cli.set("TOKEN", "old");
    cli.ok("set KEY --generate=hex:16");
    let mut session = terminal(cli.command("secret rotate TOKEN"));
    session.expect("Value of default/TOKEN: ").unwrap();
    session.send_line("typed").unwrap();
    assert!(!rest(&mut session).contains("typed"));
    assert_eq!(cli.ok("get TOKEN"), "typed");
    let shown = rest(&mut terminal(cli.command("secret rotate KEY")));
    assert!(shown.contains("version 2, generated (hex:16)"), "{shown}");
}
