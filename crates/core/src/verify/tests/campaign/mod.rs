//! A campaign: random honest histories, edited by outsiders and by members who do what they may not. What any way
//! to open the file accepts has to give what a model says that knows nothing of entries, chains and the fold.
//!
//! `V_SECURE_CAMPAIGN_CASES` states how many (a hundred thousand take an hour); `V_SECURE_CAMPAIGN_OUT` a folder for
//! two hundred of the files, for `tests/interop/folder.py`. What came of it is printed with `--nocapture`.

mod attack;
mod history_file;
mod honest;
mod judge;
mod members;
mod model;
mod world;

use attack::{Edit, Forged, Kind};
use honest::{COPIES, History, RULES, Step, WRITERS};
use judge::{Judge, Outcome};
use model::SECRETS;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use world::{PEOPLE, WORLD};

const FILES: u32 = 200;

fn stated(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

fn cases() -> u32 {
    stated("V_SECURE_CAMPAIGN_CASES").and_then(|text| text.parse().ok()).unwrap_or(48)
}

fn config() -> Config {
    let (max_shrink_iters, failure_persistence) = (4_000, None);
    Config { max_shrink_iters, failure_persistence, ..Config::with_cases(cases()) }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (copies, writers) = (0..COPIES, 0..WRITERS.len());
    let step = (copies, writers, 0..SECRETS.len(), 0..RULES, 0..COPIES).prop_flat_map(
        |(copy, who, secret, which, from)| {
            prop_oneof![
                6 => Just(Step::Put { copy, who, secret }),
                1 => Just(Step::Remove { copy, who, secret }),
                1 => Just(Step::Prune { copy, who, secret }),
                2 => Just(Step::Rule { which }),
                3 => Just(Step::Merge { into: copy, from }),
            ]
        },
    );
    prop::collection::vec(step, 2..18)
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = |kinds: &[Kind]| {
        let edit = (prop::sample::select(kinds.to_vec()), any::<[u16; 6]>());
        prop::collection::vec(edit.prop_map(|(kind, n)| Edit { kind, n }), 1..5)
    };
    // What members sign is accepted more often than what is broken.
    prop_oneof![edit(&Kind::ALL), edit(&Kind::SIGNED)]
}

/// What came of the cases.
#[derive(Default)]
struct Tally {
    /// By kind of edit, of the cases in which it was made: how many were refused, and what became of the others.
    kinds: BTreeMap<Kind, BTreeMap<String, usize>>,
    doors: BTreeMap<Outcome, usize>,
    /// Histories whose copies do not come together, and which are not attacked.
    apart: usize,
}

impl Tally {
    fn count(&mut self, edits: &[Edit], outcomes: &[Outcome], unchanged: bool) {
        let whole = &outcomes.iter().find(|(door, _)| *door == "whole").unwrap().1;
        let whole = if unchanged { "nothing was changed" } else { whole };
        let kinds: BTreeSet<Kind> = edits.iter().map(|edit| edit.kind).collect();
        for kind in kinds {
            *self.kinds.entry(kind).or_default().entry(whole.to_owned()).or_default() += 1;
        }
        for outcome in outcomes {
            *self.doors.entry(outcome.clone()).or_default() += 1;
        }
    }

    fn print(&self) {
        println!("not attacked: {}", self.apart);
        for (kind, outcomes) in &self.kinds {
            let total: usize = outcomes.values().sum();
            println!("{}: {total}", kind.words());
            let mut rows: Vec<_> = outcomes.iter().collect();
            rows.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
            rows.iter().for_each(|(outcome, count)| println!("    {count:6} {outcome}"));
        }
        self.doors
            .iter()
            .for_each(|((door, outcome), count)| println!("{door}: {count} {outcome}"));
    }
}

/// Where files for the other implementation go, with everybody's identities.
fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(stated("V_SECURE_CAMPAIGN_OUT")?);
    std::fs::create_dir_all(&folder).unwrap();
    let members: BTreeMap<&str, &str> =
        PEOPLE.iter().map(|(who, _)| (*who, WORLD.people[who].text())).collect();
    std::fs::write(folder.join("identities.json"), serde_json::to_string(&members).unwrap())
        .unwrap();
    Some(folder)
}

#[test]
fn what_is_accepted_is_what_was_written_or_allowed() {
    let (folder, number) = (folder(), Cell::new(0));
    let tally = RefCell::new(Tally::default());
    let every = (cases() / FILES).max(1);
    let mut runner = TestRunner::new(config());
    let done = runner.run(&(steps(), edits()), |(steps, edits)| {
        let Some(history) = History::play(&steps) else {
            tally.borrow_mut().apart += 1;
            return Ok(());
        };
        let genuine = history.vault().file().clone();
        let mut forged = Forged::new(&history.states, genuine.clone());
        edits.iter().for_each(|edit| forged.apply(edit));
        let text = forged.text();
        if let Some(folder) = folder.as_ref().filter(|_| number.get() % every == 0) {
            std::fs::write(folder.join(format!("{:05}.toml", number.get())), &text).unwrap();
        }
        number.set(number.get() + 1);
        let outcomes = Judge { history: &history, forged: &forged }.all();
        let unchanged = text == crate::file::format::write(&genuine);
        tally.borrow_mut().count(&edits, &outcomes, unchanged);
        Ok(())
    });
    tally.borrow().print();
    done.unwrap();
}

/// The model itself, of histories that nobody attacks.
#[test]
fn an_honest_history_is_what_the_model_says() {
    let mut runner = TestRunner::new(config());
    let done = runner.run(&steps(), |steps| {
        let Some(history) = History::play(&steps) else { return Ok(()) };
        let forged = Forged::new(&history.states, history.vault().file().clone());
        let outcomes = Judge { history: &history, forged: &forged }.all();
        prop_assert_eq!(&outcomes[0].1, "as it was");
        Ok(())
    });
    done.unwrap();
}

/// A pruning that a change of rights did not know of is void, and the bytes are gone where nobody else had them.
#[test]
fn what_was_pruned_and_is_wanted_again_stops_a_merge() {
    let (copy, who, secret) = (1, 2, 0);
    let written = [Step::Put { copy, who, secret }, Step::Put { copy, who, secret }];
    let (pruned, revoked) = (Step::Prune { copy, who, secret }, Step::Rule { which: 3 });
    let play = |steps: &[&[Step]]| History::play(&steps.concat()).is_some();
    assert!(!play(&[&written, &[pruned.clone(), revoked.clone()]]));
    // What is merged before it is pruned is there.
    let before = [Step::Merge { into: 2, from: 1 }];
    assert!(play(&[&written, &before, &[pruned, revoked, Step::Merge { into: 0, from: 2 }]]));
}
