//! `backup create` and `backup restore`: round trips, also through stock `age`, and what is refused.

#![cfg(unix)]

use expectrl::Expect;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use v_secure_core::crypto::{armor, envelope, identity, passphrase_file};
use v_secure_core::secret_value::SecretValue;
use v_secure_testkit::person::{Done, Person};
use v_secure_testkit::terminal::{rest, terminal};
use v_secure_testkit::tools::has;

const PASSPHRASE: &str = "several random words make this one";
const VARIABLE: &str = "V_SECURE_BACKUP_PASSPHRASE";

fn owner() -> Person {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop --member owner").ok();
    owner.set("A", "first");
    owner
}

fn identity_file(person: &Person) -> PathBuf {
    person.home().join(".config/v-secure/identity.txt")
}

/// A command with the passphrase in its variable.
fn with_passphrase(person: &Person, line: &str) -> Done {
    let arguments: Vec<&str> = line.split(' ').collect();
    person.command(&arguments).env(VARIABLE, PASSPHRASE).output().unwrap().into()
}

/// The path of a backup that `owner` makes, outside of every checkout.
fn backup(owner: &Person, options: &str) -> String {
    let path = owner.home().join("backup.age");
    let _ = fs::remove_file(&path);
    let line = format!("backup create {} {options}", path.display());
    with_passphrase(owner, line.trim()).ok();
    path.to_str().unwrap().to_owned()
}

fn mode(path: impl AsRef<Path>) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_lost_machine_comes_back_from_a_passphrase_alone() {
    let owner = owner();
    let file = backup(&owner, "--with-identity --passphrase");
    assert_eq!(mode(&file), 0o600);
    let sealed = fs::read(&file).unwrap();
    let key = fs::read_to_string(identity_file(&owner)).unwrap();
    let key = key.lines().last().unwrap();
    assert!(!String::from_utf8_lossy(&sealed).contains(key));

    let fresh = Person::new("fresh");
    let line = format!("backup restore {file} --json");
    assert_eq!(with_passphrase(&fresh, &line).error(), (1, "first-use".into()));
    assert!(!identity_file(&fresh).exists() && !fresh.vault().exists());
    let report = with_passphrase(&fresh, &format!("--trust-first-use {line}")).json();
    assert_eq!((&report["changed"], &report["identity_written"]), (&true.into(), &true.into()));
    assert_eq!((&report["member"], &report["device"]), (&"owner".into(), &"owner-laptop".into()));
    assert_eq!(mode(identity_file(&fresh)), 0o600);
    assert_eq!(fs::read(fresh.vault()).unwrap(), fs::read(owner.vault()).unwrap());
    assert_eq!(fresh.run("get A").ok(), "first");
    // Its pin is accepted: a pipe without a terminal reads and writes.
    fresh.set("B", "second");
    fresh.run("audit verify").ok();
}

#[test]
fn the_owners_open_what_names_nobody() {
    let owner = owner();
    let file = backup(&owner, "");
    let before = fs::read(owner.vault()).unwrap();
    fs::remove_file(owner.vault()).unwrap();
    let report = owner.run(&format!("backup restore {file} --json")).json();
    assert_eq!(report["secrets"], 1);
    assert_eq!(fs::read(owner.vault()).unwrap(), before);
    let again = owner.run(&format!("backup restore {file} --json")).json();
    assert_eq!(again["changed"], false);
    let stranger = Person::new("stranger");
    let run = stranger.run(&format!("backup restore {file} --json"));
    assert_eq!(run.error(), (3, "backup-locked".into()));
    assert!(!stranger.vault().exists());
}

#[test]
fn what_is_there_and_newer_is_kept_and_what_is_older_replaced() {
    let owner = owner();
    let old = fs::read(owner.vault()).unwrap();
    let file = backup(&owner, "");
    owner.set("NEWER", "x");
    owner.run("role create dev --grant read:*").ok();
    let newer = fs::read(owner.vault()).unwrap();
    let run = owner.run(&format!("backup restore {file} --json"));
    assert_eq!(run.error(), (7, "backup-older".into()));
    for text in ["1 entry of the policy", "entries of the log", "default/NEWER"] {
        assert!(run.err.contains(text), "{}", run.err);
    }
    assert_eq!(fs::read(owner.vault()).unwrap(), newer);

    let file = backup(&owner, "--passphrase");
    let clone = Person::new("clone");
    fs::create_dir(clone.checkout().join(".v-secure")).unwrap();
    fs::write(clone.vault(), &old).unwrap();
    let line = format!("backup restore {file} --json");
    assert_eq!(with_passphrase(&clone, &line).error(), (1, "first-use".into()));
    assert_eq!(fs::read(clone.vault()).unwrap(), old);
    let report = with_passphrase(&clone, &format!("--trust-first-use {line}")).json();
    assert_eq!(report["changed"], true);
    assert_eq!(fs::read(clone.vault()).unwrap(), newer);
}

#[test]
fn an_older_backup_without_a_vault_is_restored_and_stays_known_as_older() {
    let owner = owner();
    let file = backup(&owner, "");
    owner.set("NEWER", "x");
    fs::remove_file(owner.vault()).unwrap();
    let run = owner.run(&format!("backup restore {file}"));
    assert!(run.code == 0 && run.err.contains("older than what was seen here"), "{run:?}");
    let run = owner.run("get A");
    assert!(
        run.code == 0 && run.err.contains("1 log entry that was seen here before is missing"),
        "{run:?}"
    );
}

#[test]
fn another_vault_is_never_replaced() {
    let (owner, other) = (owner(), owner());
    let file = backup(&owner, "--passphrase");
    let before = fs::read(other.vault()).unwrap();
    let run = with_passphrase(&other, &format!("backup restore {file} --json"));
    assert_eq!(run.error(), (6, "backup-other-vault".into()));
    assert_eq!(fs::read(other.vault()).unwrap(), before);
    // One that stands in the place of the accepted one is told before the backup is read.
    other.pull(&owner);
    let run = other.run("backup restore absent --json");
    assert_eq!(run.error(), (6, "pin-other-vault".into()));
    fs::remove_dir_all(other.checkout().join(".v-secure")).unwrap();
    let run = with_passphrase(&other, &format!("backup restore {file} --json"));
    assert_eq!(run.error(), (6, "pin-other-vault".into()));
    assert!(!other.checkout().join(".v-secure").exists());
}

#[test]
fn a_damaged_vault_is_not_dropped_for_a_backup() {
    let owner = owner();
    let file = backup(&owner, "");
    fs::write(owner.vault(), "format = 1\n").unwrap();
    let run = owner.run(&format!("backup restore {file}"));
    assert!(run.code == 6 && run.err.contains("vault.toml.damaged"), "{run:?}");
    assert_eq!(fs::read(owner.vault()).unwrap(), b"format = 1\n");
}

#[test]
fn an_identity_that_is_there_stays() {
    let (owner, other) = (owner(), owner());
    let file = backup(&owner, "--with-identity --passphrase");
    let key = fs::read(identity_file(&other)).unwrap();
    fs::create_dir(other.checkout().join("../elsewhere")).unwrap();
    let line = format!("--vault ../elsewhere backup restore {file}");
    let run = with_passphrase(&other, &format!("--trust-first-use {line}"));
    assert!(run.code == 0 && run.err.contains("holds another identity and stays"), "{run:?}");
    assert_eq!(fs::read(identity_file(&other)).unwrap(), key);
    with_passphrase(&other, &format!("{line} --identity-out mine.txt")).ok();
    assert_eq!(mode(other.checkout().join("mine.txt")), 0o600);
    let run = other.run("--identity mine.txt --vault ../elsewhere get A");
    assert_eq!(run.ok(), "first");
    let run = with_passphrase(&other, &format!("{line} --identity-out mine.txt --json"));
    assert_eq!(run.error(), (7, "exists".into()));
    let without = backup(&owner, "--passphrase");
    let line =
        format!("--vault ../elsewhere backup restore {without} --identity-out new.txt --json");
    assert_eq!(with_passphrase(&other, &line).error(), (5, "backup-identity".into()));
}

#[test]
fn an_identity_is_written_only_for_somebody_who_is_named() {
    let owner = owner();
    let own = owner.run("identity show --json").json()["identities"][0]["recipient"].clone();
    let own = own.as_str().unwrap();
    for options in ["", &format!(" --recipient {own}")] {
        let run = owner.run(&format!("backup create f.age --with-identity{options} --json"));
        assert_eq!(run.error(), (2, "backup-reader".into()), "{options}");
    }
    let cases = [("--passphrase", 3, "no-passphrase"), ("--recipient age1x", 2, "recipient")];
    for (options, exit, code) in cases {
        let run = owner.run(&format!("backup create f.age {options} --json"));
        assert_eq!(run.error(), (exit, code.into()), "{options}");
    }
    assert!(!owner.checkout().join("f.age").exists());
    fs::write(owner.checkout().join("f.age"), "mine").unwrap();
    assert_eq!(owner.run("backup create f.age --json").error(), (7, "exists".into()));
    assert_eq!(fs::read(owner.checkout().join("f.age")).unwrap(), b"mine");
}

#[test]
fn a_weak_passphrase_is_refused_unless_it_is_wanted() {
    let owner = owner();
    let weak = |line: &str| -> Done {
        let arguments: Vec<&str> = line.split(' ').collect();
        owner.command(&arguments).env(VARIABLE, "hunter2").output().unwrap().into()
    };
    let refused = weak("backup create f.age --passphrase --json");
    assert_eq!(refused.error(), (2, "weak-passphrase".into()));
    assert!(!owner.checkout().join("f.age").exists() && !refused.err.contains("hunter2"));
    let made = weak("backup create f.age --passphrase --allow-weak-passphrase");
    assert!(made.code == 0 && made.err.contains("weak"), "{}", made.err);
    assert_eq!(weak("backup restore f.age").code, 0);
}

#[test]
fn a_file_and_a_descriptor_give_the_passphrase() {
    let owner = owner();
    let script = format!(
        "printf '%s\\n' '{PASSPHRASE}' | \"$0\" backup create f.age --backup-passphrase-fd 0 --armor && \
         exec 5<p && \"$0\" backup restore f.age --backup-passphrase-fd 5 && \
         V_SECURE_BACKUP_PASSPHRASE_FILE=p \"$0\" backup restore f.age"
    );
    fs::write(owner.checkout().join("p"), PASSPHRASE).unwrap();
    let mut command = Command::new("/bin/sh");
    let program = owner.command(&[]);
    command.args(["-c", &script]).arg(program.get_program()).current_dir(owner.checkout());
    command.env_clear().envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = fs::read_to_string(owner.checkout().join("f.age")).unwrap();
    assert!(text.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"));
    let mut wrong = owner.command(&["backup", "restore", "f.age", "--json"]);
    let run: Done = wrong.env(VARIABLE, "another").output().unwrap().into();
    assert_eq!(run.error(), (3, "backup-locked".into()));
}

fn own_keys(owner: &Person) -> Vec<identity::Identity> {
    let text = SecretValue::new(fs::read(identity_file(owner)).unwrap());
    identity::parse_identities(&text).unwrap()
}

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
fn stock_age_opens_a_backup_and_its_parts_can_be_cut_out() {
    if !has("age") {
        return;
    }
    let owner = owner();
    let document = include_str!("../../docs/recovery.md");
    let (_, block) = document.split_once("```sh backup\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let (own, other) = (own_keys(&owner)[0].recipient(), v_secure::generate_identity().recipient);
    let both = format!("--with-identity --recipient {other} --recipient {own}");
    for options in ["", "--armor", &both] {
        let file = backup(&owner, options);
        let place = owner.home().join("elsewhere");
        let _ = fs::remove_dir_all(&place);
        fs::create_dir(&place).unwrap();
        fs::copy(identity_file(&owner), place.join("identity.txt")).unwrap();
        fs::copy(&file, place.join("shop.age")).unwrap();
        let mut shell = Command::new("/bin/sh");
        let output = shell.args(["-ec", block]).current_dir(&place).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let cut = fs::read(place.join("vault.toml")).unwrap();
        assert_eq!(cut, fs::read(owner.vault()).unwrap());
        let key = fs::read_to_string(place.join("restored-identity.txt")).unwrap();
        let kept = fs::read_to_string(identity_file(&owner)).unwrap();
        assert_eq!(key.lines().last(), kept.lines().last().filter(|_| options == both));
    }
}

#[test]
fn what_age_encrypts_anew_is_restored() {
    if !has("age") {
        return;
    }
    let owner = owner();
    let file = backup(&owner, "");
    let script = r#"age -d -i "$0" "$1" | age -a -r "$2" -o anew.age"#;
    let mut shell = Command::new("/bin/sh");
    shell.args(["-ec", script]).arg(identity_file(&owner)).arg(&file);
    shell.arg(own_keys(&owner)[0].recipient());
    assert!(shell.current_dir(owner.home()).status().unwrap().success());
    let report = owner.run(&format!("backup restore {}/anew.age --json", owner.home().display()));
    assert_eq!(report.json()["changed"], false);
}

/// `age` asks for passphrases on a terminal only, so its header is compared and the file read here.
#[test]
fn a_passphrase_backup_has_the_header_of_age() {
    let owner = owner();
    let text = fs::read_to_string(backup(&owner, "--passphrase --armor")).unwrap();
    let binary = armor::dearmor(&text).unwrap();
    assert!(binary.starts_with(b"age-encryption.org/v1\n-> scrypt "));
    let passphrase = SecretValue::from(PASSPHRASE.to_owned());
    let plain = passphrase_file::decrypt(&passphrase, &binary, 1 << 20).unwrap();
    assert!(plain.expose().starts_with(b"v-secure-backup 2\n"));
    assert!(plain.expose().ends_with(b"end part\nend backup\n"));
}
