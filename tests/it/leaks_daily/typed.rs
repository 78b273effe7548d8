//! What is typed on a terminal: passphrases, the words of a recovery identity, a value. And what goes
//! to the keyring of the desktop.

use crate::leaks_daily::scene::{Case, PASSPHRASE, Scene, VALUE, case, is_own};
use expectrl::{Eof, Expect, Session};
use std::fs;
use std::process::Command;
use std::time::Duration;
use v_secure::SecretValue;
use v_secure_core::crypto::bytes::{decode, encode};
use v_secure_core::file::keyring_slot::SealedHalf;
use v_secure_testkit::desktop::{self, Desktop};
use v_secure_testkit::faults;
use v_secure_testkit::keyctl;
use v_secure_testkit::tools::has;

const SSH: &str = "planted gravel sonnet 5518";
const NEW: &str = "planted orchid granite window 3306";

impl Scene {
    /// Runs it in a pseudo-terminal, watched; answers each question in its turn.
    fn talk(&self, line: &str, answers: &[(&str, &str)]) {
        let case = if line.starts_with("exec") { case(line).program() } else { case(line) };
        let mut command = self.command(&case);
        command.env("TERM", "xterm").stdin(std::process::Stdio::inherit());
        let talk = || {
            let mut session = Session::spawn(command).unwrap();
            session.set_expect_timeout(Some(Duration::from_secs(60)));
            for (question, answer) in answers {
                session.expect(*question).unwrap_or_else(|error| panic!("{line}: {error}"));
                // While it is asked, and after it got the answer.
                std::thread::sleep(Duration::from_millis(50));
                session.send(format!("{answer}\r")).unwrap();
            }
            String::from_utf8_lossy(session.expect(Eof).unwrap().as_bytes()).into_owned()
        };
        let (shown, seen) = self.watch.during(&self.allowed(&case), talk);
        assert!(!shown.contains("error") && !shown.contains("planted"), "{line}: {shown}");
        assert!(seen.leaks.is_empty(), "during {line}: {:?}", seen.leaks);
        self.nothing_is_left(line);
    }
}

#[test]
fn what_is_typed_is_nowhere() {
    if !is_own(what_is_typed_is_nowhere) {
        return;
    }
    let mut scene = Scene::new();
    scene.watch.plant(NEW, None);
    scene.plain("init --vault-name shop --member ada", "");
    scene.plain("settings set kdf m=19456,t=2,p=1", "");
    let secret = [("Value", VALUE)];
    scene.talk("set A", &secret);
    let made = scene.given("words.txt");
    scene.plain(&format!("recovery new --words --out {made}"), "");
    let text = fs::read_to_string(made).unwrap();
    let words = text.lines().rfind(|line| !line.starts_with('#')).unwrap().to_owned();
    scene.watch.plant(words.split(' ').take(6).collect::<Vec<_>>().join(" "), None);
    scene.talk("recovery test --words", &[("24 words", &words)]);
    let restored = scene.given("restored");
    scene.talk(&format!("identity restore -o {restored}"), &[("24 words", &words)]);
    scene.talk("key slot add", &[("New passphrase", PASSPHRASE), ("Once more", PASSPHRASE)]);
    fs::rename(scene.sandbox.identity(), scene.given("away")).unwrap();
    let wrong = [("Passphrase of the vault", NEW), ("Passphrase of the vault", PASSPHRASE)];
    scene.talk("secret tag A --add web", &wrong);
    scene.talk("exec -- sleep 0.1", &wrong);
    if !keyctl::skipped() {
        scene.talk("unlock --for 1h", &wrong);
        scene.plain("lock", "");
    }
}

#[test]
fn the_passphrase_of_an_ssh_key_is_nowhere() {
    if !is_own(the_passphrase_of_an_ssh_key_is_nowhere) {
        return;
    }
    let mut scene = Scene::new();
    let folder = scene.sandbox.home().join(".ssh");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("id_ed25519");
    if !has("ssh-keygen") {
        return;
    }
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-t", "ed25519", "-N", SSH, "-f"]).arg(&file);
    assert!(keygen.status().unwrap().success());
    scene.watch.plant(SSH, None);
    fs::remove_file(scene.sandbox.identity()).unwrap();
    let question = [("Passphrase of", SSH)];
    let init =
        format!("--identity {} init --vault-name shop --member ada --no-recovery", file.display());
    scene.talk(&init, &[]);
    scene.talk("set A --generate", &question);
    scene.talk("key status", &[]);
    scene.talk("exec -- sleep 0.1", &question);
}

#[test]
fn the_keyring_of_the_desktop_gets_a_share_and_nothing_else() {
    if desktop::skipped()
        || faults::skipped()
        || !is_own(the_keyring_of_the_desktop_gets_a_share_and_nothing_else)
    {
        return;
    }
    let mut scene = Scene::new();
    let data = tempfile::tempdir().unwrap();
    let desktop = Desktop::start(data.path(), true);
    let run = |scene: &Scene, case: Case| {
        scene.run(&case.set("DBUS_SESSION_BUS_ADDRESS", &desktop.address))
    };
    run(&scene, case("init --vault-name shop --member ada"));
    run(&scene, case("set A").input(VALUE));
    scene.plant_keys();
    let added = run(&scene, case("keyring add --json"));
    let added: serde_json::Value = serde_json::from_str(&added).unwrap();
    fs::rename(scene.sandbox.identity(), scene.given("away")).unwrap();
    run(&scene, case("get A").gives());
    run(&scene, case("keyring show"));
    // What goes over the bus in the open, such as labels and attributes.
    scene.nothing_was_written();
    let item = format!("slot:{}", added["slot"].as_str().unwrap());
    let share = kept(&desktop, &item);
    assert_eq!(share.len(), 32);
    let half = fs::read(added["file"].as_str().unwrap()).unwrap();
    let half = SealedHalf::parse(&half).unwrap();
    assert!(half.open(&SecretValue::new(share.clone())).is_ok());
    assert!(!scene.watch.is_planted(&share));
}

/// What the keyring has under a name. The session in which it is asked encrypts what it tells, and the
/// bus is found by a variable alone: so another process asks.
fn kept(desktop: &Desktop, item: &str) -> Vec<u8> {
    let mut ask = desktop.client(std::env::current_exe().unwrap().to_str().unwrap());
    ask.args(["--exact", "leaks_daily::typed::an_item_of_the_keyring", "--ignored", "--nocapture"]);
    let output = ask.env("V_SECURE_TEST_ITEM", item).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let found = text.lines().find_map(|line| line.split_once("item="));
    decode(found.unwrap_or_else(|| panic!("{text}")).1.trim()).unwrap()
}

#[test]
#[ignore = "asks the keyring for another test"]
fn an_item_of_the_keyring() {
    let item = std::env::var("V_SECURE_TEST_ITEM").unwrap();
    let secret = keyring::Entry::new("v-secure", &item).unwrap().get_secret().unwrap();
    println!("\nitem={}", encode(&secret));
}
