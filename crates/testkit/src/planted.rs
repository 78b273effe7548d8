//! A vault that somebody else pushed: of the same name as the victim's, with her as its owner.

use crate::person::{Done, Person, copy};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use v_secure::host::real::RealHost;
use v_secure_core::crypto::identity::recipient_text::RecipientText;
use v_secure_core::file::format;
use v_secure_core::name::Name;
use v_secure_core::people::init::{Extras, InitRequest, init_with};
use v_secure_core::time::UnixTime;

pub const IDENTITY: &str = ".config/v-secure/identity.txt";
pub const SUB: &str = "app";

/// Runs a command in a folder of the person's checkout.
pub fn run_in(person: &Person, folder: &str, line: &str) -> Done {
    let arguments: Vec<&str> = line.split_whitespace().collect();
    let mut command = person.command(&arguments);
    command.current_dir(person.checkout().join(folder)).env("EDITOR", "true");
    command.output().unwrap().into()
}

pub fn git(folder: &Path, line: &str) {
    let mut command = Command::new("git");
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", "/nonexistent");
    command.args(["-c", "user.name=t", "-c", "user.email=t@example.org"]);
    command.args(["-c", "protocol.file.allow=always"]);
    let output = command.current_dir(folder).args(line.split(' ')).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

pub fn recipient(person: &Person) -> String {
    let text = fs::read_to_string(person.home().join(IDENTITY)).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    line.to_owned()
}

/// Her vault, with the production password.
pub fn victim() -> Person {
    let olga = Person::new("olga");
    git(&olga.checkout(), "init --quiet -b main");
    olga.run("init --vault-name shop").ok();
    olga.set("prod/DB", "genuine");
    olga
}

/// A vault of the same name that makes the victim an owner, by a signing key that the attacker made
/// and sealed to her public recipient, with the attacker as its recovery identity.
pub fn bait(victim: &Person) -> Person {
    let mallory = Person::new("mallory");
    mallory.run("identity new").ok();
    let own = RecipientText::new(recipient(&mallory));
    let request = InitRequest {
        name: Name::new("shop").unwrap(),
        member: Name::new("olga").unwrap(),
        device: Name::new("laptop").unwrap(),
        recipient: RecipientText::new(recipient(victim)),
        now: UnixTime::from_secs(1_790_000_000),
    };
    let extras = Extras { recovery: Some(&own), slot: None, kdf: None };
    let file = init_with(&request, extras, &RealHost).unwrap();
    fs::create_dir(mallory.checkout().join(".v-secure")).unwrap();
    fs::write(mallory.vault(), format::write(&file)).unwrap();
    mallory.feed("--trust-first-use set prod/DB", "planted").ok();
    mallory
}

pub fn place(mallory: &Person, olga: &Person, folder: &str) -> PathBuf {
    let project = olga.checkout().join(folder);
    copy(&mallory.vault(), &project);
    project.join(".v-secure/vault.toml")
}
