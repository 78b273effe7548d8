//! `v-secure diff --reveal`: values of the vault here alone, to who may read them, and each read written down.

use super::repository;
use std::fs;
use v_secure_testkit::cli::{Cli, failure, finish};
use v_secure_testkit::person::{Person, copy};
use v_secure_testkit::repository::FILE;
use v_secure_testkit::tools;

const OLD: &str = "old-value-7319";
const NEW: &str = "new-value-7319";

/// A vault with a value of its own, and an earlier state of it in a file.
fn two_states() -> Cli {
    let cli = Cli::with_vault();
    cli.set("prod/A", OLD);
    fs::copy(cli.vault(), cli.project().join("old.toml")).unwrap();
    cli.set("prod/A", NEW);
    cli
}

#[test]
fn values_are_shown_where_they_are_asked_for_and_written_down() {
    let cli = two_states();
    for line in ["diff ./old.toml", "diff ./old.toml --json"] {
        let run = cli.run(line);
        assert!(run.code == 0 && !run.shows(OLD) && !run.shows(NEW), "{run:?}");
    }
    assert_eq!(cli.json("audit log --reads").as_array().unwrap().len(), 0);
    let mut command = cli.command("diff ./old.toml --reveal --reason");
    let run = finish(command.arg("looking into it"), b"");
    assert!(run.code == 0 && run.shows(OLD) && run.shows(NEW), "{run:?}");
    let reads = cli.json("audit log --reads");
    let read = &reads.as_array().unwrap()[0];
    assert_eq!((&read["action"], &read["environment"]), (&"diff".into(), &"prod".into()));
    assert_eq!(
        (&read["secrets"][0], &read["reason"]),
        (&"prod/A".into(), &"looking into it".into())
    );
    let report = cli.json("diff ./old.toml --reveal");
    let row = &report["changes"][0];
    assert_eq!((&row["old"]["value"], &row["new"]["value"]), (&OLD.into(), &NEW.into()));
    // The other way round, and of a secret that is gone.
    cli.ok("rm prod/A --yes");
    let report = cli.json("diff ./old.toml --reveal");
    assert_eq!(report["changes"][0]["change"], "removed");
    assert_eq!(report["changes"][0]["old"]["value"], OLD);
    // Nothing that changed has a value: nothing is read.
    let before = cli.json("audit log --reads").as_array().unwrap().len();
    cli.ok("diff ./.v-secure/vault.toml --reveal");
    assert_eq!(cli.json("audit log --reads").as_array().unwrap().len(), before);
}

#[test]
fn what_get_refuses_is_refused() {
    let cli = two_states();
    // Nobody is there to unlock.
    let mut locked = cli.command("diff ./old.toml --reveal --json");
    locked.env("XDG_CONFIG_HOME", cli.project().join("nobody"));
    assert_eq!(failure(&finish(&mut locked, b"")).0, 3);
    // Reads must be recorded, and cannot be.
    cli.ok("settings set reads required");
    let state = cli.project().parent().unwrap().join("home/state/v-secure/reads");
    fs::remove_dir_all(&state).ok();
    fs::write(&state, "no folder").unwrap();
    let run = cli.run("diff ./old.toml --reveal --json");
    assert_eq!(failure(&run), (4, "journal".into()));
    assert!(!run.shows(OLD) && !run.shows(NEW));
    assert_eq!(cli.fails("get prod/A"), (4, "journal".into()));
    fs::remove_file(&state).unwrap();
    let mut control = cli.command("diff ./old.toml --reveal --json --reason");
    assert_eq!(failure(&finish(control.arg("a\u{1b}b"), b"")), (2, "bad-reason".into()));
    // A value that has expired, and the one before it.
    cli.ok("secret expire prod/A --at 2001-01-31");
    assert_eq!(cli.fails("get prod/A"), (8, "expired".into()));
    let run = cli.run("diff ./old.toml --reveal");
    assert!(
        run.code == 0 && run.shows("(expired)") && run.shows(OLD) && !run.shows(NEW),
        "{run:?}"
    );
    cli.ok("secret expire prod/A --version 1 --at 2001-01-31");
    assert_eq!(cli.fails("diff ./old.toml --reveal"), (8, "expired".into()));
}

#[test]
fn who_may_read_some_sees_these_and_who_may_read_none_is_refused() {
    let (admin, reader) = (Person::new("admin"), Person::new("reader"));
    admin.run("init --vault-name shop --member admin").ok();
    admin.set("prod/A", OLD);
    admin.set("dev/B", OLD);
    admin.run("role create dev").ok();
    admin.run("access grant dev dev/* read").ok();
    reader.pull(&admin);
    let request = reader.run("member request --json").json();
    let request = request["request"].as_str().unwrap().to_owned();
    admin.feed("member add reader --request - --role dev --yes", &request).ok();
    fs::copy(admin.vault(), admin.checkout().join("old.toml")).unwrap();
    admin.set("prod/A", NEW);
    fs::copy(admin.vault(), admin.checkout().join("prod.toml")).unwrap();
    admin.set("dev/B", NEW);
    reader.pull(&admin);
    reader.accept_as(&admin);
    for file in ["old.toml", "prod.toml"] {
        fs::copy(admin.checkout().join(file), reader.checkout().join(file)).unwrap();
    }
    let some = reader.run("diff ./old.toml --reveal");
    assert!(some.code == 0 && some.out.contains("(not permitted)"), "{some:?}");
    let row = |text: &str| some.out.lines().find(|line| line.contains(text)).unwrap().to_owned();
    assert!(row("dev/B").contains(NEW) && row("dev/B").contains(OLD));
    assert!(!row("prod/A").contains(NEW) && !row("prod/A").contains(OLD));
    let report = reader.run("diff ./old.toml --reveal --json").json();
    let prod = report["changes"].as_array().unwrap().iter().find(|row| row["subject"] == "prod/A");
    assert!(prod.unwrap()["old"].is_null() && prod.unwrap()["new"].is_null());
    let none = reader.run("diff ./old.toml ./prod.toml --reveal --json");
    assert_eq!(none.error(), (4, "not-permitted".into()));
    assert!(!none.out.contains(NEW) && !none.err.contains(NEW));
    // What changed is told without a key.
    assert!(reader.run("diff ./old.toml ./prod.toml").ok().contains("prod/A"));
    // By the rights of now, and not of the state that is compared.
    admin.run("access revoke dev dev/* read").ok();
    copy(&admin.vault(), &reader.checkout());
    let done = reader.run("diff ./old.toml ./prod.toml --reveal --json");
    assert_eq!(done.error().0, 4);
}

#[test]
fn values_are_of_the_vault_here_that_is_judged_as_for_get() {
    let Some(repository) = repository() else { return };
    if !tools::has("git") {
        return;
    }
    let cli = &repository.0;
    cli.set("A", OLD);
    repository.commit("two");
    repository.git(&["checkout", "--quiet", "-b", "side", "HEAD~1"]);
    // Twice, so that this is the later one.
    cli.set("A", "between");
    cli.set("A", NEW);
    repository.commit("side");
    repository.git(&["checkout", "--quiet", "main"]);
    // Of another branch that is not here, nothing is given.
    let run = cli.run("diff HEAD side --reveal");
    assert!(run.code == 0 && run.shows(OLD) && !run.shows(NEW), "{run:?}");
    assert!(run.shows("(not in the vault here)"));
    // Several active values.
    repository.git(&["merge", "--quiet", "--no-edit", "side"]);
    let run = cli.run("diff HEAD~1 --reveal --json");
    assert!(run.code == 0 && run.err.contains("several active versions"), "{run:?}");
    assert_eq!(cli.fails("diff HEAD~1 --reveal --strict"), (7, "conflict".into()));
    assert_eq!(cli.fails("get A --strict"), (7, "conflict".into()));
    // An older state.
    cli.ok("secret resolve A --take 4");
    repository.commit("resolved");
    repository.git(&["checkout", "--quiet", "HEAD~1", "--", FILE]);
    let get = cli.fails("get A --strict");
    assert_eq!(cli.fails("diff HEAD~2 --reveal --strict"), get);
    assert_eq!(get.0, 6);
    // Another vault in its place.
    let other = Cli::with_vault();
    other.set("A", "theirs");
    fs::copy(other.vault(), cli.vault()).unwrap();
    let get = cli.fails("get A");
    assert_eq!(cli.fails("diff HEAD --reveal"), get);
    assert_eq!(get.0, 6);
}
