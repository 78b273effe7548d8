//! Rotations at a provider, by the program as a user runs it: the one of `examples/providers` whose accepted values are
//! lines of a file.

#![cfg(unix)]

mod authors;
mod canary;
mod clones;
mod devices;
mod fences;
mod gone;
mod hints;
mod leading;
mod leavers;
mod made_there;
mod one_credential;
mod postgres;
mod published;
mod readers;
mod rights;
mod service;
mod settling;
mod sharing;
mod steps;
mod waiting;

use self::service::{Service, replaced};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use v_secure_testkit::person::Person;
use v_secure_testkit::scene;

const FIRST: &str = "first-value-k3Vq70";

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
