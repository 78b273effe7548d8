//! One vault, every small change of its text: each is refused, cold or with a warm cache, and no
//! command returns a changed value.

use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;
use tempfile::TempDir;
use v_secure::host::progress::Silent;
use v_secure::host::real::RealHost;
use v_secure_core::crypto::bytes::Fixed;
use v_secure_core::crypto::digest::{HashContext, hash};
use v_secure_core::crypto::identity::{self, NewIdentity};
use v_secure_core::crypto::sign::{SigningKey, Tag};
use v_secure_core::file::format;
use v_secure_core::file::format::Trust;
use v_secure_core::file::slot::{SlotRecord, SlotRemoved};
use v_secure_core::name::{Name, SecretName};
use v_secure_core::people::init::{InitRequest, init};
use v_secure_core::record::line;
use v_secure_core::secret::put::{NewValue, PutRequest, put};
use v_secure_core::secret::read;
use v_secure_core::secret::read::VersionSelector;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::change::Change;
use v_secure_core::vault::unlock::Unlocked;
use v_secure_core::vault::{Depth, Vault};
use v_secure_testkit::binary;

const NOW: UnixTime = UnixTime::from_secs(1_750_000_000);
const SECRET: &str = "default/TOKEN";
const VALUE: &[u8] = b"correct horse";

struct Sample {
    text: String,
    identity: NewIdentity,
}

static SAMPLE: LazyLock<Sample> = LazyLock::new(sample);

fn open(bytes: &[u8]) -> Option<Vault> {
    Vault::open(bytes, Trust::Strict, Depth::Everything, NOW).ok()
}

/// Two secrets, two versions of one of them, and the removal of a slot: every kind of section.
fn sample() -> Sample {
    let identity = identity::generate_identity();
    let name = |text: &str| Name::new(text).unwrap();
    let request = InitRequest {
        name: name("bytes"),
        member: name("ada"),
        device: name("laptop"),
        recipient: identity.recipient.clone(),
        now: NOW,
    };
    let mut vault = reopened(format::write(&init(&request, &RealHost).unwrap()));
    vault = written(vault, &identity, &[("default/OTHER", b"other"), (SECRET, b"old")]);
    vault = written(vault, &identity, &[(SECRET, VALUE)]);
    let key = unlocked(&vault, &identity).signer(&vault).unwrap().key;
    vault = vault.apply(Change::slot(Fixed([7; 16]), removed_slot(&key))).unwrap();
    let text = format::write(vault.file());
    drop(reopened(text.clone()));
    Sample { text, identity }
}

fn removed_slot(key: &SigningKey) -> SlotRecord {
    let (slot, member) = (Fixed([7; 16]), Name::new("ada").unwrap());
    let mut removed = SlotRemoved { slot, member, key: key.id(), sig: Fixed([0; 64]) };
    let record = line::write(&SlotRecord::Removed(removed.clone()));
    let signed = hash(HashContext::Slot, &[line::body(&record, ",\"sig\":", "}}").as_bytes()]);
    removed.sig = key.sign(Tag::Slot, &signed);
    SlotRecord::Removed(removed)
}

fn reopened(text: String) -> Vault {
    Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, NOW).unwrap()
}

fn unlocked(vault: &Vault, identity: &NewIdentity) -> Unlocked {
    Unlocked::new(vault, identity::parse_identities(&identity.text).unwrap()).unwrap()
}

fn written(vault: Vault, identity: &NewIdentity, values: &[(&str, &[u8])]) -> Vault {
    let who = unlocked(&vault, identity);
    let signer = who.signer(&vault).unwrap();
    let reason = "set a value".to_owned();
    let ctx =
        Ctx { who: &who, signer: &signer, random: &RealHost, now: NOW, reason, progress: &Silent };
    let requests = values.iter().map(|(name, value)| PutRequest {
        secret: SecretName::parse(*name).unwrap(),
        value: Some(NewValue {
            value: SecretValue::new(value.to_vec()),
            expires: None,
            same: Vec::new(),
        }),
        fields: vec![("description".to_owned(), Some("a sample".to_owned()))],
    });
    let change = put(&vault, requests.collect(), &ctx).unwrap();
    reopened(format::write(vault.apply(change).unwrap().file()))
}

/// What `get` gives of a file: the value, or nothing.
fn value(bytes: &[u8]) -> Option<Vec<u8>> {
    let name = SecretName::parse(SECRET).unwrap();
    let wanted = BTreeSet::from([name.clone()]);
    let vault = Vault::open(bytes, Trust::Strict, Depth::Secrets(&wanted), NOW).ok()?;
    let who =
        Unlocked::new(&vault, identity::parse_identities(&SAMPLE.identity.text).unwrap()).ok()?;
    let value = read::read(&vault, &who, &name, &VersionSelector::Current, NOW).ok()?;
    Some(value.expose().to_vec())
}

/// Refused as a whole, and `get` gives the right value or none.
fn assert_refused(what: &str, mutant: &[u8]) {
    assert_ne!(mutant, SAMPLE.text.as_bytes(), "{what}: nothing was changed");
    assert!(open(mutant).is_none(), "{what}: accepted");
    let value = value(mutant);
    assert!(value.is_none_or(|value| value == VALUE), "{what}: a changed value is returned");
}

fn replaced(at: usize, byte: u8) -> Vec<u8> {
    let mut bytes = SAMPLE.text.clone().into_bytes();
    bytes[at] = byte;
    bytes
}

/// Two other bytes for a place that may mostly stand there as well.
fn replacements(byte: u8) -> [u8; 2] {
    let near = match byte {
        b'z' | b'Z' | b'9' => byte - 1,
        b'a'..=b'y' | b'A'..=b'Y' | b'0'..=b'8' => byte + 1,
        _ => b'A',
    };
    [near, byte ^ 0x20]
}

#[test]
fn the_sample_is_accepted_and_read() {
    assert!(open(SAMPLE.text.as_bytes()).is_some());
    assert_eq!(value(SAMPLE.text.as_bytes()).as_deref(), Some(VALUE));
}

#[test]
fn every_changed_byte_is_refused() {
    (0..SAMPLE.text.len()).into_par_iter().for_each(|at| {
        let [near, far] = replacements(SAMPLE.text.as_bytes()[at]);
        assert_refused(&format!("byte {at} to {near}"), &replaced(at, near));
        // Reading opens an envelope, which takes longer than all else: once a byte is enough.
        assert!(open(&replaced(at, far)).is_none(), "byte {at} to {far}: accepted");
    });
}

#[test]
fn every_dropped_doubled_or_swapped_line_is_refused() {
    let lines: Vec<&str> = SAMPLE.text.split_inclusive('\n').collect();
    (0..lines.len()).into_par_iter().for_each(|at| {
        let mut dropped = lines.clone();
        dropped.remove(at);
        assert_refused(&format!("line {at} dropped"), dropped.concat().as_bytes());
        let mut doubled = lines.clone();
        doubled.insert(at, lines[at]);
        assert_refused(&format!("line {at} doubled"), doubled.concat().as_bytes());
        if at + 1 < lines.len() && lines[at] != lines[at + 1] {
            let mut swapped = lines.clone();
            swapped.swap(at, at + 1);
            assert_refused(&format!("line {at} swapped"), swapped.concat().as_bytes());
        }
    });
}

#[test]
fn other_line_ends_and_marks_are_refused() {
    let text = &SAMPLE.text;
    assert_refused("CRLF", text.replace('\n', "\r\n").as_bytes());
    assert_refused("BOM", format!("\u{feff}{text}").as_bytes());
    assert_refused("a newline at the end", format!("{text}\n").as_bytes());
    assert_refused("no newline at the end", text.trim_end().as_bytes());
    assert_refused("a NUL at the end", format!("{text}\0").as_bytes());
    assert_refused("cut in half", &text.as_bytes()[..text.len() / 2]);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for at in 0..lines.len() {
        for end in ["\r\n", " \n", "\t\n"] {
            let changed = lines[at].replace('\n', end);
            let mut mutant = lines.clone();
            mutant[at] = &changed;
            assert_refused(&format!("line {at} ends with {end:?}"), mutant.concat().as_bytes());
        }
    }
}

struct Project {
    root: TempDir,
}

impl Project {
    fn new() -> Self {
        let project = Self { root: tempfile::tempdir().unwrap() };
        fs::create_dir_all(project.path("home")).unwrap();
        fs::create_dir_all(project.path("p/.v-secure")).unwrap();
        fs::write(project.path("identity.txt"), SAMPLE.identity.text.expose()).unwrap();
        fs::write(project.vault(), &SAMPLE.text).unwrap();
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn vault(&self) -> PathBuf {
        self.path("p/.v-secure/vault.toml")
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(binary());
        command.current_dir(self.path("p")).env_clear();
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            command.env(name, self.path("home"));
        }
        command.arg("--identity").arg(self.path("identity.txt"));
        command.args(args).output().unwrap()
    }
}

/// Overwrites a file in place, with the same length and time stamp.
fn overwrite(path: &Path, bytes: &[u8]) {
    let before = fs::metadata(path).unwrap();
    fs::write(path, bytes).unwrap();
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(before.modified().unwrap()).unwrap();
    let after = fs::metadata(path).unwrap();
    assert_eq!(after.len(), before.len());
    assert_eq!(after.modified().unwrap(), before.modified().unwrap());
}

/// Whether this byte is one of a line that separates records, or of an empty one.
fn is_of_a_mark(at: usize) -> bool {
    let start = SAMPLE.text[..at].rfind('\n').map_or(0, |end| end + 1);
    let line = SAMPLE.text[start..].lines().next().unwrap_or_default();
    line.is_empty() || line.starts_with('#')
}

#[test]
fn a_warm_cache_accepts_no_changed_byte() {
    let project = Project::new();
    let get = ["--trust-first-use", "get", SECRET];
    assert_eq!(project.run(&get).stdout, VALUE);
    assert_eq!(project.run(&["audit", "verify"]).status.code(), Some(0));
    let step = SAMPLE.text.len() / 23;
    for at in (0..SAMPLE.text.len()).step_by(step) {
        let byte = replacements(SAMPLE.text.as_bytes()[at])[0];
        overwrite(&project.vault(), &replaced(at, byte));
        let verify = project.run(&["audit", "verify"]);
        // What only separates records says nothing: git can leave it so.
        let exits: &[i32] = if is_of_a_mark(at) { &[6, 7] } else { &[1, 6] };
        let code = verify.status.code().unwrap();
        assert!(exits.contains(&code), "byte {at} to {byte}: {verify:?}");
        let got = project.run(&get);
        assert!(got.stdout.is_empty() || got.stdout == VALUE, "byte {at}: a changed value");
        overwrite(&project.vault(), SAMPLE.text.as_bytes());
        assert_eq!(project.run(&["audit", "verify"]).status.code(), Some(0));
    }
}
