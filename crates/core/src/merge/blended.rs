//! A file that git merged as text, told apart from one that was tampered with: all its records are whole and
//! verify, and only what follows from them is not what it should be.

use super::lost::{NoPast, Past};
use super::{MergeError, Merged, marks, settled, settled_with, union};
use crate::crypto::id::ObjectId;
use crate::file::format;
use crate::file::model::{SecretSection, VaultFile};
use crate::log::op::Op;
use crate::name::SecretName;
use crate::time::UnixTime;
use crate::verify::Named;
use std::collections::BTreeSet;

/// The vault of the records in `text`, wherever they stand: order, empty and separating lines, doubled
/// records, and which of its versions a section calls active, are all that may be wrong. A text with conflict
/// marks has the records of both sides.
///
/// # Errors
/// Anything else: then the file is what a strict reader says of it.
pub fn mended(text: &str, now: UnixTime) -> Result<Merged, MergeError> {
    settled(read(text)?, now)
}

/// The records of a text, and of both sides of one with conflict marks.
pub fn read(text: &str) -> Result<VaultFile, MergeError> {
    match marks::sides(text) {
        None => loose(text),
        Some([ours, theirs]) => union::union(loose(&ours)?, loose(&theirs)?),
    }
}

/// The same of a text that git made of `sides`, where it is one, with the versions and wraps alone that an entry names:
/// it puts lines of one side's among the other's, and what comes out is nobody's. The sides have them whole.
pub fn read_beside(text: &str, sides: &VaultFile) -> Option<VaultFile> {
    let mut file = read(text).ok()?;
    let named = [Named::by_any(sides), Named::by_any(&file)];
    for SecretSection { name, versions, wraps, .. } in file.secrets.values_mut() {
        versions.retain(|id, _| named.iter().any(|named| named.has_version(name, id)));
        wraps.retain(|id, wrap| {
            let is_named = named.iter().any(|named| named.has_wrap(name, id));
            is_named && versions.contains_key(&wrap.version)
        });
    }
    file.secrets.retain(|_, section| !section.versions.is_empty());
    Some(file)
}

/// The records of a text without marks.
pub fn loose(text: &str) -> Result<VaultFile, MergeError> {
    format::parse_loose(text.as_bytes()).map_err(MergeError::Side)
}

/// What git made of two good copies, line by line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blend {
    /// It mends to a whole vault.
    Whole,
    /// But for a version that one side pruned, and by the other side's change had no right to.
    Lacking,
}

/// What a text is that git may have blended: it mends, and calls no version active that the log does not name for
/// the secret. Nothing of git writes such a one.
pub fn judge(text: &str, now: UnixTime, past: &dyn Past) -> Option<Blend> {
    let file = read(text).ok().filter(active_are_named)?;
    let is_closed = file.closed.is_some();
    match settled_with(file.clone(), now, past) {
        // What is as it should be was refused for something else.
        Ok(merged) if merged.text == text => None,
        // git adds nothing that was in neither copy, and a history has much.
        Ok(merged) if is_closed && !has_all_of(&file, &merged.text) => None,
        Ok(_) => Some(Blend::Whole),
        Err(error) => error.is_of_lost().then_some(Blend::Lacking),
    }
}

/// Whether the file has every record of a text.
fn has_all_of(file: &VaultFile, text: &str) -> bool {
    let Ok(other) = loose(text) else { return false };
    other.entries.keys().all(|id| file.entries.contains_key(id))
        && other.secrets.iter().all(|(uid, section)| {
            file.secrets.get(uid).is_some_and(|own| {
                section.versions.keys().all(|id| own.versions.contains_key(id))
                    && section.wraps.keys().all(|id| own.wraps.contains_key(id))
            })
        })
}

/// Whether a text is one that git blended, and nothing is lost.
pub fn is_blended(text: &str, now: UnixTime) -> bool {
    judge(text, now, &NoPast) == Some(Blend::Whole)
}

fn active_are_named(file: &VaultFile) -> bool {
    let ops = file.entries.values().flat_map(|entry| &entry.ops);
    let named: BTreeSet<(&SecretName, &ObjectId)> = ops
        .filter_map(|op| match op {
            Op::Put(put) => Some((&put.secret, &put.object)),
            Op::Promote(promote) => Some((&promote.secret, &promote.object)),
            _ => None,
        })
        .collect();
    let mut secrets = file.secrets.values();
    secrets.all(|section| section.active.iter().all(|id| named.contains(&(&section.name, id))))
}
