//! A campaign: random honest histories, edited by outsiders and by members who do what they may not. What any way
//! to open the file accepts has to give what a model says that knows nothing of entries, chains and the fold.
//!
//! `V_SECURE_CAMPAIGN_CASES` states how many (a hundred thousand take an hour); `V_SECURE_CAMPAIGN_OUT` a folder for
//! two hundred of the files, for `tests/interop/folder.py`. What came of it is printed with `--nocapture`.
//! `tests/mutants/run.py` shows which mistakes of a reader it notices.

mod attack;
mod honest;
mod judge;
mod kept_keys;
mod members;
mod model;
mod permitted;
mod policies;
mod records;
mod tally;
mod world;

use attack::{Edit, Forged, Kind};
use honest::{COPIES, History, RULES, Step, WRITERS};
use judge::Judge;
use model::SECRETS;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use tally::{KEPT, Tally};
use world::{PEOPLE, WORLD};

const FILES: u32 = 200;

fn stated(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

fn cases() -> u32 {
    stated("V_SECURE_CAMPAIGN_CASES").and_then(|text| text.parse().ok()).unwrap_or(48)
}

fn config() -> Config {
    let config = Config::with_cases(cases());
    let (max_shrink_iters, failure_persistence) = (config.max_shrink_iters.min(4_000), None);
    Config { max_shrink_iters, failure_persistence, ..config }
}

/// Members mostly do what they may, or little would come of it: some in `WRITERS` may write nothing but `dev/*`, some
/// nothing.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = || prop_oneof![3 => Just(0), 2 => 1..3usize, 2 => 0..WRITERS.len()];
    let secret = || prop_oneof![3 => Just(0), 2 => 0..SECRETS.len()];
    let copy = || 0..COPIES;
    let step = prop_oneof![
        8 => (copy(), who(), secret()).prop_map(|(copy, who, secret)| Step::Put { copy, who, secret }),
        2 => (copy(), who(), secret())
            .prop_map(|(copy, who, secret)| Step::Remove { copy, who, secret }),
        3 => (copy(), who(), secret())
            .prop_map(|(copy, who, secret)| Step::Prune { copy, who, secret }),
        3 => (0..RULES).prop_map(|which| Step::Rule { which }),
        4 => (copy(), copy()).prop_map(|(into, from)| Step::Merge { into, from }),
    ];
    prop::collection::vec(step, 2..22)
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = |kinds: &[Kind]| {
        let edit = (prop::sample::select(kinds.to_vec()), any::<[u16; 6]>());
        prop::collection::vec(edit.prop_map(|(kind, n)| Edit { kind, n }), 1..5)
    };
    // What members sign is accepted more often than what is broken.
    prop_oneof![edit(&Kind::ALL), edit(&Kind::SIGNED)]
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
        let history = History::play(&steps);
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
        tally.borrow_mut().play(&history.played);
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
        let history = History::play(&steps);
        let forged = Forged::new(&history.states, history.vault().file().clone());
        let outcomes = Judge { history: &history, forged: &forged }.all();
        prop_assert_eq!(&outcomes[0].1, KEPT);
        Ok(())
    });
    done.unwrap();
}

/// Not by any key that they ever had.
#[test]
fn who_lost_a_right_reads_nothing_that_was_written_since() {
    let mut runner = TestRunner::new(config());
    let done = runner.run(&steps(), |steps| {
        kept_keys::check(&History::play(&steps));
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
    let refused = |steps: &[&[Step]]| History::play(&steps.concat()).played.refused_merges;
    assert_eq!(refused(&[&written, &[pruned.clone(), revoked.clone()]]), 1);
    // What is merged before it is pruned is there.
    let before = [Step::Merge { into: 2, from: 1 }];
    let after = [pruned, revoked, Step::Merge { into: 0, from: 2 }];
    assert_eq!(refused(&[&written, &before, &after]), 0);
}

#[test]
fn the_right_to_rotate_alone_brings_no_removed_secret_back() {
    let (copy, secret) = (1, 2);
    let (owner, rotator) = (0, 4);
    let put = |who| Step::Put { copy, who, secret };
    let removed = Step::Remove { copy, who: owner, secret };
    let refused = |steps: &[Step]| History::play(steps).played.refused_writes;
    assert_eq!(refused(&[put(owner), put(rotator)]), 0);
    assert_eq!(refused(&[put(owner), removed, put(rotator)]), 1);
}
