//! A project, a home and the binary, apart from whatever is on the machine.

use crate::binary::binary;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;
use v_secure_core::file::format::Trust;
use v_secure_core::name::SecretName;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::{Depth, Vault};

/// Folders `project` and `home`, and whatever else a test puts beside them.
pub struct Sandbox {
    _folder: TempDir,
    root: PathBuf,
}

/// Every file and folder of a tree, to be put back.
pub struct Snapshot(Vec<(PathBuf, Option<Vec<u8>>, fs::Permissions)>);

impl Sandbox {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for name in ["project", "home"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        Self { _folder: folder, root }
    }

    /// With a vault that ada owns.
    pub fn with_vault() -> Self {
        let sandbox = Self::new();
        sandbox.ok(&["init", "--vault-name", "shop", "--member", "ada"]);
        sandbox
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub fn project(&self) -> PathBuf {
        self.path("project")
    }

    pub fn home(&self) -> PathBuf {
        self.path("home")
    }

    pub fn vault(&self) -> PathBuf {
        self.project().join(".v-secure/vault.toml")
    }

    pub fn identity(&self) -> PathBuf {
        self.home().join(".config/v-secure/identity.txt")
    }

    /// The binary in the project with no variable but those that are stated here.
    pub fn command<A: AsRef<std::ffi::OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).current_dir(self.project()).env_clear();
        command.env("HOME", self.home()).env("PATH", crate::search_path::path());
        command.stdin(Stdio::null());
        command
    }

    pub fn run<A: AsRef<std::ffi::OsStr>>(&self, arguments: &[A]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs what must succeed; returns its standard output.
    pub fn ok<A: AsRef<std::ffi::OsStr>>(&self, arguments: &[A]) -> Vec<u8> {
        let output = self.run(arguments);
        assert!(output.status.success(), "{}", describe(&output));
        output.stdout
    }

    /// `set` with the value on standard input.
    pub fn set(&self, name: &str, value: &str) {
        let mut command = self.command(&["set", name]);
        let output = feed(command.stdin(Stdio::piped()), value.as_bytes());
        assert!(output.status.success(), "{}", describe(&output));
    }

    /// The vault as the library verifies it.
    pub fn verified(&self) -> Result<Vault, String> {
        let bytes = fs::read(self.vault()).map_err(|error| error.to_string())?;
        Vault::open(&bytes, Trust::Strict, Depth::Everything, UnixTime::from_secs(1_800_000_000))
            .map_err(|error| format!("{error}: {error:?}"))
    }

    pub fn snapshot(&self) -> Snapshot {
        let mut found = Vec::new();
        for path in self.tree() {
            let metadata = path.symlink_metadata().unwrap();
            let content = metadata.is_file().then(|| fs::read(&path).unwrap());
            found.push((path, content, metadata.permissions()));
        }
        Snapshot(found)
    }

    pub fn restore(&self, snapshot: &Snapshot) {
        for name in ["project", "home"] {
            fs::remove_dir_all(self.path(name)).unwrap();
        }
        for (path, content, permissions) in &snapshot.0 {
            match content {
                Some(bytes) => fs::write(path, bytes).unwrap(),
                None => fs::create_dir(path).unwrap(),
            }
            fs::set_permissions(path, permissions.clone()).unwrap();
        }
    }

    /// Everything in `project` and `home`, a folder before what it holds.
    pub fn tree(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for name in ["project", "home"] {
            walk(&self.path(name), &mut found);
        }
        found
    }

    /// The files in `project` and `home` that hold one of the texts.
    pub fn holding(&self, texts: &[&str]) -> Vec<PathBuf> {
        let holds = |path: &PathBuf| {
            let bytes = fs::read(path).unwrap_or_default();
            texts.iter().any(|text| contains(&bytes, text.as_bytes()))
        };
        self.tree().into_iter().filter(|path| path.is_file()).filter(holds).collect()
    }

    /// Temporary files by their names.
    pub fn temporary(&self) -> Vec<PathBuf> {
        let mut tree = self.tree();
        tree.retain(|path| path.file_name().unwrap().to_string_lossy().contains(".tmp"));
        tree
    }
}

pub fn secret(name: &str) -> SecretName {
    SecretName::parse(name).unwrap()
}

/// Runs a command that has a piped standard input.
pub fn feed(command: &mut Command, bytes: &[u8]) -> Output {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(bytes);
    child.wait_with_output().unwrap()
}

pub fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    memchr::memmem::find(bytes, wanted).is_some()
}

pub fn describe(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}\n{}", output.status, text(&output.stdout), text(&output.stderr))
}

fn walk(path: &Path, found: &mut Vec<PathBuf>) {
    found.push(path.to_owned());
    if !path.symlink_metadata().unwrap().is_dir() {
        return;
    }
    for entry in fs::read_dir(path).unwrap() {
        walk(&entry.unwrap().path(), found);
    }
}
