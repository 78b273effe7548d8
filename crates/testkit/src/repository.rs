//! A vault in a repository, for tests of what git does to it.

use crate::binary::binary;
use crate::cli::{Cli, Run, failure, finish};
use crate::tools;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub const FILE: &str = ".v-secure/vault.toml";

/// A vault in a repository, with its first commit. Commands run in a folder of their own.
pub struct Repository(pub Cli);

impl Repository {
    pub fn new() -> Option<Self> {
        let cli = Cli::with_vault();
        let repository = Self(cli);
        if !tools::has("git") {
            return None;
        }
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository.0.ok("pin accept --yes");
        repository.0.set("A", "one");
        fs::create_dir(repository.root().join("src")).unwrap();
        fs::write(repository.root().join("src/code"), "x\n").unwrap();
        let attributes = repository.root().join(".v-secure/.gitattributes");
        fs::write(attributes, "vault.toml -text\n").unwrap();
        repository.git(&["add", "."]);
        repository.commit("first");
        Some(repository)
    }

    pub fn root(&self) -> PathBuf {
        self.0.project()
    }

    pub fn git_in(&self, folder: &Path, arguments: &[&str]) -> std::process::Output {
        let mut command = Command::new("git");
        self.surroundings(&mut command);
        command.args(["-c", "protocol.file.allow=always"]);
        command.current_dir(folder).args(arguments).output().unwrap()
    }

    /// The variables of the program's user, with the program on PATH, for git and its hooks.
    pub fn surroundings(&self, command: &mut Command) {
        let own = self.0.command("ls");
        let own = own.get_envs().filter_map(|(name, value)| Some((name, value?)));
        let binary = Path::new(binary()).parent().unwrap();
        command.env_clear().envs(own);
        command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", binary.display()));
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_EDITOR", "true");
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "t");
            command.env(format!("GIT_{role}_EMAIL"), "t@example.org");
        }
    }

    /// One line in a shell, in the project.
    pub fn shell(&self, line: &str) -> std::process::Output {
        let mut shell = Command::new("sh");
        self.surroundings(&mut shell);
        shell.args(["-c", line]).current_dir(self.root()).output().unwrap()
    }

    #[track_caller]
    pub fn git(&self, arguments: &[&str]) {
        let output = self.git_in(&self.root(), arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }

    #[track_caller]
    pub fn commit(&self, message: &str) {
        self.git(&["commit", "--quiet", "--all", "-m", message]);
    }

    /// The program in a folder, with variables.
    pub fn run_in(&self, folder: &Path, line: &str, variables: &[(&str, &Path)]) -> Run {
        let mut command = self.0.command(line);
        command.current_dir(folder).envs(variables.iter().copied());
        finish(&mut command, b"x")
    }

    /// What `ls`, `init`, `doctor` and a restored backup say where the vault is hidden; returns the
    /// first hint.
    #[track_caller]
    pub fn hidden_in(&self, folder: &Path) -> String {
        let seen = self.run_in(folder, "ls --json", &[]);
        assert_eq!(failure(&seen), (5, "vault-hidden".into()));
        for line in ["init --json", "init --nested --json"] {
            let refused = self.run_in(folder, line, &[]);
            assert_eq!(failure(&refused), (7, "vault-hidden".into()), "{line}");
        }
        assert!(!folder.join(FILE).exists());
        let doctor = self.run_in(folder, "doctor", &[]);
        assert!(doctor.shows("vault-refused") && !doctor.shows("v-secure init"), "{doctor:?}");
        first_hint(&seen)
    }

    /// Follows a hint in a shell; afterwards the vault is there.
    #[track_caller]
    pub fn follow(&self, folder: &Path, hint: &str) {
        let mut shell = Command::new("sh");
        shell.args(["-c", hint]).current_dir(folder).env("GIT_ALLOW_PROTOCOL", "file");
        let output = shell.output().unwrap();
        assert!(output.status.success(), "{hint}: {output:?}");
        assert!(folder.join(FILE).exists(), "{hint}");
    }
}

pub fn first_hint(run: &Run) -> String {
    let error: serde_json::Value = serde_json::from_str(run.err.trim()).unwrap();
    error["error"]["hints"][0].as_str().unwrap().to_owned()
}
