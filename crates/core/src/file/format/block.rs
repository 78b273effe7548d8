//! The blocks of JSON lines: the policy chain, a slot's record, the log.

use super::bucket::{Buckets, Parted};
use super::cursor::{Block, Cursor, Piece};
use super::error::{Cause, Fault};
use super::naming::Naming;
use super::record;
use super::{ReadScope, Trust};
use crate::crypto::bytes::ShortId;
use crate::crypto::digest::{Digest, HashContext};
use crate::crypto::id::{EntryId, VaultId};
use crate::file::slot::SlotRecord;
use crate::file::slot_check;
use crate::log::{self, entry::Entry};
use crate::policy::{self, entry::PolicyEntry};
use crate::record::rule::Counted;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// From this many bytes on, threads save more than starting them costs, where entries are read without most of
/// their ops.
const PARALLEL_FROM: usize = 1 << 20;
/// The same where every line is read whole.
const PARALLEL_FROM_WHOLE: usize = 1 << 18;
/// The same where it is also written again to compare, and its signature is checked on all cores anyway.
const PARALLEL_FROM_STRICT: usize = 1 << 15;
/// Bytes that one thread takes at a time, about.
const RUN: usize = 1 << 15;
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

pub(super) fn policy_entry(text: &str, before: usize, trust: Trust) -> Result<PolicyEntry, Cause> {
    Counted::Entries.check(before + 1)?;
    if trust == Trust::Cached
        && let Some(entry) = policy::known_line::read(text)
    {
        return Ok(entry);
    }
    let entry: PolicyEntry = record::parse(text, trust)?;
    if trust != Trust::Cached {
        policy::check::entry(&entry)?;
    }
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

/// The log's entries, which must be in order of their ids. `vault` is what their objects' ids hang
/// on.
pub(super) fn log(
    cursor: &mut Cursor<'_>,
    trust: Trust,
    scope: ReadScope<'_>,
    vault: &VaultId,
) -> Result<BTreeMap<EntryId, Entry>, Fault> {
    let digest = Digest::new(HashContext::LogEntry);
    let parse = Parse { trust, digest, naming: Naming::of(scope), vault };
    let block = cursor.block("entries")?;
    let mut entries = Vec::new();
    let (mut lines, mut buckets) = (Vec::new(), Buckets::of(Parted::Log));
    loop {
        let line = entry_line(cursor, &block, &mut buckets);
        let more = matches!(line, Ok(Some(_)));
        let end = line.map(|line| lines.extend(line));
        if !more || lines.len() == BATCH {
            // What an earlier line has wrong comes before what ended the reading.
            append(&mut entries, &lines, &parse)?;
            lines.clear();
        }
        end?;
        if !more {
            // Sorted already, which the map's bulk construction makes use of.
            return Ok(entries.into_iter().collect());
        }
    }
}

/// A line that is no bucket's, and the bucket that it stands in.
struct Line<'a> {
    piece: Piece<'a>,
    bucket: u16,
}

/// The log's next entry, past the lines of buckets before it; `None` once, at the block's end.
fn entry_line<'a>(
    cursor: &mut Cursor<'a>,
    block: &Block,
    buckets: &mut Buckets,
) -> Result<Option<Line<'a>>, Fault> {
    loop {
        let passed = buckets.pass_lines(&cursor.text()[cursor.at()..]);
        cursor.skip_to(cursor.at() + passed);
        let at = cursor.at();
        let Some(piece) = cursor.block_line(block)? else {
            return buckets.end(at, cursor.text()).map(|()| None);
        };
        match (Parted::Log.of_line(piece.text), buckets.current()) {
            (Some(bucket), _) => buckets.pass(bucket, at, cursor.text())?,
            (None, Some(bucket)) => return Ok(Some(Line { piece, bucket })),
            (None, None) => return Err(buckets.lacking(at, cursor.text())),
        }
    }
}

/// How lines of the log are parsed.
pub(super) struct Parse<'a> {
    trust: Trust,
    digest: Digest,
    naming: Option<Naming<'a>>,
    /// As the header states it, which the chain must bear out before anything is believed.
    vault: &'a VaultId,
}

fn append(
    entries: &mut Vec<(EntryId, Entry)>,
    lines: &[Line<'_>],
    parse: &Parse<'_>,
) -> Result<(), Fault> {
    // Lines differ by three orders of magnitude: an import puts a thousand secrets in one.
    let bytes: usize = lines.iter().map(|line| line.piece.text.len()).sum();
    let runs: Vec<Run> = if bytes < parse.parallel_from() {
        vec![parse.run(lines)]
    } else {
        let together = (RUN / (bytes / lines.len()).max(1)).max(1);
        lines.par_chunks(together).map(|lines| parse.run(lines)).collect()
    };
    let mut places = lines.iter();
    for run in runs {
        let mut before = entries.last().map(|(id, _)| *id);
        for ((id, _), line) in run.entries.iter().zip(&mut places) {
            in_place(before.as_ref(), id, line).map_err(|cause| cause.at(line.piece.at))?;
            before = Some(*id);
        }
        match entries.is_empty() {
            // Nearly always the only one.
            true => *entries = run.entries,
            false => entries.extend(run.entries),
        }
        if let Some(fault) = run.fault {
            return Err(fault);
        }
    }
    Ok(())
}

/// What stands before the first fault is kept too: it may break the order on an earlier line.
struct Run {
    entries: Vec<(EntryId, Entry)>,
    fault: Option<Fault>,
}

impl<'a> Parse<'a> {
    /// Every line of a closed part of the log.
    pub(super) fn of_segment(vault: &'a VaultId, trust: Trust) -> Self {
        Self { trust, ..Self::of_all(vault) }
    }

    /// Every line of the log of `vault`, by all rules of the format.
    pub(crate) fn of_all(vault: &'a VaultId) -> Self {
        let digest = Digest::new(HashContext::LogEntry);
        Self { trust: Trust::Strict, digest, naming: None, vault }
    }
}

impl Parse<'_> {
    /// From how many bytes on lines are read on several threads.
    fn parallel_from(&self) -> usize {
        match (self.trust, &self.naming) {
            (Trust::Strict, _) => PARALLEL_FROM_STRICT,
            (_, None) => PARALLEL_FROM_WHOLE,
            (_, Some(_)) => PARALLEL_FROM,
        }
    }

    fn run(&self, lines: &[Line<'_>]) -> Run {
        let mut entries = Vec::with_capacity(lines.len());
        for line in lines.iter().map(|line| line.piece) {
            match self.entry(line.text) {
                Ok(entry) => entries.push(entry),
                Err(cause) => return Run { entries, fault: Some(cause.at(line.at)) },
            }
        }
        Run { entries, fault: None }
    }

    pub fn entry(&self, text: &str) -> Result<(EntryId, Entry), Cause> {
        let id = Entry::id_of_line(text, &self.digest);
        if let Some(short) = self.naming.as_ref().and_then(|naming| naming.without_ops(text)) {
            return Ok((id, record::parse(&short, Trust::Cached)?));
        }
        let mut entry: Entry = record::parse(text, self.trust)?;
        if self.trust != Trust::Cached {
            log::check::entry(&entry)?;
        }
        entry.derive_objects(self.vault);
        Ok((id, entry))
    }
}

fn in_place(before: Option<&EntryId>, id: &EntryId, line: &Line<'_>) -> Result<(), Cause> {
    let own = Parted::Log.bucket(id);
    if own != line.bucket {
        return Err(Cause::EntryBucket { line: Parted::Log.line(own) });
    }
    match before.map(|before| before.cmp(id)) {
        None | Some(std::cmp::Ordering::Less) => Ok(()),
        Some(std::cmp::Ordering::Equal) => Err(Cause::EntryDuplicate),
        Some(std::cmp::Ordering::Greater) => Err(Cause::EntryOrder),
    }
}
