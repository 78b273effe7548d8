//! A proposal for the policy of another time than its own: its changes made anew, by whoever asks for that, who is
//! asked about the same as somebody who signs it.

use super::Proposal;
use super::sign::unvouch;
use crate::keys::policy_change::{self, PolicyChangeError, PolicyOutcome};
use crate::name::audience::AudienceName;
use crate::policy::entry::PolicyEntry;
use crate::policy::gives;
use crate::policy::op::{EpochReseal, EpochStart, PolicyOp};
use crate::policy::vouching::Gift;
use crate::vault::author::Ctx;
use crate::vault::change::Change;
use crate::vault::{Vault, closing};
use std::collections::BTreeSet;

/// What was proposed: keys are made anew, and what the ops give is stated anew, as is what closing the log comes to.
/// Nothing where there are keys alone ([`keys_anew`]).
pub fn anew(vault: &Vault, proposal: &Proposal) -> Vec<PolicyOp> {
    let again = |op| match op {
        // One that cannot be made any more is refused as what it is.
        PolicyOp::Checkpoint(stated) => {
            let found = closing::checkpoint(vault, &stated.entry);
            PolicyOp::Checkpoint(found.unwrap_or(stated))
        }
        op => op,
    };
    changes(&proposal.entry).into_iter().map(again).collect()
}

/// Whether all that was proposed is keys.
pub fn is_of_keys(proposal: &Proposal) -> bool {
    changes(&proposal.entry).is_empty()
}

/// Whether two entries do the same: the same changes, and, where there are none, new keys for the same audiences.
pub fn is_same(one: &PolicyEntry, other: &PolicyEntry) -> bool {
    let (changes, of_other) = (changes(one), changes(other));
    changes == of_other && (!changes.is_empty() || keyed(one) == keyed(other))
}

fn changes(entry: &PolicyEntry) -> Vec<PolicyOp> {
    let own = entry.ops.iter().filter(|op| !op.gives_keys());
    own.map(gives::unstated).collect()
}

/// The audiences that get keys, and whether these are new.
fn keyed(entry: &PolicyEntry) -> BTreeSet<(&AudienceName, bool)> {
    let keys = entry.ops.iter().filter_map(|op| match op {
        PolicyOp::Epoch(EpochStart { audience, .. }) => Some((audience, true)),
        PolicyOp::Reseal(EpochReseal { audience, .. }) => Some((audience, false)),
        _ => None,
    });
    keys.collect()
}

/// What that gives and to whom, by those who signed the proposal, as in [`super::gifts`].
///
/// # Errors
/// It does not fit the policy of now, or is not for this signer to ask for.
pub fn gifts_anew(
    vault: &Vault,
    proposal: &Proposal,
    ctx: &Ctx<'_>,
) -> Result<Vec<Gift>, PolicyChangeError> {
    let gifts = policy_change::gifts_by(vault, &proposal.entry, &anew(vault, proposal), ctx)?;
    Ok(unvouch(gifts, &proposal.entry.ops))
}

/// New keys for the audiences that a proposal of keys alone has them for; `None` if there are none to make.
///
/// # Errors
/// Keys that cannot be made.
pub fn keys_anew(
    vault: &Vault,
    proposal: &Proposal,
    ctx: &Ctx<'_>,
) -> Result<(Option<Change>, PolicyOutcome), PolicyChangeError> {
    policy_change::keys_again(vault, &proposal.entry.ops, ctx)
}
