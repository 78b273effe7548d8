//! Hostile input to the real binary: every file is refused with its exit code and a clear text, in
//! bounded time and memory, and nothing that came from outside reaches the terminal raw.
#![cfg(unix)]

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
use v_secure_core::file::format;
use v_secure_core::file::model::VaultFile;
use v_secure_core::file::slot::{SlotKind, SlotRecord, SlotSeal};
use v_secure_core::log::entry::Entry;
use v_secure_core::log::op::Op;
use v_secure_core::name::Name;
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

fn id(seed: u64) -> Id {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    Fixed(bytes)
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
        ts: seed,
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
            recipient: recipient.clone(),
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

#[test]
fn what_is_no_regular_file_is_refused_without_waiting() {
    let sandbox = Sandbox::with_vault();
    let vault = sandbox.vault();
    let other = sandbox.path("other.toml");
    fs::rename(&vault, &other).unwrap();
    let refused = |words: &str| {
        for command in [&["get", "A"][..], &["set", "A", "--generate"], &[]] {
            assert_refused(&bounded(&sandbox, command), 1, words);
        }
        fs::remove_file(&vault).or_else(|_| fs::remove_dir(&vault)).unwrap();
    };
    symlink(&other, &vault).unwrap();
    refused("symbolic link");
    symlink("/dev/zero", &vault).unwrap();
    refused("symbolic link");
    fs::create_dir(&vault).unwrap();
    refused("not a regular file");
    assert!(Command::new("mkfifo").arg(&vault).status().unwrap().success());
    refused("not a regular file");
    let _socket = std::os::unix::net::UnixListener::bind(&vault).unwrap();
    refused("not a regular file");
    let output = bounded(&sandbox, &["--vault", "/dev/zero", "get", "A"]);
    assert_refused(&output, 1, "not a regular file");
}

#[test]
fn a_linked_folder_is_refused() {
    let sandbox = Sandbox::with_vault();
    let (folder, away) = (sandbox.project().join(".v-secure"), sandbox.path("away"));
    fs::rename(&folder, &away).unwrap();
    symlink(&away, &folder).unwrap();
    for command in [&["get", "A"][..], &["set", "A", "--generate"], &[]] {
        assert_refused(&bounded(&sandbox, command), 1, "symbolic link");
    }
    fs::remove_file(&folder).unwrap();
    fs::write(&folder, "").unwrap();
    assert_refused(&bounded(&sandbox, &["get", "A"]), 1, "not a folder");
}

/// Whether this process may give files away, as only root may.
fn gives_away(path: &Path, user: u32) -> bool {
    chown(path, Some(user), Some(user)).is_ok()
}

#[test]
fn a_vault_of_another_user_is_refused() {
    for part in ["vault.toml", ""] {
        let sandbox = Sandbox::with_vault();
        sandbox.set("A", "a");
        if !gives_away(&sandbox.project().join(".v-secure").join(part), 12345) {
            tools::skip_here("only root can make a file of another user");
            return;
        }
        for command in [&["get", "A"][..], &["set", "A", "--generate"], &[]] {
            assert_refused(&bounded(&sandbox, command), 1, "another user (uid 12345)");
        }
    }
}

/// Takes permissions away, and runs as somebody whom they bind.
#[test]
fn folders_that_cannot_be_written_can_be_read_from() {
    let sandbox = Sandbox::with_vault();
    sandbox.set("A", "a");
    let program = sandbox.path("v-secure");
    executable::copy(binary(), &program);
    let root = program.parent().unwrap();
    let is_root = gives_away(root, 12345);
    for path in sandbox.tree() {
        assert!(!is_root || gives_away(&path, 12345));
        let mode = path.metadata().unwrap().permissions().mode();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode & !0o222)).unwrap();
    }
    let run_at = |home: &Path, arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.args(arguments).current_dir(sandbox.project()).env_clear();
        command.env("HOME", home);
        if is_root {
            command.uid(12345).gid(12345);
        }
        command.output().unwrap()
    };
    let run = |arguments: &[&str]| run_at(&sandbox.home(), arguments);
    let output = run(&["get", "A"]);
    assert_eq!(output.stdout, b"a", "{}", describe(&output));
    assert!(output.stderr.is_empty(), "{}", describe(&output));
    // A device that cannot keep what it accepts says so, and withholds nothing.
    let empty = sandbox.path("empty-home");
    fs::create_dir(&empty).unwrap();
    fs::set_permissions(&empty, fs::Permissions::from_mode(0o555)).unwrap();
    let key = sandbox.identity();
    let arguments = ["get", "A", "--trust-first-use", "--identity", key.to_str().unwrap()];
    let output = run_at(&empty, &arguments);
    assert_eq!(output.stdout, b"a", "{}", describe(&output));
    assert!(describe(&output).contains("could not record"), "{}", describe(&output));
    let before = fs::read(sandbox.vault()).unwrap();
    let output = run(&["set", "A", "--generate"]);
    assert!(describe(&output).contains("Permission denied"), "{}", describe(&output));
    assert!(!output.status.success());
    assert_eq!(fs::read(sandbox.vault()).unwrap(), before);
    assert_eq!(sandbox.temporary(), [] as [PathBuf; 0]);
    for path in sandbox.tree() {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    }
}

#[test]
fn an_identity_that_others_can_read_is_warned_of_once() {
    let sandbox = Sandbox::with_vault();
    sandbox.set("A", "a");
    fs::set_permissions(sandbox.identity(), fs::Permissions::from_mode(0o644)).unwrap();
    let output = sandbox.run(&["get", "A"]);
    assert_eq!(output.stdout, b"a");
    assert_eq!(describe(&output).matches("open to other accounts").count(), 1);
}

#[test]
fn an_identity_that_is_none_is_refused_and_not_repeated() {
    let sandbox = Sandbox::with_vault();
    sandbox.set("A", "a");
    let key = fs::read_to_string(sandbox.identity()).unwrap();
    let secret = key.lines().last().unwrap();
    let file = sandbox.path("identity");
    let cases: [&[u8]; 7] = [
        &[],
        b"# a comment\n",
        b"\xff\xfe\n",
        &secret.as_bytes()[..40],
        &secret.as_bytes()[16..],
        &secret.as_bytes().repeat(2),
        b"\x1b[2Jjunk\n",
    ];
    for bytes in cases {
        fs::write(&file, bytes).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let output = bounded(&sandbox, &["--identity", file.to_str().unwrap(), "get", "A"]);
        assert_refused(&output, 3, "no usable identity");
        assert!(!describe(&output).contains(&secret[16..30]), "{}", describe(&output));
        let value = OsStr::from_bytes(bytes).to_owned();
        if !bytes.is_empty() {
            fs::rename(sandbox.identity(), sandbox.path("put-away")).unwrap();
            let output = bounded_by(&sandbox, SPACE, &["get", "A"], |command| {
                command.env("V_SECURE_IDENTITY", &value)
            });
            fs::rename(sandbox.path("put-away"), sandbox.identity()).unwrap();
            assert_refused(&output, 3, "no identity here opens the vault");
            assert!(!describe(&output).contains(&secret[16..30]), "{}", describe(&output));
        }
    }
    File::create(&file).unwrap().set_len(2 << 30).unwrap();
    for path in [file.to_str().unwrap(), "/dev/zero", "/", "/nonexistent"] {
        let output = bounded(&sandbox, &["--identity", path, "get", "A"]);
        assert_refused(&output, 3, "cannot be used");
    }
}

#[test]
fn a_pin_that_is_none_is_refused_and_not_repeated() {
    let sandbox = Sandbox::with_vault();
    sandbox.set("A", "a");
    let long = "9".repeat(100_000);
    let junk = ["junk", "\u{1b}[2J", "v-secure-pin-1.a.b.c", "v-secure-pin-1....", &long]
        .map(OsString::from)
        .into_iter()
        .chain([OsStr::from_bytes(b"\xff\xfe").to_owned()]);
    for pin in junk {
        let output = bounded_by(&sandbox, SPACE, &["get", "A"], |c| c.env("V_SECURE_PIN", &pin));
        assert_refused(&output, 6, "V_SECURE_PIN is not a valid pin");
        assert!(output.stderr.len() < 1_000);
    }
}

#[test]
fn names_that_no_secret_has_are_refused_and_not_repeated() {
    let sandbox = Sandbox::with_vault();
    let names: [&[u8]; 14] = [
        b"A\x1b[2J",
        b"A\nB",
        b"A\rB",
        b"A=planted",
        b"/A",
        b"A/",
        b"a/b/planted",
        b"../../planted",
        b"A planted",
        b"A\xff",
        "A\u{202e}B".as_bytes(),
        "A\u{200b}".as_bytes(),
        b"",
        b"A\x7f",
    ];
    for name in names.map(OsStr::from_bytes) {
        for command in ["get", "set"] {
            let arguments = [OsStr::new(command), name, OsStr::new("--json")];
            let output = bounded(&sandbox, &arguments);
            assert_eq!(output.status.code(), Some(2), "{name:?}: {}", describe(&output));
            assert!(!describe(&output).contains("planted"), "{}", describe(&output));
            let arguments = [OsStr::new("-e"), name, OsStr::new(command), OsStr::new("A")];
            let output = bounded(&sandbox, &arguments);
            assert_eq!(output.status.code(), Some(2), "{name:?}: {}", describe(&output));
        }
        let output = bounded(&sandbox, &[name]);
        assert_eq!(output.status.code(), Some(2), "{name:?}: {}", describe(&output));
    }
}

#[test]
fn paths_with_escapes_reach_the_terminal_escaped() {
    let sandbox = Sandbox::with_vault();
    sandbox.set("A", "a");
    let name = "x\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}y";
    let project = sandbox.path(name);
    fs::rename(sandbox.project(), &project).unwrap();
    fs::create_dir(sandbox.project()).unwrap();
    let evil = project.join(name);
    fs::write(&evil, "A=1\nA=2\n").unwrap();
    let evil = evil.to_str().unwrap();
    let commands: [&[&str]; 9] = [
        &[],
        &["--json"],
        &["init"],
        &["get", "A", "--trust-first-use"],
        &["get", "A", "--identity", evil],
        &["get", "A", "--identity", evil, "--json"],
        &["import", evil],
        &["import", evil, "--format", "json"],
        &["--vault", evil, "get", "A"],
    ];
    for arguments in commands {
        let mut command = sandbox.command(arguments);
        assert_quiet(&command.current_dir(&project).output().unwrap());
        fs::write(project.join(".v-secure/vault.toml.broken"), "x\n").unwrap();
        command.arg("--vault").arg(project.join(".v-secure/vault.toml.broken"));
        assert_quiet(&command.current_dir(&project).output().unwrap());
    }
}
