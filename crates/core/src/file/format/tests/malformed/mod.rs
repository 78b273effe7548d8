//! Every refusal has a named vector: `fixtures/malformed/vault/NAME.toml`, and its code and line in
//! `expected.json` beside them. `V_SECURE_REGENERATE=1` writes them anew from the sample.

mod cases;

use super::super::{Cause, MAX_FILE, MAX_LINE, ReadScope, Trust, parse, sample, write};
use super::strict;
use crate::crypto::bytes::Blob;
use crate::crypto::identity::recipient_text::RecipientText;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Name to (code, line).
type Expected = BTreeMap<String, (String, usize)>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/malformed/vault")
}

fn refusal(bytes: &[u8]) -> (String, usize) {
    let error = strict(bytes).expect_err("a malformed file");
    (error.code().to_owned(), error.line)
}

#[test]
fn every_vector_is_refused_as_expected() {
    if std::env::var_os("V_SECURE_REGENERATE").is_some() {
        regenerate();
    }
    let table = std::fs::read(folder().join("expected.json")).unwrap();
    let expected: Expected = serde_json::from_slice(&table).unwrap();
    for (name, (code, line)) in &expected {
        let bytes = std::fs::read(folder().join(format!("{name}.toml"))).unwrap();
        assert_eq!(refusal(&bytes), (code.clone(), *line), "{name}");
    }
    let names: BTreeSet<&str> = expected.keys().map(String::as_str).collect();
    assert_eq!(names, cases::all().iter().map(|(name, _)| *name).collect());
}

/// The vector's name begins with its code, unless several causes share the code.
#[test]
fn vectors_are_named_after_their_code() {
    for (name, bytes) in cases::all() {
        let (code, _) = refusal(&bytes);
        assert!(name.starts_with(&code), "{name} is refused as {code}");
    }
}

fn regenerate() {
    std::fs::create_dir_all(folder()).unwrap();
    let mut expected = Expected::new();
    for (name, bytes) in cases::all() {
        expected.insert(name.to_owned(), refusal(&bytes));
        std::fs::write(folder().join(format!("{name}.toml")), bytes).unwrap();
    }
    let mut table = serde_json::to_string_pretty(&expected).unwrap();
    table.push('\n');
    std::fs::write(folder().join("expected.json"), table).unwrap();
}

#[test]
fn a_file_over_the_limit_is_refused_unread() {
    assert_eq!(refusal(&vec![0; MAX_FILE + 1]), ("too-large".to_owned(), 1));
}

#[test]
fn a_line_over_the_limit_is_refused() {
    let text = write(&sample::file());
    let long = text.replacen("name = \"shop\"", &format!("name = \"{}\"", "x".repeat(MAX_LINE)), 1);
    assert_eq!(refusal(long.as_bytes()), ("line-too-long".to_owned(), 5));
}

#[test]
fn a_line_that_only_says_that_it_is_a_ciphertexts_is_refused_all_the_same() {
    let text = write(&sample::file());
    let long = format!("ciphertext = \"{}\"\n", "x".repeat(MAX_LINE));
    let misplaced = text.replacen("name = \"shop\"", &format!("{long}name = \"shop\""), 1);
    assert_eq!(refusal(misplaced.as_bytes()), ("header-key".to_owned(), 5));
    let whole = "A".repeat(super::super::MAX_CIPHERTEXT_LINE);
    let longer = text.replacen("ciphertext = \"", &format!("ciphertext = \"{whole}"), 1);
    assert_eq!(refusal(longer.as_bytes()).0, "line-too-long");
}

#[test]
fn a_ciphertext_over_the_limit_is_refused() {
    let with = |bytes: usize| {
        let mut file = sample::file();
        let section = file.secrets.values_mut().next().unwrap();
        section.versions.values_mut().next().unwrap().ciphertext = Blob(vec![1; bytes]);
        file.rekeyed()
    };
    let file = with(super::super::MAX_CIPHERTEXT);
    assert!(strict(write(&file).as_bytes()) == Ok(file));
    let file = with(super::super::MAX_CIPHERTEXT + 1);
    assert_eq!(refusal(write(&file).as_bytes()).0, "ciphertext-too-large");
}

#[test]
fn lists_over_their_limits_are_refused() {
    let mut ops = sample::file();
    ops.entries = sample::entries([sample::entry(1, vec![sample::field(); 1_001])]);
    assert_eq!(refusal(write(&ops).as_bytes()).0, "too-many-ops");
    let mut parents = sample::file();
    let entry = sample::entry(1, vec![sample::field()]);
    let many = crate::log::entry::Entry { parents: sample::ids(0..40_000), ..entry };
    parents.entries = sample::entries([many]);
    assert_eq!(refusal(write(&parents).as_bytes()).0, "too-many-parents");
    let mut skipped = sample::file();
    for op in &mut skipped.chain[1].ops {
        if let crate::policy::op::PolicyOp::Epoch(crate::policy::op::EpochStart {
            skipped, ..
        }) = op
        {
            *skipped = (0..1_001).map(|n| RecipientText::new(format!("ssh-{n:04}"))).collect();
        }
    }
    assert_eq!(refusal(write(&skipped).as_bytes()).0, "too-many-ids");
    let mut chain = sample::file();
    chain.chain = vec![chain.chain[1].clone(); 10_001];
    assert_eq!(refusal(write(&chain).as_bytes()), ("too-many-entries".to_owned(), 10_009));
}

#[test]
fn in_a_long_log_the_first_line_that_is_wrong_is_told() {
    let mut file = sample::file();
    let entry = |n| sample::entry(n, vec![sample::field()]);
    file.entries = sample::entries((0..5_000).map(entry));
    let text = write(&file);
    assert_eq!(strict(text.as_bytes()), Ok(file));
    let mut lines: Vec<&str> = text.lines().collect();
    let is_entry = |at: &usize| lines[*at].starts_with("{\"parents\"");
    let entries: Vec<usize> = (0..lines.len()).filter(is_entry).collect();
    let neighbours = entries.windows(2).skip(1_000).find(|pair| pair[0] + 1 == pair[1]);
    let [one, two] = *neighbours.unwrap() else { unreachable!() };
    lines[entries[3_000]] = "{}";
    lines[entries[4_999]] = "";
    lines.swap(one, two);
    let text = lines.join("\n") + "\n";
    assert_eq!(refusal(text.as_bytes()), ("entry-order".to_owned(), two + 1));
}

#[test]
fn what_needs_a_newer_program_is_told_before_the_rest_is_judged() {
    let error = strict(b"format = 1\nrequires = [\"gates\", \"trees\"]\n\xff\r").unwrap_err();
    assert!(error.needs_newer());
    let unknown = vec!["gates".to_owned(), "trees".to_owned()];
    assert_eq!(error.cause, Cause::Requires { unknown });
    let error = strict(b"format = 2\nanything\xff").unwrap_err();
    assert!(error.needs_newer());
    assert_eq!(error.cause, Cause::FormatNumber { found: 2 });
    let mut many = vec!["x"; 16];
    many.push("x y");
    let list = format!("format = 1\nrequires = [\"{}\"]\n", many.join("\", \""));
    for refused in ["format = 9007199254740992\n", "format = 02\n", list.as_str()] {
        assert!(!strict(refused.as_bytes()).unwrap_err().needs_newer(), "{refused}");
    }
    let greatest = strict(b"format = 9007199254740991\n").unwrap_err();
    assert!(greatest.needs_newer());
}

#[test]
fn errors_repeat_no_content() {
    let text = write(&sample::file()).replacen("\"lamport\"", "\"hunter2\"", 1);
    let error = strict(text.as_bytes()).unwrap_err();
    assert_eq!(error.code(), "json-shape");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    let hostile = write(&sample::file()).replacen("[log]", "[\u{1b}[2J]", 1);
    let error = parse(hostile.as_bytes(), Trust::Strict, ReadScope::All).unwrap_err();
    assert!(!error.to_string().contains('\u{1b}'), "{error}");
}
