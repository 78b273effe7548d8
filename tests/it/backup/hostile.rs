//! Backups that somebody else made, or that say nothing of who did.

use super::*;

/// A backup with any plaintext, that the owner opens.
fn hostile(owner: &Person, plain: &[u8]) -> Done {
    let file = owner.home().join("hostile.age");
    let recipient = own_keys(owner)[0].recipient();
    fs::write(&file, envelope::encrypt(&[recipient], plain).unwrap()).unwrap();
    owner.run(&format!("backup restore {} --json", file.display()))
}

#[test]
fn hostile_backups_are_refused_and_nothing_is_written() {
    let owner = owner();
    let file = backup(&owner, "");
    let own = own_keys(&owner);
    let plain = envelope::decrypt(&own, &fs::read(&file).unwrap(), 1 << 20).unwrap();
    let plain = plain.expose_str().unwrap().to_owned();
    fs::remove_dir_all(owner.checkout().join(".v-secure")).unwrap();
    let pin = plain.lines().find(|line| line.starts_with("pin ")).unwrap();
    let created = plain.lines().find(|line| line.starts_with("created ")).unwrap();
    let longer = |line: &str| plain.replacen(line, &format!("{line}9"), 1);
    for (what, bytes) in [
        ("empty", String::new()),
        ("another file", "hello\n".into()),
        ("a newer form", plain.replacen("backup 2", "backup 3", 1)),
        ("the form that nobody signed", plain.replacen("backup 2", "backup 1", 1)),
        ("cut", plain[..plain.len() / 2].into()),
        ("longer", format!("{plain}x")),
        ("a length beyond all", longer("part vault.toml ")),
        ("another pin", plain.replacen(pin, &pin.replacen(".1.", ".0.", 1), 1)),
    ] {
        assert_ne!(bytes, plain, "{what}");
        let found = hostile(&owner, bytes.as_bytes()).error();
        assert_eq!(found, (6, "backup-damaged".into()), "{what}");
    }
    for (what, from, to) in [
        ("another time", created, "created 2030-01-01T00:00:00Z"),
        ("another device", "by owner/owner-laptop ", "by owner/phone "),
        ("another member", "by owner/owner-laptop ", "by olga/owner-laptop "),
        ("an identity put in", "end backup", "part identity.txt 4\nkey\nend part\nend backup"),
    ] {
        let bytes = plain.replacen(from, to, 1);
        assert_ne!(bytes, plain, "{what}");
        let found = hostile(&owner, bytes.as_bytes());
        assert_eq!(found.error(), (6, "backup-signature".into()), "{what}");
    }
    let forged = plain.replacen("set a value", "SET A VALUE", 1);
    assert_ne!(forged, plain);
    assert_eq!(hostile(&owner, forged.as_bytes()).code, 6);
    assert!(!owner.checkout().join(".v-secure").exists());
}

/// A backup of a vault that somebody else made under the same name, who is an owner of it with `victim`.
fn forged(victim: &Person) -> (Person, String) {
    let mallory = owner();
    let own = victim.run("identity show --json").json()["identities"][0]["recipient"].clone();
    let own = own.as_str().unwrap();
    mallory.run(&format!("member add victim --recipient {own} --role owner --yes")).ok();
    let file = backup(&mallory, &format!("--recipient {own}"));
    (mallory, file)
}

/// Which vaults a device has accepted.
fn pins(person: &Person) -> Vec<String> {
    let folder = person.home().join(".local/state/v-secure/pins");
    let names = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_forged_vault_of_the_same_name_is_a_first_use_on_a_device_that_knows_the_real_one() {
    let owner = owner();
    let (mallory, file) = forged(&owner);
    let elsewhere = owner.home().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let line = format!("--json --vault {} backup restore {file}", elsewhere.display());
    let before = pins(&owner);
    for options in ["", "-q ", "--no-input ", "-q --no-input "] {
        let run = owner.run(&format!("{options}{line}"));
        assert_eq!(run.error(), (1, "first-use".into()), "{options}");
    }
    let wrong = owner.run("pin show --json").json()["pin"].as_str().unwrap().to_owned();
    let right = mallory.run("pin show --json").json()["pin"].as_str().unwrap().to_owned();
    let with_pin = |pin: &str| -> Done {
        let arguments: Vec<&str> = line.split(' ').collect();
        owner.command(&arguments).env("V_SECURE_PIN", pin).output().unwrap().into()
    };
    assert_eq!(with_pin(&wrong).error(), (6, "pin-carried".into()));
    assert_eq!((fs::read_dir(&elsewhere).unwrap().count(), pins(&owner)), (0, before));
    // A person says that this is the right one by its pin.
    assert_eq!(with_pin(&right).json()["changed"], true);

    fs::remove_dir_all(owner.checkout().join(".v-secure")).unwrap();
    for options in ["", "--trust-first-use "] {
        let run = owner.run(&format!("{options}--json backup restore {file}"));
        assert_eq!(run.error(), (6, "pin-other-vault".into()), "{options}");
        assert!(run.err.contains("pin accept"), "{}", run.err);
    }
}

#[test]
fn a_known_vault_in_another_project_is_asked_about_from_a_backup_too() {
    let owner = owner();
    let file = backup(&owner, "");
    let elsewhere = owner.home().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let own = owner.home().join("own");
    fs::create_dir(&own).unwrap();
    let line = format!("--json --vault {} backup restore {file}", own.display());
    owner.run(&line).ok();
    if !has("git") {
        return;
    }
    for git in ["init --quiet", "commit --quiet --allow-empty -m other"] {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=t", "-c", "user.email=t@example.org"]);
        assert!(command.args(git.split(' ')).current_dir(&elsewhere).status().unwrap().success());
    }
    let line = format!("--json --vault {} backup restore {file}", elsewhere.display());
    let run = owner.run(&line);
    assert_eq!(run.error(), (1, "first-use".into()));
    assert!(run.err.contains("is known on this device"), "{}", run.err);
    owner.run(&format!("--trust-first-use {line}")).ok();
    let again = owner.run(&line).json();
    assert_eq!(again["changed"], false);
}

#[test]
fn on_a_terminal_it_is_a_question_that_says_who_made_it_and_no_is_the_default() {
    let owner = owner();
    let (_mallory, file) = forged(&owner);
    let elsewhere = owner.home().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let line = format!("-q --vault {} backup restore {file}", elsewhere.display());
    let arguments: Vec<&str> = line.split(' ').collect();
    let asked = |answer: &str| {
        let mut session = terminal(owner.command(&arguments));
        let told = session.expect("expect here?").unwrap();
        let told = String::from_utf8_lossy(told.before()).into_owned();
        assert!(told.contains("owner/owner-laptop, as") && told.contains("fingerprint"), "{told}");
        session.send(format!("{answer}\r")).unwrap();
        rest(&mut session)
    };
    let said = asked("");
    assert!(said.contains("was not accepted: nothing was read or changed"), "{said}");
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    asked("y");
    assert!(elsewhere.join(".v-secure/vault.toml").exists());
}

#[test]
fn what_nobody_signed_is_asked_about_even_where_the_vault_is_known() {
    let owner = owner();
    let file = backup(&owner, "--unsigned");
    fs::remove_file(owner.vault()).unwrap();
    for options in ["", "-q ", "--no-input "] {
        let run = owner.run(&format!("{options}--json backup restore {file}"));
        assert_eq!(run.error(), (1, "first-use".into()), "{options}");
        assert!(run.err.contains("nobody signed"), "{}", run.err);
    }
    assert!(!owner.vault().exists());
    let report = owner.run(&format!("--trust-first-use --json backup restore {file}")).json();
    assert_eq!((&report["member"], &report["changed"]), (&serde_json::Value::Null, &true.into()));
}

#[test]
fn who_cannot_sign_is_told_so_and_makes_one_that_says_nobody_did() {
    let owner = owner();
    let auditor = Person::new("auditor");
    let made = auditor.run("identity new --json").json();
    let recipient = made["recipient"].as_str().unwrap();
    owner.run(&format!("member add auditor --recipient {recipient} --role owner --yes")).ok();
    auditor.pull(&owner);
    auditor.accept_as(&owner);
    let run = auditor.run("backup create b.age --json");
    assert_eq!(run.error(), (4, "no-signing-key".into()));
    assert!(run.err.contains("--unsigned") && !auditor.checkout().join("b.age").exists());
    let report = auditor.run("backup create b.age --unsigned --json").json();
    assert!(report["member"].is_null() && report["device"].is_null());
    // Without any identity nobody signs either.
    fs::remove_file(identity_file(&auditor)).unwrap();
    let run = auditor.run("backup create c.age --json");
    assert!(run.code == 3 && run.err.contains("--unsigned"), "{}", run.err);
    auditor.run("backup create c.age --unsigned").ok();
}

#[test]
fn a_signature_of_another_vaults_owner_of_the_same_name_is_refused() {
    let owner = owner();
    let file = backup(&owner, "");
    let plain = envelope::decrypt(&own_keys(&owner), &fs::read(&file).unwrap(), 1 << 20).unwrap();
    let plain = plain.expose_str().unwrap().to_owned();
    let (other, _) = forged(&owner);
    let theirs =
        envelope::decrypt(&own_keys(&other), &fs::read(backup(&other, "")).unwrap(), 1 << 20);
    let theirs = theirs.unwrap().expose_str().unwrap().to_owned();
    let by = |text: &str| -> Vec<String> {
        let wanted = |line: &&str| line.starts_with("by ") || line.starts_with("signature ");
        text.lines().filter(wanted).map(str::to_owned).collect()
    };
    let mut mixed = plain.clone();
    for (own, foreign) in by(&plain).iter().zip(by(&theirs)) {
        mixed = mixed.replacen(own, &foreign, 1);
    }
    let run = hostile(&owner, mixed.as_bytes());
    assert_eq!(run.error(), (6, "backup-signature".into()));
    assert!(run.err.contains("whose key the vault in it does not have"), "{}", run.err);
}

#[test]
fn what_is_no_age_file_is_refused() {
    let owner = owner();
    let junk = owner.home().join("junk.age");
    fs::write(&junk, "junk").unwrap();
    let line = format!("backup restore {} --json", junk.display());
    assert_eq!(owner.run(&line).error(), (6, "backup-damaged".into()));
    fs::File::create(&junk).unwrap().set_len(1 << 40).unwrap();
    assert_eq!(owner.run(&line).error(), (1, "file".into()));
    assert_eq!(owner.run("backup restore none.age --json").error(), (5, "file".into()));
}

#[test]
fn a_backup_without_the_closed_history_is_not_enough_where_no_checkpoint_is_believed() {
    let owner = owner();
    owner.set("A", "second");
    owner.run("history close --all --yes").ok();
    let file = backup(&owner, "");
    let plain = envelope::decrypt(&own_keys(&owner), &fs::read(&file).unwrap(), 1 << 20).unwrap();
    let plain = plain.expose_str().unwrap();
    let (vault, history) = plain.split_once("\npart history/").unwrap();
    assert!(history.ends_with("end part\nend backup\n"), "{history}");
    fs::remove_dir_all(owner.checkout().join(".v-secure")).unwrap();
    let alone = format!("{vault}\nend backup\n");
    assert_eq!(hostile(&owner, alone.as_bytes()).error(), (6, "backup-signature".into()));
    let by = alone.lines().find(|line| line.starts_with("by ")).unwrap();
    let signature = alone.lines().find(|line| line.starts_with("signature ")).unwrap();
    let unsigned = alone.replacen(&format!("{by}\n{signature}\n"), "unsigned\n", 1);
    let path = owner.home().join("alone.age");
    let own = [own_keys(&owner)[0].recipient()];
    fs::write(&path, envelope::encrypt(&own, unsigned.as_bytes()).unwrap()).unwrap();
    let restored = |history: &str| {
        let arguments =
            ["--trust-first-use", "backup", "restore", path.to_str().unwrap(), "--json"];
        let mut command = owner.command(&arguments);
        Done::from(command.env("V_SECURE_HISTORY", history).output().unwrap())
    };
    assert_eq!(restored("full").error(), (7, "history-missing".into()));
    assert!(!owner.checkout().join(".v-secure").exists());
    restored("").ok();
    assert_eq!(owner.run("get A").ok(), "second");
}

/// Whoever may push can put anything into the folder of the history, and has no say in whether backups are good.
#[test]
fn nothing_foreign_beside_the_vault_goes_into_a_backup() {
    let owner = owner();
    owner.set("A", "second");
    owner.run("history close --all --yes").ok();
    let folder = owner.checkout().join(".v-secure/history");
    let clean = backup(&owner, "");
    let length = |file: &str| {
        let plain = envelope::decrypt(&own_keys(&owner), &fs::read(file).unwrap(), 1 << 20);
        plain.unwrap().len()
    };
    let whole = length(&clean);
    fs::remove_file(clean).unwrap();
    let versions = fs::read_dir(&folder).unwrap().map(|found| found.unwrap().path());
    let versions =
        versions.into_iter().find(|path| path.extension().is_some_and(|end| end == "versions"));
    let mut more = fs::read(versions.as_ref().unwrap()).unwrap();
    more.extend_from_slice(b"no end of a line");
    fs::write(versions.unwrap(), more).unwrap();
    let names = ["notes.log".to_owned(), "x.versions".into(), format!("{}.log", "0a".repeat(32))];
    names.iter().for_each(|name| fs::write(folder.join(name), "foreign").unwrap());
    let file = backup(&owner, "");
    assert_eq!(length(&file), whole);
    fs::remove_dir_all(owner.checkout().join(".v-secure")).unwrap();
    owner.run(&format!("backup restore {file}")).ok();
    owner.run("audit verify").ok();
    assert_eq!(owner.run("get A --version 1").ok(), "first");
}
