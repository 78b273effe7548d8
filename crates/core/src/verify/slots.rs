//! Slots: signed by a key that is their member's (sound), was (stale), or never was (forged).

use super::Case;
use crate::crypto::bytes::{Id, ShortId, SignatureBytes};
use crate::crypto::digest::{HashContext, hash};
use crate::crypto::id::KeyId;
use crate::crypto::sign::Tag;
use crate::file::slot::SlotRecord;
use crate::log::describe::short;
use crate::log::finding::{Finding, FindingCode, Subject};
use crate::name::Name;
use crate::record::line;

pub(super) fn check(case: &Case<'_>) -> Vec<Finding> {
    case.file.slots.iter().filter_map(|(id, record)| slot(case, id, record)).collect()
}

/// What a slot's signature covers.
fn signed(record: &SlotRecord) -> Id {
    let line = line::write(record);
    hash(HashContext::Slot, &[line::body(&line, ",\"sig\":", "}}").as_bytes()])
}

fn slot(case: &Case<'_>, id: &ShortId, record: &SlotRecord) -> Option<Finding> {
    let (member, key, sig): (&Name, &KeyId, &SignatureBytes) = match record {
        SlotRecord::Seal(seal) => (&seal.member, &seal.key, &seal.sig),
        SlotRecord::Removed(removed) => (&removed.member, &removed.key, &removed.sig),
    };
    let subject = Subject::Slot(*id);
    let known = case.policy.key(key).filter(|known| known.member == member);
    if !known.is_some_and(|known| known.verifying.verify(Tag::Slot, &signed(record), sig)) {
        let message = format!("slot {} was never signed by {member}", short(id));
        let finding = Finding::new(FindingCode::SlotForged, subject, message);
        return Some(finding.hint("git log -p -- .v-secure/vault.toml"));
    }
    if case.policy.actor_at(case.policy.head_position(), key) == Some(member) {
        return None;
    }
    let message =
        format!("slot {} is signed by a key that no longer belongs to {member}", short(id));
    Some(Finding::new(FindingCode::SlotStale, subject, message))
}
