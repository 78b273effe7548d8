//! What a slot record must keep by itself: applied on reading, and by writers before they sign
//! (`docs/format.md` section 5, Slot). The bounds on the KDF keep a hostile vault from exhausting
//! the machine that reads it.

use super::slot::{SlotRecord, SlotSeal};
use crate::crypto::identity::recipient::{RecipientKind, check_recipient};
use crate::record::rule;
use crate::record::rule::RuleError;
use crate::record::text::MAX_REASON;
use std::ops::RangeInclusive;

/// Argon2id memory in KiB.
pub(crate) const MEMORY: RangeInclusive<u32> = 19_456..=1_048_576;
/// Argon2id passes.
pub(crate) const PASSES: RangeInclusive<u32> = 2..=10;
/// Argon2id lanes.
pub(crate) const LANES: RangeInclusive<u32> = 1..=8;

/// Checks one record.
pub fn record(record: &SlotRecord) -> Result<(), RuleError> {
    match record {
        SlotRecord::Seal(seal) => sealed(seal),
        SlotRecord::Removed(_) => Ok(()),
    }
}

fn sealed(seal: &SlotSeal) -> Result<(), RuleError> {
    rule::text("label", &seal.label, MAX_REASON)?;
    // What opens the slot is an identity of this kind: another recipient is one that never opens.
    if check_recipient(&seal.recipient) != Ok(RecipientKind::X25519) {
        return Err(RuleError::Recipient);
    }
    within("m", &MEMORY, seal.m)?;
    within("t", &PASSES, seal.t)?;
    within("p", &LANES, seal.p)
}

fn within(key: &'static str, range: &RangeInclusive<u32>, value: u32) -> Result<(), RuleError> {
    if range.contains(&value) { Ok(()) } else { Err(RuleError::Kdf { key }) }
}
