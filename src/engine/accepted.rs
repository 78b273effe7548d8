//! The policy chain that a device accepted, beside that of the vault which is there now: which of its entries took
//! something away, and whether a chain that parted from it may stand in its place.

use super::session::SessionError;
use crate::store::state::pins::KnownVault;
use std::collections::BTreeMap;
use v_secure_core::policy::chain::{Chain, ChainSignatures};
use v_secure_core::policy::entry::PolicyEntry;
use v_secure_core::policy::position::PolicyPosition;
use v_secure_core::policy::rebase;
use v_secure_core::record::line;
use v_secure_core::vault::pin::PinStatus;
use v_secure_core::vault::taken::Taking;
use v_secure_core::vault::{Vault, taken};

/// Entries that took something away, by position.
pub(crate) type Takings = BTreeMap<PolicyPosition, Taking>;

/// What the pins say of a vault, with a chain that took over the accepted one taken for what it continues; and whether
/// it is the continuation of all of it.
pub(super) fn judged(
    pin: PinStatus,
    vault: &Vault,
    known: &KnownVault,
) -> Result<(PinStatus, bool), SessionError> {
    let PinStatus::Diverged { .. } = pin else { return Ok((pin, false)) };
    let continued = taken_over(vault, known)?;
    let took_over = continued == Some(PinStatus::Continues);
    Ok((continued.unwrap_or(pin), took_over))
}

/// What a vault's chain is to the accepted one that it parted from, where it took that over on the word of its own
/// owners: its continuation, or that of an older state of it, if what is behind that took nothing away, as at each step
/// of a rebase. `None` where it did not.
pub(super) fn taken_over(
    vault: &Vault,
    known: &KnownVault,
) -> Result<Option<PinStatus>, SessionError> {
    let Some(chain) = &known.chain else { return Ok(None) };
    let lines = chain.lines()?;
    let (accepted, takings) = chain_of(lines)?;
    let last = takings.keys().next_back().map_or(0, |last| last.index());
    let entries = &vault.file().chain;
    let named = rebase::named(entries);
    let ids = accepted.ids().iter().enumerate().skip(last).rev();
    let Some((place, _)) = ids.into_iter().find(|(_, id)| named.contains(*id)) else {
        return Ok(None);
    };
    let (beginning, _) = chain_of(&lines[..=place])?;
    Ok(match rebase::took_over(vault.chain(), entries, &beginning) {
        true if place + 1 == lines.len() => Some(PinStatus::Continues),
        true => Some(PinStatus::Prefix { seen: place + 1, accepted: lines.len() }),
        false => None,
    })
}

/// A chain that was accepted, and which of its entries took something away.
pub(crate) fn chain_of(lines: &[String]) -> Result<(Chain, Takings), SessionError> {
    let entries: Result<Vec<PolicyEntry>, _> = lines.iter().map(|text| line::parse(text)).collect();
    let entries = entries.map_err(SessionError::PinnedLine)?;
    let chain =
        Chain::build(&entries, ChainSignatures::Trusted).map_err(SessionError::PinnedChain)?;
    let takings = taken::takings(&chain, &entries).map_err(SessionError::PinnedChain)?;
    Ok((chain, takings))
}
