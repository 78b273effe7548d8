//! Whom envelopes were sealed to, as the policy chain has it: an age file names nobody.

use crate::crypto::bytes::Id;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::name::audience::AudienceName;
use crate::policy::chain::Chain;
use crate::policy::error::ChainError;
use crate::policy::op::{EpochReseal, EpochStart, PolicyOp};
use crate::vault::Vault;
use std::collections::{BTreeMap, BTreeSet};

/// An envelope that the chain names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub audience: AudienceName,
    pub envelope: Id,
    /// Those it was made for, without those that its maker left out.
    pub to: BTreeSet<RecipientText>,
}

/// Every envelope that the chain ever named, in its order.
pub(crate) fn all(vault: &Vault) -> Result<Vec<Named>, ChainError> {
    let entries = &vault.file().chain;
    let mut found = Vec::new();
    Chain::replay(entries, |position, state| {
        for op in entries.get(position.index()).map(|entry| &entry.ops[..]).unwrap_or_default() {
            let (PolicyOp::Epoch(EpochStart { audience, envelope, skipped, .. })
            | PolicyOp::Reseal(EpochReseal { audience, envelope, skipped, .. })) = op
            else {
                continue;
            };
            // Made for the state after the whole entry.
            let mut to: BTreeSet<RecipientText> =
                state.recipients_of(audience).into_iter().collect();
            skipped.iter().for_each(|recipient| drop(to.take(recipient)));
            let (audience, envelope) = (audience.clone(), *envelope);
            found.push(Named { audience, envelope, to });
        }
    })?;
    Ok(found)
}

/// The recipients that each audience's present envelope was sealed to.
pub(crate) fn present(
    vault: &Vault,
) -> Result<BTreeMap<AudienceName, BTreeSet<RecipientText>>, ChainError> {
    // Of one audience's, the last one stays.
    Ok(all(vault)?.into_iter().map(|named| (named.audience, named.to)).collect())
}
