//! What is refused or said before it does harm: words that are not understood, names of nothing,
//! settings without effect, times that are past.

#![cfg(unix)]

use std::fs;
use v_secure_testkit::cli::Cli;

#[test]
fn arguments_that_are_not_understood_are_an_object_with_json() {
    let cli = Cli::with_vault();
    for line in ["get A --bogus", "get", "bogus", "secret set --secret-id A v", "settings set"] {
        assert_eq!(cli.fails(line), (2, "usage".into()), "{line}");
    }
    let run = cli.run("secret set --secret-id A hunter2secret --json");
    assert!(run.code == 2 && !run.shows("hunter2secret"), "{run:?}");
    // After `--` the word is no option.
    let run = cli.run("get A --bogus -- --json");
    assert!(run.code == 2 && run.err.starts_with("error: "), "{run:?}");
    assert!(cli.run("settings set env.prod.extends").shows("v-secure settings set --help"));
}

#[test]
fn no_program_starts_where_no_secret_is_selected() {
    let cli = Cli::with_vault();
    cli.set("prod/A", "v");
    for line in [
        "exec -e prdo -- touch started",
        "exec -e prod --tag nothing -- touch started",
        "exec -e prod --prefix X_ -- touch started",
        "export -e prdo --format json",
    ] {
        let run = cli.run(line);
        assert!(run.code == 5 && run.out.is_empty(), "{line}: {run:?}");
    }
    assert!(!cli.project().join("started").exists());
    cli.ok("exec -e prod -- touch started");
    assert!(cli.project().join("started").exists());
}

#[test]
fn a_file_that_names_an_environment_is_imported_where_the_user_says() {
    let cli = Cli::with_vault();
    cli.set("A", "default's");
    fs::write(cli.project().join(".env.production"), "A=production's\n").unwrap();
    assert_eq!(cli.fails("import .env.production"), (2, "environment-unsaid".into()));
    assert_eq!(cli.ok("get A"), "default's");
    cli.ok("import .env.production -e production");
    assert_eq!(cli.ok("get production/A"), "production's");
    cli.ok("import .env.production -e default");
    assert_eq!(cli.ok("get A"), "production's");
}

#[test]
fn an_expiry_that_ends_or_is_past_is_said() {
    let cli = Cli::with_vault();
    assert!(!cli.feed("set A --ttl 3d", b"one").err.contains("warning"));
    let run = cli.feed("set A", b"two");
    assert!(run.err.contains("warning: default/A") && run.err.contains("--ttl"), "{run:?}");
    assert!(!cli.feed("set A", b"three").err.contains("warning"));
    let run = cli.feed("set A --expires-at 2020-01-01", b"four");
    assert!(run.err.contains("has expired already"), "{run:?}");
}

#[test]
fn own_variables_are_never_allowed() {
    let cli = Cli::with_vault();
    for list in ["V_SECURE_*", "A,v_secure_pin"] {
        let failed = cli.fails(&format!("settings set variables.allow {list}"));
        assert_eq!(failed, (2, "setting-variable".into()), "{list}");
    }
    cli.ok("settings set variables.allow GIT_*,V_*");
}

#[test]
fn inheriting_from_nowhere_is_said() {
    let cli = Cli::with_vault();
    cli.set("base/A", "v");
    assert!(!cli.run("settings set env.prod.extends base").err.contains("warning"));
    assert!(cli.run("settings set env.prod.extends bsae").err.contains("bsae has no secrets"));
}
