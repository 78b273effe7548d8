//! Several owners: who they are, how many must sign, and the proposals that collect their signatures in git. Each
//! owner has a machine and a clone; between them lies a bare repository.

mod attacks;
mod commands;
mod hostile;
mod keys;
mod story;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;
use v_secure_testkit::binary;
use v_secure_testkit::person::Person;
use v_secure_testkit::tools;

/// Three owners in three clones, of whom two must sign.
pub struct Team {
    pub ada: Person,
    pub bob: Person,
    pub cy: Person,
    hub: TempDir,
}

impl Team {
    /// `None` without git.
    pub fn new() -> Option<Self> {
        let team = Self::of_one()?;
        team.ada.run("owner threshold 2 --yes").ok();
        team.push(&team.ada, "two must sign");
        team.pull(&team.bob);
        team.pull(&team.cy);
        Some(team)
    }

    /// The same, of whom one may sign.
    pub fn of_one() -> Option<Self> {
        if !tools::has("git") {
            return None;
        }
        let [ada, bob, cy] = ["ada", "bob", "cy"].map(Person::new);
        let team = Self { ada, bob, cy, hub: tempfile::tempdir().unwrap() };
        team.found();
        Some(team)
    }

    fn found(&self) {
        let Self { ada, bob, cy, hub } = self;
        git_in(ada, hub.path(), &["init", "--quiet", "--bare", "--initial-branch=main"]);
        git(ada, &["init", "--quiet", "--initial-branch=main"]);
        ada.run("init --vault-name shop --member ada --no-recovery").ok();
        ada.run("role create dev --grant read,write:dev/*").ok();
        ada.set("dev/DB", "dev-db");
        ada.set("prod/DB", "prod-db");
        git(ada, &["remote", "add", "origin", hub.path().to_str().unwrap()]);
        git(ada, &["add", "."]);
        self.push(ada, "begin");
        for owner in [bob, cy] {
            let url = hub.path().to_str().unwrap();
            git(owner, &["clone", "--quiet", url, "."]);
            let name = if std::ptr::eq(owner, bob) { "bob" } else { "cy" };
            let request = owner.run(&format!("member request {name} --json")).json();
            let line = request["request"].as_str().unwrap();
            ada.feed(&format!("member add {name} --request - --yes"), line).ok();
            ada.run(&format!("owner add {name} --yes")).ok();
            self.push(ada, name);
            git(owner, &["pull", "--quiet"]);
            owner.accept_as(ada);
        }
        git(bob, &["pull", "--quiet"]);
    }

    pub fn pull(&self, who: &Person) {
        git(who, &["pull", "--quiet", "--no-rebase", "--no-edit", "origin", "main"]);
    }

    pub fn push(&self, who: &Person, message: &str) {
        commit(who, message);
        git(who, &["push", "--quiet", "origin", "HEAD:main"]);
    }
}

pub fn commit(who: &Person, message: &str) {
    git(who, &["add", "--all", ".v-secure"]);
    git(who, &["commit", "--quiet", "-m", message]);
}

#[track_caller]
pub fn git(who: &Person, arguments: &[&str]) -> String {
    git_in(who, &who.checkout(), arguments)
}

/// What git ends with a conflict.
#[track_caller]
pub fn git_fails(who: &Person, arguments: &[&str]) {
    assert!(!git_output(who, &who.checkout(), arguments).status.success(), "{arguments:?}");
}

#[track_caller]
fn git_in(who: &Person, folder: &Path, arguments: &[&str]) -> String {
    let output = git_output(who, folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn git_output(who: &Person, folder: &Path, arguments: &[&str]) -> Output {
    let own = who.command(&[]);
    let own = own.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let mut command = Command::new("git");
    command.env_clear().envs(own).env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_EDITOR", "true");
    let binary = Path::new(binary()).parent().unwrap();
    command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", binary.display()));
    for role in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{role}_NAME"), "t")
            .env(format!("GIT_{role}_EMAIL"), "t@example.org");
    }
    command.args(["-c", "protocol.file.allow=always"]);
    command.current_dir(folder).args(arguments).output().unwrap()
}

/// Proposes something: it must not be done, and be the one proposal that is there.
#[track_caller]
pub fn proposes(who: &Person, line: &str) -> String {
    let before = fs::read(who.vault()).unwrap();
    let done = who.run(&format!("{line} --json"));
    assert_eq!(done.error(), (4, "owner-threshold".to_owned()), "{}", done.err);
    assert_eq!(fs::read(who.vault()).unwrap(), before, "the vault is as it was");
    let all = listed(who);
    all.iter().rfind(|view| view["state"] == "waits").unwrap()["proposal"].as_str().unwrap().into()
}

/// What `policy proposals` says.
#[track_caller]
pub fn listed(who: &Person) -> Vec<Value> {
    who.run("policy proposals --json").json()["proposals"].as_array().unwrap().clone()
}

pub fn folder(who: &Person, proposal: &str) -> PathBuf {
    who.checkout().join(".v-secure/proposals").join(proposal)
}

#[track_caller]
pub fn owners(who: &Person) -> Vec<String> {
    let view = who.run("owner list --json").json();
    let owners = view["owners"].as_array().unwrap().iter();
    owners.map(|owner| owner["member"].as_str().unwrap().to_owned()).collect()
}
