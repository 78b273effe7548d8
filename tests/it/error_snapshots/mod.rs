//! Every error that a user can see, provoked by the real binary and held against a transcript: a
//! code of `src/cli/error/codes.rs` that has neither a case nor an exemption fails here.
//! `V_SECURE_REGENERATE=1 cargo test --test it error_snapshots::` writes the transcripts.

#![cfg(unix)]

pub mod cases;
mod daily;
pub mod exempt;
mod files;
mod foreign;
mod general;
pub mod given;
mod rotations;
mod state;
mod trust;

use cases::Case;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use v_secure::cli::error::codes::COMMANDS;
use v_secure_testkit::scene;
use v_secure_testkit::stage::Stage;

const FOLDER: &str = "tests/it/error_snapshots/transcripts";

/// The transcript of a case, and its exit code.
fn play(case: &Case) -> (i32, String) {
    // Two stages: a failure may have changed the first.
    let play = |json| {
        let stage = Stage::new();
        (case.given)(&stage);
        let run = stage.attempt(&case.line, json);
        (stage, run)
    };
    let ((stage, run), (_, object)) = (play(false), play(true));
    let found = object.json_code();
    assert_eq!(found.as_deref(), Some(case.code), "{}:\n{}{}", run.line, run.err, object.err);
    assert_eq!(run.code, object.code, "{}", run.line);
    assert!(may_end(case.code, run.code), "{}: the table has no exit {}", case.code, run.code);
    let err = stage.normal(&run.err);
    let names_a_step = err.contains("\n  try: ") || err.contains("try '--help'");
    assert!(names_a_step, "no next step for {}:\n{err}", case.code);
    (run.code, format!("# {}\n$ {}\n{err}exit {}\n", case.code, stage.normal(&run.line), run.code))
}

/// Whether a code of the table states the exit code; those of the layers' own errors state none.
fn may_end(code: &str, exit: i32) -> bool {
    let known = COMMANDS.iter().find(|known| known.code.as_str() == code);
    known.is_none_or(|known| known.exits.iter().any(|of| i32::from(of.code()) == exit))
}

/// By exit code, the transcripts in the order of the cases.
fn played() -> BTreeMap<i32, Vec<String>> {
    let (all, failures) = (cases::all(), Mutex::new(Vec::new()));
    let played = Mutex::new(BTreeMap::new());
    let next = Mutex::new(all.iter().filter(|case| case.can_run()).enumerate());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some((place, case)) = next.lock().unwrap().next() else { break };
                    match std::panic::catch_unwind(|| play(case)) {
                        Ok(result) => _ = played.lock().unwrap().insert(place, result),
                        Err(_) => failures.lock().unwrap().push(case.code),
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "not as expected: {failures:?}");
    let mut by_exit: BTreeMap<i32, Vec<String>> = BTreeMap::new();
    for (code, text) in played.into_inner().unwrap().into_values() {
        by_exit.entry(code).or_default().push(text);
    }
    by_exit
}

/// Whether a transcript is of a case that cannot run here.
fn without_tool(transcript: &str) -> bool {
    let (code, line) = transcript.split_once('\n').unwrap_or_default();
    let all = cases::all();
    let mut cases = all.iter().filter(|case| !case.can_run());
    cases.any(|case| case.code == code && line.starts_with(&format!("$ {}", case.line)))
}

fn file(exit: i32) -> PathBuf {
    scene::repository(FOLDER).join(format!("exit-{exit}.txt"))
}

#[test]
fn every_error_is_the_one_of_the_transcript() {
    let played = played();
    if scene::regenerating() {
        fs::create_dir_all(scene::repository(FOLDER)).unwrap();
        for (exit, texts) in &played {
            fs::write(file(*exit), texts.join("\n")).unwrap();
        }
    }
    for (exit, texts) in &played {
        let stored = fs::read_to_string(file(*exit)).unwrap_or_default();
        let mut stored: Vec<&str> =
            stored.split("\n# ").map(|text| text.trim_start_matches("# ").trim_end()).collect();
        stored.retain(|text| !without_tool(text));
        for (text, stored) in texts.iter().zip(&stored) {
            let text = text.trim_start_matches("# ").trim_end();
            assert_eq!(text, *stored, "just generate renews it");
        }
        assert_eq!(texts.len(), stored.len(), "the transcripts of exit {exit}: just generate");
    }
    let files = fs::read_dir(scene::repository(FOLDER)).unwrap().count();
    assert_eq!(files, played.len(), "a transcript without a case");
}

#[test]
fn every_code_has_a_case_or_a_reason_for_none() {
    let cases: BTreeSet<&str> = cases::all().iter().map(|case| case.code).collect();
    let exempt: BTreeSet<&str> = exempt::CODES.iter().map(|(code, _)| *code).collect();
    let known: BTreeSet<&str> = COMMANDS.iter().map(|known| known.code.as_str()).collect();
    let covered = &cases | &exempt;
    let missing: Vec<_> = known.difference(&covered).collect();
    assert!(
        missing.is_empty(),
        "add a case (a module of cases.rs) or a reason (exempt.rs) for {missing:?}"
    );
    let both: Vec<_> = cases.intersection(&exempt).collect();
    assert!(both.is_empty(), "a case and an exemption: {both:?}");
    let stale: Vec<_> = exempt.difference(&known).collect();
    assert!(stale.is_empty(), "no code any more: {stale:?}");
}

#[test]
fn every_exit_of_a_code_has_a_transcript_or_a_reason_for_none() {
    if scene::regenerating() {
        return;
    }
    let exempt = |code| exempt::CODES.iter().any(|(known, _)| *known == code);
    let mut missing = BTreeSet::new();
    for known in COMMANDS.iter().filter(|known| !exempt(known.code.as_str())) {
        for exit in known.exits.iter().map(|exit| i32::from(exit.code())) {
            let transcripts = fs::read_to_string(file(exit)).unwrap_or_default();
            if !format!("\n{transcripts}").contains(&format!("\n# {}\n", known.code.as_str())) {
                missing.insert((known.code.as_str(), exit));
            }
        }
    }
    let reasons: BTreeSet<_> = exempt::EXITS.iter().map(|(code, exit, _)| (*code, *exit)).collect();
    assert_eq!(missing, reasons, "add a case, or take the exit out of the table");
}
