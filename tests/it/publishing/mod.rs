//! What is published by git before it is in the vault: two clones and a bare repository between them. The engine is
//! asked through the library as its door, as the commands that publish ask it.

#![cfg(unix)]

mod failures;
mod races;
mod trees;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use v_secure::cli::error::Failure;
use v_secure::engine::door::Purpose;
use v_secure::engine::history::HistoryUse;
use v_secure::engine::publishing::{self, Refreshed};
use v_secure::engine::session::Session;
use v_secure::engine::writing::Wrote;
use v_secure::host::real::RealHost;
use v_secure::store::file::find::Location;
use v_secure::store::file::owners::Owners;
use v_secure::{Error, FirstUse, Options, SecretValue, Vault, generate_identity};
use v_secure_core::crypto::identity::parse_identities;
use v_secure_core::host::Clock;
use v_secure_core::name::SecretName;
use v_secure_core::policy::settings::Via;
use v_secure_core::secret::put::{self, NewValue, PutRequest};
use v_secure_core::vault::Vault as Verified;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::change::Change;
use v_secure_core::vault::unlock::{Signer, Unlocked};
use v_secure_testkit::person::path_after;
use v_secure_testkit::tools;

pub const FILE: &str = ".v-secure/vault.toml";
pub const MAIN: &str = "refs/heads/main";
pub const OWN: &str = "refs/heads/rotations";

/// A repository without a working tree, and clones of it.
pub struct Scene {
    root: TempDir,
    identity: SecretValue,
}

/// A clone, with a state folder of its own.
pub struct Place<'a> {
    scene: &'a Scene,
    folder: PathBuf,
    state: PathBuf,
}

impl Scene {
    /// `None` without git.
    pub fn new() -> Option<Self> {
        if !tools::has("git") {
            return None;
        }
        let root = tempfile::tempdir().unwrap();
        let scene = Self { root, identity: generate_identity().text };
        let bare = scene.remote();
        fs::create_dir(&bare).unwrap();
        git(&bare, &["init", "--quiet", "--bare", "--initial-branch=main"]);
        let one = scene.place("one");
        fs::create_dir(&one.folder).unwrap();
        git(&one.folder, &["init", "--quiet", "--initial-branch=main"]);
        Vault::create(one.options(FirstUse::Refuse), "shop", "olga", &scene.identity).unwrap();
        fs::write(one.folder.join("code.rs"), "fn main() {}\n").unwrap();
        fs::create_dir(one.folder.join("docs")).unwrap();
        fs::write(one.folder.join("docs/a b é"), "text\n").unwrap();
        one.vault().store("prod/A", SecretValue::new(b"one".to_vec()), "first").unwrap();
        git(&one.folder, &["add", "."]);
        one.commit("first");
        git(&one.folder, &["remote", "add", "origin", bare.to_str().unwrap()]);
        git(&one.folder, &["push", "--quiet", "origin", "main"]);
        Some(scene)
    }

    pub fn remote(&self) -> PathBuf {
        self.root.path().join("remote.git")
    }

    pub fn place(&self, name: &str) -> Place<'_> {
        let (folder, state) =
            (self.root.path().join(name), self.root.path().join(format!("{name}.state")));
        if !state.exists() {
            fs::create_dir(&state).unwrap();
            fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
        }
        Place { scene: self, folder, state }
    }

    /// The one that began, and another clone.
    pub fn two(&self) -> [Place<'_>; 2] {
        let two = self.place("two");
        git(self.root.path(), &["clone", "--quiet", self.remote().to_str().unwrap(), "two"]);
        [self.place("one"), two]
    }

    pub fn hook(&self, name: &str, script: &str) {
        let hook = self.remote().join("hooks").join(name);
        fs::write(&hook, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub fn unhook(&self, name: &str) {
        fs::remove_file(self.remote().join("hooks").join(name)).unwrap();
    }

    /// What a path is in the remote.
    pub fn shown(&self, name: &str) -> String {
        git(&self.remote(), &["show", name])
    }
}

/// What git prints, which must succeed.
#[track_caller]
pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=t", "-c", "user.email=t@example.org"]);
    let output = command.current_dir(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

pub fn via(reference: &str) -> Via {
    Via::Git { remote: "origin".to_owned(), reference: reference.to_owned() }
}

impl Place<'_> {
    fn options(&self, first_use: FirstUse) -> Options {
        Options {
            project: self.folder.clone(),
            state: Some(self.state.clone()),
            first_use,
            strict: false,
            prune: false,
            whole_history: true,
        }
    }

    pub fn vault(&self) -> Vault {
        Vault::with_host(self.options(FirstUse::Accept), &self.scene.identity, RealHost)
    }

    pub fn session(&self) -> Session {
        Session {
            location: Location::in_project(&self.folder).unwrap(),
            owners: Owners::current(),
            state: Some(self.state.clone()),
            home: None,
            carried: None,
            history: HistoryUse::Whole,
            brought: None,
            now: RealHost.now(),
        }
    }

    pub fn text(&self) -> String {
        fs::read_to_string(self.folder.join(FILE)).unwrap()
    }

    #[track_caller]
    pub fn commit(&self, message: &str) {
        git(&self.folder, &["commit", "--quiet", "--all", "-m", message]);
    }

    /// A line in a shell, with the program and the identity at its place.
    #[track_caller]
    pub fn shell(&self, line: &str) {
        let config = self.folder.with_extension("home").join(".config/v-secure");
        fs::create_dir_all(&config).unwrap();
        fs::write(config.join("identity.txt"), self.scene.identity.expose()).unwrap();
        let own = fs::Permissions::from_mode(0o600);
        fs::set_permissions(config.join("identity.txt"), own).unwrap();
        let mut shell = Command::new("sh");
        let binary = Path::new(v_secure_testkit::binary()).parent().unwrap();
        shell.env_clear().env("HOME", self.folder.with_extension("home"));
        shell.env("PATH", path_after(binary));
        let output = shell.args(["-c", line]).current_dir(&self.folder).output().unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
    }

    pub fn refresh(&self, via: &Via) -> Result<Refreshed, Error> {
        publishing::refresh(&self.vault(), &self.session(), via)
    }

    fn unlock(&self, vault: &Verified) -> Result<(Unlocked, Signer), Error> {
        let who = Unlocked::new(vault, parse_identities(&self.scene.identity)?)?;
        let signer = who.signer(vault)?;
        Ok((who, signer))
    }

    /// Publishes a value, once.
    pub fn publish(&self, via: &Via, secret: &str) -> Result<Wrote<()>, Error> {
        let how = (Purpose::Use, "value");
        let unlock = |vault: &Verified| self.unlock(vault);
        publishing::publish(&self.vault(), &self.session(), via, how, unlock, |vault, ctx| {
            put(vault, ctx, secret)
        })
    }

    /// Publishes a value upon what is published.
    pub fn retried(&self, via: &Via, secret: &str) -> Result<Wrote<()>, Error> {
        self.making(via, |vault, ctx| put(vault, ctx, secret))
    }

    pub fn making<T>(
        &self,
        via: &Via,
        make: impl FnMut(&Verified, &Ctx<'_>) -> Result<(T, Option<Change>), Error>,
    ) -> Result<Wrote<T>, Error> {
        let unlock = |vault: &Verified| self.unlock(vault);
        let how = (Purpose::Use, "value");
        publishing::retried(&self.vault(), &self.session(), via, how, unlock, make)
    }

    pub fn value(&self, secret: &str) -> Option<String> {
        let value = self.vault().retrieve(secret).ok()?;
        Some(String::from_utf8(value.expose().to_vec()).unwrap())
    }
}

pub fn put(vault: &Verified, ctx: &Ctx<'_>, secret: &str) -> Result<((), Option<Change>), Error> {
    let value = SecretValue::new(secret.as_bytes().to_vec());
    let value = Some(NewValue { value, expires: None, same: Vec::new() });
    let secret = SecretName::parse(secret)?;
    let request = PutRequest { secret, value, fields: Vec::new() };
    Ok(((), Some(put::put(vault, vec![request], ctx)?)))
}

/// What the command line makes of a refusal.
#[track_caller]
pub fn refused<T>(result: Result<T, Error>) -> (u8, String, String) {
    let Err(error) = result else { panic!("it was published") };
    let failure: Failure = match error {
        Error::Publish(error) => error.into(),
        Error::Session(error) => error.into(),
        Error::Transaction(error) => error.into(),
        other => panic!("{other:?}"),
    };
    let told = [vec![failure.message.clone()], failure.causes.clone()].concat().join("\n");
    (failure.exit.code(), failure.code.as_str().to_owned(), told)
}
