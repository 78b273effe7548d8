//! What of the side that gives way stands without its policy.

use crate::crypto::id::{EntryId, PolicyId, SecretId};
use crate::file::model::VaultFile;
use crate::merge::{self, MergeError};
use crate::policy::entry::PolicyEntry;
use crate::record::ids;
use crate::vault::Vault;
use std::collections::BTreeSet;

/// Its file with what was written under the policy that both sides have. No entry of that follows one that was
/// not, since an entry's policy is no earlier than its parents'.
pub(super) fn under_common_policy(vault: &Vault, parted: usize) -> VaultFile {
    let mut file = vault.file().clone();
    file.chain.truncate(parted);
    file.entries.retain(|id, _| is_kept(vault, parted, id));
    keep_named(&mut file);
    file
}

/// The sides of a file with conflict marks, of which each has records of the other where git had no doubt: all
/// records of both, those of the log by the policy that they name.
///
/// # Errors
/// Two vaults.
pub fn apart(ours: VaultFile, theirs: VaultFile) -> Result<[VaultFile; 2], MergeError> {
    let shared = ours.chain.iter().zip(&theirs.chain);
    let shared = shared.take_while(|(a, b)| a.id() == b.id()).count();
    let common = [&ours, &theirs].map(|file| {
        let mut file = file.clone();
        file.chain.truncate(shared);
        file.closed = None;
        file
    });
    let [one, other] = common;
    let all = merge::union::union(one, other)?;
    Ok([ours, theirs].map(|side| {
        let known: BTreeSet<PolicyId> = side.chain.iter().map(PolicyEntry::id).collect();
        let VaultFile { chain, closed, audiences, .. } = side;
        let mut file = VaultFile { chain, closed, audiences, ..all.clone() };
        file.entries.retain(|_, entry| known.contains(&entry.policy));
        keep_named(&mut file);
        file
    }))
}

/// Drops the versions and wraps that no entry names.
fn keep_named(file: &mut VaultFile) {
    let named = named(file);
    for (uid, section) in &mut file.secrets {
        section.versions.retain(|id, _| named.contains(&(*uid, id.0)));
        section.wraps.retain(|id, _| named.contains(&(*uid, id.0)));
    }
    file.secrets.retain(|_, section| !section.versions.is_empty());
}

/// The versions and wraps that the entries name, each with the uid of its secret.
fn named(file: &VaultFile) -> BTreeSet<(SecretId, [u8; 32])> {
    let mut named = BTreeSet::new();
    for op in file.entries.values().flat_map(|entry| &entry.ops) {
        let Some((secret, object, wrap)) = op.wraps() else { continue };
        let uid = ids::secret_uid(&file.header.vault, secret);
        named.extend([(uid, object.0), (uid, wrap.0)]);
    }
    named
}

fn is_kept(vault: &Vault, parted: usize, id: &EntryId) -> bool {
    let entry = vault.file().entries.get(id);
    let position = entry.and_then(|entry| vault.chain().position(&entry.policy));
    position.is_some_and(|position| position.index() < parted)
}

/// The heads that an entry of that side's policy states, or what they follow that is kept: it takes away no more
/// knowledge of the log than it had, so that a right ends here for the same work as there.
pub(super) fn kept_heads(vault: &Vault, parted: usize, entry: &PolicyEntry) -> BTreeSet<EntryId> {
    let (mut kept, mut seen, mut open) = (BTreeSet::new(), BTreeSet::new(), entry.heads.clone());
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        if is_kept(vault, parted, &id) {
            kept.insert(id);
        } else if let Some(entry) = vault.file().entries.get(&id) {
            open.extend(&entry.parents);
        }
    }
    kept
}
