//! A service that accepts what is a line of a file, by the program of `examples/providers`, and how that is changed.

use super::FIRST;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use v_secure_testkit::executable;
use v_secure_testkit::person::Person;
use v_secure_testkit::scene;

/// The program of a provider, and the file of what it accepts.
pub struct Service {
    pub folder: TempDir,
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

pub fn set_mode(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn sha256(path: &Path) -> String {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(fs::read(path).unwrap());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
