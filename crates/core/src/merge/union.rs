//! The union of two files' records: commutative, associative and idempotent, since each kind of record is
//! united by such a rule.

use super::MergeError;
use crate::crypto::id::PolicyId;
use crate::file::doubles;
use crate::file::model::{SecretSection, VaultFile};
use crate::log::closed::Closed;
use crate::policy::chain_comparison::ChainComparison;
use crate::policy::entry::PolicyEntry;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Place;

/// All records of both. Readable copies are those of either side, and to be renewed.
///
/// # Errors
/// Two vaults, or two policy chains of which neither goes on from the other.
pub fn union(ours: VaultFile, theirs: VaultFile) -> Result<VaultFile, MergeError> {
    let [ids, other] = [&ours, &theirs].map(|file| ids(&file.chain));
    // The longer chain's side has the envelopes that belong to it.
    let (mut longer, shorter) = match ChainComparison::of(&ids, &other) {
        ChainComparison::Same | ChainComparison::Ahead => (ours, theirs),
        ChainComparison::Behind => (theirs, ours),
        ChainComparison::Diverged { at } => {
            let [ours, theirs] = [ours, theirs].map(|mut file| file.chain.split_off(at));
            return Err(MergeError::PolicyDiverged { at, ours, theirs });
        }
        ChainComparison::Other => {
            let (ours, theirs) = (ours.header.vault, theirs.header.vault);
            return Err(MergeError::OtherVault { ours, theirs });
        }
    };
    let shorter = without_closed(shorter, longer.closed.as_ref());
    longer
        .chain
        .iter_mut()
        .zip(shorter.chain)
        .for_each(|(kept, other)| doubles::policy(kept, other));
    unite(&mut longer.slots, shorter.slots, doubles::slot);
    unite(&mut longer.entries, shorter.entries, doubles::entry);
    unite(&mut longer.secrets, shorter.secrets, section);
    Ok(longer)
}

/// What an earlier checkpoint kept is closed by a later one too, which keeps less or other entries.
fn without_closed(mut side: VaultFile, by: Option<&Closed>) -> VaultFile {
    if let (Some(own), Some(by)) = (&side.closed, by) {
        for id in own.entries.iter().filter(|id| by.entries.binary_search(id).is_err()) {
            side.entries.remove(id);
        }
    }
    side
}

/// Whether both changed the policy, so that they have no union.
pub fn is_parted(ours: &VaultFile, theirs: &VaultFile) -> bool {
    let parted = ChainComparison::of(&ids(&ours.chain), &ids(&theirs.chain));
    matches!(parted, ChainComparison::Diverged { .. })
}

fn ids(chain: &[PolicyEntry]) -> Vec<PolicyId> {
    chain.iter().map(PolicyEntry::id).collect()
}

fn unite<K: Ord, V>(kept: &mut BTreeMap<K, V>, other: BTreeMap<K, V>, both: fn(&mut V, V)) {
    for (key, value) in other {
        match kept.entry(key) {
            Place::Vacant(place) => drop(place.insert(value)),
            Place::Occupied(place) => both(place.into_mut(), value),
        }
    }
}

/// The ids of versions and wraps are the hashes of what they hold: two of one id are one, or one of them is
/// refused when the whole is verified.
fn section(kept: &mut SecretSection, other: SecretSection) {
    kept.versions.add_missing(other.versions);
    kept.wraps.add_missing(other.wraps);
}
