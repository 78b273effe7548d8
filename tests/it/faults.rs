//! What a durable write leaves when its process is killed, the disk is full or fails, and when
//! many processes write and read at once. The writes are those of `examples/durable_write.rs`.
#![cfg(unix)]

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{fs, io};
use tempfile::{TempDir, tempdir};
use v_secure::store::file::atomic::{Expected, replace};
use v_secure::store::file::lock::{Lock, WAIT};
use v_secure::store::file::read::{VAULT_LIMIT, read};
use v_secure_testkit::faults::{self, Kind, Landed, Outcome};

const OLD: usize = 5_000;
const NEW: usize = 300_000;

/// Calls whose failure must never pass for success.
const MUST_REPORT: [&str; 9] =
    ["write", "fsync", "fdatasync", "rename", "renameat", "renameat2", "linkat", "fchmod", "flock"];

struct Scene {
    folder: TempDir,
    target: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let folder = tempdir().unwrap();
        let target = folder.path().canonicalize().unwrap().join("vault.toml");
        Self { folder, target }
    }

    fn command(&self, mode: &str, argument: impl ToString) -> Command {
        let mut command = Command::new(example());
        command.arg(mode).arg(&self.target).arg(argument.to_string());
        command.env_clear();
        command
    }

    /// Runs without a fault, and must succeed.
    fn run(&self, mode: &str, argument: impl ToString) {
        let output = self.command(mode, argument).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.stdout, b"ok\n");
    }

    fn holds(&self, size: usize) -> bool {
        fs::read(&self.target).unwrap() == content(size)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// Built by `cargo test` beside the tests; `--test it faults::` alone does not build it.
fn example() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.ancestors().nth(2).unwrap().join("examples/durable_write");
    assert!(path.exists(), "run `cargo build --example durable_write` first");
    path
}

fn content(size: usize) -> Vec<u8> {
    format!("{size},").bytes().cycle().take(size).collect()
}

#[test]
fn a_replacement_that_fails_or_is_killed_leaves_old_or_new_whole() {
    if faults::skipped() {
        return;
    }
    let scene = Scene::new();
    let command = scene.command("replace", NEW);
    let prepare = || scene.run("replace", OLD);
    let met = faults::each_fault(&command, &scene.target, prepare, |outcome| {
        let (old, new) = (scene.holds(OLD), scene.holds(NEW));
        assert!(old || new, "the file is torn: {outcome}");
        assert_eq!(Some(new), expected(outcome).or(Some(new)), "{outcome}");
        if outcome.output.status.success() {
            assert!(new, "success without the new content: {outcome}");
        }
        if outcome.hit(&MUST_REPORT) {
            assert!(!outcome.output.status.success(), "a failure was passed over: {outcome}");
            assert_eq!(scene.names(), [".lock", "vault.toml"], "{outcome}");
            assert_says_what_is_in_place(outcome);
        }
        scene.run("replace", OLD);
        assert!(scene.holds(OLD), "the next write fails: {outcome}");
        assert_eq!(scene.names(), [".lock", "vault.toml"], "{outcome}");
    });
    assert!(met > 30, "only {met} faults were met");
}

fn assert_says_what_is_in_place(outcome: &Outcome) {
    let says = match (&*outcome.fault.call, outcome.landed) {
        ("flock", _) => "cannot lock",
        (_, Landed::No) => "is unchanged",
        ("fsync" | "fdatasync", _) => "may revert",
        // All that is left after the sync is printing the result.
        _ => "failed printing to stdout",
    };
    let cause = if outcome.fault.kind == Kind::NoSpace { "No space" } else { "Input/output" };
    let text = String::from_utf8_lossy(&outcome.output.stderr);
    assert!(text.contains(says) && text.contains(cause), "{says:?} is missing: {outcome}");
}

/// Whether the new content must be there, where the trace tells.
fn expected(outcome: &Outcome) -> Option<bool> {
    match outcome.landed {
        Landed::Yes => Some(true),
        Landed::No => Some(false),
        Landed::Unknown => None,
    }
}

#[test]
fn content_is_synced_before_it_gets_its_name_and_the_name_after() {
    if faults::skipped() {
        return;
    }
    let scene = Scene::new();
    let wanted = ["fsync", "rename", "renameat", "renameat2", "linkat"];
    for mode in ["new", "replace"] {
        let calls = faults::calls(&scene.command(mode, NEW), &wanted);
        let [before, naming, after] = &calls[..] else { panic!("{calls:?}") };
        assert_eq!((&**before, &**after), ("fsync", "fsync"), "{naming}");
        assert_ne!(naming, "fsync");
    }
}

#[test]
fn a_new_file_is_whole_or_missing_and_nothing_else_is_left() {
    if faults::skipped() {
        return;
    }
    let scene = Scene::new();
    let command = scene.command("new", NEW);
    let prepare = || {
        let _ = fs::remove_file(&scene.target);
    };
    let met = faults::each_fault(&command, &scene.target, prepare, |outcome| {
        let there = scene.target.exists();
        assert!(!there || scene.holds(NEW), "the file is torn: {outcome}");
        assert_eq!(Some(there), expected(outcome).or(Some(there)), "{outcome}");
        if outcome.hit(&MUST_REPORT) {
            assert!(!outcome.output.status.success(), "a failure was passed over: {outcome}");
        }
        // Also after a kill: the content has no name before it is whole.
        let names = scene.names();
        assert!(names.iter().all(|name| name == "vault.toml"), "{names:?} {outcome}");
    });
    assert!(met > 20, "only {met} faults were met");
}

#[test]
fn fifty_processes_that_write_at_once_lose_no_line() {
    let scene = Scene::new();
    let spawn = |line| {
        let mut command = scene.command("append", line);
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<_> = (100..150).map(spawn).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let text = fs::read_to_string(&scene.target).unwrap();
    let mut lines: Vec<u32> = text.lines().map(|line| line.parse().unwrap()).collect();
    lines.sort_unstable();
    assert_eq!(lines, (100..150).collect::<Vec<_>>());
}

#[test]
fn readers_never_see_a_part_of_a_replacement() {
    let scene = Scene::new();
    let (small, large) = (content(OLD), content(NEW));
    fs::write(&scene.target, &small).unwrap();
    let done = AtomicBool::new(false);
    let start = Barrier::new(3);
    let look = || {
        start.wait();
        let mut seen = [0_usize; 2];
        while !done.load(Ordering::Relaxed) {
            let bytes = read(&scene.target, VAULT_LIMIT).unwrap().bytes;
            assert!(bytes == small || bytes == large, "{} bytes", bytes.len());
            seen[usize::from(bytes == large)] += 1;
        }
        seen
    };
    std::thread::scope(|scope| {
        let readers = [scope.spawn(look), scope.spawn(look)];
        let folder = scene.target.parent().unwrap();
        start.wait();
        for turn in 0..200 {
            let lock = Lock::acquire(folder, WAIT).unwrap();
            let bytes = if turn % 2 == 0 { &large } else { &small };
            replace(&lock, &scene.target, bytes, 0o644, Expected::Any).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        let [one, two] = readers.map(|reader| reader.join().unwrap());
        assert!(one[0] + two[0] > 0 && one[1] + two[1] > 0, "both were seen: {one:?} {two:?}");
    });
}

#[test]
fn a_read_only_folder_is_an_error_and_its_file_stays() {
    let scene = Scene::new();
    let program = scene.folder.path().join("durable_write");
    fs::copy(example(), &program).unwrap();
    fs::write(&scene.target, content(OLD)).unwrap();
    // Permissions do not bind root: its child becomes an ordinary user.
    let is_root = chown(scene.folder.path(), Some(12345), Some(12345)).is_ok();
    for mode in ["replace", "new"] {
        set_mode(scene.folder.path(), 0o555);
        let path =
            if mode == "new" { scene.target.with_file_name("new") } else { scene.target.clone() };
        let mut command = Command::new(&program);
        command.arg(mode).arg(path).arg(NEW.to_string());
        if is_root {
            command.uid(12345).gid(12345);
        }
        let output = started(&mut command);
        set_mode(scene.folder.path(), 0o755);
        assert!(!output.status.success());
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains("Permission denied"), "{text}");
        assert!(scene.holds(OLD));
        assert_eq!(scene.names(), ["durable_write", "vault.toml"]);
    }
}

/// Runs a program that was just copied: while another test forks, its child holds the copy open for
/// writing until it has started its own program.
fn started(command: &mut Command) -> Output {
    loop {
        match command.output() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => {
                std::thread::sleep(Duration::from_millis(5));
            }
            output => return output.unwrap(),
        }
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
