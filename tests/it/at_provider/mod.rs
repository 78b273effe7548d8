//! Rotations at a provider, by the program as a user runs it: the one of `examples/providers` whose accepted values are
//! lines of a file.

#![cfg(unix)]

mod clones;
mod devices;
mod fences;
mod hints;
mod made_there;
mod one_credential;
mod postgres;
mod published;
mod rights;
mod settling;
mod steps;
mod waiting;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
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

    /// The same, which keeps every request.
    pub fn logging() -> Option<Self> {
        let service = Self::new()?;
        service.edit(|whole| {
            let keeps = format!(
                "request=$(cat)\nprintf '%s\\n' \"$request\" >>'{}'\n",
                service.requests().display()
            );
            replaced(&whole, "request=$(cat)\n", &keeps)
        });
        Some(service)
    }

    /// The same, where the one credential that works is the one that was set last.
    pub fn of_one() -> Option<Self> {
        let service = Self::logging()?;
        service.edit(|whole| {
            let says = replaced(&whole, "\"holds\":2", "\"holds\":1");
            let sets = "{ cat \"$file\" && printf '%s\\n' \"$value\"; } >\"$file.new\"";
            let says = replaced(&says, sets, "printf '%s\\n' \"$value\" >\"$file.new\"");
            replaced(&says, "[ \"$(grep -c . \"$file\")\" -lt 2 ]", "true")
        });
        Some(service)
    }

    /// Changes the program. Whoever is served by it has to be told by [`Service::serve`].
    pub fn edit(&self, change: impl FnOnce(String) -> String) {
        let whole = fs::read_to_string(self.program()).unwrap();
        self.replace(&change(whole));
    }

    fn requests(&self) -> PathBuf {
        self.folder.path().join("requests")
    }

    /// What it was asked since this was asked last, as it stands in the requests.
    pub fn asked(&self) -> String {
        let asked = fs::read_to_string(self.requests()).unwrap_or_default();
        let _ = fs::remove_file(self.requests());
        asked
    }

    /// The verbs of that, without 'describe'.
    pub fn verbs(&self) -> Vec<String> {
        let asked = self.asked();
        let requests = asked.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let verbs = requests.map(|request| request["verb"].as_str().unwrap().to_owned());
        verbs.filter(|verb| verb != "describe").collect()
    }

    /// Makes it accept these values and no others.
    pub fn accept(&self, values: &[&str]) {
        let lines: String = values.iter().map(|value| format!("{value}\n")).collect();
        fs::write(self.accepted(), lines).unwrap();
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

#[track_caller]
pub fn replaced(text: &str, part: &str, with: &str) -> String {
    assert!(text.contains(part), "{part}");
    text.replacen(part, with, 1)
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
    publish_via(&owner, &device(&owner));
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

/// Says where rotations are published.
#[track_caller]
pub fn publish_via(owner: &Person, via: &str) {
    let set = owner.command(&["settings", "set", "rotation.via", via]).output().unwrap();
    assert!(set.status.success(), "{set:?}");
}

/// A member with these rights, as `--grant` takes them.
#[track_caller]
pub fn member(owner: &Person, name: &str, grants: &[&str]) -> Person {
    let grants: Vec<String> = grants.iter().map(|grant| format!("--grant {grant}")).collect();
    owner.run(&format!("role create r-{name} {}", grants.join(" "))).ok();
    let member = Person::new(name);
    member.pull(owner);
    let line = member.run("member request").ok();
    owner.feed(&format!("member add {name} --request - --role r-{name} --yes"), &line).ok();
    member.pull(owner);
    member.accept_as(owner);
    member
}

/// An owner whose checkout is a clone of a repository that others clone too.
pub fn shared(service: &Service) -> (TempDir, Person) {
    let remote = tempfile::tempdir().unwrap();
    git(remote.path(), "init --quiet --bare --initial-branch=main");
    let owner = owner(service);
    publish_via(&owner, "git origin refs/heads/main");
    git(&owner.checkout(), "init --quiet --initial-branch=main");
    git(&owner.checkout(), &format!("remote add origin {}", remote.path().display()));
    git(&owner.checkout(), "add .v-secure");
    git(&owner.checkout(), "commit --quiet -m vault");
    git(&owner.checkout(), "push --quiet origin main");
    (remote, owner)
}

/// The same person, in another clone on another machine.
pub fn another(remote: &TempDir, owner: &Person) -> Person {
    let other = Person::new("olga");
    let copied =
        Command::new("cp").arg("-a").arg(owner.home().join(".")).arg(other.home()).status();
    assert!(copied.unwrap().success());
    git(&other.checkout(), &format!("clone --quiet {} .", remote.path().display()));
    other.accept_as(owner);
    other
}

#[track_caller]
pub fn git(folder: &Path, line: &str) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=t", "-c", "user.email=t@example.org"]);
    let output = command.current_dir(folder).args(line.split(' ')).output().unwrap();
    assert!(output.status.success(), "{line}: {output:?}");
}
