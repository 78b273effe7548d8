//! Whether checkpoints tell the truth about the log that they close, judged by all of it.

use crate::crypto::bytes::Id;
use crate::crypto::id::EntryId;
use crate::log::closed::Closed;
use crate::log::closed::closing::{Closing, WholeLog, close};
use crate::log::finding::{Finding, FindingCode, Subject};
use crate::policy::entry::PolicyEntry;
use crate::policy::op::{Checkpoint, PolicyOp};
use crate::policy::position::PolicyPosition;
use std::collections::{BTreeMap, BTreeSet};

/// What was read beside the vault.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beside<'a> {
    /// The file's block.
    pub closed: &'a Closed,
    /// The entries of each segment, in its order.
    pub segments: &'a BTreeMap<Id, Vec<EntryId>>,
}

/// The checkpoints of a chain, each with its position.
pub(crate) fn of_chain(
    chain: &[PolicyEntry],
) -> impl Iterator<Item = (PolicyPosition, &Checkpoint)> {
    chain.iter().enumerate().flat_map(|(position, entry)| {
        let position = PolicyPosition::new(position);
        entry.ops.iter().filter_map(move |op| match op {
            PolicyOp::Checkpoint(checkpoint) => Some((position, checkpoint)),
            _ => None,
        })
    })
}

pub(super) fn check(chain: &[PolicyEntry], log: WholeLog<'_>, beside: Beside<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut before: Option<&Checkpoint> = None;
    let mut segmented: BTreeSet<EntryId> = BTreeSet::new();
    let mut block = None;
    for (position, checkpoint) in of_chain(chain) {
        let last = before.map(|before| &before.entry);
        let closing = close(log, &checkpoint.entry, position, last);
        let fault = match &closing {
            Err(error) => Some(error.to_string()),
            Ok(closing) => fault(checkpoint, closing, &mut segmented, beside),
        };
        if let Some(fault) = fault {
            let subject = Subject::Policy(log.policy.ids()[position.index()]);
            let message = format!("the checkpoint of policy entry {position} is false: {fault}");
            let finding = Finding::new(FindingCode::CheckpointFalse, subject, message);
            findings.push(finding.hint("git log -p -- .v-secure/vault.toml"));
        }
        block = closing.ok().map(|closing| closing.closed);
        before = Some(checkpoint);
    }
    // That is told of the checkpoint where owners signed the block.
    let is_signed = before.is_some_and(|last| last.closed == beside.closed.id());
    if !is_signed && block.as_ref().is_some_and(|block| block != beside.closed) {
        let message = "the file's block of what is closed is not what follows from the log";
        findings.push(closed_wrong(message));
    }
    findings
}

/// A finding about the block of what is closed.
pub(super) fn closed_wrong(message: impl Into<String>) -> Finding {
    let finding = Finding::new(FindingCode::ClosedWrong, Subject::Vault, message.into());
    finding.hint("git log -p -- .v-secure/vault.toml")
}

fn fault(
    checkpoint: &Checkpoint,
    closing: &Closing,
    segmented: &mut BTreeSet<EntryId>,
    beside: Beside<'_>,
) -> Option<String> {
    let new: Vec<EntryId> =
        closing.entries.iter().filter(|id| !segmented.contains(*id)).copied().collect();
    let segment = beside.segments.get(&checkpoint.segment);
    segmented.extend(&closing.entries);
    if closing.closed.id() != checkpoint.closed {
        return Some("it keeps other ops than those that go on to matter".to_owned());
    }
    if closing.open != checkpoint.open {
        return Some("it states other open heads of policy entries than there are".to_owned());
    }
    if closing.entries.len() as u64 != checkpoint.entries {
        let (found, stated) = (closing.entries.len(), checkpoint.entries);
        return Some(format!("it closes {found} entries and states {stated}"));
    }
    (segment != Some(&new)).then(|| "its segment holds other entries than it closes".to_owned())
}
