//! Closing the history of a vault up to an entry: what the checkpoint states, and what is away from then on.

use super::verified_vault::{ApplyError, Vault};
use super::whole::Away;
use crate::crypto::bytes::Id;
use crate::crypto::id::EntryId;
use crate::file::format;
use crate::file::model::VaultFile;
use crate::log::closed::closing::{Closing, ClosingError, WholeLog, close};
use crate::name::SecretName;
use crate::policy::op::Checkpoint;
use crate::policy::position::PolicyPosition;
use crate::time::UnixTime;
use crate::verify::checkpoints::of_chain;
use std::collections::BTreeSet;

/// An entry at which all branches of a log have come together: up to there nothing would be beside what is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summit {
    pub entry: EntryId,
    /// Seconds since the Unix epoch: the latest that an author of what is closed anew says. The entry itself may be
    /// dated before what it closes, by a clock that is slow or by somebody who wants it closed.
    pub ts: UnixTime,
    /// How many entries are closed with it, it among them.
    pub entries: usize,
}

/// The entries up to which the log can be closed without making any that is there late, newest first. Of a vault
/// that was read as a whole.
pub fn summits(vault: &Vault) -> Vec<Summit> {
    let (graph, entries) = (vault.graph(), &vault.file().entries);
    let log = whole_log(vault);
    let before = vault.policy().checkpoint().map(|closing| closing.stated.entry);
    let floor = before.and_then(|entry| graph.place(&entry));
    let mut found = Vec::new();
    let mut covered: BTreeSet<usize> = BTreeSet::new();
    let mut latest = UnixTime::from_secs(0);
    // One is a summit if all that come before it in order lead to it, and it leads to all that come after.
    for (place, ends) in joined(vault).into_iter().enumerate() {
        covered.insert(place);
        let id = graph.id(place);
        let counts = log.standings.of(place).counts_partly();
        if floor.is_some_and(|floor| place <= floor) {
            continue;
        }
        latest = latest.max(entries.get(id).map_or(latest, |entry| entry.ts));
        if ends && counts {
            found.push(Summit { entry: *id, ts: latest, entries: covered.len() });
        }
    }
    found.reverse();
    found
}

/// By place, whether the log has come together there.
fn joined(vault: &Vault) -> Vec<bool> {
    let graph = vault.graph();
    let length = graph.len();
    // The entries so far that wait for a child.
    let mut open: BTreeSet<usize> = BTreeSet::new();
    let meets = (0..length).map(|place| {
        graph.parents(place).for_each(|parent| _ = open.remove(&parent));
        open.insert(place);
        open.len() == 1
    });
    let mut meets: Vec<bool> = meets.collect();
    // Nothing that comes later may hang on what came before it, or on nothing.
    let mut least = Some(length);
    for place in (0..length).rev() {
        meets[place] &= least.is_some_and(|least| place <= least);
        least = least.and_then(|least| graph.parents(place).min().map(|parent| parent.min(least)));
    }
    meets
}

/// What is younger stays open unless more is asked for, in seconds: branches are merged within a week, as a rule.
pub const LEFT_OPEN: u64 = 7 * 24 * 60 * 60;

/// From so many open entries on a closing is worth its while, if they are several times as many as the secrets.
const LONG: usize = 500;

/// How many entries that are no younger than `until` a closing would put aside, about, where it is worth its while.
/// Asked of a vault however it was read.
pub fn pays(vault: &Vault, until: UnixTime) -> Option<usize> {
    let graph = vault.graph();
    let closed = vault.policy().checkpoint().map_or(0, |closing| closing.stated.entries);
    let closed = if vault.is_upon_checkpoint() { 0 } else { closed };
    let is_old = |id: &EntryId| vault.file().entries.get(id).is_some_and(|e| e.ts <= until);
    let open = graph.ids().iter().enumerate();
    let open = open.filter(|(place, id)| !graph.is_kept(*place) && is_old(id)).count();
    let open = open.saturating_sub(usize::try_from(closed).unwrap_or(usize::MAX));
    (open >= LONG && open / 4 >= vault.live().count()).then_some(open)
}

/// So many summits are tried, the newest first.
const TRIED: usize = 64;

/// So many bytes less a closing is to bring: it takes an entry of the policy and two files for good.
const GAIN: usize = 4096;

/// How large a vault's file is, and what closing its log would bring.
#[derive(Debug)]
pub struct Foreseen {
    /// In bytes.
    pub now: usize,
    pub then: Result<PutAside, NothingToClose>,
}

/// What a closing would be.
#[derive(Debug)]
pub struct PutAside {
    pub summit: Summit,
    pub checkpoint: Checkpoint,
    /// How large the file would be.
    pub bytes: usize,
}

/// Why a log is not closed any further.
#[derive(Debug, thiserror::Error)]
pub enum NothingToClose {
    #[error("all of the log is closed")]
    Closed,
    #[error("all that could be closed is younger than what is to stay open")]
    TooYoung,
    #[error("branches, or entries that do not count, stand beside each other")]
    Beside,
    #[error("the vault's file has {now} bytes, and would have {then}")]
    NoGain { now: usize, then: usize },
    #[error("a rotation of {secret} stands beside its removal, and nobody has set it since")]
    Unsettled { secret: SecretName },
    #[error(transparent)]
    Other(ClosingError),
}

/// What closing the log would bring, up to the newest entry that is no younger than `until` (in seconds since the Unix
/// epoch). Of a vault that was read as a whole.
pub fn foreseen(vault: &Vault, until: Option<UnixTime>) -> Foreseen {
    let now = vault.texts().vault.len();
    let then = put_aside(vault, until).and_then(|aside| match aside.bytes + GAIN > now {
        true => Err(NothingToClose::NoGain { now, then: aside.bytes }),
        false => Ok(aside),
    });
    Foreseen { now, then }
}

/// The same of all that has come together, whether or not it makes the file smaller.
pub fn foreseen_all(vault: &Vault) -> Foreseen {
    Foreseen { now: vault.texts().vault.len(), then: put_aside(vault, None) }
}

fn put_aside(vault: &Vault, until: Option<UnixTime>) -> Result<PutAside, NothingToClose> {
    let all = summits(vault);
    if all.is_empty() {
        let closed = vault.policy().checkpoint().map_or(0, |closing| closing.stated.entries);
        let is_closed = vault.file().entries.len() as u64 == closed;
        return Err(if is_closed { NothingToClose::Closed } else { NothingToClose::Beside });
    }
    let old = all.into_iter().filter(|summit| until.is_none_or(|until| summit.ts <= until));
    let mut refused = None;
    for summit in old.take(TRIED) {
        match preview(vault, &summit.entry) {
            Ok((checkpoint, bytes)) => return Ok(PutAside { summit, checkpoint, bytes }),
            Err(error) => _ = refused.get_or_insert(error),
        }
    }
    Err(match refused {
        None => NothingToClose::TooYoung,
        Some(ClosingError::Unsettled { secrets }) => {
            NothingToClose::Unsettled { secret: secrets[0].clone() }
        }
        Some(other) => NothingToClose::Other(other),
    })
}

/// What closing the log up to this entry would be, whoever chose it. Of a vault that was read as a whole.
///
/// # Errors
/// The log cannot be closed there.
pub fn up_to(vault: &Vault, entry: &EntryId) -> Result<PutAside, ClosingError> {
    let (checkpoint, bytes) = preview(vault, entry)?;
    let graph = vault.graph();
    let before = vault.policy().checkpoint().map(|closing| closing.stated.entry);
    let (closed, before) = (graph.ancestry([entry]), graph.ancestry(before.iter()));
    let dates = graph
        .ids()
        .iter()
        .enumerate()
        .filter(|(place, _)| closed.get(*place) && !before.get(*place));
    let dates = dates.filter_map(|(_, id)| Some(vault.file().entries.get(id)?.ts));
    let ts = dates.max().unwrap_or(UnixTime::from_secs(0));
    let entries = usize::try_from(checkpoint.entries).unwrap_or(usize::MAX);
    Ok(PutAside { summit: Summit { entry: *entry, ts, entries }, checkpoint, bytes })
}

/// What a checkpoint up to the entry states, as the next entry of the chain. Of a vault that was read as a whole.
///
/// # Errors
/// The log cannot be closed there.
pub(crate) fn checkpoint(vault: &Vault, last: &EntryId) -> Result<Checkpoint, ClosingError> {
    preview(vault, last).map(|(checkpoint, _)| checkpoint)
}

fn preview(vault: &Vault, last: &EntryId) -> Result<(Checkpoint, usize), ClosingError> {
    let log = whole_log(vault);
    let before = vault.policy().checkpoint().map(|closing| closing.stated.entry);
    let position = PolicyPosition::new(vault.chain().len());
    let closing = close(log, last, position, before.as_ref())?;
    let (checkpoint, segment) = stated(vault.file(), vault.away.as_ref(), last, &closing);
    let away = Away::anew(vault.away.clone(), closing.closed, (checkpoint.segment, segment));
    let bytes = away.texts(vault.file(), &checkpoint).vault.len();
    Ok((checkpoint, bytes))
}

fn whole_log(vault: &Vault) -> WholeLog<'_> {
    WholeLog {
        graph: vault.graph(),
        entries: &vault.file().entries,
        standings: vault.standings(),
        policy: vault.chain(),
    }
}

fn stated(
    file: &VaultFile,
    away: Option<&Away>,
    last: &EntryId,
    closing: &Closing,
) -> (Checkpoint, Vec<EntryId>) {
    let segmented: BTreeSet<&EntryId> = away.into_iter().flat_map(Away::entries).collect();
    let new: Vec<EntryId> =
        closing.entries.iter().filter(|id| !segmented.contains(id)).copied().collect();
    let lines = new.iter().filter_map(|id| file.entries.get(id));
    let segment: Id = format::segment_id(format::write_segment(lines).as_bytes());
    let checkpoint = Checkpoint {
        entry: *last,
        closed: closing.closed.id(),
        open: closing.open.clone(),
        segment,
        entries: closing.entries.len() as u64,
    };
    (checkpoint, new)
}

/// What is away once the chain's last entry has closed the log.
///
/// # Errors
/// The checkpoint states something else than what follows: nobody writes it.
pub(super) fn closed_anew(
    file: &VaultFile,
    log: WholeLog<'_>,
    before: Option<Away>,
) -> Result<Away, ApplyError> {
    let mut checkpoints: Vec<(PolicyPosition, &Checkpoint)> = of_chain(&file.chain).collect();
    let Some((position, last)) = checkpoints.pop() else { return Err(ApplyError::CheckpointFalse) };
    let earlier = checkpoints.last().map(|(_, checkpoint)| &checkpoint.entry);
    let closing = close(log, &last.entry, position, earlier).map_err(ApplyError::Checkpoint)?;
    let (checkpoint, segment) = stated(file, before.as_ref(), &last.entry, &closing);
    if file.closed.is_some() || checkpoint != *last {
        return Err(ApplyError::CheckpointFalse);
    }
    Ok(Away::anew(before, closing.closed, (checkpoint.segment, segment)))
}

#[cfg(test)]
mod tests;
