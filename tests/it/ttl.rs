//! Expiry and retention as a shell sees them: what is expired is never served, what is due is pruned
//! by those who can, and what only looks never writes.

#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, SystemTime};
use v_secure_testkit::cli::{Cli, Run, finish};
use v_secure_testkit::past::put_in_the_past;
use v_secure_testkit::tools;

const DAY: u64 = 24 * 60 * 60;

fn state(cli: &Cli) -> (Vec<u8>, SystemTime) {
    let path = cli.vault();
    (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap())
}

fn wait_until_expired(cli: &Cli, name: &str) {
    let expired = || cli.run(&format!("get {name}")).code == 8;
    let tries = std::iter::repeat_with(|| {
        std::thread::sleep(Duration::from_millis(100));
        expired()
    });
    assert!(tries.take(80).any(|expired| expired), "{name} is served for ever");
}

fn assert_refused(cli: &Cli, name: &str) {
    let lines = [
        format!("get {name}"),
        format!("exec --only {name} -- echo started"),
        format!("export --format json --only {name}"),
    ];
    for line in lines {
        let run = cli.run(&line);
        assert_eq!((run.code, run.out.len()), (8, 0), "{line}: {run:?}");
        assert!(run.err.contains(name) && run.err.contains("expired"), "{run:?}");
    }
}

#[test]
fn what_is_expired_is_served_by_nothing_even_read_only_and_after_it_was_pruned() {
    let cli = Cli::with_vault();
    cli.set("KEPT", "stays");
    cli.set("T --ttl 2s", "hunter2");
    assert_eq!(cli.ok("get T"), "hunter2");
    assert!(cli.ok("exec -- env").contains("T=hunter2\n"));
    wait_until_expired(&cli, "T");
    let before = state(&cli);
    assert_refused(&cli, "T");
    fs::set_permissions(cli.vault(), Permissions::from_mode(0o444)).unwrap();
    assert_refused(&cli, "T");
    assert_eq!(state(&cli), before, "it expired less than a day ago");
    fs::set_permissions(cli.vault(), Permissions::from_mode(0o644)).unwrap();

    let pruned = cli.json("prune --no-grace");
    assert_eq!(pruned["pruned"][0]["secret"], "default/T");
    assert_eq!(
        (&pruned["pruned"][0]["version"], &pruned["pruned"][0]["why"]),
        (&1.into(), &"expired".into())
    );
    assert!(!String::from_utf8(state(&cli).0).unwrap().contains("name = \"default/T\""));
    assert_refused(&cli, "T");
    assert_eq!(cli.run("exec -- true").code, 8, "nothing starts without it");
    assert_eq!(cli.ok("exec --only KEPT -- printenv KEPT"), "stays\n");
    assert_eq!(cli.json("secret versions T")["versions"][0]["state"], "pruned");
    assert_eq!(cli.run("audit verify").code, 0);
    cli.set("T", "anew");
    assert_eq!(cli.ok("get T"), "anew");
}

#[test]
fn verification_never_modifies_the_file() {
    if !tools::has("git") {
        return;
    }
    let cli = Cli::with_vault();
    put_in_the_past(&cli, "default/OLD", 3 * DAY, Some(DAY));
    assert!(
        Command::new("git")
            .args(["init", "-q"])
            .current_dir(cli.project())
            .status()
            .unwrap()
            .success()
    );
    let before = state(&cli);
    for line in [
        "audit verify",
        "audit verify --state --json",
        "git pre-commit",
        "pin show",
        "prune --dry-run",
    ] {
        assert_eq!(cli.run(line).code, 0, "{line}");
        assert_eq!(state(&cli), before, "{line}");
    }
    let mut command = cli.command("--");
    command.args(["v-secure", "get", ""]).env("COMPLETE", "bash");
    command.env("_CLAP_COMPLETE_INDEX", "2").env("_CLAP_COMPLETE_COMP_TYPE", "9");
    let completed = finish(&mut command, b"");
    assert!(completed.shows("OLD"), "{completed:?}");
    assert_eq!(state(&cli), before, "completions");
    assert_eq!(cli.ok("prune --dry-run"), "default/OLD\t1\texpired\n");
    // The repository made it another place, where nothing was accepted yet.
    assert!(prunes(&cli.run("get OLD --trust-first-use")));
    assert_ne!(state(&cli), before);
}

/// A vault whose `OLD` expired two days ago.
fn late() -> Cli {
    let cli = Cli::with_vault();
    cli.set("KEPT", "stays");
    put_in_the_past(&cli, "default/OLD", 3 * DAY, Some(DAY));
    cli
}

fn prunes(run: &Run) -> bool {
    run.err.lines().filter(|line| *line == "pruned 1 version: default/OLD (1)").count() == 1
}

#[test]
fn every_invocation_that_can_prunes_what_expired_a_day_ago() {
    for line in
        ["get KEPT", "get OLD", "ls", "exec --only KEPT -- true", "secret show KEPT", "audit log"]
    {
        let cli = late();
        let run = cli.run(line);
        assert!(prunes(&run), "{line}: {run:?}");
        let rows = cli.json("audit log --action prune");
        let row = &rows.as_array().unwrap()[..][0];
        assert_eq!(
            (&row["secret_id"], &row["actor"]),
            (&"default/OLD".into(), &"ada".into()),
            "{line}"
        );
        let again = cli.run(line);
        assert_eq!((again.code, prunes(&again)), (run.code, false), "{line}: {again:?}");
        assert_refused(&cli, "OLD");
        assert_eq!(cli.run("audit verify").code, 0);
    }
}

#[test]
fn an_invocation_that_cannot_prune_is_the_same_as_ever() {
    let cli = late();
    let before = state(&cli);
    let unchanged = |what: &str, command: &mut Command| {
        let run = finish(command, b"");
        assert_eq!((run.code, run.text().as_str()), (0, "stays"), "{what}: {run:?}");
        assert!(!run.shows("prune"), "{what}: {run:?}");
        assert_eq!(state(&cli), before, "{what}");
    };
    unchanged("in CI", cli.command("get KEPT").env("CI", "true"));
    unchanged("in GitHub's", cli.command("get KEPT").env("GITHUB_ACTIONS", "true"));
    unchanged("in Azure's", cli.command("get KEPT").env("TF_BUILD", "True"));
    for (name, beside) in [
        ("JENKINS_URL", "BUILD_ID"),
        ("JENKINS_URL", "BUILD_NUMBER"),
        ("TEAMCITY_VERSION", "BUILD_NUMBER"),
        ("BITBUCKET_BUILD_NUMBER", "BITBUCKET_PIPELINE_UUID"),
    ] {
        unchanged(name, cli.command("get KEPT").env(name, "7").env(beside, "7"));
    }
    let home = cli.project().parent().unwrap().join("home");
    let (file, moved) = (home.join("config/v-secure/identity.txt"), home.join("key.txt"));
    fs::rename(&file, &moved).unwrap();
    let asks = format!("cat {}", moved.display());
    unchanged("a command may ask", cli.command("get KEPT").env("V_SECURE_IDENTITY_CMD", asks));
    fs::rename(&moved, &file).unwrap();
    fs::set_permissions(cli.vault(), Permissions::from_mode(0o444)).unwrap();
    unchanged("read-only", &mut cli.command("get KEPT"));
    fs::set_permissions(cli.vault(), Permissions::from_mode(0o644)).unwrap();
    let lock = fs::File::options().write(true).open(cli.project().join(".v-secure/.lock"));
    if let Ok(lock) = lock {
        lock.lock().unwrap();
        unchanged("beside a writer", &mut cli.command("get KEPT"));
    }
    assert!(prunes(&finish(cli.command("get KEPT").env("CI", "false"), b"")));
}

/// Developers' shells have such variables.
#[test]
fn a_variable_that_does_not_say_so_makes_no_job_of_ci() {
    let said = [
        ("CI", &["", "0", "no", "off", "False", "FALSE", "2"][..]),
        ("GITHUB_ACTIONS", &["false", "no"]),
        ("JENKINS_URL", &["https://ci.example.org"]),
        ("TEAMCITY_VERSION", &["LOCAL"]),
        ("BUILD_NUMBER", &["7"]),
    ];
    let all = said.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
    for (name, value) in all {
        let cli = late();
        let run = finish(cli.command("get KEPT").env(name, value), b"");
        assert!(prunes(&run), "{name}={value}: {run:?}");
    }
}

#[test]
fn the_setting_leaves_pruning_to_those_who_write() {
    let cli = Cli::with_vault();
    cli.set("KEPT", "stays");
    cli.ok("settings set ttl on-write");
    put_in_the_past(&cli, "default/OLD", 3 * DAY, Some(DAY));
    let before = state(&cli);
    assert_eq!(cli.run("get OLD").code, 8);
    assert_eq!(cli.ok("get KEPT"), "stays");
    assert_eq!(state(&cli), before);
    assert!(prunes(&cli.feed("set OTHER", b"v")));
}

#[test]
fn retention_acts_when_somebody_writes_and_spares_what_is_active() {
    let cli = Cli::with_vault();
    for value in ["one", "two", "three"] {
        cli.set("A", value);
    }
    let set = cli.run("settings set retention.versions 2");
    assert!(set.err.contains("pruned 1 version: default/A (1)"), "{set:?}");
    let run = cli.feed("set A", b"four");
    assert!(run.err.contains("pruned 1 version: default/A (2)"), "{run:?}");
    assert_eq!(cli.ok("get A"), "four");
    assert_eq!(cli.ok("get A --version 3"), "three");
    assert_eq!(cli.fails("get A --version 2"), (5, "pruned".into()));
    put_in_the_past(&cli, "default/B", 9 * DAY, None);
    cli.set("B", "now");
    cli.ok("settings set retention.days 5");
    assert_eq!(cli.ok("get B --version 1"), "hunter2", "it was replaced just now");
    cli.ok("settings set retention.versions 1");
    assert_eq!(cli.fails("get B --version 1"), (5, "pruned".into()));
    assert_eq!(cli.ok("get B"), "now");
    assert_eq!(cli.run("audit verify --strict").code, 0);
}

#[test]
fn prune_says_what_is_done_and_what_waits_for_whom() {
    let cli = late();
    let dry = cli.json("prune --dry-run");
    assert_eq!((&dry["dry_run"], &dry["waiting"]), (&true.into(), &serde_json::json!([])));
    assert_eq!(dry["pruned"][0]["secret"], "default/OLD");
    let locked =
        finish(cli.command("prune --dry-run --json").env("XDG_CONFIG_HOME", "/nowhere"), b"");
    let locked: serde_json::Value = serde_json::from_slice(&locked.out).unwrap();
    assert_eq!(
        (&locked["pruned"], &locked["waiting"][0]["able"]),
        (&serde_json::json!([]), &serde_json::json!(["ada"]))
    );
    let run = cli.run("prune --reason tidy");
    assert_eq!((run.code, run.text().as_str()), (0, "default/OLD\t1\texpired\n"));
    assert_eq!(cli.json("audit log --action prune")[0]["reason"], "tidy");
    let nothing = cli.run("prune");
    assert_eq!((nothing.code, nothing.err.as_str()), (0, "nothing is due\n"));
}
