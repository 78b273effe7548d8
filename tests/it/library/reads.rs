//! Reads by the library, where they are written down, and in conflicts.

use super::*;

#[test]
fn an_unknown_vault_and_a_damaged_one_are_refused_alike() {
    let cli = Cli::with_vault();
    cli.set("A", "one");
    let stranger = |first_use| {
        let options = Options { state: None, first_use, ..options(&cli) };
        library_with(&cli, options)
    };
    let unknown = stranger(FirstUse::Refuse).retrieve("default/A");
    assert!(matches!(unknown, Err(Error::Pin(_))), "{unknown:?}");
    fs::rename(state(&cli), state(&cli).with_extension("away")).unwrap();
    assert_eq!(cli.fails("get A").1, "first-use");
    fs::rename(state(&cli).with_extension("away"), state(&cli)).unwrap();
    let text = fs::read_to_string(cli.vault()).unwrap();
    let (start, end) = text.split_once("ciphertext").unwrap();
    let at = end.find(['A', 'B']).unwrap();
    let other = if end[at..].starts_with('A') { "B" } else { "A" };
    fs::write(cli.vault(), format!("{start}ciphertext{}{other}{}", &end[..at], &end[at + 1..]))
        .unwrap();
    let said = cli.fails("get A");
    assert_eq!(kind(&cli, library(&cli).retrieve("default/A").unwrap_err()), said);
}

#[test]
fn a_read_is_in_the_journal_and_where_it_must_be_and_cannot_no_value_is_given() {
    let cli = Cli::with_vault();
    cli.set("A", "one");
    library(&cli).retrieve("default/A").unwrap();
    let rows = cli.json("audit log --reads");
    assert_eq!((&rows[0]["action"], &rows[0]["actor"]), (&"get".into(), &"ada".into()));
    cli.ok("settings set reads required");
    let memory = Options { state: None, first_use: FirstUse::Accept, ..options(&cli) };
    let blind = Vault::open(memory, &identity(&cli)).unwrap();
    assert_eq!(kind(&cli, blind.retrieve("default/A").unwrap_err()), (4, "journal".to_owned()));
    fs::remove_dir_all(state(&cli).join("reads")).unwrap();
    fs::write(state(&cli).join("reads"), "no folder").unwrap();
    alike(&cli, "get A", "journal", library(&cli).retrieve("default/A"));
    cli.ok("settings set reads off");
    assert_eq!(blind.retrieve("default/A").unwrap().expose(), b"one");
}

#[cfg(target_os = "linux")]
#[test]
fn a_pin_that_cannot_be_recorded_is_remarked_and_no_failure() {
    let cli = Cli::with_vault();
    cli.set("A", "one");
    // Where nobody can make a folder, root neither.
    let nowhere = "/proc/none";
    let mut command = cli.command("--trust-first-use get A");
    let run = finish(command.env("XDG_STATE_HOME", nowhere), b"");
    assert!(run.text() == "one" && run.shows("could not record"), "{run:?}");
    let state = Some(PathBuf::from(nowhere).join("v-secure"));
    let options = Options { state, first_use: FirstUse::Accept, ..options(&cli) };
    let vault = library_with(&cli, options);
    assert_eq!(vault.retrieve("default/A").unwrap().expose(), b"one");
    let notices = vault.take_notices();
    assert!(matches!(notices[..], [Notice::Unrecorded(_)]), "{notices:?}");
    vault.store("default/A", SecretValue::new(b"two".to_vec()), "").unwrap();
    assert_eq!(vault.retrieve("default/A").unwrap().expose(), b"two");
}

#[test]
fn of_a_conflict_both_give_the_later_version_and_say_so() {
    let cli = Cli::with_vault();
    cli.set("A", "one");
    let other = cli.project().join("other.toml");
    let start = fs::read(cli.vault()).unwrap();
    cli.set("A", "two");
    fs::copy(cli.vault(), &other).unwrap();
    fs::write(cli.vault(), start).unwrap();
    cli.set("A", "three");
    branches::unite(&cli.vault(), &other);
    let run = cli.run("get A");
    assert!(run.shows("several active versions"), "{run:?}");
    let vault = library(&cli);
    assert_eq!(vault.retrieve("default/A").unwrap().expose(), run.out);
    let notices = vault.take_notices();
    assert!(matches!(notices[..], [Notice::Conflict(_)]), "{notices:?}");
    let strict = library_with(&cli, Options { strict: true, ..options(&cli) });
    alike(&cli, "get A --strict", "conflict", strict.retrieve("default/A"));
}

#[test]
fn threads_share_one_vault_and_lose_nothing() {
    let cli = Cli::with_vault();
    let vault = library(&cli);
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let vault = &vault;
            scope.spawn(move || {
                let name = format!("prod/OF_{writer}");
                let value = SecretValue::from(format!("value {writer}"));
                vault.store(&name, value, "").unwrap();
                assert_eq!(
                    vault.retrieve(&name).unwrap().expose(),
                    format!("value {writer}").as_bytes()
                );
            });
        }
    });
    assert_eq!(cli.ok("ls -e prod").lines().filter(|line| line.contains("OF_")).count(), 4);
}
