//! The binary in a project of its own, and what came of a call.

use crate::binary::binary;
pub use crate::search_path::{path, path_after};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Folders for a project and a home, with no other variable than those stated here.
pub struct Cli {
    folder: TempDir,
}

/// A finished call.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub out: Vec<u8>,
    pub err: String,
}

impl Cli {
    /// With a vault that ada owns.
    pub fn with_vault() -> Self {
        let cli = Self { folder: tempfile::tempdir().unwrap() };
        for name in ["project", "home"] {
            fs::create_dir(cli.folder.path().join(name)).unwrap();
        }
        cli.ok("init --vault-name shop --member ada");
        cli
    }

    pub fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    pub fn vault(&self) -> PathBuf {
        self.project().join(".v-secure/vault.toml")
    }

    /// `line` is split at spaces.
    pub fn command(&self, line: &str) -> Command {
        let home = self.folder.path().join("home");
        let mut command = Command::new(binary());
        command.args(line.split(' ')).current_dir(self.project()).env_clear();
        command.env("PATH", path()).env("HOME", &home);
        command.env("XDG_CONFIG_HOME", home.join("config"));
        command.env("XDG_STATE_HOME", home.join("state"));
        command
    }

    pub fn run(&self, line: &str) -> Run {
        self.feed(line, b"")
    }

    /// With `input` on standard input.
    pub fn feed(&self, line: &str, input: &[u8]) -> Run {
        finish(&mut self.command(line), input)
    }

    /// What must succeed; returns its standard output.
    pub fn ok(&self, line: &str) -> String {
        let run = self.run(line);
        assert_eq!(run.code, 0, "{line}: {run:?}");
        run.text()
    }

    /// Stores a value, with the options that `line` has besides the name.
    pub fn set(&self, line: &str, value: impl AsRef<[u8]>) {
        let run = self.feed(&format!("set {line}"), value.as_ref());
        assert_eq!(run.code, 0, "{line}: {run:?}");
    }

    /// The object that a call prints with `--json`.
    pub fn json(&self, line: &str) -> serde_json::Value {
        serde_json::from_str(&self.ok(&format!("{line} --json"))).unwrap()
    }

    /// The exit code and the stable code of a failing call, nothing on standard output.
    pub fn fails(&self, line: &str) -> (i32, String) {
        failure(&self.run(&format!("{line} --json")))
    }
}

pub fn failure(run: &Run) -> (i32, String) {
    assert!(run.out.is_empty() && run.code != 0, "{run:?}");
    let object: serde_json::Value = serde_json::from_str(run.err.trim()).unwrap();
    assert_eq!(object["error"]["exit"], run.code);
    (run.code, object["error"]["code"].as_str().unwrap().to_owned())
}

/// The same of a run that first said something else, and may have shown what it would do.
#[track_caller]
pub fn last_failure(run: &Run) -> (i32, String) {
    let last = run.err.trim().lines().last().unwrap();
    let error: serde_json::Value = serde_json::from_str(last).unwrap();
    (run.code, error["error"]["code"].as_str().unwrap().to_owned())
}

pub fn finish(command: &mut Command, input: &[u8]) -> Run {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: output.stdout,
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Run {
    pub fn text(&self) -> String {
        String::from_utf8(self.out.clone()).unwrap()
    }

    /// Whether the text is anywhere in what was printed.
    pub fn shows(&self, text: &str) -> bool {
        self.err.contains(text) || String::from_utf8_lossy(&self.out).contains(text)
    }
}

/// The keys of a JSON object, in order.
pub fn keys(object: &serde_json::Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

pub fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
