//! The blocks of JSON lines: the policy chain, a slot's record, the log.

use super::Trust;
use super::cursor::{Cursor, Piece};
use super::error::{Cause, Fault};
use super::record;
use crate::crypto::bytes::{Id, ShortId};
use crate::crypto::digest::{Context, Digest};
use crate::log::{self, entry::Entry};
use crate::policy::{self, entry::PolicyEntry};
use crate::vault::rule::Counted;
use crate::vault::slot::SlotRecord;
use crate::vault::slot_check;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Below this many lines, starting threads costs more than it saves.
const PARALLEL_FROM: usize = 2_000;
/// Lines that one thread takes at a time.
const RUN: usize = 512;
/// Lines that are found before they are parsed: bounds what a file of nothing but line ends costs.
const BATCH: usize = 1 << 14;

pub(super) fn chain(cursor: &mut Cursor<'_>, trust: Trust) -> Result<Vec<PolicyEntry>, Fault> {
    let start = cursor.at();
    let block = cursor.block("chain")?;
    let mut chain = Vec::new();
    while let Some(line) = cursor.block_line(&block)? {
        let entry = policy_entry(line.text, chain.len(), trust);
        chain.push(entry.map_err(|cause| cause.at(line.at))?);
    }
    if chain.is_empty() { Err(Cause::ChainEmpty.at(start)) } else { Ok(chain) }
}

fn policy_entry(text: &str, before: usize, trust: Trust) -> Result<PolicyEntry, Cause> {
    Counted::Entries.check(before + 1)?;
    let entry = record::parse_policy(text, trust)?;
    policy::check::entry(&entry)?;
    Ok(entry)
}

pub(super) fn slot(
    cursor: &mut Cursor<'_>,
    id: &ShortId,
    trust: Trust,
) -> Result<SlotRecord, Fault> {
    let start = cursor.at();
    let block = cursor.block("record")?;
    let line = cursor.block_line(&block)?.ok_or_else(|| Cause::SlotRecords.at(start))?;
    let slot = slot_record(line.text, id, trust).map_err(|cause| cause.at(line.at))?;
    match cursor.block_line(&block)? {
        None => Ok(slot),
        Some(second) => Err(Cause::SlotRecords.at(second.at)),
    }
}

fn slot_record(text: &str, id: &ShortId, trust: Trust) -> Result<SlotRecord, Cause> {
    let slot: SlotRecord = record::parse(text, trust)?;
    slot_check::record(&slot)?;
    let own = match &slot {
        SlotRecord::Seal(seal) => &seal.slot,
        SlotRecord::Removed(removed) => &removed.slot,
    };
    if own == id { Ok(slot) } else { Err(Cause::SlotSection) }
}

/// The log's entries, which must be in order of their ids.
pub(super) fn log(cursor: &mut Cursor<'_>, trust: Trust) -> Result<BTreeMap<Id, Entry>, Fault> {
    let block = cursor.block("entries")?;
    let mut entries = Vec::new();
    let mut lines = Vec::new();
    loop {
        let line = cursor.block_line(&block);
        let more = matches!(line, Ok(Some(_)));
        let end = line.map(|line| lines.extend(line));
        if !more || lines.len() == BATCH {
            // What an earlier line has wrong comes before what ended the reading.
            append(&mut entries, &lines, trust)?;
            lines.clear();
        }
        end?;
        if !more {
            // Sorted already, which the map's bulk construction makes use of.
            return Ok(entries.into_iter().collect());
        }
    }
}

fn append(entries: &mut Vec<(Id, Entry)>, lines: &[Piece<'_>], trust: Trust) -> Result<(), Fault> {
    let runs: Vec<Run> = if lines.len() < PARALLEL_FROM {
        vec![run(lines, trust)]
    } else {
        lines.par_chunks(RUN).map(|lines| run(lines, trust)).collect()
    };
    let mut places = lines.iter().map(|line| line.at);
    for run in runs {
        for (entry, at) in run.entries.into_iter().zip(&mut places) {
            in_order(entries.last(), &entry.0).map_err(|cause| cause.at(at))?;
            entries.push(entry);
        }
        if let Some(fault) = run.fault {
            return Err(fault);
        }
    }
    Ok(())
}

/// What stands before the first fault is kept too: it may break the order on an earlier line.
struct Run {
    entries: Vec<(Id, Entry)>,
    fault: Option<Fault>,
}

fn run(lines: &[Piece<'_>], trust: Trust) -> Run {
    let digest = Digest::new(Context::LogEntry);
    let mut entries = Vec::with_capacity(lines.len());
    for line in lines {
        match log_entry(line.text, &digest, trust) {
            Ok(entry) => entries.push(entry),
            Err(cause) => return Run { entries, fault: Some(cause.at(line.at)) },
        }
    }
    Run { entries, fault: None }
}

fn log_entry(text: &str, digest: &Digest, trust: Trust) -> Result<(Id, Entry), Cause> {
    let entry: Entry = record::parse(text, trust)?;
    log::check::entry(&entry)?;
    Ok((Entry::id_of_line(text, digest), entry))
}

fn in_order(before: Option<&(Id, Entry)>, id: &Id) -> Result<(), Cause> {
    match before.map(|(before, _)| before.cmp(id)) {
        None | Some(std::cmp::Ordering::Less) => Ok(()),
        Some(std::cmp::Ordering::Equal) => Err(Cause::EntryDuplicate),
        Some(std::cmp::Ordering::Greater) => Err(Cause::EntryOrder),
    }
}
