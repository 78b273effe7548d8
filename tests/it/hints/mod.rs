//! Every hint is typed in the state that it is shown in, as a user would, and must lead out of it: the
//! failing command then ends otherwise, or what was wanted is done, or the hint is one that only tells.
//! What cannot be typed here names the test that does, or the reason. `docs/hints.md` is the list:
//! `V_SECURE_REGENERATE=1 cargo test --test it hints::` writes it.

#![cfg(unix)]

mod cited;
mod list;
mod more;
mod named;
mod play;
mod scan;
mod way;
mod ways;

use crate::error_snapshots::cases;
use crate::error_snapshots::cases::Case;
use crate::error_snapshots::exempt;
use list::{Entries, Entry};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use v_secure_testkit::tools;
use way::{Then, Way};

/// A hint of a case, and what came of it.
struct Played {
    code: &'static str,
    hint: String,
    result: Result<String, String>,
}

fn all() -> Vec<Case> {
    cases::all().into_iter().chain(more::cases()).collect()
}

/// The hints of a case. Those that only tell are typed on the stage where it failed.
fn of(case: &Case, ways: &[Way]) -> Vec<Played> {
    let (stage, hints) = match play::failed(case) {
        Ok(failed) => failed,
        Err(why) => {
            return vec![Played { code: case.code, hint: "another end".into(), result: Err(why) }];
        }
    };
    let mut played = Vec::new();
    for (place, hint) in hints.into_iter().enumerate() {
        let mut add = |result| played.push(Played { code: case.code, hint: hint.clone(), result });
        let mut found: Vec<&Way> =
            ways.iter().filter(|way| way.is_of(case.code, &case.line, &hint)).collect();
        let plain = way::plain(&hint);
        if found.is_empty()
            && let Some(cited) = cited::of(case.code, &hint)
        {
            add(Ok(cited.to_string()));
            continue;
        }
        if found.is_empty() {
            found.extend(&plain);
        }
        if found.is_empty() {
            add(Err("nothing says how it is typed".to_owned()));
        }
        for way in found {
            add(match way.then {
                Then::Informs => play::on(&stage, case, &hint, way),
                _ => play::play(case, place, way),
            });
        }
    }
    played
}

/// Codes that a failure is looked into by, separated by commas: nothing else is typed then.
fn only() -> Option<String> {
    std::env::var("V_SECURE_HINTS_OF").ok()
}

fn played() -> Vec<Played> {
    let (all, ways) = (all(), ways::all());
    let chosen =
        |case: &&Case| only().is_none_or(|only| only.split(',').any(|code| code == case.code));
    let next = Mutex::new(all.iter().filter(|case| case.can_run()).filter(chosen));
    let played = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some(case) = next.lock().unwrap().next() else { break };
                    let of_case = of(case, &ways);
                    played.lock().unwrap().extend(of_case);
                }
            });
        }
    });
    played.into_inner().unwrap()
}

#[test]
fn every_hint_of_a_case_leads_out_of_its_state() {
    // Many are typed with it, also where the failure is not about git.
    if !tools::has("git") {
        return;
    }
    let (mut entries, mut wrong) = (Entries::new(), Vec::new());
    let texts = scan::texts();
    let mut codes = BTreeSet::new();
    for Played { code, hint, result } in played() {
        codes.insert(code);
        match result {
            Ok(how) => add(&mut entries, &texts, code, &hint, &how),
            Err(why) => wrong.push(format!("{code}: {hint}\n    {why}")),
        }
    }
    assert!(wrong.is_empty(), "{} do not help:\n{}", wrong.len(), wrong.join("\n"));
    if only().is_some() {
        return;
    }
    for cited in cited::ALL.iter().filter(|cited| cited.code != "*") {
        add(&mut entries, &texts, cited.code, cited.hint, &cited.to_string());
    }
    general(&mut entries, &codes);
    let open: Vec<&String> = texts.iter().filter(|text| !entries.contains_key(*text)).collect();
    let complete = all().iter().all(Case::can_run);
    assert!(
        !complete || open.is_empty(),
        "each new hint is typed, or has a reason (tests/it/hints): {open:#?}"
    );
    list::compare(&list::rows(&entries), complete);
}

/// Under its text in the sources: the longest that it is one of, and of those with something to
/// fill in too.
fn add(entries: &mut Entries, texts: &BTreeSet<String>, code: &str, hint: &str, how: &str) {
    let longest = |fits: &dyn Fn(&String) -> bool| {
        texts.iter().filter(|text| fits(text)).max_by_key(|text| text.len())
    };
    let exact = texts.get(hint);
    let best = exact.or_else(|| longest(&|text| scan::is_of(text, hint)));
    let filled = match best.is_some_and(|text| text.contains('…')) {
        true => None,
        false => longest(&|text| text.contains("{…}") && scan::is_of(text, hint)),
    };
    for text in [best.map_or(hint, String::as_str)].into_iter().chain(filled.map(String::as_str)) {
        let entry = entries.entry(text.to_owned()).or_default();
        entry.codes.insert(code.to_owned());
        entry.ways.insert(how.to_owned());
    }
}

/// What `codes.rs` says for failures that say nothing more themselves, where each is known to say
/// more or has no command line that brings it about.
fn general(entries: &mut Entries, played: &BTreeSet<&str>) {
    let exempt: BTreeMap<&str, &str> = exempt::CODES.iter().copied().collect();
    let mut of = BTreeMap::<&str, BTreeSet<&str>>::new();
    for known in v_secure::cli::error::codes::COMMANDS {
        of.entry(known.next).or_default().insert(known.code.as_str());
    }
    for (text, codes) in of {
        let known = |code: &&&str| played.contains(**code) || exempt.contains_key(**code);
        if entries.contains_key(text) || !codes.iter().all(|code| known(&code)) {
            continue;
        }
        let way = |code: &&str| match exempt.get(*code) {
            Some(why) => (*why).to_owned(),
            None => "not shown: the failures with this code say more".to_owned(),
        };
        let ways = codes.iter().map(way).collect();
        let codes = codes.into_iter().map(str::to_owned).collect();
        entries.insert(text.to_owned(), Entry { codes, ways });
    }
}

#[test]
fn every_test_that_is_cited_exists() {
    let missing: Vec<_> = cited::ALL.iter().filter(|cited| !cited.exists()).collect();
    assert!(missing.is_empty(), "{:?}", missing.iter().map(|cited| cited.hint).collect::<Vec<_>>());
}

#[test]
fn every_text_that_is_named_by_hand_is_in_the_sources() {
    assert_eq!(scan::missing_names(), Vec::<&str>::new());
}
