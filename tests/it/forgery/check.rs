//! Runs the program on a forged vault, as a stranger's push would put it into a project.

use crate::forgery::doors;
use crate::forgery::kind::{Forgery, Get, Setup};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;
use v_secure_core::file::format::Trust;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::pin::CarriedPin;
use v_secure_core::vault::{Depth, Vault};
use v_secure_testkit::binary;

/// A genuine vault, its forgeries and its members' identities.
pub struct Set {
    pub genuine: String,
    pub forged: BTreeMap<&'static str, String>,
    pub identities: BTreeMap<String, String>,
}

impl Set {
    pub fn check(&self, forgery: &Forgery) {
        let project = Project::new(self, forgery);
        let mut args = vec!["audit", "verify", "--json"];
        let base = project.path("genuine.toml");
        match forgery.setup {
            Setup::Base => args.extend(["--base", base.to_str().unwrap()]),
            Setup::Strict => args.push("--strict"),
            _ => {}
        }
        let expected = if forgery.is_in_order() { 0 } else { forgery.exit() };
        // Twice: what refuses cold must refuse warm.
        for _ in 0..2 {
            let output = project.run(&args);
            assert_eq!(output.status.code(), Some(expected), "{output:?}");
            let told = forgery.code.is_empty()
                || forgery.setup == Setup::Opened
                || codes(&output).contains(&forgery.code.to_owned());
            assert!(told, "{:?}", codes(&output));
        }
        let before = fs::read(project.vault()).unwrap();
        doors::check(&project, &self.identities["ada"], forgery);
        if let (Setup::Opened, Get::Refused(name)) = (forgery.setup, forgery.get) {
            let output = project.read(&["--json", "get", name]);
            let said: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
            assert_eq!(said["error"]["code"], forgery.code);
        }
        assert_eq!(fs::read(project.vault()).unwrap(), before, "reading changes nothing");
        // What nobody signed is not remembered, whatever was served of the file. A line that a member
        // signed is: it is in their name, and no outsider can make one.
        let is_members = ["checkpoint-by-developer", "pending-without-put"].contains(&forgery.name);
        if forgery.setup == Setup::File && !is_members {
            fs::write(project.vault(), &self.genuine).unwrap();
            let output = project.read(&["get", "prod/DB", "--strict"]);
            assert_eq!(output.stdout, b"prod-db-2", "{output:?}");
        }
    }
}

/// The codes of the findings that made the verdict; with the verdict "ok", all codes.
fn codes(output: &Output) -> Vec<String> {
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let refused = report["verdict"] == "refused";
    let findings = report["findings"].as_array().unwrap().iter();
    let counted = findings.filter(|found| !refused || found["severity"] == "error");
    counted.map(|found| found["code"].as_str().unwrap().to_owned()).collect()
}

pub struct Project {
    root: TempDir,
    pin: Option<String>,
}

impl Project {
    fn new(set: &Set, forgery: &Forgery) -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut project = Self { root, pin: None };
        fs::create_dir_all(project.path("home")).unwrap();
        fs::create_dir_all(project.path("p/.v-secure")).unwrap();
        fs::create_dir_all(project.path("runtime")).unwrap();
        private_folder(&project.path("runtime"));
        fs::write(project.path("identity.txt"), &set.identities["ada"]).unwrap();
        private(&project.path("identity.txt"));
        fs::write(project.path("genuine.toml"), &set.genuine).unwrap();
        fs::write(project.vault(), &set.genuine).unwrap();
        match forgery.setup {
            Setup::Pinned | Setup::Strict => {
                let output = project.run(&["--trust-first-use", "get", "prod/DB"]);
                assert_eq!(output.stdout, b"prod-db-2", "{output:?}");
            }
            Setup::Carried => project.pin = Some(pin(&set.genuine)),
            Setup::File | Setup::Base | Setup::Harmless | Setup::Opened => {}
        }
        fs::write(project.vault(), &set.forged[forgery.name]).unwrap();
        project
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn vault(&self) -> PathBuf {
        self.path("p/.v-secure/vault.toml")
    }

    /// Where the program keeps what it has accepted.
    pub fn state(&self) -> PathBuf {
        self.path("home/v-secure")
    }

    /// The pin that comes with the key, if one does.
    pub fn carried(&self) -> Option<CarriedPin> {
        self.pin.as_ref().map(|pin| pin.parse().unwrap())
    }

    /// Runs a command that reads. In CI, so that nothing is pruned on the side.
    pub fn read(&self, args: &[&str]) -> Output {
        self.read_with(args, &[])
    }

    pub fn read_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = self.command(&[&["--trust-first-use"], args].concat());
        command.env("CI", "1").envs(variables.iter().copied()).output().unwrap()
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.current_dir(self.path("p")).env_clear();
        command
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("XDG_RUNTIME_DIR", self.path("runtime"));
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            command.env(name, self.path("home"));
        }
        if let Some(pin) = &self.pin {
            command.env("V_SECURE_PIN", pin);
        }
        command.arg("--identity").arg(self.path("identity.txt"));
        command.args(args);
        command
    }
}

fn pin(genuine: &str) -> String {
    let vault =
        Vault::open(genuine.as_bytes(), Trust::Strict, Depth::Everything, UnixTime::from_secs(0))
            .unwrap();
    CarriedPin::of(vault.chain()).to_string()
}

#[cfg(unix)]
fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(unix)]
fn private_folder(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
}

#[cfg(not(unix))]
fn private(_path: &Path) {}

#[cfg(not(unix))]
fn private_folder(_path: &Path) {}
