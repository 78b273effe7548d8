//! What goes on with the file alone, and what reads the history.

use super::{closed, files, fill, folder, hidden, outcome, says};
use crate::library;
use std::fs;
use std::path::Path;
use v_secure::{Options, SecretValue};
use v_secure_testkit::cli::Cli;
use v_secure_testkit::scene::{copy, repository};

#[test]
fn values_are_given_and_set_without_the_history() {
    let cli = closed(4);
    hidden(&cli);
    assert_eq!((cli.ok("get A"), cli.ok("get B")), ("a4".into(), "b4".into()));
    assert_eq!(cli.ok("exec -- printenv A"), "a4\n");
    assert!(cli.ok("export --format dotenv --only A").contains("a4"));
    cli.set("A", "a5");
    cli.set("NEW", "new");
    assert_eq!((cli.ok("get A"), cli.ok("get NEW")), ("a5".into(), "new".into()));
    assert_eq!(outcome(&cli, "get GONE").0, 5);
    let listed = cli.json("ls");
    let names: Vec<&str> =
        listed["secrets"].as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["A", "B", "NEW"]);
}

#[test]
fn what_tells_of_the_past_needs_the_history_and_says_which_file() {
    let cli = closed(3);
    let away = hidden(&cli);
    for line in [
        "secret versions A",
        "get A --version 1",
        "secret rollback A --version 1",
        "secret restore GONE",
        "audit verify",
        "audit log",
        "exposed",
        "rm A --yes",
        "history status",
        "history close --all --yes",
        "prune",
    ] {
        assert_eq!(outcome(&cli, line), (7, "history-missing".into()), "{line}");
        says(&cli.run(line), ".log");
    }
    fs::rename(away, folder(&cli)).unwrap();
    assert_eq!(cli.ok("get A --version 1"), "a1");
    cli.ok("secret rollback A --version 1");
    cli.ok("secret restore GONE");
    assert_eq!((cli.ok("get A"), cli.ok("get GONE")), ("a1".into(), "gone".into()));
    cli.ok("audit verify");
}

#[test]
fn the_file_stays_small_however_often_it_is_closed() {
    let cli = closed(2);
    let size = || fs::metadata(cli.vault()).unwrap().len();
    let first = size();
    for round in 0..3 {
        fill(&cli, 8);
        cli.ok("history close --all --yes");
        cli.ok("audit verify");
        assert_eq!(files(&cli, "log").len(), round + 2);
    }
    // A checkpoint takes a policy entry, and GONE has another removal.
    assert!(size() < first + 8_000, "{first} became {}", size());
    let status = cli.json("history status");
    assert_eq!((status["closed"].as_u64(), &status["segments"]), (Some(60), &4.into()));
    let versions = cli.json("secret versions A");
    assert_eq!(versions["versions"].as_array().unwrap().len(), 26);
    assert_eq!(cli.ok("get A --version 3"), "a1");
}

#[test]
fn what_is_pruned_is_deleted_beside_the_vault_too() {
    let cli = closed(5);
    let held = || fs::read_to_string(&files(&cli, "versions")[0]).unwrap();
    let ids = cli.json("secret versions A");
    let id = ids["versions"].as_array().unwrap().iter().find(|v| v["version"] == 2).unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(held().contains(&id));
    cli.ok("settings set retention.versions 1");
    cli.ok("prune");
    assert!(!held().contains(&id), "{}", held());
    assert_eq!(outcome(&cli, "get A --version 2").1, "pruned");
    cli.ok("audit verify");
    assert_eq!(cli.ok("get A"), "a5");
}

#[test]
fn what_is_younger_than_it_is_to_be_stays_open() {
    let cli = Cli::with_vault();
    fill(&cli, 2);
    assert_eq!(outcome(&cli, "history close --yes"), (7, "nothing-to-close".into()));
    says(&cli.run("history close --yes"), "v-secure history close --keep 1s");
    let before = fs::read(cli.vault()).unwrap();
    assert_eq!(outcome(&cli, "history close --keep soon --yes").0, 2);
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
    cli.ok("history close --all --yes");
    assert_eq!(outcome(&cli, "history close --all --yes"), (7, "nothing-to-close".into()));
}

#[test]
fn closing_asks_on_a_terminal_and_takes_yes_elsewhere() {
    let cli = Cli::with_vault();
    fill(&cli, 1);
    let before = fs::read(cli.vault()).unwrap();
    assert_eq!(outcome(&cli, "history close --all").1, "not-confirmed");
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
    assert!(!folder(&cli).exists());
    let report = cli.json("history close --all --yes");
    assert_eq!((report["closed"].as_u64(), report["changed"].as_bool()), (Some(4), Some(true)));
}

#[test]
fn only_owners_close() {
    let cli = Cli::with_vault();
    cli.ok("role create dev --grant read,write,rotate,delete,grant:*");
    cli.ok("identity new -o ../bob.txt");
    let line = cli.ok("--identity ../bob.txt member request bob -q");
    fs::write(cli.project().join("../bob.request"), line).unwrap();
    cli.ok("member add bob --request ../bob.request --yes --role dev");
    fill(&cli, 2);
    let before = fs::read(cli.vault()).unwrap();
    assert_eq!(outcome(&cli, "--identity ../bob.txt history close --all --yes").0, 4);
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
}

/// Who deletes a secret deletes every version of it, closed ones too.
#[test]
fn a_removal_reaches_versions_that_are_closed() {
    let cli = closed(3);
    cli.ok("rm A --yes");
    cli.ok("audit verify");
    let versions = cli.json("secret versions A");
    let statuses: Vec<&str> = versions["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| version["state"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["removed"; 3]);
}

/// A policy that changes, keys that are made anew and members that come and go are no matter of the log.
#[test]
fn members_and_keys_change_on_a_closed_vault() {
    let cli = closed(3);
    cli.ok("role create dev --grant read,write:default/*");
    cli.ok("identity new -o ../bob.txt");
    let line = cli.ok("--identity ../bob.txt member request bob -q");
    fs::write(cli.project().join("../bob.request"), line).unwrap();
    cli.ok("member add bob --request ../bob.request --yes --role dev");
    assert_eq!(cli.ok("--identity ../bob.txt get A"), "a3");
    cli.ok("key rotate --all");
    assert_eq!(cli.ok("--identity ../bob.txt get A"), "a3");
    cli.ok("key rotate --all --dek");
    cli.ok("audit verify");
    cli.ok("member remove bob --yes");
    cli.ok("history close --all --yes");
    cli.ok("audit verify");
    hidden(&cli);
    assert_eq!(cli.ok("get A"), "a3");
}

#[test]
fn a_backup_brings_the_history_with_the_vault() {
    let cli = closed(3);
    cli.ok("backup create ../all.backup");
    for lost in [folder(&cli), cli.project().join(".v-secure")] {
        fs::remove_dir_all(lost).unwrap();
        cli.ok("backup restore ../all.backup");
        assert_eq!((cli.ok("get A"), cli.ok("get A --version 1")), ("a3".into(), "a1".into()));
        cli.ok("audit verify");
    }
}

#[test]
fn a_device_may_take_no_checkpoints_word() {
    let cli = closed(2);
    let full = |line: &str| {
        let mut command = cli.command(line);
        v_secure_testkit::cli::finish(command.env("V_SECURE_HISTORY", "full"), b"")
    };
    assert_eq!(full("get A").text(), "a2");
    let away = hidden(&cli);
    assert_eq!(full("get A --json").code, 7);
    assert_eq!(cli.ok("get A"), "a2");
    fs::rename(away, folder(&cli)).unwrap();
    assert_eq!(full("get A").code, 0);
}

/// A closed vault of an earlier day, which every version reads.
#[test]
fn the_golden_vault_is_read() {
    let cli = Cli::with_vault();
    let golden = repository("fixtures/vault/closed");
    let project = cli.project().join("../golden/.v-secure");
    copy(&golden, &project);
    let run = |line: &str| {
        let vault = project.join("vault.toml");
        let identity = golden.join("identity.txt");
        let line = format!(
            "--vault {} --identity {} --trust-first-use {line}",
            vault.display(),
            identity.display()
        );
        cli.run(&line)
    };
    assert_eq!(run("get A").text(), "a4");
    assert_eq!(run("get A --version 2").text(), "a2");
    assert_eq!(run("get prod/DATABASE_URL").text(), "b3");
    assert_eq!(run("audit verify").code, 0);
    fs::remove_dir_all(project.join("history")).unwrap();
    assert_eq!(run("get A").text(), "a4");
    assert_eq!(run("get A --version 2").code, 7);
}

#[test]
fn the_library_may_take_no_checkpoints_word_either() {
    let cli = closed(2);
    let library = |whole_history| {
        library::library_with(&cli, Options { whole_history, ..library::options(&cli) })
    };
    let stored = |whole| {
        let value = SecretValue::new(b"new".to_vec());
        library(whole).store("default/B", value, "test")
    };
    assert_eq!(library(true).retrieve("default/A").unwrap().expose(), b"a2");
    hidden(&cli);
    let missing = |error| {
        let found = library::kind(&cli, error);
        assert_eq!(found, (7, "history-missing".to_owned()));
    };
    missing(library(true).retrieve("default/A").unwrap_err());
    missing(stored(true).unwrap_err());
    assert_eq!(library(false).retrieve("default/A").unwrap().expose(), b"a2");
    stored(false).unwrap();
}

type Damage = (&'static str, fn(&Cli));

/// What of a closed history may be lost or damaged, by hand or by a disk.
const DAMAGES: [Damage; 4] = [
    ("the folder", |cli| fs::remove_dir_all(folder(cli)).unwrap()),
    ("a segment", |cli| cut(&files(cli, "log")[0])),
    ("versions", |cli| cut(&files(cli, "versions")[0])),
    ("a file of versions", |cli| fs::remove_file(&files(cli, "versions")[0]).unwrap()),
];

fn cut(file: &Path) {
    let whole = fs::read(file).unwrap();
    // No version is whole in it, of whichever secret comes first.
    fs::write(file, &whole[..40]).unwrap();
}

#[test]
fn a_backup_puts_back_what_is_damaged_with_the_vault_there_or_without() {
    let cli = closed(3);
    cli.ok("backup create ../all.backup");
    let all = || {
        let all = files(&cli, "log").into_iter().chain(files(&cli, "versions"));
        all.map(|file| fs::read(file).unwrap()).collect::<Vec<_>>()
    };
    let whole = all();
    for (what, damage) in DAMAGES {
        for is_there in [true, false] {
            damage(&cli);
            for line in ["audit verify", "secret versions A"] {
                let run = cli.run(line);
                assert!([6, 7].contains(&run.code), "{what}: {run:?}");
                says(&run, "v-secure backup restore FILE");
            }
            if !is_there {
                fs::remove_file(cli.vault()).unwrap();
            }
            let done = cli.run("backup restore ../all.backup");
            assert_eq!(done.code, 0, "{what}: {done:?}");
            let said = String::from_utf8_lossy(&done.out).contains("put back beside it");
            assert_eq!(said, is_there, "{what}");
            assert_eq!(all(), whole, "{what}");
            cli.ok("audit verify");
            assert_eq!(cli.ok("get A --version 1"), "a1", "{what}");
        }
    }
    assert_eq!(cli.json("backup restore ../all.backup")["history_written"], 0);
}

/// It is put aside, as the message says.
#[test]
fn a_vault_whose_later_history_is_lost_is_no_place_for_an_older_backup() {
    let cli = closed(3);
    cli.ok("backup create ../all.backup");
    fill(&cli, 8);
    cli.ok("history close --all --yes");
    fs::remove_dir_all(folder(&cli)).unwrap();
    let refused = cli.run("backup restore ../all.backup");
    assert_eq!(refused.code, 7, "{refused:?}");
    says(&refused, "vault.toml.damaged");
    fs::rename(cli.vault(), cli.vault().with_extension("toml.damaged")).unwrap();
    cli.ok("backup restore ../all.backup");
    cli.ok("audit verify");
}
