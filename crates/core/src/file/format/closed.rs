//! The block of what is kept of a closed log.

use super::cursor::{Block, Cursor, Piece};
use super::error::{Cause, Fault};
use super::record;
use super::{ReadScope, Trust};
use crate::crypto::id::EntryId;
use crate::log::closed::{Closed, ClosedSecret};
use crate::name::SecretName;
use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// From this many bytes on, threads save more than starting them costs.
const PARALLEL_FROM: usize = 1 << 16;
/// Lines that are found before they are parsed: bounds what a file of nothing but line ends costs.
const BATCH: usize = 1 << 14;

/// Reads the block, the cursor being behind its header. Of bytes that were verified before, lines about secrets
/// that are not asked for are passed over.
pub(super) fn parse(
    cursor: &mut Cursor<'_>,
    trust: Trust,
    scope: ReadScope<'_>,
) -> Result<Closed, Fault> {
    let entries = entries(cursor)?;
    let wanted: Option<BTreeSet<&str>> = match scope {
        ReadScope::Naming(names) => Some(names.iter().map(SecretName::as_str).collect()),
        _ => None,
    };
    let block = cursor.block("secrets")?;
    let (mut secrets, mut lines) = (Vec::new(), Vec::new());
    loop {
        let line = wanted_line(cursor, &block, wanted.as_ref());
        let more = matches!(line, Ok(Some(_)));
        let end = line.map(|line| lines.extend(line));
        if !more || lines.len() == BATCH {
            // What an earlier line has wrong comes before what ended the reading.
            append(&mut secrets, &lines, trust)?;
            lines.clear();
        }
        end?;
        if !more {
            return Ok(Closed { entries, secrets });
        }
    }
}

fn wanted_line<'a>(
    cursor: &mut Cursor<'a>,
    block: &Block,
    wanted: Option<&BTreeSet<&str>>,
) -> Result<Option<Piece<'a>>, Fault> {
    let is_wanted = |line: &Piece<'_>| wanted.is_none_or(|names| names.contains(named(line.text)));
    loop {
        match cursor.block_line(block)? {
            Some(line) if !is_wanted(&line) => {}
            line => return Ok(line),
        }
    }
}

fn append(secrets: &mut Vec<ClosedSecret>, lines: &[Piece<'_>], trust: Trust) -> Result<(), Fault> {
    let read = |line: &Piece<'_>| secret(line.text, trust).map_err(|cause| cause.at(line.at));
    let bytes: usize = lines.iter().map(|line| line.text.len()).sum();
    if bytes < PARALLEL_FROM {
        return lines.iter().try_for_each(|line| push(secrets, line, read(line)?));
    }
    let all: Vec<Result<ClosedSecret, Fault>> = lines.par_iter().map(read).collect();
    lines.iter().zip(all).try_for_each(|(line, read)| push(secrets, line, read?))
}

fn push(
    secrets: &mut Vec<ClosedSecret>,
    line: &Piece<'_>,
    read: ClosedSecret,
) -> Result<(), Fault> {
    let before = secrets.last().map(|before| before.secret.as_str());
    ordered(before, read.secret.as_str()).map_err(|cause| cause.at(line.at))?;
    secrets.push(read);
    Ok(())
}

fn entries(cursor: &mut Cursor<'_>) -> Result<Vec<EntryId>, Fault> {
    let block = cursor.block("entries")?;
    let mut entries: Vec<EntryId> = Vec::new();
    while let Some(line) = cursor.block_line(&block)? {
        let id: EntryId = line.id()?;
        ordered(entries.last(), &id).map_err(|cause| cause.at(line.at))?;
        entries.push(id);
    }
    Ok(entries)
}

fn ordered<T: Ord>(before: Option<T>, next: T) -> Result<(), Cause> {
    match before.map(|before| before.cmp(&next)) {
        None | Some(Ordering::Less) => Ok(()),
        Some(Ordering::Equal) => Err(Cause::EntryDuplicate),
        Some(Ordering::Greater) => Err(Cause::EntryOrder),
    }
}

fn secret(text: &str, trust: Trust) -> Result<ClosedSecret, Cause> {
    let secret: ClosedSecret = record::parse(text, trust)?;
    secret.check()?;
    Ok(secret)
}

/// The name that a line of a verified file is about.
fn named(line: &str) -> &str {
    let name = line.strip_prefix("{\"secret\":\"").unwrap_or_default();
    name.split('"').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> Vec<String> {
        let line =
            |n| format!("{{\"secret\":\"dev/S{n:05}\",\"versions\":1,\"ops\":[],\"kept\":[]}}");
        (0..1200).map(line).collect()
    }

    fn pieces(texts: &[String]) -> Vec<Piece<'_>> {
        texts.iter().enumerate().map(|(at, text)| Piece { at, text }).collect()
    }

    #[test]
    fn on_several_threads_the_first_fault_is_that_of_reading_in_turn() {
        let whole = texts();
        assert!(whole.iter().map(String::len).sum::<usize>() >= PARALLEL_FROM);
        let spoil = |text: &mut String| text.insert(1, ' ');
        let mut cases = vec![whole.clone()];
        for (swapped, spoilt) in [(5, 900), (900, 5), (600, 601), (601, 600), (1198, 1198)] {
            let mut texts = whole.clone();
            texts.swap(swapped, swapped + 1);
            cases.push(texts.clone());
            spoil(&mut texts[spoilt]);
            cases.push(texts.clone());
            texts[spoilt] = "{}".to_owned();
            cases.push(texts.clone());
            texts[spoilt] = texts[0].clone();
            cases.push(texts);
        }
        for texts in cases {
            let lines = pieces(&texts);
            let (mut together, mut single) = (Vec::new(), Vec::new());
            let all = append(&mut together, &lines, Trust::Strict);
            let in_turn = lines.iter().try_for_each(|line| {
                append(&mut single, std::slice::from_ref(line), Trust::Strict)
            });
            assert_eq!((format!("{all:?}"), together), (format!("{in_turn:?}"), single));
        }
    }
}
