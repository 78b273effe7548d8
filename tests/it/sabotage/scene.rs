//! Olga's vault, with a lead who may grant on `dev/*`, mallory, and a developer, bob; put back for each
//! case.

use crate::sabotage::hostile::{self, Record};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use tempfile::TempDir;
use v_secure_core::file::format::Trust;
use v_secure_core::name::audience::AudienceName;
use v_secure_core::vault::{Depth, Vault};
use v_secure_testkit::person::{Done, Person};

/// The audience of what is in dev.
pub static AUDIENCE: LazyLock<AudienceName> =
    LazyLock::new(|| AudienceName::new("developer+lead+owner"));

pub struct Scene {
    pub olga: Person,
    pub mallory: Person,
    pub bob: Person,
    /// Olga's home and checkout as they were.
    saved: TempDir,
}

pub fn open(path: &Path) -> Vault {
    let bytes = std::fs::read(path).unwrap();
    Vault::open(&bytes, Trust::Strict, Depth::Everything, hostile::NOW).unwrap()
}

/// Lets a device in; `more` says for whom and what.
fn join(owner: &Person, name: &str, device: &str, more: &str) -> Person {
    let person = Person::new(name);
    person.pull(owner);
    let request = person.run(&format!("member request {name} --device {device} --json")).json();
    let (line, words) = (request["request"].as_str().unwrap(), &request["fingerprint"]);
    let words = words.as_str().unwrap();
    let add = format!("member add {name} --request - {more} --fingerprint {words}");
    owner.feed(&add, line).ok();
    person.pull(owner);
    person.accept_as(owner);
    person
}

fn shell(program: &str, arguments: &[&str]) {
    let mut command = Command::new(program);
    assert!(command.args(arguments).status().unwrap().success(), "{program} {arguments:?}");
}

fn copy(from: &Path, to: &Path) {
    // With permissions, which tell an identity from one that others can read.
    shell("cp", &["-a", from.to_str().unwrap(), to.to_str().unwrap()]);
}

/// A search path that begins with a folder.
pub fn path_with(folder: &Path) -> String {
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default())
}

impl Scene {
    pub fn new() -> Self {
        let olga = Person::new("olga");
        olga.run("init --vault-name shop").ok();
        olga.run("role create lead --grant read,write,rotate,delete,grant:dev/*").ok();
        olga.run("role create developer --grant read,write:dev/*").ok();
        for (secret, value) in
            [("dev/DB", "dev-db"), ("dev/API", "dev-api"), ("prod/DB", "prod-db")]
        {
            olga.set(secret, value);
        }
        olga.run("settings set plugins.allow nobody,scripted").ok();
        let mallory = join(&olga, "mallory", "laptop", "--role lead");
        join(&olga, "mallory", "desk", "--device");
        let bob = join(&olga, "bob", "laptop", "--role developer");
        mallory.pull(&olga);
        let saved = tempfile::tempdir().unwrap();
        let scene = Self { olga, mallory, bob, saved };
        copy(&scene.olga.home(), &scene.saved.path().join("home"));
        copy(&scene.olga.checkout().join(".v-secure"), &scene.saved.path().join("vault"));
        scene
    }

    /// Puts Olga's machine back.
    pub fn reset(&self) {
        for (saved, place) in
            [("home", self.olga.home()), ("vault", self.olga.checkout().join(".v-secure"))]
        {
            std::fs::remove_dir_all(&place).unwrap();
            copy(&self.saved.path().join(saved), &place);
        }
    }

    /// The vault with a record of mallory's.
    pub fn hostile(&self, record: &Record) -> Vec<u8> {
        let identity = self.mallory.home().join(".config/v-secure/identity.txt");
        hostile::make(record, &self.saved.path().join("vault/vault.toml"), &identity)
    }

    pub fn git(&self, line: &str) {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=olga", "-c", "user.email=olga@example.org"]);
        let done =
            command.args(line.split(' ')).current_dir(self.olga.checkout()).output().unwrap();
        assert!(done.status.success(), "git {line}: {done:?}");
    }

    /// Lets the repository's configuration name a program wherever git takes one; it leaves the file
    /// whose path this returns.
    pub fn arm(&self) -> PathBuf {
        let (program, trap) = (self.saved.path().join("trap"), self.saved.path().join("ran"));
        let script = format!("#!/bin/sh\ntouch {}\n", trap.display());
        std::fs::write(&program, script).unwrap();
        shell("chmod", &["755", program.to_str().unwrap()]);
        for key in
            ["core.fsmonitor", "core.pager", "gpg.program", "core.sshCommand", "diff.external"]
        {
            self.git(&format!("config {key} {}", program.display()));
        }
        self.git("config log.showSignature true");
        trap
    }

    pub fn disarm(&self) {
        for key in
            ["core.fsmonitor", "core.pager", "gpg.program", "core.sshCommand", "diff.external"]
        {
            self.git(&format!("config --unset {key}"));
        }
    }

    /// Runs a command of Olga's where the scripted plugin is installed.
    pub fn with_plugin(&self, line: &str) -> Done {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/testkit/plugin");
        let arguments: Vec<&str> = line.split(' ').collect();
        self.olga.command(&arguments).env("PATH", path_with(&folder)).output().unwrap().into()
    }

    /// A folder with a plugin that answers nothing.
    pub fn failing_plugin(&self) -> PathBuf {
        let file = self.saved.path().join("age-plugin-nobody");
        std::fs::write(&file, "#!/bin/sh\nexit 1\n").unwrap();
        shell("chmod", &["755", file.to_str().unwrap()]);
        self.saved.path().to_path_buf()
    }
}
