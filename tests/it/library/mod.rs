//! The library's front refuses what the command line refuses, with an error of the same kind: each
//! refusal is made by both, at one place with one state folder.

#![cfg(unix)]

mod reads;

use std::fs;
use std::path::PathBuf;
use v_secure::cli::error::Failure;
use v_secure::cli::error::codes::Code;
use v_secure::cli::error::pin_failures::{older, pin_failure};
use v_secure::{Error, FirstUse, Notice, Options, SecretValue, Vault};
use v_secure_core::vault::pin::PinStatus;
use v_secure_testkit::branches;
use v_secure_testkit::cli::{Cli, failure, finish};
use v_secure_testkit::past;

fn state(cli: &Cli) -> PathBuf {
    cli.project().parent().unwrap().join("home/state/v-secure")
}

fn identity(cli: &Cli) -> SecretValue {
    let file = cli.project().parent().unwrap().join("home/config/v-secure/identity.txt");
    SecretValue::new(fs::read(file).unwrap())
}

pub fn options(cli: &Cli) -> Options {
    Options {
        project: cli.project(),
        state: Some(state(cli)),
        first_use: FirstUse::Refuse,
        strict: false,
        prune: true,
        whole_history: false,
    }
}

fn library(cli: &Cli) -> Vault {
    library_with(cli, options(cli))
}

pub fn library_with(cli: &Cli, options: Options) -> Vault {
    Vault::with_host(options, &identity(cli), v_secure::host::real::RealHost)
}

/// What the command line makes of the error.
pub fn kind(cli: &Cli, error: Error) -> (i32, String) {
    let failure: Failure = match error {
        Error::Session(error) => error.into(),
        Error::Transaction(error) => error.into(),
        Error::Read(error) => error.into(),
        Error::Put(error) => error.into(),
        Error::Rollback(error) => error.into(),
        Error::Giving(error) => error.into(),
        Error::Policy(error) => error.into(),
        Error::Signer(error) => error.into(),
        Error::Pin(PinStatus::Prefix { .. }) | Error::HeadsMissing(_) => older(""),
        Error::Pin(standing) => pin_failure(&standing, &cli.vault()),
        Error::Reason(_) => Failure::new(Code::BadReason, ""),
        Error::OwnVariable => Failure::new(Code::SettingVariable, ""),
        Error::Proposed { .. } => Failure::new(Code::OwnerThreshold, ""),
        other => panic!("{other:?}"),
    };
    (failure.exit.code().into(), failure.code.as_str().to_owned())
}

#[track_caller]
fn alike<T: std::fmt::Debug>(cli: &Cli, line: &str, code: &str, made: Result<T, Error>) {
    let said = cli.fails(line);
    assert_eq!(said.1, code, "{line}");
    assert_eq!(kind(cli, made.unwrap_err()), said, "{line}");
}

#[test]
fn reading_is_refused_alike() {
    let cli = Cli::with_vault();
    let vault = library(&cli);
    cli.set("EXPIRED --expires-at 2020-01-01", "v");
    cli.set("REMOVED", "v");
    cli.ok("rm REMOVED --yes");
    alike(&cli, "get NONE", "not-found", vault.retrieve("default/NONE"));
    alike(&cli, "get EXPIRED", "expired", vault.retrieve("default/EXPIRED"));
    alike(&cli, "get REMOVED", "removed", vault.retrieve("default/REMOVED"));
    assert!(vault.take_notices().is_empty());
}

#[test]
fn a_member_without_the_right_is_refused_alike() {
    let cli = Cli::with_vault();
    cli.set("dev/A", "v");
    cli.set("prod/B", "v");
    let key = cli.ok("member add bot --service --new-identity --read prod/*");
    let bot = SecretValue::new(key.clone().into_bytes());
    let vault = Vault::open(options(&cli), &bot).unwrap();
    assert_eq!(vault.retrieve("prod/B").unwrap().expose(), b"v");
    let run =
        |line: &str| failure(&finish(cli.command(line).env("V_SECURE_IDENTITY", key.trim()), b"v"));
    let error = vault.retrieve("dev/A").unwrap_err();
    assert_eq!(run("get dev/A --json"), kind(&cli, error));
    let error = vault.store("prod/B", SecretValue::new(b"w".to_vec()), "").unwrap_err();
    assert_eq!(run("set prod/B --json"), kind(&cli, error));
}

#[test]
fn rolling_back_is_refused_alike() {
    let cli = Cli::with_vault();
    let vault = library(&cli);
    let roll = |number| vault.rollback("default/A", number, "");
    let line = |number| format!("secret rollback A --version {number}");
    cli.set("A", "one");
    cli.set("A", "two");
    alike(&cli, &line(2), "current", roll(2));
    alike(&cli, &line(9), "no-version", roll(9));
    let missing = vault.rollback("default/NONE", 1, "");
    alike(&cli, "secret rollback NONE --version 1", "not-found", missing);
    roll(1).unwrap();
    assert_eq!(cli.ok("get A"), "one");
    cli.ok("rm A --yes");
    alike(&cli, &line(3), "removed", roll(3));
    cli.set("B --expires-at 2020-01-01", "old");
    cli.set("B", "new");
    let expired = vault.rollback("default/B", 1, "");
    alike(&cli, "secret rollback B --version 1", "expired", expired);
    cli.set("A", "four");
    cli.ok("settings set retention.versions 1");
    cli.ok("prune");
    alike(&cli, &line(1), "pruned", roll(1));
}

#[test]
fn what_more_owners_must_sign_is_proposed_alike() {
    let cli = Cli::with_vault();
    cli.ok("identity new -o ../second.txt");
    let line = cli.ok("--identity ../second.txt member request second --device desk -q");
    fs::write(cli.project().join("../second.line"), line).unwrap();
    cli.ok("member add second --request ../second.line --yes");
    cli.ok("owner add second --yes");
    cli.ok("owner threshold 2 --yes");
    let before = fs::read(cli.vault()).unwrap();
    let made = library(&cli).configure("ttl", "on-write");
    alike(&cli, "settings set reads off", "owner-threshold", made);
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
    let folder = cli.vault().with_file_name("proposals");
    assert_eq!(fs::read_dir(folder).unwrap().count(), 2);
}

#[test]
fn texts_and_settings_are_refused_alike() {
    let cli = Cli::with_vault();
    cli.set("A", "one");
    cli.set("A", "two");
    let vault = library(&cli);
    let made = vault.rollback("default/A", 1, "a\u{202e}b");
    alike(&cli, "secret rollback A --version 1 --reason a\u{202e}b", "bad-reason", made);
    for (key, value, code) in [
        ("variables.allow", "GIT_*,v_secure_pin", "setting-variable"),
        ("variables.strict", "off", "policy-op-setting"),
        ("no.such", "x", "policy-op-setting"),
    ] {
        let (_, said) = cli.fails(&format!("settings set {key} {value}"));
        assert_eq!(said, code);
        assert_eq!(kind(&cli, vault.configure(key, value).unwrap_err()).1, code, "{key}");
    }
    let before = fs::read(cli.vault()).unwrap();
    vault.configure("ttl", "").unwrap();
    assert_eq!(fs::read(cli.vault()).unwrap(), before, "nothing to change");
}

#[test]
fn another_vault_and_an_older_state_are_judged_alike() {
    let cli = Cli::with_vault();
    cli.set("A", "one");
    let old = fs::read(cli.vault()).unwrap();
    cli.ok("settings set ttl on-write");
    cli.set("A", "two");
    let new = fs::read(cli.vault()).unwrap();
    let vault = library(&cli);
    assert_eq!(vault.retrieve("default/A").unwrap().expose(), b"two");
    assert!(vault.take_notices().is_empty());

    fs::write(cli.vault(), &old).unwrap();
    let run = cli.run("get A");
    assert!(run.code == 0 && run.shows("older state"), "{run:?}");
    assert_eq!(vault.retrieve("default/A").unwrap().expose(), run.out);
    let notices = vault.take_notices();
    assert!(matches!(notices[..], [Notice::Older { seen: 2, accepted: 3 }]), "{notices:?}");

    let other = Cli::with_vault();
    fs::copy(other.vault(), cli.vault()).unwrap();
    alike(&cli, "get A", "pin-other-vault", vault.retrieve("default/A"));
    let made = vault.store("default/A", SecretValue::new(b"v".to_vec()), "");
    assert_eq!(kind(&cli, made.unwrap_err()), (6, "pin-other-vault".to_owned()));
    fs::write(cli.vault(), &new).unwrap();
    assert_eq!(vault.retrieve("default/A").unwrap().expose(), b"two");
}

/// Where the newest state is wanted, an older policy and a shorter log give nothing.
#[test]
fn older_states_are_refused_alike_where_the_newest_is_wanted() {
    let cli = Cli::with_vault();
    cli.set("A", "one");
    let first = fs::read(cli.vault()).unwrap();
    cli.set("A", "two");
    let second = fs::read(cli.vault()).unwrap();
    cli.ok("settings set ttl on-write");
    let strict = Options { strict: true, ..options(&cli) };
    let strict = library_with(&cli, strict);
    assert_eq!(strict.retrieve("default/A").unwrap().expose(), b"two");
    for old in [&second, &first] {
        fs::write(cli.vault(), old).unwrap();
        alike(&cli, "get A --strict", "pin-older", strict.retrieve("default/A"));
    }
    let cli = Cli::with_vault();
    cli.set("A", "one");
    let old = fs::read(cli.vault()).unwrap();
    cli.set("A", "two");
    fs::write(cli.vault(), &old).unwrap();
    let strict = Options { strict: true, ..options(&cli) };
    let strict = library_with(&cli, strict);
    alike(&cli, "get A --strict", "pin-older", strict.retrieve("default/A"));
}

#[test]
fn what_would_undo_a_taking_is_written_by_neither() {
    let cli = Cli::with_vault();
    cli.set("A", "one");
    cli.ok("role create team");
    cli.ok("access grant team prod/* read,write");
    let old = fs::read(cli.vault()).unwrap();
    cli.ok("access revoke team prod/* write");
    fs::write(cli.vault(), &old).unwrap();
    let made = library(&cli).store("default/A", SecretValue::new(b"v".to_vec()), "");
    assert_eq!(kind(&cli, made.unwrap_err()), (6, "pin-older".to_owned()));
    let run = cli.feed("set A", b"v");
    assert!(run.code == 6 && run.shows("writing on it would undo that"), "{run:?}");
    assert_eq!(fs::read(cli.vault()).unwrap(), old, "nothing was written");
}

#[test]
fn what_expired_a_day_ago_is_pruned_by_both() {
    let late = || {
        let cli = Cli::with_vault();
        cli.set("KEPT", "k");
        past::put_in_the_past(&cli, "default/OLD", 3 * 86_400, Some(86_400));
        cli
    };
    let cli = late();
    let vault = library(&cli);
    assert_eq!(vault.retrieve("default/KEPT").unwrap().expose(), b"k");
    let notices = vault.take_notices();
    assert!(matches!(notices[..], [Notice::Pruned(1)]), "{notices:?}");
    assert_eq!(cli.json("audit log --action prune").as_array().unwrap().len(), 1);
    // Who remembers nothing cannot know that this is the newest state.
    let cli = late();
    let memory = Options { state: None, first_use: FirstUse::Accept, ..options(&cli) };
    let memory = library_with(&cli, memory);
    memory.retrieve("default/KEPT").unwrap();
    assert!(memory.take_notices().is_empty());
    assert_eq!(cli.json("audit log --action prune").as_array().unwrap().len(), 0);
}

/// What nothing was remembered of may be an old state that somebody serves.
#[test]
fn a_vault_that_this_device_did_not_know_is_pruned_by_neither() {
    let cli = Cli::with_vault();
    cli.set("KEPT", "k");
    past::put_in_the_past(&cli, "default/OLD", 3 * 86_400, Some(86_400));
    let before = fs::read(cli.vault()).unwrap();
    let pin = library(&cli).pin().unwrap();
    assert_eq!(fs::read(cli.vault()).unwrap(), before, "a pin is only shown");

    let fresh = cli.project().join("../fresh");
    let new = Options { state: Some(fresh), first_use: FirstUse::Pin(pin), ..options(&cli) };
    let new = library_with(&cli, new);
    new.retrieve("default/KEPT").unwrap();
    assert_eq!(fs::read(cli.vault()).unwrap(), before, "the first time");
    assert!(new.take_notices().is_empty());

    let mut command = cli.command("get KEPT");
    command.env("V_SECURE_PIN", pin.to_string()).env_remove("XDG_STATE_HOME").env_remove("HOME");
    let run = finish(&mut command, b"");
    assert!(run.code == 0 && !run.shows("pruned"), "{run:?}");
    assert_eq!(fs::read(cli.vault()).unwrap(), before, "without a state folder");

    new.retrieve("default/KEPT").unwrap();
    let notices = new.take_notices();
    assert!(matches!(notices[..], [Notice::Pruned(1)]), "{notices:?}");
}

#[test]
fn who_wants_the_newest_writes_on_no_older_state() {
    let cli = Cli::with_vault();
    cli.set("A", "one");
    let old = fs::read(cli.vault()).unwrap();
    cli.set("A", "two");
    fs::write(cli.vault(), &old).unwrap();
    let strict = Options { strict: true, ..options(&cli) };
    let strict = library_with(&cli, strict);
    let made = strict.store("default/A", SecretValue::new(b"v".to_vec()), "");
    assert!(matches!(made, Err(Error::HeadsMissing(1))), "{made:?}");
    assert_eq!(fs::read(cli.vault()).unwrap(), old);
}

#[test]
fn a_read_is_dated_when_the_value_leaves() {
    let cli = Cli::with_vault();
    cli.set("A", "one");
    let text = String::from_utf8(identity(&cli).expose().to_vec()).unwrap();
    let key = text.lines().find(|line| line.starts_with("AGE-SECRET-KEY")).unwrap();
    let begun = v_secure::host::Clock::now(&v_secure::host::real::RealHost);
    let mut command = cli.command("get A");
    command.env("V_SECURE_IDENTITY_CMD", format!("sh -c 'sleep 2; echo {key}'"));
    assert_eq!(finish(&mut command, b"").code, 0);
    let rows = cli.json("audit log --reads");
    let reads = rows.as_array().unwrap().iter().filter(|row| row["action"] == "get");
    let at = reads.map(|row| row["timestamp"].as_str().unwrap()).next_back().unwrap();
    let at = v_secure_core::convert::duration::parse_instant(at).unwrap();
    assert!(at >= begun.saturating_add(2), "{at} of {begun}");
}

#[test]
fn the_last_entries_that_are_missing_are_remarked_and_stay_known() {
    let cli = Cli::with_vault();
    cli.set("A", "one");
    let old = fs::read(cli.vault()).unwrap();
    cli.set("A", "two");
    let vault = library(&cli);
    vault.retrieve("default/A").unwrap();
    fs::write(cli.vault(), &old).unwrap();
    for _ in 0..2 {
        vault.retrieve("default/A").unwrap();
        let notices = vault.take_notices();
        assert!(matches!(notices[..], [Notice::HeadsMissing(1)]), "{notices:?}");
        assert!(cli.run("get A").shows("is missing"));
    }
}
