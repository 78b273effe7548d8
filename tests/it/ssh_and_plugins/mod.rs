//! Identities that are no age keys of ours: SSH keys, keys that a plugin holds, and what a command
//! prints.

#![cfg(unix)]

mod programs;

use expectrl::{Eof, Expect};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use v_secure_testkit::executable;
use v_secure_testkit::person;
use v_secure_testkit::person::Person;
use v_secure_testkit::terminal::terminal;
use v_secure_testkit::tools::has;

const RECIPIENT: &str = "age1scripted1qqqqqqqqqqqqqqqqhxemgs";
const IDENTITY: &str = "AGE-PLUGIN-SCRIPTED-1QQQQQQQQQQQQQQQQJRCL6V";
const PASSPHRASE: &str = "correct horse";

/// Makes an SSH key in `~/.ssh`; returns its public half without the comment.
fn ssh_key(person: &Person, passphrase: &str) -> String {
    let folder = person.home().join(".ssh");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("id_ed25519");
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-t", "ed25519", "-C", "me@laptop", "-N", passphrase, "-f"]).arg(&file);
    assert!(keygen.status().unwrap().success());
    let public = fs::read_to_string(file.with_extension("pub")).unwrap();
    public.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

/// A person whose vault is owned by an SSH key.
fn ssh_owner(passphrase: &str) -> (Person, String) {
    let owner = Person::new("owner");
    let public = ssh_key(&owner, passphrase);
    let file = owner.home().join(".ssh/id_ed25519");
    let mut init = owner.command(&["init", "--vault-name", "shop", "--member", "owner"]);
    assert!(init.arg("--identity").arg(file).status().unwrap().success());
    (owner, public)
}

#[test]
fn an_ssh_key_owns_a_vault_and_is_found_in_its_usual_place() {
    if !has("ssh-keygen") {
        return;
    }
    let (owner, public) = ssh_owner("");
    owner.set("A", "hunter2");
    assert_eq!(owner.run("get A").ok(), "hunter2");
    let status = owner.run("--json").json();
    assert!(status["unlocked_by"].as_str().unwrap().ends_with(".ssh/id_ed25519"), "{status}");
    let file = owner.home().join(".ssh/id_ed25519");
    let key = fs::read_to_string(&file).unwrap();
    for end in [" \r\n", "\t\n"] {
        fs::write(&file, format!("\u{feff}{}", key.replace('\n', end))).unwrap();
        assert_eq!(owner.run("get A").ok(), "hunter2", "pasted with {end:?}");
    }
    let member = owner.run("member show owner --json").json();
    assert!(member.to_string().contains(&public), "{member}");
    fs::remove_file(owner.home().join(".ssh/id_ed25519")).unwrap();
    assert_eq!(owner.run("get A --json").error(), (3, "locked".to_owned()));
}

#[test]
fn a_reader_by_ssh_recipient_reads_with_the_comment_or_without() {
    if !has("ssh-keygen") {
        return;
    }
    let (owner, reader) = (Person::new("owner"), Person::new("reader"));
    owner.run("init --vault-name shop --member owner").ok();
    owner.set("prod/A", "hunter2");
    let public = format!("{} me@laptop", ssh_key(&reader, ""));
    let add = ["member", "add", "reader", "--recipient", &public, "--read", "prod/*", "--yes"];
    let added: person::Done = owner.command(&add).output().unwrap().into();
    added.ok();
    assert!(!fs::read_to_string(owner.vault()).unwrap().contains("me@laptop"));
    reader.pull(&owner);
    assert_eq!(reader.run("--trust-first-use get prod/A").ok(), "hunter2");
    assert_eq!(reader.feed("set prod/A --json", "x").code, 4, "it has no key to sign with");
}

#[test]
fn stock_age_opens_an_envelope_with_the_ssh_key() {
    if !has("ssh-keygen") || !has("age") {
        return;
    }
    let (owner, _) = ssh_owner("");
    let text = fs::read_to_string(owner.vault()).unwrap();
    let begin = text.find("-----BEGIN AGE ENCRYPTED FILE-----").unwrap();
    let end = text[begin..].find("-----END AGE ENCRYPTED FILE-----").unwrap() + begin + 32;
    let file = owner.home().join("envelope.age");
    fs::write(&file, format!("{}\n", &text[begin..end])).unwrap();
    let key = owner.home().join(".ssh/id_ed25519");
    let opened = Command::new("age").args(["-d", "-i"]).arg(key).arg(&file).output().unwrap();
    assert!(opened.stdout.starts_with(b"v-secure-envelope 1\n"), "{opened:?}");
}

#[test]
fn a_passphrase_is_asked_for_on_a_terminal_alone() {
    if !has("ssh-keygen") {
        return;
    }
    let (owner, _) = ssh_owner("");
    owner.set("A", "hunter2");
    let file = owner.home().join(".ssh/id_ed25519");
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-p", "-P", "", "-N", PASSPHRASE, "-f"]).arg(&file);
    assert!(keygen.status().unwrap().success());

    let refused = owner.run("get A");
    assert_eq!(refused.code, 3);
    assert!(refused.err.contains("no terminal to ask for it"), "{}", refused.err);

    let mut session = terminal(owner.command(&["get", "A"]));
    session.expect("Passphrase of").unwrap();
    session.send_line("wrong").unwrap();
    session.expect("the passphrase is not the SSH key's").unwrap();
    session.expect("Passphrase of").unwrap();
    session.send_line(PASSPHRASE).unwrap();
    session.expect("hunter2").unwrap();

    let mut session = terminal(owner.command(&["--no-input", "get", "A"]));
    session.expect("no terminal").unwrap();
}

#[test]
fn a_passphrase_that_is_given_opens_an_ssh_key() {
    if !has("ssh-keygen") {
        return;
    }
    let (owner, _) = ssh_owner(PASSPHRASE);
    let with = |arguments: &[&str], variable: &str, value: &str| -> person::Done {
        owner.command(arguments).env(variable, value).output().unwrap().into()
    };
    let set = owner.feed_with("set A", "hunter2", &[("V_SECURE_PASSPHRASE", PASSPHRASE)]);
    set.ok();
    assert_eq!(with(&["get", "A"], "V_SECURE_PASSPHRASE", PASSPHRASE).ok(), "hunter2");
    let file = owner.home().join("passphrase");
    fs::write(&file, format!("{PASSPHRASE}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let path = file.display().to_string();
    assert_eq!(with(&["get", "A"], "V_SECURE_PASSPHRASE_FILE", &path).ok(), "hunter2");
    let key = owner.home().join(".ssh/id_ed25519").display().to_string();
    for arguments in [
        &["--passphrase-fd", "0", "--identity", &key, "get", "A"][..],
        &["--passphrase-fd", "0", "--no-input", "--identity", &key, "exec", "--", "printenv", "A"],
    ] {
        let mut command = owner.command(arguments);
        let output = command.stdin(fs::File::open(&file).unwrap()).output().unwrap();
        assert_eq!(person::Done::from(output).ok().trim(), "hunter2");
    }
    let wrong = with(&["--identity", &key, "--json", "get", "A"], "V_SECURE_PASSPHRASE", "wrong");
    assert_eq!(wrong.error(), (3, "ssh-passphrase".to_owned()));
    assert!(
        !wrong.err.contains("wrong\"") && wrong.err.contains("V_SECURE_PASSPHRASE"),
        "{wrong:?}"
    );
    let wrong = with(&["--json", "get", "A"], "V_SECURE_PASSPHRASE", "wrong");
    assert_eq!(wrong.error(), (3, "locked".to_owned()));
    let none = owner.run("--identity /nowhere --json get A");
    assert_eq!(none.code, 3, "{none:?}");
}

#[test]
fn a_key_that_is_no_members_is_not_asked_about() {
    if !has("ssh-keygen") {
        return;
    }
    let (owner, _) = ssh_owner("");
    let stranger = Person::new("stranger");
    ssh_key(&stranger, PASSPHRASE);
    stranger.pull(&owner);
    let mut session = terminal(stranger.command(&["--trust-first-use", "get", "A"]));
    let shown = session.expect(Eof).unwrap();
    let shown = String::from_utf8_lossy(shown.as_bytes()).into_owned();
    assert!(!shown.contains("Passphrase") && shown.contains("belongs to no member"), "{shown}");
}

#[test]
fn other_private_keys_are_refused_with_the_reason() {
    if !has("ssh-keygen") {
        return;
    }
    let (owner, _) = ssh_owner("");
    for (kind, why) in [("rsa", "feature ssh-rsa"), ("ecdsa", "of a kind that age cannot use")] {
        let file = owner.home().join(kind);
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-t", kind, "-N", "", "-f"]).arg(&file);
        assert!(keygen.status().unwrap().success());
        let run = owner.run(&format!("--identity {} get A", file.display()));
        assert!(run.code == 3 && run.err.contains(why), "{kind}: {}", run.err);
    }
    let file = owner.home().join("rsa.pub");
    let public = fs::read_to_string(file).unwrap();
    let add = ["member", "add", "reader", "--recipient", public.trim(), "--read", "a/*", "--json"];
    let refused: person::Done = owner.command(&add).output().unwrap().into();
    assert_eq!(refused.error(), (2, "recipient".to_owned()));
    assert!(refused.err.contains("RUSTSEC-2023-0071"), "{}", refused.err);
}
