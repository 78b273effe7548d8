//! What the real commands leave when a system call fails or kills them: the old or the new vault,
//! whole, no plaintext anywhere, and a next command that works.
#![cfg(unix)]

use std::fs;
use std::path::PathBuf;
use v_secure_testkit::faults::{self, Kind, Landed, Outcome};
use v_secure_testkit::sandbox::{Sandbox, describe, secret};

/// The calls by which files and names change.
const CALLS: [&str; 16] = [
    "write",
    "pwrite64",
    "writev",
    "fsync",
    "fdatasync",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "unlink",
    "unlinkat",
    "ftruncate",
    "flock",
    "mkdir",
    "mkdirat",
];

const OLD: &str = "planted-old-value-5c1e";
const NEW: &str = "planted-new-value-77ab";
/// What is written next: of this value the device keeps something, and tidies where it does.
const NEXT: &str = "pQ9zLr4Wn8Xc2Vb7Tk5M";
/// As base64 has them, whatever they are aligned to.
const ENCODED: [&str; 3] = ["cGxhbnRlZC", "wbGFudGVkL", "BsYW50ZWQt"];

/// A vault with three secrets, `A` being [`OLD`], and a file with [`NEW`] that no search looks in.
fn scene() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::with_vault();
    for (name, value) in [("A", OLD), ("B", "b"), ("C", "c")] {
        sandbox.set(name, value);
    }
    let file = sandbox.path("new-value");
    fs::write(&file, NEW).unwrap();
    (sandbox, file)
}

fn number(sandbox: &Sandbox, name: &str, outcome: &Outcome) -> Option<usize> {
    let vault = sandbox.verified().unwrap_or_else(|error| panic!("{error}\n{outcome}"));
    vault.secret(&secret(name)).and_then(|found| found.current()).map(|version| version.number)
}

fn assert_no_plaintext(sandbox: &Sandbox, outcome: &Outcome) {
    let [one, two, three] = ENCODED;
    let found = sandbox.holding(&[OLD, NEW, one, two, three]);
    assert!(found.is_empty(), "plaintext in {found:?}\n{outcome}");
    let output = describe(&outcome.output);
    assert!(!output.contains(OLD) && !output.contains(NEW), "plaintext is printed: {outcome}");
}

/// A temporary record of the cache of verified files may stay for a while: the folder is bounded.
fn left_over(sandbox: &Sandbox) -> Vec<PathBuf> {
    let mut found = sandbox.temporary();
    found.retain(|path| !path.parent().unwrap().ends_with("verified"));
    found
}

/// Success means the new state, and a failure names its cause and says what is in place.
fn assert_honest(outcome: &Outcome, new: bool) {
    let text = describe(&outcome.output);
    assert!(!text.contains("panicked"), "{outcome}");
    if outcome.output.status.success() {
        assert!(new, "success without the new content: {outcome}");
    } else if outcome.injected && outcome.fault.kind != Kind::Kill {
        let cause = if outcome.fault.kind == Kind::NoSpace { "No space" } else { "Input/output" };
        // What failed can be the printing of this very text.
        let silent = outcome.fault.call == "write" && outcome.output.stderr.is_empty();
        assert!(text.contains(cause) || silent, "no cause: {outcome}");
        assert_eq!(new, text.contains("is written"), "{outcome}");
    }
    match outcome.landed {
        Landed::Yes => assert!(new, "{outcome}"),
        Landed::No => assert!(!new, "{outcome}"),
        Landed::Unknown => {}
    }
}

#[test]
fn set_leaves_the_old_or_the_new_vault_and_no_plaintext() {
    if faults::skipped() {
        return;
    }
    let (sandbox, file) = scene();
    let snapshot = sandbox.snapshot();
    let command = sandbox.command(&["set", "A", "--file", file.to_str().unwrap()]);
    let met = faults::each_fault_at(
        &CALLS,
        &command,
        &sandbox.vault(),
        || sandbox.restore(&snapshot),
        |outcome| {
            let new = match number(&sandbox, "default/A", outcome) {
                Some(1) => false,
                Some(2) => true,
                other => panic!("{other:?}: {outcome}"),
            };
            assert_honest(outcome, new);
            assert_no_plaintext(&sandbox, outcome);
            let value = sandbox.ok(&["get", "A"]);
            assert_eq!(value, if new { NEW } else { OLD }.as_bytes(), "{outcome}");
            sandbox.set("B", NEXT);
            assert_eq!(left_over(&sandbox), [] as [PathBuf; 0], "{outcome}");
            assert_no_plaintext(&sandbox, outcome);
        },
    );
    assert!(met > 40, "only {met} faults were met");
    eprintln!("set: {met} faults met");
}

#[test]
fn import_deletes_its_source_only_when_the_vault_has_every_value() {
    if faults::skipped() {
        return;
    }
    let (sandbox, _) = scene();
    let source = sandbox.path("source.env");
    let text = format!("A={NEW}\nD={NEW}-d\n");
    let snapshot = sandbox.snapshot();
    let command = sandbox.command(&["import", source.to_str().unwrap(), "--delete-source"]);
    let prepare = || {
        sandbox.restore(&snapshot);
        fs::write(&source, &text).unwrap();
    };
    let mut deleted = 0;
    let met = faults::each_fault_at(&CALLS, &command, &sandbox.vault(), prepare, |outcome| {
        let there = [("default/A", 2), ("default/D", 1)]
            .map(|(name, new)| number(&sandbox, name, outcome) == Some(new));
        assert!(there[0] == there[1], "half an import: {outcome}");
        if source.exists() {
            assert_eq!(fs::read_to_string(&source).unwrap(), text, "{outcome}");
        } else {
            deleted += 1;
            assert!(there[0], "the source is gone and the values are lost: {outcome}");
            assert_eq!(sandbox.ok(&["get", "A"]), NEW.as_bytes());
            assert_eq!(sandbox.ok(&["get", "D"]), format!("{NEW}-d").as_bytes());
        }
        if outcome.output.status.success() {
            assert!(!source.exists(), "success with the source kept: {outcome}");
        }
        assert_no_plaintext(&sandbox, outcome);
        sandbox.set("B", NEXT);
        assert_eq!(left_over(&sandbox), [] as [PathBuf; 0], "{outcome}");
    });
    assert!(met > 40, "only {met} faults were met");
    assert!(deleted > 0, "some faults come after the deletion");
    eprintln!("import: {met} faults met, the source deleted in {deleted}");
}

/// What the backup has pruned, the vault that it replaces still wants: it has that until it is replaced.
#[test]
fn a_restore_leaves_the_old_or_the_new_vault_with_all_of_its_history() {
    if faults::skipped() {
        return;
    }
    let sandbox = Sandbox::with_vault();
    ["a0", "a1", "a2", "a3"].into_iter().for_each(|value| sandbox.set("A", value));
    sandbox.ok(&["history", "close", "--all", "--yes"]);
    let older = sandbox.snapshot();
    sandbox.ok(&["settings", "set", "retention.versions", "2"]);
    sandbox.ok(&["prune"]);
    // Some of what is closed stays, or the backup had no versions beside the vault.
    assert_eq!(sandbox.ok(&["get", "A", "--version", "3"]), b"a2");
    let backup = sandbox.path("new.backup");
    sandbox.ok(&["backup", "create", backup.to_str().unwrap()]);
    let restore = ["backup", "restore", backup.to_str().unwrap()];
    let (mut old, mut new) = (0, 0);
    let prepare = || sandbox.restore(&older);
    let command = sandbox.command(&restore);
    let met = faults::each_fault_at(&CALLS, &command, &sandbox.vault(), prepare, |outcome| {
        assert!(!describe(&outcome.output).contains("panicked"), "{outcome}");
        let verified = sandbox.run(&["audit", "verify"]);
        assert!(verified.status.success(), "{}\n{outcome}", describe(&verified));
        match sandbox.run(&["get", "A", "--version", "1"]).status.success() {
            true => old += 1,
            false => new += 1,
        }
        assert_eq!(sandbox.ok(&["get", "A"]), b"a3", "{outcome}");
        sandbox.ok(&restore);
        sandbox.ok(&["audit", "verify"]);
        assert!(!sandbox.run(&["get", "A", "--version", "1"]).status.success(), "{outcome}");
    });
    assert!(met > 10 && old > 0 && new > 0, "{met} faults were met, {old} and {new}");
    eprintln!("restore: {met} faults met");
}

/// Whether what this device has accepted could be recorded: only a fault at that is an excuse.
fn is_unrecorded(outcome: &Outcome) -> bool {
    describe(&outcome.output).contains("could not record")
}

#[test]
fn a_new_vault_where_another_one_was_is_accepted_by_its_maker() {
    let sandbox = Sandbox::with_vault();
    fs::remove_dir_all(sandbox.project().join(".v-secure")).unwrap();
    sandbox.ok(&["init", "--vault-name", "second", "--member", "ada"]);
    sandbox.set("A", "a");
    assert_eq!(sandbox.ok(&["get", "A"]), b"a");
}

#[test]
fn init_leaves_no_vault_or_a_whole_one_and_can_be_run_again() {
    if faults::skipped() {
        return;
    }
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.project().join(".git")).unwrap();
    let snapshot = sandbox.snapshot();
    let init = ["init", "--vault-name", "shop", "--member", "ada"];
    let command = sandbox.command(&init);
    let prepare = || sandbox.restore(&snapshot);
    let met = faults::each_fault_at(&CALLS, &command, &sandbox.vault(), prepare, |outcome| {
        let new = sandbox.vault().exists();
        assert!(!describe(&outcome.output).contains("panicked"), "{outcome}");
        if outcome.output.status.success() {
            assert!(new, "success without a vault: {outcome}");
        }
        if new {
            sandbox.verified().unwrap_or_else(|error| panic!("{error}\n{outcome}"));
            assert!(sandbox.identity().exists(), "nobody can open it: {outcome}");
        } else {
            sandbox.ok(&init);
        }
        if is_unrecorded(outcome) {
            assert!(outcome.injected, "{outcome}");
            sandbox.ok(&["set", "A", "--generate", "--trust-first-use"]);
        }
        sandbox.set("A", NEW);
        assert_eq!(sandbox.ok(&["get", "A"]), NEW.as_bytes(), "{outcome}");
        assert_eq!(left_over(&sandbox), [] as [PathBuf; 0], "{outcome}");
    });
    assert!(met > 40, "only {met} faults were met");
    eprintln!("init: {met} faults met");
}

#[test]
fn an_import_says_once_what_it_has_to_say() {
    let sandbox = Sandbox::with_vault();
    fs::write(sandbox.project().join("one.env"), "A=${B}\n").unwrap();
    let output = sandbox.run(&["import", "one.env", "--delete-source"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.matches("warning").count(), 1, "{said}");
}

#[test]
fn a_source_whose_value_a_later_file_replaced_is_kept() {
    let sandbox = Sandbox::with_vault();
    for (name, text) in [("one.env", "A=1\nB=1\n"), ("two.env", "A=2\n")] {
        fs::write(sandbox.project().join(name), text).unwrap();
    }
    let output = sandbox.run(&["import", "one.env", "two.env", "--delete-source"]);
    assert_eq!(output.status.code(), Some(7), "{}", describe(&output));
    assert_eq!(sandbox.ok(&["get", "A"]), b"2");
    assert!(
        sandbox.project().join("one.env").exists() && sandbox.project().join("two.env").exists()
    );
    sandbox.ok(&["import", "two.env", "--delete-source"]);
    assert!(!sandbox.project().join("two.env").exists());
}
