//! What came of the cases.

use super::attack::{Edit, Kind};
use super::honest::Played;
use super::judge::Outcome;
use std::collections::{BTreeMap, BTreeSet};

const TEXT: &str = "merged-as-text";
pub const UNCHANGED: &str = "nothing was changed";
pub const KEPT: &str = "as it was";
pub const ALLOWED: &str = "changed by who may";
pub const OLDER: &str = "an older state, or changed by who may";

#[derive(Default)]
pub struct Tally {
    cases: usize,
    played: Played,
    /// By kind of edit, of the cases in which it was made: how many were refused, and what became of the others.
    kinds: BTreeMap<Kind, BTreeMap<String, usize>>,
    doors: BTreeMap<Outcome, usize>,
}

impl Tally {
    pub fn count(&mut self, edits: &[Edit], outcomes: &[Outcome], unchanged: bool) {
        self.cases += 1;
        let whole = &outcomes.iter().find(|(door, _)| *door == "whole").unwrap().1;
        let whole = if unchanged { UNCHANGED } else { whole };
        let kinds: BTreeSet<Kind> = edits.iter().map(|edit| edit.kind).collect();
        for kind in kinds {
            *self.kinds.entry(kind).or_default().entry(whole.to_owned()).or_default() += 1;
        }
        for outcome in outcomes {
            *self.doors.entry(outcome.clone()).or_default() += 1;
        }
    }

    pub fn play(&mut self, played: &Played) {
        self.played.add(played);
    }

    pub fn print(&self) {
        println!("{:?}", self.played);
        self.kinds.iter().for_each(|(kind, outcomes)| print_kind(*kind, outcomes));
        self.doors
            .iter()
            .for_each(|((door, outcome), count)| println!("{door}: {count} {outcome}"));
        self.sum();
    }

    fn sum(&self) {
        let whole = self.doors.iter().filter(|((door, _), _)| *door == "whole");
        let refused: Vec<usize> = whole
            .filter(|((_, outcome), _)| ![KEPT, ALLOWED, OLDER, TEXT].contains(&outcome.as_str()))
            .map(|(_, count)| *count)
            .collect();
        let text = self.doors.get(&("whole", TEXT.to_owned())).copied().unwrap_or_default();
        let (files, codes) = (refused.iter().sum::<usize>(), refused.len());
        println!(
            "{} cases: {files} refused by {codes} codes, {text} {TEXT}, {} accepted",
            self.cases,
            self.cases - files - text
        );
    }
}

/// The kind, and a row of the threat model's table for it.
fn print_kind(kind: Kind, outcomes: &BTreeMap<String, usize>) {
    let of = |names: &[&str]| -> usize {
        names.iter().map(|name| outcomes.get(*name).copied().unwrap_or_default()).sum()
    };
    let total: usize = outcomes.values().sum();
    let (text, same, other) = (of(&[TEXT]), of(&[UNCHANGED, KEPT]), of(&[ALLOWED, OLDER]));
    let mut codes: Vec<_> = outcomes
        .iter()
        .filter(|(name, _)| ![TEXT, UNCHANGED, KEPT, ALLOWED, OLDER].contains(&name.as_str()))
        .collect();
    codes.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let refused: usize = codes.iter().map(|(_, count)| **count).sum();
    let often: Vec<String> = codes.iter().take(3).map(|(code, _)| format!("`{code}`")).collect();
    println!(
        "| {} | {total} | {refused} | {text} | {same} | {other} | {} |",
        kind.words(),
        often.join(", ")
    );
}
