//! One binary of tests, in which every file is compiled: one that no module names would pass unseen.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use v_secure_testkit::scene::repository;

/// Where the crates and this binary begin.
const ROOTS: [&[&str]; 4] = [
    &["tests/it/main.rs"],
    &["src/lib.rs", "src/main.rs"],
    &["crates/core/src/lib.rs"],
    &["crates/testkit/src/lib.rs"],
];

/// The files of a crate, by the modules that they declare.
fn declared(file: &Path, folder: &Path, found: &mut BTreeSet<PathBuf>) {
    found.insert(file.to_owned());
    let text = fs::read_to_string(file).unwrap();
    for line in text.lines() {
        // As rustfmt leaves it: `pub(super) mod name;`.
        let Some((seen_by, rest)) = line.split_once("mod ") else { continue };
        let Some(name) = rest.strip_suffix(';') else { continue };
        if !seen_by.is_empty() && !seen_by.starts_with("pub") {
            continue;
        }
        let (beside, inside) = (folder.join(format!("{name}.rs")), folder.join(name));
        match beside.is_file() {
            true => declared(&beside, &inside, found),
            // Files of another folder have a `#[path]`.
            false if !inside.is_dir() => {}
            false => declared(&inside.join("mod.rs"), &inside, found),
        }
    }
}

fn there(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            there(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.insert(path);
        }
    }
}

#[test]
fn no_file_is_forgotten() {
    for roots in ROOTS {
        let (mut all, mut compiled) = (BTreeSet::new(), BTreeSet::new());
        for root in roots.iter().map(|root| repository(root)) {
            let folder = root.parent().unwrap();
            there(folder, &mut all);
            declared(&root, folder, &mut compiled);
        }
        let forgotten: Vec<&PathBuf> = all.difference(&compiled).collect();
        assert!(all.len() > 10 && forgotten.is_empty(), "no module names {forgotten:?}");
    }
}

/// Each more is linked anew after every change.
#[test]
fn there_is_no_second_binary() {
    let mut found: Vec<String> = fs::read_dir(repository("tests"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| {
            name.ends_with(".rs") || repository("tests").join(name).join("main.rs").exists()
        })
        .collect();
    found.sort();
    assert_eq!(found, ["it"]);
}

#[test]
fn the_program_under_test_is_the_one_that_cargo_built_for_it() {
    assert_eq!(Path::new(v_secure_testkit::binary()), Path::new(env!("CARGO_BIN_EXE_v-secure")));
}
