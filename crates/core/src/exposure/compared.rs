//! Other versions that hold a current value, or one that is about to be current, though nobody stated it: found by opening both. Only
//! those are opened whose values somebody knows who does not know the current one otherwise.

use super::holders::{Holders, Reader};
use super::same::SameValues;
use super::{acquainted, ready, strangers};
use crate::log::state::{SecretState, Version};
use crate::name::SecretName;
use crate::secret::read;
use crate::vault::Vault;
use crate::vault::unlock::Unlocked;
use std::collections::{BTreeMap, BTreeSet};

/// By secret, the numbers of other versions that could not be compared with the current value; 0 is one that a
/// rotation made ready.
pub type Uncompared = BTreeMap<SecretName, BTreeSet<usize>>;

/// A version that is active, or about to be, with others that would expose it if they held the same value.
pub(super) struct Suspect<'a> {
    secret: &'a SecretName,
    active: &'a Version,
    older: Vec<&'a Version>,
}

pub(super) fn suspects<'a>(
    vault: &'a Vault,
    holders: &Holders,
    same: &SameValues<'_>,
) -> Vec<Suspect<'a>> {
    let all = vault.state().secrets.iter().flat_map(|(secret, state)| {
        ready::active_or_ready(state).map(move |(active, _)| {
            let older = older(vault, holders, same, secret, state, active);
            Suspect { secret, active, older }
        })
    });
    all.filter(|suspect| !suspect.older.is_empty()).collect()
}

/// The other versions that are still there, removed ones too, and that more people know.
fn older<'a>(
    vault: &Vault,
    holders: &Holders,
    same: &SameValues<'_>,
    secret: &SecretName,
    state: &'a SecretState,
    active: &Version,
) -> Vec<&'a Version> {
    let is_other = |version: &&Version| version.object != active.object && !version.pruned;
    let mut others = state.held().filter(is_other).peekable();
    if others.peek().is_none() {
        return Vec::new();
    }
    let readers = |version: &Version| -> BTreeSet<Reader> {
        let known = acquainted(vault, holders, same, secret, &version.object);
        let (opened, authors) = strangers(vault, holders, secret, known);
        opened.0.into_keys().chain(authors.0.into_keys()).collect()
    };
    let known = readers(active);
    others.filter(|version| !readers(version).is_subset(&known)).collect()
}

/// Notes in `same` which versions hold the same value; without `who` none can be opened.
pub(super) fn compare(
    vault: &Vault,
    who: Option<&Unlocked>,
    suspects: &[Suspect<'_>],
    same: &mut SameValues<'_>,
) -> Uncompared {
    let mut uncompared = Uncompared::new();
    for suspect in suspects {
        let unread = suspect.compare(vault, who, same);
        if !unread.is_empty() {
            uncompared.entry(suspect.secret.clone()).or_default().extend(unread);
        }
    }
    uncompared
}

impl Suspect<'_> {
    /// The numbers of those that could not be compared.
    fn compare(
        &self,
        vault: &Vault,
        who: Option<&Unlocked>,
        same: &mut SameValues<'_>,
    ) -> Vec<usize> {
        let open = |version: &Version| read::open(vault, who?, self.secret, version).ok();
        let active = open(self.active);
        let mut unread = Vec::new();
        for older in &self.older {
            match (&active, open(older)) {
                (Some(active), Some(value)) if value.same_as(active) => {
                    same.join(self.active.object, older.object);
                }
                (Some(_), Some(_)) => {}
                _ => unread.push(older.number),
            }
        }
        unread
    }
}
