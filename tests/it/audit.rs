//! `audit verify`, `audit log`, `git pre-commit` and `git install`, run as a user runs them.

use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;
use v_secure_testkit::binary;
use v_secure_testkit::tools;

struct Project {
    root: TempDir,
}

impl Project {
    /// A repository with a vault, one secret and the hook.
    fn new() -> Self {
        let project = Self { root: tempfile::tempdir().unwrap() };
        for folder in ["home", "p"] {
            fs::create_dir(project.path(folder)).unwrap();
        }
        project.git(&["init", "--quiet"]);
        assert!(project.run(&["init", "--member", "ada"]).status.success());
        project.set("A", "one");
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn vault(&self) -> PathBuf {
        self.path("p/.v-secure/vault.toml")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.path("p")).env_clear();
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            command.env(name, self.path("home"));
        }
        // The hook finds the program under test first.
        let binary = PathBuf::from(binary());
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", binary.parent().unwrap().display()));
        command.env("GIT_CONFIG_NOSYSTEM", "1");
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(binary()).args(args).output().unwrap()
    }

    fn code(&self, args: &[&str]) -> i32 {
        self.run(args).status.code().unwrap()
    }

    fn git(&self, args: &[&str]) -> Output {
        let user = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
        self.command("git").args(user).args(args).output().unwrap()
    }

    fn commits(&self) -> bool {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "-m", "a change"]).status.success()
    }

    fn set(&self, name: &str, value: &str) {
        let file = self.path("value");
        fs::write(&file, value).unwrap();
        let output = self.run(&["set", name, "--file", file.to_str().unwrap()]);
        assert!(output.status.success(), "{output:?}");
    }

    fn json(&self, args: &[&str]) -> Value {
        let output = self.run(&[args, &["--json"]].concat());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
    }

    fn change(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.vault()).unwrap();
        assert!(text.contains(from));
        fs::write(self.vault(), text.replacen(from, to, 1)).unwrap();
    }
}

#[test]
fn verify_says_what_it_looked_at_and_changes_nothing() {
    if !tools::has("git") {
        return;
    }
    let project = Project::new();
    let before = fs::read(project.vault()).unwrap();
    let cold = project.json(&["audit", "verify"]);
    assert_eq!((&cold["verdict"], &cold["entries"]), (&"ok".into(), &1.into()));
    assert_eq!((&cold["policy_entries"], &cold["secrets"]), (&2.into(), &1.into()));
    assert_eq!(project.json(&["audit", "verify"]), cold, "the cache says the same");
    let with_state = project.json(&["audit", "verify", "--state"]);
    assert!(with_state["state"]["default/A"]["current"].is_string());
    assert_eq!(fs::read(project.vault()).unwrap(), before);
}

#[test]
fn errors_of_form_and_of_the_chain_are_findings() {
    if !tools::has("git") {
        return;
    }
    let project = Project::new();
    let good = fs::read_to_string(project.vault()).unwrap();
    project.change("name = \"p\"", "name =  \"p\"");
    let report = project.json(&["audit", "verify"]);
    assert_eq!(report["findings"][0]["line"], 5);
    assert_eq!(project.code(&["audit", "verify"]), 6);
    fs::write(project.vault(), good).unwrap();
    project.change("\"reason\":\"create the vault\"", "\"reason\":\"create a vault\"");
    let report = project.json(&["audit", "verify"]);
    let code = report["findings"][0]["code"].as_str().unwrap();
    assert!(code.starts_with("policy-"), "{code}");
    assert_eq!(project.code(&["audit", "verify"]), 6);
}

#[test]
fn warnings_survive_a_write_and_a_warm_cache() {
    if !tools::has("git") {
        return;
    }
    let project = Project::new();
    let file = project.path("value");
    let args = ["set", "B", "--file", file.to_str().unwrap(), "--ttl", "1s"];
    assert!(project.run(&args).status.success());
    // Long past any clock's second: the file is verified before and after it expires.
    project.run(&["audit", "verify"]);
    let expired = || {
        let report = project.json(&["audit", "verify"]);
        report["findings"].as_array().unwrap().iter().any(|found| found["code"] == "expired")
    };
    let tries = std::iter::repeat_with(|| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        expired()
    });
    assert!(tries.take(50).any(|found| found), "the expiry is never reported");
    assert!(expired());
}

#[test]
fn a_base_is_a_revision_or_a_file_and_nothing_of_it_may_be_missing() {
    if !tools::has("git") {
        return;
    }
    let project = Project::new();
    let older = project.path("p/older.toml");
    fs::copy(project.vault(), &older).unwrap();
    project.set("A", "two");
    assert!(project.commits());
    for base in ["HEAD", "./older.toml"] {
        assert_eq!(project.code(&["audit", "verify", "--base", base]), 0, "{base}");
    }
    fs::copy(&older, project.vault()).unwrap();
    assert_eq!(project.code(&["audit", "verify"]), 0, "an old branch is daily work");
    assert_eq!(project.code(&["audit", "verify", "--strict"]), 6);
    let report = project.json(&["audit", "verify", "--base", "HEAD"]);
    assert_eq!(report["findings"][0]["code"], "base-entry-missing");
    for base in ["nowhere", "./nowhere.toml", "HEAD~9", "--help"] {
        let base = format!("--base={base}");
        assert_ne!(project.code(&["audit", "verify", &base]), 0, "{base}");
    }
    assert_eq!(project.code(&["audit", "verify", "--base", "nowhere"]), 5);
}

/// What another branch has to make again, or what is not on the server yet.
#[test]
fn the_log_can_leave_out_what_another_state_has() {
    if !tools::has("git") {
        return;
    }
    let project = Project::new();
    assert!(project.commits());
    let older = project.path("p/older.toml");
    fs::copy(project.vault(), &older).unwrap();
    project.set("A", "two");
    assert!(project.run(&["settings", "set", "reads", "off"]).status.success());
    for base in ["HEAD", "./older.toml", "older.toml"] {
        let rows = project.json(&["audit", "log", "--base", base]);
        let rows = rows.as_array().unwrap();
        let actions: Vec<_> = rows.iter().map(|row| row["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["setting", "put"], "{base}");
        let puts = project.json(&["audit", "log", "--base", base, "--action", "put"]);
        assert_eq!(puts.as_array().unwrap().len(), 1, "{base}");
    }
    let now = project.run(&["audit", "log", "--base", "./.v-secure/vault.toml"]);
    assert!(now.status.success() && now.stdout.is_empty(), "{now:?}");
    assert!(String::from_utf8_lossy(&now.stderr).contains("has all of this history"), "{now:?}");
    // The other way round, of a state that lies beside the vault.
    let base = ["--vault", "older.toml", "audit", "log", "--base", "./.v-secure/vault.toml"];
    assert_eq!(project.json(&base), Value::Array(Vec::new()));
    for (base, code) in [("nowhere", 5), ("./nowhere.toml", 5), ("HEAD~1", 5)] {
        assert_eq!(project.code(&["audit", "log", "--base", base]), code, "{base}");
    }
    assert_eq!(project.code(&["audit", "log", "--base", "HEAD", "--reads"]), 2);
    let text = fs::read_to_string(&older).unwrap();
    fs::write(&older, format!("{text}<<<<<<< HEAD\n=======\n>>>>>>> side\n")).unwrap();
    assert_eq!(project.code(&["audit", "log", "--base", "./older.toml"]), 7);
    fs::write(&older, format!("{text}x\n")).unwrap();
    assert_eq!(project.code(&["audit", "log", "--base", "./older.toml"]), 6);
}

#[test]
fn a_file_named_like_a_branch_is_no_base() {
    if !tools::has("git") {
        return;
    }
    let project = Project::new();
    fs::create_dir(project.path("p/origin")).unwrap();
    fs::copy(project.vault(), project.path("p/origin/main")).unwrap();
    assert_eq!(project.code(&["audit", "verify", "--base", "origin/main"]), 5);
}

/// Tags come with a fetch, and whoever has push rights makes them.
#[test]
fn a_tag_that_is_called_like_a_branch_is_no_base() {
    if !tools::has("git") {
        return;
    }
    let project = Project::new();
    assert!(project.commits());
    let older = fs::read(project.vault()).unwrap();
    project.git(&["tag", "origin/main"]);
    project.set("A", "two");
    assert!(project.commits());
    project.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    fs::write(project.vault(), older).unwrap();
    for base in ["origin/main", "origin/main~0", "origin/main^{commit}"] {
        assert_eq!(project.code(&["audit", "verify", "--base", base]), 7, "{base}");
        assert_eq!(project.code(&["audit", "log", "--base", base]), 7, "{base}");
    }
    let said = project.run(&["--json", "audit", "verify", "--base", "origin/main"]);
    let said: Value = serde_json::from_slice(&said.stderr).unwrap();
    assert_eq!(said["error"]["code"], "base-ambiguous");
    let ends = said["error"]["hints"].as_array().unwrap().iter().map(|hint| {
        let base = hint.as_str().unwrap().strip_prefix("--base ").unwrap();
        (base.to_owned(), project.code(&["audit", "verify", "--base", base]))
    });
    let expected = [("refs/remotes/origin/main", 6), ("refs/tags/origin/main", 0)];
    assert_eq!(ends.collect::<Vec<_>>(), expected.map(|(name, code)| (name.to_owned(), code)));
}

/// The same of names that a tag takes over in other ways.
#[test]
fn a_tag_does_not_stand_in_for_an_id_or_a_full_name() {
    if !tools::has("git") {
        return;
    }
    let project = Project::new();
    assert!(project.commits());
    let older = fs::read(project.vault()).unwrap();
    project.git(&["branch", "older"]);
    project.set("A", "two");
    assert!(project.commits());
    let id = String::from_utf8(project.git(&["rev-parse", "HEAD"]).stdout).unwrap();
    for name in ["a@b", "b_HEAD"] {
        project.git(&["tag", name, "older"]);
        project.git(&["branch", name, "HEAD"]);
        assert_eq!(project.code(&["audit", "verify", "--base", name]), 7, "{name}");
    }
    fs::write(project.vault(), older).unwrap();
    let short = &id[..10];
    assert_eq!(project.code(&["audit", "verify", "--base", short]), 6);
    project.git(&["update-ref", &format!("refs/tags/{short}"), "older"]);
    project.git(&["update-ref", "refs/tags/refs/remotes/origin/main", "older"]);
    let described = format!("v1-3-g{short}");
    assert_eq!(project.code(&["audit", "verify", "--base", &described]), 6);
    project.git(&["update-ref", &format!("refs/tags/{described}"), "older"]);
    assert_eq!(project.code(&["audit", "verify", "--base", short]), 7);
    assert_eq!(project.code(&["audit", "verify", "--base", &described]), 7);
    assert_eq!(project.code(&["audit", "verify", "--base", id.trim()]), 6);
    assert_eq!(project.code(&["audit", "verify", "--base", "refs/remotes/origin/main"]), 5);
    assert_eq!(project.code(&["audit", "verify", "--base", "refs/heads/older"]), 0);
}

#[test]
fn the_log_holds_secrets_and_policy_newest_first() {
    if !tools::has("git") {
        return;
    }
    let project = Project::new();
    project.set("B", "two");
    let rows = project.json(&["audit", "log"]);
    let actions: Vec<&str> =
        rows.as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["put", "put", "epoch", "role-join", "key-add", "member-add", "vault"]);
    assert_eq!(rows[0]["secret_id"], "default/B");
    let keys: Vec<&String> = rows[0].as_object().unwrap().keys().collect();
    for key in ["timestamp", "action", "secret_id", "actor", "actor_type", "reason", "status"] {
        assert!(keys.iter().any(|found| *found == key), "{key}");
    }
    let count =
        |args: &[&str]| project.json(&[&["audit", "log"], args].concat()).as_array().unwrap().len();
    assert_eq!(count(&["--secret-id", "A"]), 1);
    assert_eq!(count(&["--actor", "ada"]), 7);
    assert_eq!(project.code(&["audit", "log", "--actor", "apprentice"]), 5, "never a member");
    assert_eq!(count(&["--action", "put", "--limit", "1"]), 1);
    assert_eq!(count(&["--since", "1d"]), 7);
    assert_eq!(count(&["--until", "1d"]), 0);
    assert_eq!(project.code(&["audit", "log", "--since", "soon"]), 2);
}

#[test]
fn the_hook_lets_sound_vaults_pass_and_stops_others() {
    if !tools::has("git") {
        return;
    }
    let project = Project::new();
    assert!(project.run(&["git", "install"]).status.success());
    assert!(project.commits(), "the first commit has nothing to compare with");
    let older = fs::read(project.vault()).unwrap();
    project.set("A", "two");
    assert!(project.commits());
    fs::write(project.path("p/other"), "").unwrap();
    assert!(project.commits(), "a commit without the vault");
    let newer = fs::read(project.vault()).unwrap();
    fs::write(project.vault(), older).unwrap();
    assert!(!project.commits(), "a roll-back");
    fs::write(project.vault(), &newer).unwrap();
    project.change("name = \"p\"", "name = \"q\"");
    assert!(!project.commits(), "a forgery");
    fs::write(project.vault(), &newer).unwrap();
    fs::remove_file(project.vault()).unwrap();
    assert!(!project.commits(), "a deletion");
}

#[test]
fn the_hook_looks_at_the_index_and_not_at_the_folder() {
    if !tools::has("git") {
        return;
    }
    let project = Project::new();
    project.git(&["add", "--all"]);
    let good = fs::read(project.vault()).unwrap();
    project.change("name = \"p\"", "name = \"q\"");
    assert_eq!(project.code(&["git", "pre-commit"]), 0, "the staged one is sound");
    project.git(&["add", "--all"]);
    fs::write(project.vault(), good).unwrap();
    assert_eq!(project.code(&["git", "pre-commit"]), 6, "the staged one is forged");
}

#[test]
fn a_broken_commit_can_be_repaired() {
    if !tools::has("git") {
        return;
    }
    let project = Project::new();
    let good = fs::read(project.vault()).unwrap();
    project.change("name = \"p\"", "name = \"q\"");
    assert!(project.commits());
    project.run(&["git", "install"]);
    fs::write(project.vault(), good).unwrap();
    assert!(project.commits());
}

#[test]
fn install_keeps_what_is_there_and_undoes_itself() {
    if !tools::has("git") {
        return;
    }
    let project = Project::new();
    project.git(&["config", "core.hooksPath", "hooks"]);
    let hook = project.path("p/hooks/pre-commit");
    assert!(project.run(&["git", "install"]).status.success());
    let first = fs::read_to_string(&hook).unwrap();
    assert!(project.run(&["git", "install"]).status.success());
    assert_eq!(fs::read_to_string(&hook).unwrap(), first);
    assert!(project.run(&["git", "install", "--uninstall"]).status.success());
    assert!(!hook.exists());
    let own = "#!/bin/sh\nexec make check\n";
    fs::write(&hook, own).unwrap();
    assert!(project.run(&["git", "install"]).status.success());
    let both = fs::read_to_string(&hook).unwrap();
    assert!(both.contains("v-secure git pre-commit") && both.ends_with("exec make check\n"));
    assert!(project.run(&["git", "install", "--uninstall"]).status.success());
    assert_eq!(fs::read_to_string(&hook).unwrap(), own);
    fs::write(&hook, "#!/usr/bin/env python3\n").unwrap();
    assert_eq!(project.code(&["git", "install"]), 7);
    assert_eq!(fs::read_to_string(&hook).unwrap(), "#!/usr/bin/env python3\n");
}
