//! Reading and writing as each other's inverse, scopes, and every single change of a small vault.

use super::sample;
use super::{ReadScope, Trust, bucket, parse, write};
use crate::file::model::VaultFile;
use crate::name::SecretName;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

mod arbitrary;
mod malformed;
mod read_back;

fn strict(bytes: &[u8]) -> Result<VaultFile, super::FormatError> {
    parse(bytes, Trust::Strict, ReadScope::All)
}

fn names(file: &VaultFile) -> BTreeSet<SecretName> {
    file.secrets.values().map(|section| section.name.clone()).collect()
}

#[test]
fn what_is_written_is_read_back() {
    let file = sample::file();
    let text = write(&file);
    assert_eq!(strict(text.as_bytes()), Ok(file.clone()));
    assert_eq!(parse(text.as_bytes(), Trust::Cached, ReadScope::All), Ok(file));
}

#[test]
fn a_file_is_toml_with_the_same_content() {
    let file = sample::file();
    let table: toml::Table = write(&file).parse().unwrap();
    assert_eq!(table["name"].as_str(), Some("shop"));
    assert_eq!(table["audience"].as_table().unwrap().len(), 2);
    assert_eq!(table["secret"].as_table().unwrap().len(), file.secrets.len());
    assert_eq!(table["log"]["entries"].as_str().unwrap().lines().count(), 1_024 + 2);
}

#[test]
fn what_is_empty_has_the_lines_of_its_buckets() {
    let mut file = sample::file();
    file.entries.clear();
    file.secrets.clear();
    let text = write(&file);
    assert!(text.contains("'''\n# 00\n# 01\n") && text.contains("\n# fe\n# ff\n\n[log]\n"));
    assert!(
        text.contains("\n[log]\nentries = '''\n#000\n") && text.ends_with("\n#3fe\n#3ff\n'''\n")
    );
    assert_eq!(strict(text.as_bytes()), Ok(file));
}

#[test]
fn a_scope_reads_only_its_secrets_and_everything_else() {
    let file = sample::file();
    let text = write(&file);
    for (uid, section) in &file.secrets {
        let other = SecretName::parse("prod/OTHER").unwrap();
        let wanted = BTreeSet::from([section.name.clone(), other]);
        let mut expected = file.clone();
        expected.secrets.retain(|id, _| id == uid);
        for trust in [Trust::Strict, Trust::Cached] {
            let read = parse(text.as_bytes(), trust, ReadScope::Secrets(&wanted));
            assert_eq!(read, Ok(expected.clone()));
        }
    }
    let all = names(&file);
    assert_eq!(parse(text.as_bytes(), Trust::Strict, ReadScope::Secrets(&all)), Ok(file.clone()));
    let none = VaultFile { secrets: Default::default(), ..file };
    assert_eq!(parse(text.as_bytes(), Trust::Strict, ReadScope::NoSecrets), Ok(none));
}

#[test]
fn what_a_scope_skips_is_not_judged_but_bounded() {
    let text = write(&sample::file());
    let broken = text.replacen("active = true", "active = ?", 1);
    assert!(strict(broken.as_bytes()).is_err());
    assert!(parse(broken.as_bytes(), Trust::Strict, ReadScope::NoSecrets).is_ok());
    let hidden_log = text.replacen("active = true", "\n[log]\nactive = true", 1);
    assert!(parse(hidden_log.as_bytes(), Trust::Strict, ReadScope::NoSecrets).is_err());
    let first = text.replacen("\n# 00\n", "\n# 01\n", 1);
    assert!(parse(first.as_bytes(), Trust::Strict, ReadScope::NoSecrets).is_err());
    for other in ["# 03", "# ff"] {
        let moved = text.replacen("\n# 02\n", &format!("\n{other}\n"), 1);
        assert!(strict(moved.as_bytes()).is_err());
        assert!(parse(moved.as_bytes(), Trust::Strict, ReadScope::NoSecrets).is_ok());
    }
    let no_log = text.replacen("\n[log]\n", "\n[lag]\n", 1);
    let error = parse(no_log.as_bytes(), Trust::Strict, ReadScope::NoSecrets).unwrap_err();
    assert_eq!(error.code(), "section-missing");
}

/// Where a wanted section stands is not judged.
#[test]
fn a_wanted_section_is_found_behind_another_mark() {
    let file = sample::file();
    let text = write(&file);
    let all = names(&file);
    for section in file.secrets.values() {
        let mut moved = String::new();
        super::write::secret(&mut moved, section);
        let rest = text.replacen(&moved, "", 1);
        for mark in ["\n# 00\n", "\n# ff\n"] {
            let text = rest.replacen(mark, &format!("{mark}{moved}"), 1);
            let error = strict(text.as_bytes()).unwrap_err();
            assert_eq!(error.code(), "section-in-wrong-bucket");
            assert_eq!(parse(text.as_bytes(), Trust::Cached, ReadScope::All), Err(error));
            let scope = ReadScope::Secrets(&all);
            assert_eq!(parse(text.as_bytes(), Trust::Strict, scope), Ok(file.clone()));
        }
    }
}

/// What follows a wanted section is judged: that it is some bucket's line, or begins a section.
#[test]
fn behind_a_wanted_section_the_next_line_is_judged() {
    let file = sample::file();
    let text = write(&file);
    for (uid, section) in &file.secrets {
        let line = bucket::Parted::Secrets.line(u16::from(uid.0[0]) + 1);
        let behind = |other: &str| {
            let text = text.replacen(&format!("\"\n{line}\n"), &format!("\"\n{other}\n"), 1);
            let wanted = BTreeSet::from([section.name.clone()]);
            parse(text.as_bytes(), Trust::Strict, ReadScope::Secrets(&wanted))
                .map(|file| file.secrets)
        };
        let alone = BTreeMap::from([(*uid, file.secrets[uid].clone())]);
        assert_eq!(behind("# 00"), Ok(alone));
        for wrong in ["# 0", "# 0G", "#000", "", "\n# 00"] {
            assert!(behind(wrong).is_err(), "{wrong:?}");
        }
    }
}

/// Refused, or another file that is written exactly so.
fn refused_or_other(base: &VaultFile, mutant: &[u8]) {
    if let Ok(read) = strict(mutant) {
        assert_ne!(&read, base, "{}", String::from_utf8_lossy(mutant));
        assert_eq!(write(&read).as_bytes(), mutant);
    }
    let wanted: BTreeSet<SecretName> = names(base).into_iter().take(1).collect();
    // Must not panic, whatever it says.
    let _ = parse(mutant, Trust::Cached, ReadScope::Secrets(&wanted));
}

/// The first and last bytes of each line and some within, so that the tests stay short; of the marks,
/// which are alike, a few.
fn places(text: &str) -> Vec<usize> {
    let (mut at, mut places) = (0, Vec::new());
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let is_edge = |offset: usize| offset < 12 || offset + 4 > line.len();
        if !line.starts_with('#') || number % 50 == 0 {
            let some = (0..line.len()).filter(|offset| is_edge(*offset) || offset % 3 == 0);
            places.extend(some.map(|offset| at + offset));
        }
        at += line.len();
    }
    places
}

#[test]
fn no_changed_byte_reads_as_the_same_file() {
    let file = sample::file();
    let text = write(&file);
    let places = places(&text);
    let text = text.into_bytes();
    places.into_par_iter().for_each(|position| {
        // Two of these at each place, so that the test stays short; all of them in each line.
        let other = [b'A', b'\n', b'"', b' ', b'=', 0xff][position % 6];
        for byte in [text[position] ^ 1, other] {
            if byte != text[position] {
                let mut mutant = text.clone();
                mutant[position] = byte;
                refused_or_other(&file, &mutant);
            }
        }
    });
}

#[test]
fn no_dropped_or_added_byte_reads_as_the_same_file() {
    let file = sample::file();
    let text = write(&file);
    let places = places(&text);
    let text = text.into_bytes();
    places.into_par_iter().for_each(|position| {
        let mut dropped = text.clone();
        dropped.remove(position);
        refused_or_other(&file, &dropped);
        let mut added = text.clone();
        added.insert(position, if position % 2 == 0 { b' ' } else { b'\n' });
        refused_or_other(&file, &added);
        refused_or_other(&file, &text[..position]);
    });
}

#[test]
fn no_dropped_doubled_or_swapped_line_reads_as_the_same_file() {
    let file = sample::file();
    let text = write(&file);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let is_some = |at: &usize| !lines[*at].starts_with('#') || at.is_multiple_of(50);
    for position in (0..lines.len()).filter(is_some) {
        let (before, after) = lines.split_at(position);
        let rest = &after[1..];
        refused_or_other(&file, [before, rest].concat().concat().as_bytes());
        refused_or_other(&file, [before, &after[..1], after].concat().concat().as_bytes());
        for (further, other) in rest.iter().enumerate().filter(|(_, line)| **line != after[0]) {
            let mut swapped = lines.clone();
            swapped[position] = other;
            swapped[position + 1 + further] = after[0];
            if further < 12 {
                refused_or_other(&file, swapped.concat().as_bytes());
            }
        }
    }
}
