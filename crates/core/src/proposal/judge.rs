//! Whether a proposal could become the vault's next policy entry, but for the signatures that lack.

use super::Proposal;
use crate::crypto::id::{EntryId, KeyId, PolicyId};
use crate::name::Name;
use crate::policy::chain::Chain;
use crate::policy::error::ChainError;
use crate::policy::op::PolicyOp;
use crate::policy::position::PolicyPosition;
use crate::vault::{Vault, closing};
use std::collections::BTreeSet;

/// Why a proposal cannot be signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    #[error("no owner has signed it: whoever put it here made it up, or is no owner any more")]
    Unsigned,
    #[error("it is complete: the vault has it")]
    Done,
    #[error("the policy has changed since it was proposed")]
    Stale { on: Option<PolicyId> },
    #[error("it was proposed by somebody who knew entries of the log that are not here yet")]
    LogMissing { entry: EntryId },
    #[error("it would end the effect of a change by {actor}, which was made since it was proposed")]
    Voids { entry: EntryId, actor: Name },
    #[error("it closes the history otherwise than the log is")]
    Checkpoint,
    #[error("it does not fit the vault's policy")]
    Chain(#[from] ChainError),
}

impl Unfit {
    /// Whether it was right once, or may become so: to be made anew, or to wait for a merge.
    pub const fn is_stale(&self) -> bool {
        matches!(
            self,
            Self::Done | Self::Stale { .. } | Self::Voids { .. } | Self::LogMissing { .. }
        )
    }
}

/// A proposal that fits.
pub struct Judged {
    /// The chain as it would be.
    pub after: Chain,
    /// The owners who signed, each once.
    pub signed_by: BTreeSet<Name>,
    /// How many it takes.
    pub threshold: usize,
}

impl Judged {
    /// How many owners are still to sign.
    pub fn missing(&self) -> usize {
        self.threshold.saturating_sub(self.signed_by.len())
    }
}

/// Judges all of a proposal by the vault as it is: its place, each op, what it gives, its key proofs, the
/// signatures that are there, and that it ends nothing which its maker did not see.
///
/// # Errors
/// Why it could not be the next entry.
pub fn judge(vault: &Vault, proposal: &Proposal) -> Result<Judged, Unfit> {
    let entry = &proposal.entry;
    if vault.chain().ids().contains(&entry.id()) {
        return Err(Unfit::Done);
    }
    // Before anything else is said of it: who can push can put anything here, and what is stale is offered to be
    // made anew.
    if vault.chain().owners_who_signed(entry).is_empty() {
        return Err(Unfit::Unsigned);
    }
    let fits = entry.prev == Some(vault.chain().head())
        && usize::try_from(entry.seq) == Ok(vault.chain().len());
    if !fits {
        return Err(Unfit::Stale { on: entry.prev });
    }
    if let Some(id) = entry.heads.iter().find(|id| !vault.file().entries.contains_key(*id)) {
        return Err(Unfit::LogMissing { entry: *id });
    }
    let after = vault.chain().foreseen(entry)?;
    if let Some((entry, actor)) = vault.voided_by(&after) {
        return Err(Unfit::Voids { entry, actor });
    }
    if !entry.ops.iter().all(|op| is_true(vault, &entry.heads, op)) {
        return Err(Unfit::Checkpoint);
    }
    let keys = entry.sigs.iter().map(|sig| &sig.key);
    let signed_by = signers(vault, keys);
    Ok(Judged { after, signed_by, threshold: vault.policy().threshold() })
}

/// Whether a checkpoint states what follows from the log, whoever says so, and the entry with these heads knows of what
/// it closes.
fn is_true(vault: &Vault, heads: &[EntryId], op: &PolicyOp) -> bool {
    let PolicyOp::Checkpoint(stated) = op else { return true };
    let (graph, known) = (vault.graph(), vault.standings().known());
    let last = PolicyPosition::new(vault.chain().len() - 1);
    let knows = |place| known.at(last, place) || graph.ancestry(heads).get(place);
    graph.place(&stated.entry).is_some_and(knows)
        && closing::checkpoint(vault, &stated.entry).is_ok_and(|found| found == *stated)
}

fn signers<'a>(vault: &Vault, keys: impl Iterator<Item = &'a KeyId>) -> BTreeSet<Name> {
    keys.filter_map(|key| vault.policy().key_owner(key)).cloned().collect()
}
