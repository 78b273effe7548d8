//! docs/hints.md: each hint, where it is shown, and how it is shown to work.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use v_secure_testkit::scene;

const FILE: &str = "docs/hints.md";
const START: &str = "<!-- hints: begin -->\n\n";
const END: &str = "\n<!-- hints: end -->";

#[derive(Default)]
pub struct Entry {
    pub codes: BTreeSet<String>,
    pub ways: BTreeSet<String>,
}

pub type Entries = BTreeMap<String, Entry>;

pub fn code(text: &str) -> String {
    match text.contains('`') {
        true => format!("`` {text} ``"),
        false => format!("`{text}`"),
    }
}

/// The rows of the table.
pub fn rows(entries: &Entries) -> Vec<String> {
    let joined = |texts: &BTreeSet<String>, by: &str| {
        texts.iter().cloned().collect::<Vec<_>>().join(by).replace('|', "\\|")
    };
    let row = |(text, entry): (&String, &Entry)| {
        let codes: BTreeSet<String> = entry.codes.iter().map(|text| code(text)).collect();
        let text = code(text).replace('|', "\\|");
        format!("| {text} | {} | {} |\n", joined(&codes, ", "), joined(&entry.ways, "; "))
    };
    entries.iter().map(row).collect()
}

/// Holds the file against the rows, all of them where all could be made here.
pub fn compare(rows: &[String], complete: bool) {
    let path = scene::repository(FILE);
    let document = fs::read_to_string(&path).unwrap();
    let (front, rest) = document.split_once(START).unwrap();
    let (stored, back) = rest.split_once(END).unwrap();
    let head = "| hint | shown with | shown to work |\n|---|---|---|\n";
    let table = format!("{head}{}", rows.concat());
    if scene::regenerating() {
        assert!(complete, "a tool is missing for some of the hints");
        fs::write(&path, format!("{front}{START}{table}{END}{back}")).unwrap();
        return;
    }
    if !complete {
        return;
    }
    let new: Vec<_> = rows.iter().filter(|row| !stored.contains(row.as_str())).collect();
    let gone: Vec<_> = stored.lines().filter(|line| !table.contains(*line)).collect();
    assert!(
        stored == table,
        "{FILE} is out of date: just generate\nnew: {new:#?}\ngone: {gone:#?}"
    );
}
