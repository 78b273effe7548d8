//! Merging: two copies of one vault become one that has all that either has (`docs/merging.md`).
//!
//! A merge is a union of records, so that it needs no key and no decision: it gives the same bytes whichever
//! side comes first, in whatever order branches meet, and a second time changes nothing. What follows from
//! the records (which value is active, what is void, what is in conflict) is the fold's, here as everywhere.
//! The one thing that is not united is the policy chain: it is a line, so one side's must go on from the
//! other's.
//!
//! Whatever comes out is verified as a whole before anybody sees it. The inputs need not be: a side whose
//! derived parts git blended as text is mended by the same way, and a forged record is one in the union too.

pub mod blended;
mod closed;
pub mod lost;
pub mod marks;
pub mod union;

#[cfg(test)]
mod tests;

use self::closed::Reading;
use self::lost::{Lost, NoPast, Past};
use crate::crypto::id::{EntryId, ObjectId, PolicyId, VaultId};
use crate::file::format::{self, FormatError};
use crate::file::model::VaultFile;
use crate::log::closed::closing::ClosingError;
use crate::log::finding::{Finding, FindingCode, Severity};
use crate::log::fold::FoldScope;
use crate::log::graph::Graph;
use crate::log::standing::{LogSignatures, Standings};
use crate::log::state::LogState;
use crate::policy::chain::{Chain, ChainSignatures};
use crate::policy::chain_comparison;
use crate::policy::entry::PolicyEntry;
use crate::policy::error::ChainError;
use crate::time::UnixTime;
use crate::vault::copies::renew_copies;
use crate::vault::{Depth, HistoryError, OpenError, Vault};
use crate::verify::graph_of;
use std::collections::BTreeSet;

/// Why copies do not merge.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    #[error("the two sides are different vaults")]
    OtherVault { ours: VaultId, theirs: VaultId },
    /// A merge would have to drop what one side signed.
    #[error("both sides changed the policy, from entry {at} on")]
    PolicyDiverged { at: usize, ours: Vec<PolicyEntry>, theirs: Vec<PolicyEntry> },
    #[error("a side is not a vault, however its lines are put")]
    Side(#[source] FormatError),
    #[error("the policy chain is not valid")]
    Chain(#[source] ChainError),
    #[error("the log's links are broken")]
    Links(Vec<Finding>),
    #[error("what is closed of the history is needed to bring the sides together")]
    History(#[source] HistoryError),
    #[error("the log cannot be closed as the policy says")]
    Closing(#[source] ClosingError),
    #[error("what comes out does not verify")]
    Result(#[source] OpenError),
}

impl MergeError {
    /// Whether all that is wrong is that a version is gone whose prune does not count.
    pub fn is_of_lost(&self) -> bool {
        matches!(self, Self::Result(error) if is_of_lost(error))
    }
}

/// The same of a vault that was opened.
pub fn is_of_lost(error: &OpenError) -> bool {
    let OpenError::Findings(findings) = error else { return false };
    let mut errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    errors.clone().next().is_some() && errors.all(|finding| finding.code == FindingCode::ObjectLost)
}

/// A vault that came out of a merge.
#[derive(Debug)]
pub struct Merged {
    pub vault: Vault,
    /// Its canonical text.
    pub text: String,
}

/// Merges copies. `now` decides nothing but which values are reported as expired.
pub fn merge(
    first: VaultFile,
    others: impl IntoIterator<Item = VaultFile>,
    now: UnixTime,
) -> Result<Merged, MergeError> {
    merge_with(first, others, now, &NoPast)
}

/// [`merge`] with what the `past` has.
pub fn merge_with(
    first: VaultFile,
    others: impl IntoIterator<Item = VaultFile>,
    now: UnixTime,
    past: &dyn Past,
) -> Result<Merged, MergeError> {
    settled_with(others.into_iter().try_fold(first, union::union)?, now, past)
}

/// The vault of these records: copies renewed, written canonically, and verified as if it came from a stranger.
pub fn settled(file: VaultFile, now: UnixTime) -> Result<Merged, MergeError> {
    settled_with(file, now, &NoPast)
}

/// The same; what is lost is taken from the `past`, and so is what is closed, where the records cannot be told of
/// without.
pub fn settled_with(file: VaultFile, now: UnixTime, past: &dyn Past) -> Result<Merged, MergeError> {
    let (pruned, reading) = (&BTreeSet::new(), Reading::AsNeeded);
    settled_by(file, &Means { now, past, pruned, reading })
}

/// The same as a whole, where some of the log is closed: what leaves a policy behind leaves its checkpoints, too.
///
/// # Errors
/// As [`settled_with`].
pub fn settled_whole(
    file: VaultFile,
    now: UnixTime,
    past: &dyn Past,
) -> Result<Merged, MergeError> {
    settled_beside(file, &BTreeSet::new(), now, past)
}

/// The same beside a side of which not all entries are there, and which pruned these versions.
pub(crate) fn settled_beside(
    file: VaultFile,
    pruned: &BTreeSet<ObjectId>,
    now: UnixTime,
    past: &dyn Past,
) -> Result<Merged, MergeError> {
    settled_by(file, &Means { now, past, pruned, reading: Reading::Whole })
}

/// What records are settled by.
struct Means<'a> {
    /// Seconds since the Unix epoch.
    now: UnixTime,
    past: &'a dyn Past,
    /// Versions that a side pruned of which not all entries are there.
    pruned: &'a BTreeSet<ObjectId>,
    reading: Reading,
}

fn settled_by(file: VaultFile, means: &Means<'_>) -> Result<Merged, MergeError> {
    // Signatures are checked below, of the text.
    let chain = Chain::build(&file.chain, ChainSignatures::Trusted).map_err(MergeError::Chain)?;
    match chain.state().checkpoint() {
        Some(closing) => closed::settled(file, &chain, &closing.stated, means),
        None => {
            let file = renewed(file, &chain, means)?.0;
            let text = format::write(&file);
            let (strict, all) = (format::Trust::Strict, Depth::Everything);
            let vault = Vault::open(text.as_bytes(), strict, all, means.now);
            Ok(Merged { vault: vault.map_err(MergeError::Result)?, text })
        }
    }
}

/// The records with what was lost, and copies that follow from them.
fn renewed(
    mut file: VaultFile,
    chain: &Chain,
    means: &Means<'_>,
) -> Result<(VaultFile, Graph, Standings), MergeError> {
    let graph = graph_of(&file, chain);
    if !graph.findings().is_empty() {
        return Err(MergeError::Links(graph.findings()));
    }
    let trusted = LogSignatures::Trusted;
    let standings = Standings::judge(&graph, &file.entries, chain, FoldScope::All, trusted);
    let state = LogState::fold(&graph, &file.entries, &standings, FoldScope::All);
    let mut lost = Lost::of(&file, &state, chain.vault_id(), means.pruned);
    if !lost.is_over() {
        means.past.show(&mut lost);
        lost.put_into(&mut file);
    }
    // A version that lost its standing by the merge may have been its secret's only one, of which the state
    // knows nothing then.
    file.secrets.values_mut().for_each(|section| section.active.clear());
    renew_copies(&mut file, &state, chain.vault_id());
    Ok((file, graph, standings))
}

/// Whether a side lacks something that `base` has, of the log or of the policy.
pub fn is_lacking(side: &VaultFile, base: &VaultFile, past: &dyn Past) -> bool {
    !lacking(base, side, past).is_empty() || !lacking_policy(base, side).is_empty()
}

/// The policy entries of `base` that a side does not have.
pub fn lacking_policy(base: &VaultFile, side: &VaultFile) -> Vec<PolicyId> {
    let ids = |file: &VaultFile| file.chain.iter().map(PolicyEntry::id).collect::<Vec<_>>();
    chain_comparison::lacking(&ids(base), &ids(side)).to_vec()
}

/// The entries of `base` that a side does not have, nor has closed: what it was written from is not what came before
/// it, as where a commit is picked onto another branch or taken back.
pub fn lacking(base: &VaultFile, side: &VaultFile, past: &dyn Past) -> Vec<EntryId> {
    let missing = base.entries.keys().filter(|id| !side.entries.contains_key(*id)).copied();
    let missing: Vec<EntryId> = missing.collect();
    if missing.is_empty() || side.closed.is_none() {
        return missing;
    }
    closed::left_open(side, missing, past)
}
