//! Bringing sides together where some of the log is closed: without the history where that suffices, and with it
//! where a branch began before the checkpoint.

use super::{Means, MergeError, Merged, renewed};
use crate::crypto::id::EntryId;
use crate::crypto::known_signatures::NoneKnown;
use crate::file::format::{self, Trust};
use crate::file::model::VaultFile;
use crate::log::closed::closing::WholeLog;
use crate::log::finding::{Finding, FindingCode, Severity, Subject};
use crate::log::fold::FoldScope;
use crate::merge::lost::Past;
use crate::policy::chain::Chain;
use crate::policy::op::Checkpoint;
use crate::vault::whole::{Away, assemble};
use crate::vault::{Depth, History, HistoryError, OpenError, Vault, segment_name};
use crate::verify;
use crate::verify::checkpoints::of_chain;
use crate::verify::{Reach, VerifyOptions, graph_of};
use std::collections::BTreeSet;

/// Whether the history is read where the file would do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    AsNeeded,
    Whole,
}

pub(super) fn settled(
    file: VaultFile,
    chain: &Chain,
    checkpoint: &Checkpoint,
    means: &Means<'_>,
) -> Result<Merged, MergeError> {
    // What follows from the records is mended, and the block does not: owners signed it.
    let fault = file.closed.as_ref().and_then(|closed| closed.fault(checkpoint, &file.entries));
    if let Some(fault) = fault {
        let finding = Finding::new(FindingCode::ClosedWrong, Subject::Vault, fault.to_string());
        return Err(MergeError::Result(OpenError::Findings(vec![finding])));
    }
    let is_upon = file.closed.is_some();
    if is_upon
        && means.reading == Reading::AsNeeded
        && Reach::of(&file, &graph_of(&file, chain), chain, FoldScope::All).is_nothing()
    {
        let file = renewed(file, chain, means)?.0;
        let text = format::write(&file);
        let opened = Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, means.now);
        return Ok(Merged { vault: opened.map_err(MergeError::Result)?, text });
    }
    if is_upon {
        holds_its_own(&file, chain, means)?;
    }
    let history = means.past.history();
    let missing = || {
        let name = segment_name(&checkpoint.segment);
        MergeError::History(HistoryError::Missing { name })
    };
    let history: &dyn History = history.ok_or_else(missing)?;
    let file = match is_upon {
        true => assemble(file, history, Trust::Strict).map_err(of_history)?.0,
        false => file,
    };
    let (file, graph, standings) = renewed(file, chain, means)?;
    let (entries, standings) = (&file.entries, &standings);
    let log = WholeLog { graph: &graph, entries, standings, policy: chain };
    let away = Away::of_whole(&file, log, Some(history)).map_err(MergeError::Closing)?;
    let text = away.text_alone(&file, checkpoint);
    let (strict, all) = (Trust::Strict, Depth::Everything);
    let opened = Vault::open_whole(text.as_bytes(), strict, all, means.now, &NoneKnown, history);
    Ok(Merged { vault: opened.map_err(MergeError::Result)?, text })
}

/// Refuses a file that lacks what readers without the history go by: that is in each side, and a file which has it
/// in its history alone was not merged by git.
fn holds_its_own(file: &VaultFile, chain: &Chain, means: &Means<'_>) -> Result<(), MergeError> {
    let mut findings = verify::verify(file, chain, VerifyOptions::all(means.now)).findings;
    // What is active follows from the rest, and is written anew.
    findings.retain(|found| found.severity == Severity::Error);
    findings.retain(|found| found.code != FindingCode::ActiveWrong);
    match findings.is_empty() {
        true => Ok(()),
        false => Err(MergeError::Result(OpenError::Findings(findings))),
    }
}

fn of_history(error: OpenError) -> MergeError {
    match error {
        OpenError::History(error) => MergeError::History(error),
        other => MergeError::Result(other),
    }
}

/// Those of the entries that the side has not closed. Where a segment is not at hand it may have any.
pub(super) fn left_open(side: &VaultFile, entries: Vec<EntryId>, past: &dyn Past) -> Vec<EntryId> {
    let mut left: BTreeSet<EntryId> = entries.into_iter().collect();
    for (_, checkpoint) in of_chain(&side.chain) {
        let bytes = past.history().and_then(|history| history.segment(&checkpoint.segment));
        let bytes = bytes.filter(|bytes| format::segment_id(bytes) == checkpoint.segment);
        let Some(bytes) = bytes else { return Vec::new() };
        format::segment_entries(&bytes).for_each(|id| _ = left.remove(&id));
    }
    left.into_iter().collect()
}
