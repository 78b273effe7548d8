//! Closing a log: what a checkpoint up to an entry states. Of the whole log, by whoever closes it and whoever
//! checks that.

use super::kept::{self, Kept};
use super::{Closed, ClosedSecret, KeptVersion, OpPlace};
use crate::crypto::id::EntryId;
use crate::log::bits::Bits;
use crate::log::entry::Entry;
use crate::log::fold::{Fold, FoldScope};
use crate::log::graph::Graph;
use crate::log::policy_view::PolicyView;
use crate::log::register::At;
use crate::log::standing::Standings;
use crate::log::state::SecretState;
use crate::name::SecretName;
use crate::policy::position::PolicyPosition;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A log, judged as a whole.
#[derive(Clone, Copy)]
pub struct WholeLog<'a> {
    pub graph: &'a Graph,
    pub entries: &'a BTreeMap<EntryId, Entry>,
    pub standings: &'a Standings,
    pub policy: &'a dyn PolicyView,
}

/// What follows from closing a log up to an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    pub closed: Closed,
    /// The heads of policy entries that are not closed.
    pub open: Vec<EntryId>,
    /// What is closed, in order of (lamport, id).
    pub entries: Vec<EntryId>,
}

/// Why a log cannot be closed up to an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClosingError {
    #[error("entry {entry} is not in the log, or has no op that counts")]
    Unknown { entry: EntryId },
    #[error("entry {entry} is not known to the policy")]
    NotKnown { entry: EntryId },
    #[error("entry {entry} does not come after {before}, up to which the log is closed")]
    Backwards { entry: EntryId, before: EntryId },
    #[error("a rotation of {} stands beside its removal, and nobody has set it since", secrets[0])]
    Unsettled { secrets: Vec<SecretName> },
    #[error("a rotation of {secret} is open: it is neither promoted nor aborted")]
    Open { secret: SecretName },
    #[error("what is active of {secret} may have been withdrawn, and nobody has set it since")]
    Withdrawn { secret: SecretName },
}

/// What a checkpoint up to `last` states that stands in the chain at `position`, the chain's next one for one to
/// come. `before` is the entry of the checkpoint before it.
///
/// # Errors
/// The log cannot be closed there.
pub fn close(
    log: WholeLog<'_>,
    last: &EntryId,
    position: PolicyPosition,
    before: Option<&EntryId>,
) -> Result<Closing, ClosingError> {
    let WholeLog { graph, standings, .. } = log;
    let counts = |place: &usize| standings.of(*place).counts_partly();
    let place = graph.place(last).filter(counts);
    let place = place.ok_or(ClosingError::Unknown { entry: *last })?;
    // A checkpoint to come knows all that is there.
    let is_to_come = position.index() >= log.policy.ids().len();
    if !is_to_come && !standings.known().at(position, place) {
        return Err(ClosingError::NotKnown { entry: *last });
    }
    let follows = |before: &&EntryId| graph.place(before).is_some_and(|b| graph.ancestor(b, place));
    if let Some(before) = before.filter(|before| !follows(before)) {
        return Err(ClosingError::Backwards { entry: *last, before: *before });
    }
    let closed = graph.ancestry([last]);
    let kept = kept_of(log, &closed)?;
    let entries = graph.ids().iter().enumerate().filter(|(place, _)| closed.get(*place));
    Ok(Closing {
        closed: block(graph, last, &kept),
        open: open_heads(log, &closed, position),
        entries: entries.map(|(_, id)| *id).collect(),
    })
}

fn kept_of<'a>(
    log: WholeLog<'a>,
    closed: &Bits,
) -> Result<BTreeMap<&'a SecretName, Kept>, ClosingError> {
    let WholeLog { graph, entries, standings, .. } = log;
    let (mut all, mut unsettled) = (BTreeMap::new(), BTreeSet::new());
    let fold = Fold::of(graph, entries, standings);
    for (secret, ops) in fold.gather(FoldScope::All, Some(closed)) {
        let kept = kept::of(graph, &ops);
        // What is told of the one would be told no more by a file that is read without the other.
        if kept.is_ok() && ops.rotation.is_some() && is_withdrawn(&fold.secret(secret, ops)) {
            return Err(ClosingError::Withdrawn { secret: secret.clone() });
        }
        match kept {
            Ok(kept) if kept.versions.is_none() && kept.ops.is_empty() => {}
            Ok(kept) => _ = all.insert(secret, kept),
            Err(kept::Unsettled::Removal) => _ = unsettled.insert(secret.clone()),
            Err(kept::Unsettled::Open) => {
                return Err(ClosingError::Open { secret: secret.clone() });
            }
        }
    }
    match unsettled.is_empty() {
        true => Ok(all),
        false => Err(ClosingError::Unsettled { secrets: unsettled.into_iter().collect() }),
    }
}

/// Whether it is told of what is active that it may work no more: what ends that is a new value, or a promotion by write.
fn is_withdrawn(state: &SecretState) -> bool {
    let rotations = state.rotation.iter().flat_map(|state| &state.rotations);
    rotations.into_iter().any(|of| of.is_divided)
        || state.candidates.iter().any(|object| state.is_withdrawn(object))
}

fn block(graph: &Graph, last: &EntryId, kept: &BTreeMap<&SecretName, Kept>) -> Closed {
    let id = |at: &At| *graph.id(at.place as usize);
    let ops = |kept: &Kept| {
        kept.ops
            .iter()
            .chain(kept.versions_kept.values().flat_map(|of| &of.ops))
            .map(id)
            .collect::<Vec<_>>()
    };
    let entries: BTreeSet<EntryId> = kept.values().flat_map(ops).chain([*last]).collect();
    let entries: Vec<EntryId> = entries.into_iter().collect();
    let ranks: HashMap<EntryId, u32> =
        entries.iter().enumerate().map(|(rank, id)| (*id, rank as u32)).collect();
    let places = |ops: &BTreeSet<At>| {
        let places: BTreeSet<OpPlace> = ops.iter().map(|at| (ranks[&id(at)], at.op)).collect();
        places.into_iter().collect::<Vec<_>>()
    };
    let secrets = kept.iter().map(|(secret, kept)| ClosedSecret {
        secret: (*secret).clone(),
        versions: kept.versions,
        ops: places(&kept.ops),
        kept: kept
            .versions_kept
            .iter()
            .map(|(number, of)| KeptVersion {
                number: *number,
                ops: places(&of.ops),
                replaced: of.replaced.iter().copied().collect(),
            })
            .collect(),
    });
    let mut secrets: Vec<ClosedSecret> = secrets.collect();
    secrets.sort_by(|a, b| a.secret.as_str().cmp(b.secret.as_str()));
    Closed { entries, secrets }
}

fn open_heads(log: WholeLog<'_>, closed: &Bits, position: PolicyPosition) -> Vec<EntryId> {
    let positions = 0..position.index().min(log.policy.ids().len());
    let heads = positions.flat_map(|at| log.policy.heads(PolicyPosition::new(at)));
    let is_open = |id: &&EntryId| log.graph.place(id).is_none_or(|place| !closed.get(place));
    heads.filter(is_open).copied().collect::<BTreeSet<_>>().into_iter().collect()
}
