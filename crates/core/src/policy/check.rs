//! What a policy entry must keep by itself, before anything is known of the chain: applied on
//! reading, and by writers before they sign (`docs/format.md`, section 4 and Limits).

use super::entry::PolicyEntry;
use super::op::{Checkpoint, EpochReseal, EpochStart, MemberAdd, PolicyOp, VaultStart};
use crate::crypto::identity::recipient_text::RecipientText;
use crate::record::rule;
use crate::record::rule::{Counted, RuleError};
use crate::record::text::{MAX_REASON, MAX_VALUE_TEXT};
use crate::time::UnixTime;

/// Checks one entry.
pub fn entry(entry: &PolicyEntry) -> Result<(), RuleError> {
    rule::integer("seq", entry.seq)?;
    rule::integer("ts", entry.ts.as_secs())?;
    Counted::Heads.check(entry.heads.len())?;
    rule::ascending("heads", &entry.heads)?;
    rule::not_empty("ops", &entry.ops)?;
    Counted::Ops.check(entry.ops.len())?;
    entry.ops.iter().try_for_each(op)?;
    rule::text("reason", &entry.reason, MAX_REASON)?;
    signatures(entry)
}

fn signatures(entry: &PolicyEntry) -> Result<(), RuleError> {
    rule::not_empty("sigs", &entry.sigs)?;
    Counted::Signatures.check(entry.sigs.len())?;
    let keys: Vec<_> = entry.sigs.iter().map(|sig| sig.key).collect();
    rule::ascending("sigs", &keys)
}

/// Checks one op.
pub fn op(op: &PolicyOp) -> Result<(), RuleError> {
    match op {
        PolicyOp::Vault(VaultStart { suite, threshold, .. }) => {
            rule::text("suite", suite, MAX_REASON)?;
            if *threshold == 0 { Err(RuleError::Integer { key: "threshold" }) } else { Ok(()) }
        }
        PolicyOp::MemberAdd(MemberAdd { recipients, expires, .. }) => {
            rule::integer("expires", expires.map_or(0, UnixTime::as_secs))?;
            rule::not_empty("recipients", recipients)?;
            Counted::Recipients.check(recipients.len())?;
            recipients.iter().try_for_each(|text| rule::recipient(text))?;
            rule::ascending("recipients", recipients)
        }
        PolicyOp::RecipientAdd { recipient, .. } | PolicyOp::RecipientRemove { recipient, .. } => {
            rule::recipient(recipient)
        }
        PolicyOp::KeyAdd(key) => rule::recipient(&key.recipient),
        PolicyOp::Grant { rights, .. } | PolicyOp::Revoke { rights, .. } => {
            rule::not_empty("rights", rights)?;
            rule::ascending("rights", rights)
        }
        PolicyOp::Epoch(EpochStart { audience, recipient, skipped: left, .. }) => {
            rule::audience(audience)?;
            rule::recipient(recipient)?;
            skipped(left)
        }
        PolicyOp::Reseal(EpochReseal { audience, skipped: left, .. }) => {
            rule::audience(audience)?;
            skipped(left)
        }
        PolicyOp::Setting { key, value } => {
            rule::text("key", key, MAX_REASON)?;
            rule::text("value", value, MAX_VALUE_TEXT)
        }
        PolicyOp::MemberRemove { .. }
        | PolicyOp::KeyRemove { .. }
        | PolicyOp::RoleAdd { .. }
        | PolicyOp::RoleRemove { .. }
        | PolicyOp::RoleJoin { .. }
        | PolicyOp::RoleLeave { .. }
        | PolicyOp::Rebase { .. } => Ok(()),
        PolicyOp::Threshold { owners: 0 } => Err(RuleError::Integer { key: "owners" }),
        PolicyOp::Threshold { .. } => Ok(()),
        PolicyOp::Checkpoint(Checkpoint { open, entries, .. }) => {
            Counted::Ids.check(open.len())?;
            rule::ascending("open", open)?;
            if *entries == 0 {
                Err(RuleError::Integer { key: "entries" })
            } else {
                rule::integer("entries", *entries)
            }
        }
    }
}

/// Whose recipients they are is for the chain, which knows the members.
fn skipped(recipients: &[RecipientText]) -> Result<(), RuleError> {
    Counted::Ids.check(recipients.len())?;
    recipients.iter().try_for_each(|text| rule::recipient(text))?;
    rule::ascending("skipped", recipients)
}
