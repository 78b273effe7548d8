//! Two copies of one record, and what stays of them where files are merged: the same whichever comes
//! first, and however often a copy comes (`docs/format.md` section 7, Merging).

use super::slot::SlotRecord;
use crate::log::entry::Entry;
use crate::policy::entry::{PolicyEntry, PolicySignature};
use crate::record::line;

/// Of log entries with one id: they differ in the signature at most, and the smaller one stays. Whether it
/// holds is for [`crate::verify`].
pub fn entry(kept: &mut Entry, other: Entry) {
    if other.sig.0 < kept.sig.0 {
        kept.sig = other.sig;
    }
}

/// Of policy entries with one id: what all signed stays signed by all.
pub fn policy(kept: &mut PolicyEntry, other: PolicyEntry) {
    for signature in other.sigs {
        signed(&mut kept.sigs, signature);
    }
}

fn signed(sigs: &mut Vec<PolicySignature>, other: PolicySignature) {
    match sigs.binary_search_by_key(&other.key, |signature| signature.key) {
        Ok(place) if other.sig.0 < sigs[place].sig.0 => sigs[place] = other,
        Ok(_) => {}
        Err(place) => sigs.insert(place, other),
    }
}

/// Of records of one slot: a removal stays, so that no merge brings a passphrase back. Of two of a kind the
/// one whose line is smaller.
pub fn slot(kept: &mut SlotRecord, other: SlotRecord) {
    let rank = |record: &SlotRecord| (matches!(record, SlotRecord::Seal(_)), line::write(record));
    if rank(&other) < rank(kept) {
        *kept = other;
    }
}
