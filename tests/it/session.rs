//! `unlock` and `lock` in the kernel keyring, each command in a session keyring of its own, as another
//! shell of the same user has one.
#![cfg(target_os = "linux")]

use expectrl::{Eof, Expect};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use v_secure::SecretValue;
use v_secure_core::crypto::bytes::encode;
use v_secure_core::crypto::identity::parse_identities;
use v_secure_core::name::audience::AudienceName;
use v_secure_core::vault::unlock::Unlocked;
use v_secure_testkit::binary;
use v_secure_testkit::faults;
use v_secure_testkit::keyctl::{alone, skipped};
use v_secure_testkit::sandbox::{Sandbox, contains, describe, feed};
use v_secure_testkit::terminal::{rest, terminal};
use v_secure_testkit::tools::{has, installed, without_kernel_keyring};

struct Scene {
    sandbox: Sandbox,
    /// Where the identity is put while it is not to be found.
    away: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let sandbox = Sandbox::with_vault();
        sandbox.set("A", "value-of-a");
        let away = sandbox.path("away");
        for name in ["tmp", "run"] {
            fs::create_dir(sandbox.path(name)).unwrap();
        }
        Self { sandbox, away }
    }

    fn command(&self, line: &str) -> Command {
        let plain = self.sandbox.command::<&str>(&[]);
        let mut keyctl = Command::new("keyctl");
        keyctl.args(["session", "-", binary()]).args(line.split(' ')).env_clear();
        keyctl.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        keyctl.env("TMPDIR", self.sandbox.path("tmp"));
        keyctl.env("XDG_RUNTIME_DIR", self.sandbox.path("run"));
        // No bus: the OS keyring must not be what a test works with here.
        keyctl.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
        keyctl.current_dir(self.sandbox.project()).stdin(Stdio::null());
        keyctl
    }

    fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    #[track_caller]
    fn ok(&self, line: &str) -> String {
        let output = self.run(line);
        assert!(output.status.success(), "{line}: {}", describe(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.ok(&format!("{line} --json"))).unwrap()
    }

    /// The exit code and the error object of what must fail.
    #[track_caller]
    fn fails(&self, line: &str) -> (i32, Value) {
        let output = self.run(&format!("{line} --json"));
        assert!(!output.status.success(), "{line}: {}", describe(&output));
        let text = String::from_utf8(output.stderr).unwrap();
        let object: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        (output.status.code().unwrap(), object["error"].clone())
    }

    fn set(&self, name: &str, value: &str) -> Output {
        let mut command = self.command(&format!("set {name}"));
        feed(command.stdin(Stdio::piped()), value.as_bytes())
    }

    fn hide_identity(&self) {
        fs::rename(self.sandbox.identity(), &self.away).unwrap();
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // A scene without a keyring opened nothing, and has no `keyctl` to say so with.
        if installed("keyctl") {
            self.run("lock");
        }
    }
}

#[test]
fn what_was_unlocked_opens_without_the_identity_until_it_is_locked() {
    if skipped() {
        return;
    }
    let (_alone, scene) = (alone(), Scene::new());
    let unlocked = scene.json("unlock --for 90m");
    assert_eq!(unlocked["keyring"], "kernel keyring");
    assert_eq!((&unlocked["member"], &unlocked["seconds"]), (&"ada".into(), &5400.into()));
    scene.hide_identity();
    assert_eq!(scene.ok("get A"), "value-of-a");
    let written = scene.set("B", "value-of-b");
    assert!(written.status.success(), "{}", describe(&written));
    assert_eq!(scene.ok("get B"), "value-of-b");
    let status = scene.json("--vault .");
    assert_eq!(status["unlocked_by"], "v-secure unlock");
    assert_eq!(status["open_until"], unlocked["until"]);
    let shown = scene.ok("--vault .");
    assert!(shown.contains("unlocked by   v-secure unlock (ends in 1 hour)"), "{shown}");
    let found = scene.json("doctor")["findings"].to_string();
    assert!(found.contains("session-open") && found.contains("identity-found"), "{found}");
    let (code, error) = scene.fails("unlock");
    assert_eq!((code, &error["code"]), (3, &"locked".into()), "only an identity prolongs it");
    let (code, error) = scene.fails(&format!("--identity {} get A", stranger(&scene)));
    assert_eq!((code, &error["code"]), (3, &"locked".into()), "what a flag names excludes it");
    assert_eq!(scene.json("lock")["locked"].as_array().unwrap().len(), 1);
    let (code, error) = scene.fails("get A");
    assert_eq!((code, &error["code"]), (3, &"locked".into()));
    let again = scene.run("lock");
    assert!(again.status.success() && contains(&again.stderr, b"nothing was kept open here"));
}

/// What is kept holds no identity; what seals one finds it by another way.
#[test]
fn a_slot_and_a_backup_seal_the_identity_while_the_vault_is_kept_open() {
    if skipped() {
        return;
    }
    let (_alone, scene) = (alone(), Scene::new());
    let with = |line: &str, name: &str, passphrase: &str| {
        let output = scene.command(line).env(name, passphrase).output().unwrap();
        assert!(output.status.success(), "{line}: {}", describe(&output));
    };
    let (first, second) = ("two horses walk under seven moons", "seven goats swim over nine suns");
    scene.ok("unlock");
    with("key slot add --label phone", "V_SECURE_NEW_PASSPHRASE", first);
    with("key slot change phone", "V_SECURE_NEW_PASSPHRASE", second);
    scene.hide_identity();
    let elsewhere = v_secure::generate_identity().recipient;
    let line = format!("backup create shop.age --with-identity --recipient {elsewhere}");
    assert_eq!(scene.run(&line).status.code(), Some(3), "there is none while nobody can be asked");
    with(&line, "V_SECURE_PASSPHRASE", second);
}

/// After the first passphrase there is a way not to be asked again, and it works.
#[test]
fn after_a_passphrase_unlock_is_offered_and_ends_the_asking() {
    if skipped() || !has("ssh-keygen") {
        return;
    }
    let (_alone, scene) = (alone(), Scene::new());
    let key = scene.sandbox.path("key");
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key);
    assert!(keygen.status().unwrap().success());
    let path = key.to_str().unwrap();
    let folder = scene.sandbox.path("other");
    fs::create_dir(&folder).unwrap();
    let vault = folder.to_str().unwrap();
    let with_key = |line: &str| {
        let line = format!("--vault {vault} --identity {path} {line}");
        scene.command(&line)
    };
    let made = with_key("init --member ada").output().unwrap();
    assert!(made.status.success(), "{}", describe(&made));
    let mut set = with_key("set A");
    assert!(feed(set.stdin(Stdio::piped()), b"value-of-a").status.success());
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-p", "-P", "", "-N", "correct horse", "-f"]).arg(&key);
    assert!(keygen.output().unwrap().status.success());
    let offer = "'v-secure unlock --for 8h' keeps this open";
    for (line, says) in [("get A", offer), ("unlock", "is open for ada until")] {
        let mut session = terminal(with_key(line));
        session.expect("Passphrase of").unwrap();
        session.send_line("correct horse").unwrap();
        session.expect(says).unwrap();
        session.expect(Eof).unwrap();
    }
    let mut quiet = terminal(scene.command(&format!("--vault {vault} get A")));
    let shown = rest(&mut quiet);
    assert!(shown.contains("value-of-a") && !shown.contains("Passphrase"), "{shown}");
    assert!(!shown.contains(offer), "{shown}");
    assert!(scene.run(&format!("--vault {vault} lock")).status.success());
}

/// An identity file of nobody.
fn stranger(scene: &Scene) -> String {
    let path = scene.sandbox.path("stranger.txt");
    let made = v_secure::generate_identity();
    fs::write(&path, made.text.expose()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn its_time_ends_it() {
    if skipped() {
        return;
    }
    let (_alone, scene) = (alone(), Scene::new());
    scene.ok("unlock --for 4s");
    let begun = Instant::now();
    scene.hide_identity();
    assert_eq!(scene.ok("get A"), "value-of-a");
    // What is waited for is the clock itself.
    std::thread::sleep(Duration::from_millis(5_100).saturating_sub(begun.elapsed()));
    assert_eq!(scene.fails("get A").0, 3);
    // The kernel forgets by itself too, with nobody to ask.
    let id = scene.json("--vault .")["id"].as_str().unwrap().to_owned();
    let item = format!("v-secure:session:{id}");
    let search = Command::new("keyctl").args(["search", "@u", "user", &item]).output().unwrap();
    assert!(!search.status.success(), "{}", describe(&search));
}

#[test]
fn new_keys_of_an_audience_end_it() {
    if skipped() {
        return;
    }
    let (_alone, scene) = (alone(), Scene::new());
    scene.ok("unlock");
    let identity = scene.away.clone();
    scene.hide_identity();
    // The keys suffice to bring somebody in, and are then not all that there are.
    scene.ok("member add ci --service --new-identity --read prod/*");
    let (code, error) = scene.fails("get A");
    assert_eq!((code, &error["code"]), (3, &"locked".into()));
    let causes = error["causes"].to_string();
    assert!(causes.contains("v-secure unlock: the audience ci+owner has got new keys"), "{causes}");
    let unlock = format!("--identity {} unlock", identity.display());
    scene.ok(&unlock);
    assert_eq!(scene.ok("get A"), "value-of-a");
    // Whoever goes takes no new key along: the audience gets a new epoch.
    scene.ok("member remove ci --yes");
    assert_eq!(scene.fails("get A").0, 3);
    scene.ok(&unlock);
    assert_eq!(scene.ok("get A"), "value-of-a");
}

#[test]
fn each_vault_is_unlocked_by_itself_and_all_can_be_locked_at_once() {
    if skipped() {
        return;
    }
    let (_alone, one, other) = (alone(), Scene::new(), Scene::new());
    for scene in [&one, &other] {
        scene.ok("unlock");
        scene.hide_identity();
    }
    one.ok("lock");
    assert_eq!(one.fails("get A").0, 3);
    assert_eq!(other.ok("get A"), "value-of-a");
    one.ok("lock --all");
    assert_eq!(other.fails("get A").0, 3);
}

#[test]
fn a_time_that_is_none_or_too_long_is_refused() {
    let scene = Scene::new();
    for span in ["8d", "0s", "1", "forever"] {
        let output = scene.sandbox.run(&["unlock", "--for", span, "--json"]);
        assert_eq!(output.status.code(), Some(2), "{span}: {}", describe(&output));
        assert!(contains(&output.stderr, b"bad-time"), "{span}: {}", describe(&output));
    }
}

#[test]
fn where_nothing_can_keep_the_keys_both_reasons_are_told_at_once() {
    if faults::skipped() {
        return;
    }
    let scene = Scene::new();
    let plain = scene.sandbox.command(&["unlock", "--json"]);
    let begun = Instant::now();
    let output = without_kernel_keyring(&plain)
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", describe(&output));
    let object: Value = serde_json::from_slice(&output.stderr).unwrap();
    let causes = object["error"]["causes"].as_array().unwrap();
    assert!(causes[0].as_str().unwrap().contains("kernel keyring"), "{causes:?}");
    assert!(causes[1].as_str().unwrap().contains("OS keyring"), "{causes:?}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

/// The keys that are kept, in the spellings that they might have in a file.
fn material(scene: &Scene) -> Vec<Vec<u8>> {
    let vault = scene.sandbox.verified().unwrap();
    let text = SecretValue::new(fs::read(scene.sandbox.identity()).unwrap());
    let who = Unlocked::new(&vault, parse_identities(&text).unwrap()).unwrap();
    let keys = who.keys(&vault, &AudienceName::new("owner")).unwrap();
    let seed = who.signer(&vault).unwrap().key.seed();
    let kek = keys[0].kek.expose();
    vec![
        kek.to_vec(),
        encode(kek).into_bytes(),
        keys[0].identity().unwrap().text().expose().to_vec(),
        seed.expose().to_vec(),
        encode(seed.expose()).into_bytes(),
    ]
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path(), found),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
}

#[test]
fn no_file_holds_the_keys() {
    if skipped() {
        return;
    }
    let (_alone, scene) = (alone(), Scene::new());
    let material = material(&scene);
    scene.ok("unlock");
    scene.hide_identity();
    scene.ok("get A");
    assert!(scene.set("B", "b").status.success());
    let mut found = Vec::new();
    for folder in ["home", "project", "tmp", "run"] {
        files(&scene.sandbox.path(folder), &mut found);
    }
    assert!(found.len() > 3, "{found:?}");
    files(Path::new("/dev/shm"), &mut found);
    for path in found {
        let bytes = fs::read(&path).unwrap_or_default();
        let holds = material.iter().any(|text| contains(&bytes, text));
        assert!(!holds, "{} holds a key", path.display());
    }
}
