//! The recovery identity: made at the start or later, kept as text or words, tried, and used by
//! somebody who lost everything else. And the way of `docs/recovery.md` without this program.

#![cfg(unix)]

mod script;

use expectrl::{Expect, session::OsSession};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use v_secure_testkit::person::{Done, Person};
use v_secure_testkit::terminal::{rest, terminal};
use v_secure_testkit::tools::{has, skip};

fn identity_file(person: &Person) -> PathBuf {
    person.home().join(".config/v-secure/identity.txt")
}

/// A vault with a secret, and the file of its recovery identity.
fn with_recovery() -> (Person, PathBuf) {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop --recovery-out ../recovery.txt").ok();
    owner.set("prod/DB", "hunter2");
    let file = owner.home().join("../recovery.txt");
    (owner, file)
}

fn on_terminal(person: &Person, line: &str) -> OsSession {
    terminal(person.command(&line.split(' ').collect::<Vec<_>>()))
}

/// The 24 words of a numbered list on a terminal.
fn words_shown(text: &str) -> Vec<String> {
    let mut parts = text.split_whitespace().peekable();
    let mut words = Vec::new();
    while let Some(part) = parts.next() {
        if part.parse() == Ok(words.len() + 1)
            && let Some(word) = parts.peek().filter(|w| w.bytes().all(|b| b.is_ascii_lowercase()))
        {
            words.push((*word).to_owned());
        }
    }
    words
}

#[test]
fn who_lost_everything_goes_on_with_the_recovery_identity() {
    let (owner, file) = with_recovery();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let tried = owner.run("recovery test ../recovery.txt --json").json();
    assert_eq!((tried["member"].as_str(), tried["opened"].as_u64()), (Some("recovery"), Some(1)));
    // Another machine: a clone, and what was kept.
    let later = Person::new("owner");
    later.pull(&owner);
    later.accept_as(&owner);
    let restored = format!("identity restore {} --json", file.display());
    assert_eq!(later.run(&restored).json()["recipient"], tried["recipient"]);
    assert_eq!(fs::metadata(identity_file(&later)).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(later.run("get prod/DB").ok(), "hunter2");
    later.set("prod/DB", "hunter3");
    let new = Person::new("owner");
    new.pull(&later);
    new.accept_as(&later);
    let line = new.run("member request owner --device new-laptop").ok();
    later.feed("member add owner --device --request - --yes", &line).ok();
    new.pull(&later);
    assert_eq!(new.run("get prod/DB").ok(), "hunter3");
    new.set("prod/DB", "hunter4");
    new.run("audit verify").ok();
}

#[test]
fn a_recovery_identity_can_be_added_later_as_words() {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.set("prod/DB", "hunter2");
    let made = owner.run("recovery new --words --out ../words.txt --json").json();
    assert!(made["identity"].is_null() && made["words"].is_null(), "the file has it: {made}");
    let text = fs::read_to_string(owner.home().join("../words.txt")).unwrap();
    let words = text.lines().find(|line| !line.starts_with('#')).unwrap();
    assert_eq!(words.split(' ').count(), 24);
    assert!(!text.contains("AGE-SECRET-KEY"));
    owner.run("recovery test ../words.txt").ok();
    assert_eq!(owner.feed("recovery test -", words).code, 0);
    // A second one has a name of its own, and neither is written over.
    let again = owner.run("--json recovery new --out ../words.txt");
    assert_eq!(again.error(), (7, "exists".into()));
    let printed = owner.run("recovery new --out - --json").json();
    assert_eq!(printed["member"], "recovery-2");
    let (text, words) = (&printed["identity"], &printed["words"]);
    for form in [text, words] {
        owner.feed("recovery test -", form.as_str().unwrap()).ok();
    }
}

#[test]
fn a_second_recovery_identity_says_what_becomes_of_the_first() {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    let first = owner.run("recovery new --out ../first.txt");
    assert!(first.code == 0 && !first.err.contains("made before"), "{}", first.err);
    let second = owner.run("recovery new --out ../second.txt");
    let said = "what was made before opens the vault as before (recovery)";
    assert!(second.err.contains(said), "{}", second.err);
    assert!(second.err.contains("v-secure member remove recovery\n"), "{}", second.err);
    owner.run("recovery test ../first.txt").ok();
    owner.run("member remove recovery --yes").ok();
    assert_eq!(owner.run("--json recovery test ../first.txt").error().0, 3);
    owner.run("recovery test ../second.txt").ok();
}

/// Nobody works as it, so that nobody answers.
#[test]
fn nobody_is_told_to_ask_the_recovery_identity() {
    let (owner, _) = with_recovery();
    owner.run("role create developer --grant read:dev/*").ok();
    let developer = Person::new("developer");
    developer.pull(&owner);
    let asked = developer.run("--json get prod/DB");
    assert_eq!(asked.error().0, 3);
    assert!(asked.err.contains("owners who can let you in: owner\""), "{}", asked.err);
    developer.accept_as(&owner);
    let line = developer.run("member request").ok();
    owner.feed("member add developer --request - --role developer --yes", &line).ok();
    developer.pull(&owner);
    for (line, hint) in [
        ("get prod/DB", "ask one who can read it: owner"),
        ("set prod/DB --generate", "who can: owner"),
        ("rm prod/DB --yes", "who can: owner"),
        ("settings set reads off", "who can: owner"),
    ] {
        let refused = developer.run(&format!("--json {line}"));
        assert_eq!(refused.error(), (4, "not-permitted".into()), "{line}");
        assert!(refused.err.contains(&format!("{hint}\"")), "{line}: {}", refused.err);
    }
}

#[test]
fn what_is_no_recovery_identity_is_told_apart() {
    let (owner, file) = with_recovery();
    let stranger = owner.run("identity new -o -").ok();
    let refused = owner.feed("--json recovery test -", &stranger);
    assert_eq!(refused.error(), (3, "recovery".into()));
    let words = owner.feed("--json recovery test -", "abandon ability hunter2");
    assert_eq!(words.error(), (3, "words".into()));
    assert!(!words.err.contains("hunter2"));
    let text = fs::read_to_string(&file).unwrap();
    let two = owner.feed("--json recovery test -", &format!("{text}{stranger}"));
    assert_eq!(two.error(), (3, "identity-syntax".into()));
    assert_eq!(owner.run("--json recovery test").error(), (2, "no-input".into()));
    assert_eq!(owner.run("--json recovery new").error(), (2, "no-terminal".into()));
    let before = fs::read(owner.vault()).unwrap();
    owner.run("recovery test ../recovery.txt").ok();
    assert_eq!(fs::read(owner.vault()).unwrap(), before);
}

#[test]
fn only_an_owner_makes_a_recovery_identity_and_nothing_is_written_otherwise() {
    let (owner, _) = with_recovery();
    owner.run("role create developer --grant read,write,grant:dev/*").ok();
    let developer = Person::new("developer");
    developer.pull(&owner);
    developer.accept_as(&owner);
    let line = developer.run("member request").ok();
    owner.feed("member add developer --request - --role developer --yes", &line).ok();
    developer.pull(&owner);
    let before = fs::read(developer.vault()).unwrap();
    let refused = developer.run("--json recovery new --out ../recovery.txt");
    assert_eq!(refused.error(), (4, "not-permitted".into()));
    assert!(!developer.home().join("../recovery.txt").exists());
    assert_eq!(fs::read(developer.vault()).unwrap(), before);
    // A reader of one environment is no recovery.
    let tried =
        developer.run(&format!("--json recovery test {}", identity_file(&developer).display()));
    assert_eq!(tried.error(), (3, "recovery".into()));
}

#[test]
fn restoring_checks_first_and_overwrites_nothing() {
    let (owner, file) = with_recovery();
    let kept = fs::read(identity_file(&owner)).unwrap();
    let restore = |rest: &str| owner.run(&format!("--json identity restore {rest}"));
    assert_eq!(restore("../recovery.txt").error(), (7, "exists".into()));
    assert_eq!(fs::read(identity_file(&owner)).unwrap(), kept);
    let text = fs::read_to_string(&file).unwrap();
    let broken = text.replace("AGE-SECRET-KEY-1", "AGE-SECRET-KEY-1Q");
    let refused = owner.feed("--json identity restore - -o new.txt", &broken);
    assert_eq!(refused.error(), (3, "identity-syntax".into()));
    assert!(!owner.checkout().join("new.txt").exists());
    assert_eq!(restore("-o new.txt").error(), (2, "no-input".into()));
    restore("../recovery.txt -o new.txt").ok();
    assert_eq!(owner.run("--identity new.txt get prod/DB").ok(), "hunter2");
}

#[test]
fn init_writes_no_vault_where_the_recovery_identity_cannot_be_kept() {
    let owner = Person::new("owner");
    fs::write(owner.home().join("../taken.txt"), "mine").unwrap();
    let refused = owner.run("--json init --vault-name shop --recovery-out ../taken.txt");
    assert_eq!(refused.error(), (7, "exists".into()));
    assert!(!owner.vault().exists());
    assert_eq!(fs::read(owner.home().join("../taken.txt")).unwrap(), b"mine");
    let both = owner.run("--json init --recovery-out ../x.txt --no-recovery");
    assert_eq!(both.error(), (2, "usage".into()));
    let printed = owner.run("--json init --recovery-out -");
    assert_eq!(printed.error(), (2, "usage".into()));
    assert!(!owner.vault().exists());
}

#[test]
fn a_terminal_shows_the_words_once_and_adds_them_only_when_they_are_kept() {
    let owner = Person::new("owner");
    let mut session = on_terminal(&owner, "init --vault-name shop");
    session.expect("Make a recovery identity now").unwrap();
    session.send("yes\r").unwrap();
    let words = words_to_keep(&mut session);
    session.send("yes\r").unwrap();
    let afterwards = rest(&mut session);
    assert!(afterwards.contains("a second owner"));
    assert!(afterwards.contains("clear it and its scrollback now"), "{afterwards}");
    owner.set("prod/DB", "hunter2");
    owner.feed("recovery test -", &words.join(" ")).ok();

    let before = fs::read(owner.vault()).unwrap();
    let mut session = on_terminal(&owner, "recovery new");
    words_to_keep(&mut session);
    session.send("no\r").unwrap();
    let declined = rest(&mut session);
    assert!(declined.contains("nothing was changed") && !declined.contains("scrollback"));
    assert_eq!(fs::read(owner.vault()).unwrap(), before);
    let mut session = on_terminal(&owner, "recovery new");
    words_to_keep(&mut session);
    session.send("yes\r").unwrap();
    let afterwards = rest(&mut session);
    assert!(afterwards.contains("clear it and its scrollback now"), "{afterwards}");
}

/// The words of whichever command shows them, in the one way that there is.
fn words_to_keep(session: &mut OsSession) -> Vec<String> {
    let shown = session.expect("Are they written down").unwrap();
    let shown = String::from_utf8_lossy(shown.before()).into_owned();
    let words = words_shown(&shown);
    assert_eq!(words.len(), 24, "{words:?}");
    assert!(!shown.contains("AGE-SECRET-KEY-"), "the words alone are for paper");
    assert!(shown.contains("take no photo of them, and store them in no file"), "{shown}");
    words
}

#[test]
fn a_terminal_asks_for_the_words_without_showing_them() {
    let (owner, file) = with_recovery();
    owner.run("identity restore ../recovery.txt -o kept.txt").ok();
    let made = owner.run("recovery new --out - --json").json();
    let words = made["words"].as_str().unwrap();
    let mut session = on_terminal(&owner, "recovery test --words");
    session.expect("24 words").unwrap();
    session.send(format!("{words}\r")).unwrap();
    let shown = rest(&mut session);
    assert!(shown.contains("recovery-2 opens everything"), "{shown}");
    let first = words.split(' ').take(3).collect::<Vec<_>>().join(" ");
    assert!(!shown.contains(&first), "{shown}");
    let text = fs::read_to_string(file).unwrap();
    let key = text.lines().find(|line| line.starts_with("AGE-")).unwrap();
    let mut session = on_terminal(&owner, "identity restore -o typed.txt");
    session.expect("24 words").unwrap();
    session.send(format!("{key}\r")).unwrap();
    let shown = rest(&mut session);
    assert!(shown.contains("typed.txt") && !shown.contains(key), "{shown}");
    assert!(fs::read_to_string(owner.checkout().join("typed.txt")).unwrap().contains(key));
}

/// A device of an owner that made the recovery identity is lost, and the owner comes back by it.
fn after_a_loss(made: &str, later: &str) -> Person {
    let owner = Person::new("owner");
    owner.run(made).ok();
    if !later.is_empty() {
        owner.run(later).ok();
    }
    let back = Person::new("owner");
    back.pull(&owner);
    let kept = owner.home().join("../recovery.txt");
    let restore = format!("identity restore {} -o recovery.txt", kept.display());
    back.run(&restore).ok();
    back.run("identity new").ok();
    let request = back.run("member request owner --device new --json").json();
    let line = request["request"].as_str().unwrap();
    let let_in = format!(
        "--trust-first-use --identity recovery.txt member add owner --device --yes --request {line}"
    );
    back.run(&let_in).ok();
    back
}

#[test]
fn whoever_lost_a_device_is_told_what_becomes_of_the_recovery_identity() {
    let lost = "member key remove owner/owner-laptop --lost --yes";
    let back = after_a_loss("init --vault-name shop", "recovery new --out ../recovery.txt");
    let done = back.run(lost);
    let (keep, other) = (
        "recovery: keep it if you made it and owner/owner-laptop never held its words or file;",
        "In any other case remove it, and then make a new one: v-secure recovery new.",
    );
    let said = done.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(done.code == 0 && said.contains(keep) && said.contains(other), "{}", done.err);
    back.run("recovery test recovery.txt").ok();
    // One that came with the vault is vouched for by nobody's device, and is not asked about.
    let back = after_a_loss("init --vault-name shop --recovery-out ../recovery.txt", "");
    let done = back.run(lost);
    assert!(done.code == 0 && !done.err.contains("keep it"), "{}", done.err);
    back.run("recovery test recovery.txt").ok();
}

#[test]
fn whoever_lets_an_owner_go_is_told_what_becomes_of_the_recovery_identity() {
    let back = after_a_loss("init --vault-name shop", "recovery new --out ../recovery.txt");
    let done = back.run("--identity recovery.txt member remove owner --yes");
    let said = done.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(!said.contains("recovery: keep it"), "the signer stands by itself: {}", done.err);
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    let spare = Person::new("second");
    spare.pull(&owner);
    let request = spare.run("member request second --json").json();
    let line = request["request"].as_str().unwrap();
    owner.run(&format!("member add second --role owner --yes --request {line}")).ok();
    spare.pull(&owner);
    spare.accept_as(&owner);
    spare.run("recovery new --out ../recovery.txt").ok();
    owner.pull(&spare);
    let done = owner.run("member remove second --yes");
    let said = done.err.split_whitespace().collect::<Vec<_>>().join(" ");
    let keep =
        "recovery: keep it if second cannot have its words or file. In any other case remove it,";
    assert!(done.code == 0 && said.contains(keep), "{}", done.err);
}

#[test]
fn init_on_a_terminal_takes_no_for_an_answer() {
    let owner = Person::new("owner");
    let mut session = on_terminal(&owner, "init --vault-name shop");
    session.expect("Make a recovery identity now").unwrap();
    session.send("no\r").unwrap();
    assert!(rest(&mut session).contains("Back the identity up"));
    assert_eq!(owner.run("member list").ok().lines().count(), 1);
    let other = Person::new("other");
    let mut session = on_terminal(&other, "init --vault-name shop --no-recovery");
    assert!(!rest(&mut session).contains("recovery identity now"));
}
