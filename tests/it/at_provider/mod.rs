//! Rotations at a provider, by the program as a user runs it: the one of `examples/providers` whose accepted values are
//! lines of a file.

#![cfg(unix)]

mod clones;
mod hints;
mod postgres;
mod rights;
mod steps;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use v_secure_testkit::executable;
use v_secure_testkit::person::Person;
use v_secure_testkit::scene;

const FIRST: &str = "first-value-k3Vq70";

/// The program of a provider, and the file of what it accepts.
pub struct Service {
    folder: TempDir,
}

impl Service {
    /// `None`, with a word, where every folder can be written by others.
    pub fn new() -> Option<Self> {
        let service = Self { folder: crate::providers::folder()? };
        let text = fs::read_to_string(scene::repository("examples/providers/static-file.sh"));
        service.replace(&text.unwrap());
        fs::write(service.accepted(), format!("{FIRST}\n")).unwrap();
        Some(service)
    }

    pub fn replace(&self, script: &str) {
        let path = self.program();
        let _ = fs::remove_file(&path);
        executable::script(&path, script);
        set_mode(&path);
    }

    pub fn program(&self) -> PathBuf {
        self.folder.path().join("provider")
    }

    pub fn accepted(&self) -> PathBuf {
        self.folder.path().join("accepted")
    }

    pub fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.accepted()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    pub fn accepts(&self, value: &str) -> bool {
        self.lines().iter().any(|line| line == value)
    }

    /// Lets the vault of an owner be served by it.
    pub fn serve(&self, owner: &Person, patterns: &str) {
        let hash = sha256(&self.program());
        let program = self.program().display().to_string();
        let file = self.accepted().display().to_string();
        for (key, value) in [
            ("serves", patterns),
            ("kind", "command"),
            ("program", &program),
            ("sha256", &hash),
            ("endpoint", &file),
            ("overlap", "0s"),
        ] {
            owner.run(&format!("settings set provider.file.{key} {value}")).ok();
        }
    }
}

fn set_mode(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn sha256(path: &Path) -> String {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(fs::read(path).unwrap());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An owner of prod/A, which the provider accepts and has a generator, and rotates from this one device.
pub fn owner(service: &Service) -> Person {
    let owner = Person::new("olga");
    owner.run("init --vault-name shop --member olga").ok();
    owner.run("set prod/A --generate=alnum:30").ok();
    owner.set("prod/A", FIRST);
    service.serve(&owner, "prod/A");
    owner.command(&["settings", "set", "rotation.via", &device(&owner)]).output().unwrap();
    owner
}

/// The setting by which the device of a person rotates alone.
pub fn device(person: &Person) -> String {
    let name = person.name();
    let members = person.run("member list --json").json();
    let mut own = members["members"].as_array().unwrap().iter();
    let own = own.find(|member| member["member"] == name).unwrap();
    format!("device {name}/{}", own["devices"][0].as_str().unwrap())
}

/// What a command prints with `--json`, by its schema.
#[track_caller]
pub fn json(person: &Person, command: &str, more: &str) -> Value {
    let value = person.run(&format!("{command} {more}--json")).json();
    crate::json_schemas::hold(command, &value);
    value
}

/// The current value.
#[track_caller]
pub fn current(person: &Person) -> String {
    person.run("get prod/A").ok().trim_end().to_owned()
}

/// How the newest rotation of prod/A stands.
#[track_caller]
pub fn state(person: &Person) -> Value {
    let status = person.run("secret rotation-status prod/A --json").json();
    status["secrets"][0]["rotations"].clone()
}
