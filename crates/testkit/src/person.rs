//! People at their own machines: each with a home, a state folder and a checkout, who share a vault
//! by copying its file, as a push and a pull would.

use crate::binary::binary;
pub use crate::search_path::{path, path_after};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const FILE: &str = ".v-secure/vault.toml";

/// The program with nothing of the test's own environment.
pub fn program() -> Command {
    let mut command = Command::new(binary());
    command.env_clear().env("PATH", path());
    command
}

/// What came of a command.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let code = output.status.code().unwrap();
        Self { code, out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Done {
    /// What was printed by a command that must succeed.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}", self.err);
        self.out
    }

    /// The object that a command with `--json` must print.
    #[track_caller]
    pub fn json(self) -> Value {
        serde_json::from_str(&self.ok()).unwrap()
    }

    /// The error of a command with `--json` that must fail: its exit code and stable code.
    #[track_caller]
    pub fn error(&self) -> (i32, String) {
        assert_ne!(self.code, 0, "{}", self.out);
        let last = self.err.lines().last().unwrap();
        let object: Value = serde_json::from_str(last).unwrap();
        (self.code, object["error"]["code"].as_str().unwrap().to_owned())
    }
}

pub struct Person {
    name: String,
    root: TempDir,
}

impl Person {
    pub fn new(name: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("home")).unwrap();
        fs::create_dir(root.path().join("checkout")).unwrap();
        Self { name: name.to_owned(), root }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn checkout(&self) -> PathBuf {
        self.root.path().join("checkout")
    }

    pub fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    pub fn vault(&self) -> PathBuf {
        self.checkout().join(FILE)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.env("HOME", self.home()).env("USER", &self.name);
        command.env("HOSTNAME", format!("{}-laptop", self.name));
        command.current_dir(self.checkout()).args(arguments).stdin(Stdio::null());
        command
    }

    /// Runs a command whose arguments hold no spaces.
    pub fn run(&self, line: &str) -> Done {
        let arguments: Vec<&str> = line.split(' ').collect();
        self.command(&arguments).output().unwrap().into()
    }

    /// [`Person::run`] with something on standard input.
    pub fn feed(&self, line: &str, input: &str) -> Done {
        self.feed_with(line, input, &[])
    }

    /// [`Person::feed`] with variables.
    pub fn feed_with(&self, line: &str, input: &str, variables: &[(&str, &str)]) -> Done {
        let arguments: Vec<&str> = line.split(' ').collect();
        let mut command = self.command(&arguments);
        command.envs(variables.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A program that refuses before it reads closes the pipe.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap().into()
    }

    #[track_caller]
    pub fn set(&self, secret: &str, value: &str) {
        self.feed(&format!("set {secret}"), value).ok();
    }

    /// Takes over the vault as another has it.
    pub fn pull(&self, other: &Person) {
        copy(&other.vault(), &self.checkout());
    }

    /// Accepts the vault after comparing its fingerprint with another's.
    #[track_caller]
    pub fn accept_as(&self, other: &Person) {
        let pin = other.run("pin show --json").json();
        let words = pin["policy_fingerprint"].as_str().unwrap();
        self.run(&format!("pin accept --fingerprint {words}")).ok();
    }
}

/// Puts a vault file into a checkout.
pub fn copy(vault: &Path, checkout: &Path) {
    fs::create_dir_all(checkout.join(".v-secure")).unwrap();
    fs::copy(vault, checkout.join(FILE)).unwrap();
}
