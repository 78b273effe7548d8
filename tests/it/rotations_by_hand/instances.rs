//! Who is given what is pending: a share of the instances that `exec` names, each the same at every start, and nobody
//! else.

use super::{
    INSTANCES, NEW, OLD, ahead, begin, given, refused, rotating, status, to_instance, with,
};
use serde_json::json;
use std::fs;
use v_secure_testkit::cli::{Cli, failure, finish};

#[test]
fn a_share_of_the_instances_is_given_the_value_and_each_stays_on_its_side() {
    let cli = rotating("0%");
    assert_eq!(ahead(&cli), [] as [usize; 0]);
    cli.ok("secret rotate A --resume --to 50%");
    let half = ahead(&cli);
    assert!(!half.is_empty() && half.len() < INSTANCES, "one in a million goes wrong: {half:?}");
    assert_eq!(ahead(&cli), half, "at the next start as well");
    cli.ok("secret rotate A --resume --to 75%");
    let more = ahead(&cli);
    assert!(half.iter().all(|number| more.contains(number)), "{half:?} {more:?}");
    cli.ok("secret rotate A --resume --to 50%");
    assert_eq!(ahead(&cli), half, "fewer are the ones that were first");
    cli.ok("secret rotate A --resume --to 100%");
    assert_eq!(ahead(&cli).len(), INSTANCES);
    assert_eq!(given(&cli, "--strict"), OLD, "who names no instance");
}

#[test]
fn the_variable_names_an_instance_as_the_option_does() {
    let cli = rotating("100%");
    let exec = "exec -- printenv A";
    let by = |name: &str| with(&cli, exec, "V_SECURE_INSTANCE", name).text().trim_end().to_owned();
    assert_eq!((by("web-1"), by("")), (NEW.to_owned(), OLD.to_owned()));
    assert_eq!(refused(&cli, "--instance="), (2, "bad-instance".into()));
    let long = format!("--instance {}", "x".repeat(1001));
    assert_eq!(refused(&cli, &long), (2, "bad-instance".into()));
}

#[test]
fn status_says_what_an_instance_is_given() {
    let cli = rotating("50%");
    let ahead = ahead(&cli);
    for number in 0..INSTANCES {
        let line = format!("secret rotation-status A --instance web-{number}");
        let expected = if ahead.contains(&number) { "pending" } else { "current" };
        assert_eq!(cli.json(&line)["secrets"][0]["given"], expected);
        let run = cli.run(&line);
        assert!(run.shows(&format!("is given the {expected} value")), "{run:?}");
    }
    assert_eq!(status(&cli)["given"], json!(null));
}

#[cfg(target_os = "linux")]
#[test]
fn a_secret_as_a_file_follows_the_instance() {
    let cli = rotating("50%");
    for number in 0..INSTANCES {
        let line = format!("exec --as-file F=A --instance web-{number} -- sh -c");
        let run = finish(cli.command(&line).arg("cat \"$F\""), b"");
        assert_eq!(run.text(), to_instance(&cli, number), "{run:?}");
    }
}

#[test]
fn what_names_no_instance_is_never_given_what_is_pending() {
    let cli = rotating("100%");
    let template = cli.project().join("template");
    fs::write(&template, "{{ v-secure:A }}").unwrap();
    for line in ["get A", "export --format json", "export --format dotenv", "inject -i template"] {
        let run = with(&cli, line, "V_SECURE_INSTANCE", "web-1");
        assert!(run.code == 0 && run.shows(OLD) && !run.shows(NEW), "{line}: {run:?}");
    }
}

#[test]
fn secrets_that_do_not_rotate_are_given_beside_one_that_does() {
    let cli = rotating("100%");
    cli.set("B", "other");
    cli.set("prod/A", "of prod");
    assert_eq!(cli.ok("exec --instance web-1 -- printenv A B"), format!("{NEW}\nother\n"));
    assert_eq!(given(&cli, "-e prod --instance web-1"), "of prod");
}

#[test]
fn a_pending_value_that_has_expired_gives_way_to_the_current_one() {
    let cli = Cli::with_vault();
    cli.set("A", OLD);
    let line = "secret rotate A --to 100% --expires-at 2020-01-01";
    assert_eq!(cli.feed(line, NEW.as_bytes()).code, 0);
    let run = cli.run("exec --instance web-1 -- printenv A");
    assert!(run.code == 0 && run.shows(OLD) && run.shows("given as it is current"), "{run:?}");
    let line = "secret rotation-status A --instance web-1";
    assert_eq!(cli.json(line)["secrets"][0]["given"], "current");
    assert_eq!(cli.fails("rotation promote A"), (8, "expired".into()));
}

#[test]
fn a_share_is_a_percentage_and_the_sign_is_part_of_it() {
    let cli = Cli::with_vault();
    cli.set("A", OLD);
    for share in ["5", "0.5", "101%", "half", "-1%", "5.123%"] {
        let run = cli.feed(&format!("secret rotate A --json --to={share}"), NEW.as_bytes());
        assert_eq!(failure(&run), (2, "bad-share".into()), "{share}");
    }
    begin(&cli, "12.5%");
    let rotation = &status(&cli)["rotations"][0];
    assert_eq!((&rotation["share"], &rotation["state"]), (&json!(1250), &json!("live")));
    assert!(cli.ok("rotation list").contains("12.5%"));
}
