//! A project, a home and what came of a call.

use crate::binary::binary;
use crate::normal;
use crate::scene::Scene;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub struct Stage {
    pub scene: Scene,
}

pub struct Run {
    pub line: String,
    pub code: i32,
    pub err: String,
}

impl Run {
    /// The code in the object that `--json` gives.
    pub fn json_code(&self) -> Option<String> {
        let last = self.err.lines().last()?;
        let object: serde_json::Value = serde_json::from_str(last).ok()?;
        object["error"]["code"].as_str().map(str::to_owned)
    }
}

impl Stage {
    pub fn new() -> Self {
        Self { scene: Scene::new() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.scene.project().join(name)
    }

    pub fn vault(&self) -> PathBuf {
        self.path(".v-secure/vault.toml")
    }

    pub fn replace(&self, path: &Path, from: &str, to: &str) {
        let text = fs::read_to_string(path).unwrap();
        assert!(text.contains(from), "{from} is not in {}", path.display());
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    /// A command line for the shell, in which `v-secure` is the built binary.
    pub fn shell(&self, line: &str) -> Command {
        let folder = Path::new(binary()).parent().unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = self.scene.program("sh");
        command.args(["-c", line]).env("PATH", format!("{}:{path}", folder.display()));
        command.env("HOSTNAME", "laptop").env("GIT_CONFIG_NOSYSTEM", "1");
        for role in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{role}_NAME"), "t")
                .env(format!("GIT_{role}_EMAIL"), "t@example.org");
        }
        command
    }

    /// What must succeed; returns its standard output.
    #[track_caller]
    pub fn ok(&self, line: &str) -> String {
        let output = self.shell(line).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// What must fail: as text, or as the object that `--json` gives.
    pub fn attempt(&self, line: &str, json: bool) -> Run {
        let typed = match line.rsplit_once("v-secure ") {
            Some((front, rest)) if json => format!("{front}v-secure --json {rest}"),
            _ => line.to_owned(),
        };
        let output = self.shell(&typed).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        Run { line: line.to_owned(), code: output.status.code().unwrap(), err }
    }

    /// A text without what differs from run to run.
    pub fn normal(&self, text: &str) -> String {
        let root = self.scene.project().parent().unwrap().to_path_buf();
        let canonical = root.canonicalize().unwrap_or_else(|_| root.clone());
        let text = text.replace(&canonical.display().to_string(), "");
        normal::text(&text.replace(&root.display().to_string(), ""))
    }
}
