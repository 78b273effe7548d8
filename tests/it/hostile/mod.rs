//! Hostile input to the real binary: every file is refused with its exit code and a clear text, in
//! bounded time and memory, and nothing that came from outside reaches the terminal raw.
#![cfg(unix)]

mod files;
mod given;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use v_secure_core::crypto::bytes::{Blob, Fixed, Id};
use v_secure_core::crypto::identity::recipient_text::RecipientText;
use v_secure_core::file::format;
use v_secure_core::file::model::VaultFile;
use v_secure_core::file::slot::{SlotKind, SlotRecord, SlotSeal};
use v_secure_core::log::entry::Entry;
use v_secure_core::log::op::Op;
use v_secure_core::name::Name;
use v_secure_core::time::UnixTime;
use v_secure_testkit::binary;
use v_secure_testkit::executable;
use v_secure_testkit::sandbox::{Sandbox, describe};
use v_secure_testkit::tools;

/// Address space for a command that refuses its input, in KiB: what the program itself maps, and
/// less than 100 MiB besides.
const SPACE: usize = 192 << 10;
/// Far more than a refusal takes on a busy machine; what is meant is that none hangs.
const TIME: Duration = Duration::from_secs(20);

/// Runs the binary with little memory, and sees to it that it ends in time and does not panic.
fn bounded<A: AsRef<OsStr>>(sandbox: &Sandbox, arguments: &[A]) -> Output {
    bounded_by(sandbox, SPACE, arguments, |command| command)
}

fn bounded_by<A: AsRef<OsStr>>(
    sandbox: &Sandbox,
    space: usize,
    arguments: &[A],
    prepare: impl FnOnce(&mut Command) -> &mut Command,
) -> Output {
    let plain = sandbox.command(arguments);
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(format!("ulimit -v {space}; exec \"$@\"")).arg("sh").arg(binary());
    command.args(plain.get_args()).current_dir(sandbox.project()).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    // The allocator's arenas reserve address space for nothing.
    command.env("MALLOC_ARENA_MAX", "1").env("RAYON_NUM_THREADS", "2");
    let start = Instant::now();
    let output = prepare(&mut command).output().unwrap();
    assert!(start.elapsed() < TIME, "{:?}", start.elapsed());
    assert_quiet(&output);
    output
}

/// No panic, and nothing that acts on a terminal.
fn assert_quiet(output: &Output) {
    let text = describe(output);
    assert!(output.status.code().is_some() && !text.contains("panicked"), "{text}");
    let acts = |c: char| c.is_control() && c != '\n' && c != '\t';
    assert!(!text.contains(acts) && !text.contains(['\u{202e}', '\u{200b}']), "{text:?}");
}

#[track_caller]
fn assert_refused(output: &Output, exit: i32, words: &str) {
    assert_eq!(output.status.code(), Some(exit), "{}", describe(output));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.starts_with("error: ") && errors.contains(words), "{words:?}: {errors}");
    assert!(output.stdout.is_empty(), "{}", describe(output));
}

fn fixtures(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/malformed").join(name)
}

fn table<T: serde::de::DeserializeOwned>(folder: &str) -> T {
    serde_json::from_slice(&fs::read(fixtures(folder).join("expected.json")).unwrap()).unwrap()
}

#[test]
fn every_malformed_vault_is_refused_with_its_code_and_line() {
    let sandbox = Sandbox::new();
    let expected: BTreeMap<String, (String, usize)> = table("vault");
    let newer = ["algorithm-unknown", "format-number", "requires"];
    for (name, (code, line)) in &expected {
        // A copy is the user's own, as a vault must be.
        let file = sandbox.project().join(format!("{name}.toml"));
        fs::copy(fixtures("vault").join(format!("{name}.toml")), &file).unwrap();
        let output = bounded(&sandbox, &[OsStr::new("--json"), "--vault".as_ref(), file.as_ref()]);
        let error: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
        let newer = newer.contains(&code.as_str());
        assert_eq!(output.status.code(), Some(if newer { 1 } else { 6 }), "{name}");
        // A file without anything in it is told as that: a shell made it for a command that failed.
        let empty = fs::metadata(&file).unwrap().len() == 0;
        let code = match (newer, empty) {
            (true, _) => "needs-newer",
            (_, true) => "file-empty",
            _ => code,
        };
        assert_eq!(error["error"]["code"], *code, "{name}");
        let told = format!("line {line}");
        assert!(empty || error.to_string().contains(&told), "{name}: {error}");
    }
    assert!(expected.len() > 100);
}

#[test]
fn every_malformed_import_is_refused_and_nothing_is_written() {
    let sandbox = Sandbox::with_vault();
    let before = fs::read(sandbox.vault()).unwrap();
    let expected: BTreeMap<String, serde_json::Value> = table("text");
    for name in expected.keys() {
        let output =
            bounded(&sandbox, &[OsStr::new("import"), fixtures("text").join(name).as_ref()]);
        assert_refused(&output, 1, "cannot be imported");
    }
    assert!(expected.len() > 50);
    assert_eq!(fs::read(sandbox.vault()).unwrap(), before);
}

/// Puts bytes in the vault's place.
fn replaced(sandbox: &Sandbox, bytes: impl AsRef<[u8]>) {
    fs::write(sandbox.vault(), bytes).unwrap();
}

#[test]
fn what_is_no_vault_at_all_is_refused() {
    let sandbox = Sandbox::with_vault();
    let junk: [(&[u8], &str); 6] = [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\0\0\0\0\n", "line 1"),
        (b"\xff\xfe\xfd\n", "UTF-8"),
        (b"\x1b[2J\x1b]0;owned\x07\n", "line 1"),
        ("\u{202e}\u{9b}2J\n".as_bytes(), "line 1"),
    ];
    for (bytes, words) in junk {
        replaced(&sandbox, bytes);
        for command in [&["get", "A"][..], &["set", "A", "--generate"], &[]] {
            assert_refused(&bounded(&sandbox, command), 6, words);
        }
        assert_eq!(fs::read(sandbox.vault()).unwrap(), bytes);
    }
}

#[test]
fn a_sparse_file_of_two_gigabytes_is_refused_unread() {
    let sandbox = Sandbox::with_vault();
    File::create(sandbox.vault()).unwrap().set_len(2 << 30).unwrap();
    for command in [&["get", "A"][..], &["set", "A", "--generate"], &[]] {
        assert_refused(&bounded(&sandbox, command), 6, "at most");
    }
}

#[test]
fn a_source_of_two_gigabytes_is_refused_unread() {
    let sandbox = Sandbox::with_vault();
    let file = sandbox.path("huge");
    File::create(&file).unwrap().set_len(2 << 30).unwrap();
    let file = file.to_str().unwrap();
    assert_refused(&bounded(&sandbox, &["import", file]), 1, "too large");
    assert_refused(&bounded(&sandbox, &["set", "A", "--file", file]), 2, "2147483648 bytes");
}

fn file_of(sandbox: &Sandbox) -> VaultFile {
    sandbox.verified().unwrap().file().clone()
}

fn id<T: From<Id>>(seed: u64) -> T {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    Fixed(bytes).into()
}

/// A vault with one value, and its one log entry.
fn with_entry() -> (Sandbox, VaultFile, Entry) {
    let sandbox = Sandbox::with_vault();
    sandbox.set("A", "a");
    let file = file_of(&sandbox);
    let entry = file.entries.values().next().unwrap().clone();
    (sandbox, file, entry)
}

fn with_entries(file: &VaultFile, entries: impl IntoIterator<Item = Entry>) -> String {
    let mut file = file.clone();
    file.entries.extend(entries.into_iter().map(|entry| (entry.id(), entry)));
    format::write(&file)
}

#[test]
fn many_parents_are_refused_by_their_number() {
    let (sandbox, file, entry) = with_entry();
    for (count, words) in [(257, "more than 256 parents"), (40_000, "parents"), (1_000_000, "line")]
    {
        let many = Entry { parents: (0..count).map(id).collect(), ..entry.clone() };
        replaced(&sandbox, with_entries(&file, [many]));
        assert_refused(&bounded_by(&sandbox, SPACE + (128 << 10), &["get", "A"], |c| c), 6, words);
    }
}

#[test]
fn many_ops_are_refused_by_their_number() {
    let (sandbox, file, entry) = with_entry();
    let op: Op = entry.ops[0].clone();
    for (count, words) in [(1_001, "more than 1000 ops"), (60_000, "line")] {
        let many = Entry { ops: vec![op.clone(); count], ..entry.clone() };
        replaced(&sandbox, with_entries(&file, [many]));
        assert_refused(&bounded_by(&sandbox, SPACE + (256 << 10), &["get", "A"], |c| c), 6, words);
    }
}

/// As many as an entry may have, in entries that nobody signed.
#[test]
fn unsigned_entries_full_of_ops_are_forged_entries() {
    let (sandbox, file, entry) = with_entry();
    let full = |seed| Entry {
        parents: vec![entry.id()],
        lamport: entry.lamport + 1,
        ops: vec![entry.ops[0].clone(); 1_000],
        ts: UnixTime::from_secs(seed),
        ..entry.clone()
    };
    replaced(&sandbox, with_entries(&file, (0..10).map(full)));
    for command in [&["get", "A"][..], &["set", "A", "--generate"], &[]] {
        assert_refused(&bounded(&sandbox, command), 6, "does not verify");
    }
}

#[test]
fn deep_nesting_is_refused_by_its_depth() {
    let (sandbox, file, entry) = with_entry();
    let text = format::write(&file);
    let line = v_secure_core::record::line::write(&entry);
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(200_000), close.repeat(200_000));
        replaced(&sandbox, text.replace(&line, &deep));
        for command in [&["get", "A"][..], &[]] {
            assert_refused(&bounded(&sandbox, command), 6, "line");
        }
    }
    replaced(&sandbox, text);
    for (name, text) in [
        ("deep.json", format!("{{\"A\":{}}}", "[".repeat(1 << 20))),
        ("deep.yaml", format!("A: {}", "[".repeat(1 << 20))),
        ("deep-map.yaml", format!("A: {}", "{a: ".repeat(1 << 18))),
    ] {
        fs::write(sandbox.project().join(name), text).unwrap();
        let output = bounded(&sandbox, &["import", name]);
        assert_refused(&output, 1, "cannot be imported");
    }
}

/// A slot that asks for all that the bounds allow, or more, and that nobody signed.
#[test]
fn the_key_derivation_of_a_forged_slot_never_runs() {
    let (sandbox, mut file, entry) = with_entry();
    let recipient = file.chain[0].clone();
    let text = v_secure_core::record::line::write(&recipient);
    let at = text.find("age1").unwrap();
    let recipient = text[at..].split('"').next().unwrap().to_owned();
    for (memory, words) in [(1 << 20, "does not verify"), (1 << 30, "key derivation")] {
        let slot = Fixed([7; 16]);
        let seal = SlotSeal {
            slot,
            member: Name::new("ada").unwrap(),
            label: "laptop".into(),
            kind: SlotKind::Passphrase,
            recipient: RecipientText::new(&*recipient),
            m: memory,
            t: 10,
            p: 8,
            salt: Fixed([1; 16]),
            nonce: Fixed([2; 24]),
            commitment: Fixed([3; 32]),
            ciphertext: Blob(vec![4; 90]),
            key: entry.key,
            sig: Fixed([5; 64]),
        };
        file.slots.insert(slot, SlotRecord::Seal(seal));
        replaced(&sandbox, format::write(&file));
        assert_refused(&bounded(&sandbox, &[] as &[&str]), 6, words);
    }
}
