//! Other versions that hold a current value, or one that is about to be current, though nobody stated it: found by opening both. Only
//! those are opened whose values somebody knows who does not know the current one otherwise.

use super::holders::{Holders, Reader};
use super::same::SameValues;
use super::{acquainted, ready, strangers};
use crate::crypto::id::ObjectId;
use crate::log::state::{SecretState, Version};
use crate::name::SecretName;
use crate::secret::read;
use crate::secret_value::SecretValue;
use crate::vault::Vault;
use crate::vault::unlock::Unlocked;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// By secret, the numbers of other versions that could not be compared with the current value; 0 is one that a
/// rotation made ready.
pub type Uncompared = BTreeMap<SecretName, BTreeSet<usize>>;

/// Versions that are active, or about to be, and that the same people know, with others that would expose them if they held
/// the same value.
pub(super) struct Suspect<'a> {
    secret: &'a SecretName,
    active: Vec<&'a Version>,
    older: Vec<&'a Version>,
}

pub(super) fn suspects<'a>(
    vault: &'a Vault,
    holders: &Holders,
    same: &SameValues<'_>,
) -> Vec<Suspect<'a>> {
    let all = vault.state().secrets.iter().flat_map(|(secret, state)| {
        let readers = |version: &Version| -> BTreeSet<Reader> {
            let known = acquainted(vault, holders, same, secret, &version.object);
            let (opened, authors) = strangers(vault, holders, secret, known);
            opened.0.into_keys().chain(authors.0.into_keys()).collect()
        };
        let known = known_to_more(state, readers).into_iter();
        known.map(move |(active, older)| Suspect { secret, active, older })
    });
    all.collect()
}

type Versions<'a> = Vec<&'a Version>;

/// The versions that are active or about to be, by who knows them, with those that are still there, removed ones too,
/// and that more people know. `readers` is asked once of each version: any number may be about to be active.
fn known_to_more<R: Ord>(
    state: &SecretState,
    mut readers: impl FnMut(&Version) -> BTreeSet<R>,
) -> Vec<(Versions<'_>, Versions<'_>)> {
    let active: HashSet<&ObjectId> =
        ready::active_or_ready(state).map(|(version, _)| &version.object).collect();
    let held: Versions<'_> = state.held().filter(|version| !version.pruned).collect();
    let mut by_readers: BTreeMap<BTreeSet<R>, Versions<'_>> = BTreeMap::new();
    if !active.is_empty() && held.len() > 1 {
        for version in held {
            by_readers.entry(readers(version)).or_default().push(version);
        }
    }
    let more = |known: &BTreeSet<R>| -> Versions<'_> {
        let wider = by_readers.iter().filter(|(readers, _)| !readers.is_subset(known));
        wider.flat_map(|(_, versions)| versions).copied().collect()
    };
    let given = by_readers.iter().filter_map(|(known, versions)| {
        let is_active = |version: &&&Version| active.contains(&version.object);
        let given: Versions<'_> = versions.iter().filter(is_active).copied().collect();
        let older = if given.is_empty() { Vec::new() } else { more(known) };
        (!older.is_empty()).then_some((given, older))
    });
    given.collect()
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
        let open = |version: &&Version| read::open(vault, who?, self.secret, version).ok();
        let active: Vec<Option<SecretValue>> = self.active.iter().map(open).collect();
        let is_all_open = active.iter().all(Option::is_some);
        let mut unread = Vec::new();
        for older in &self.older {
            let value = open(older);
            for (version, active) in self.active.iter().zip(&active) {
                let is_same =
                    value.as_ref().zip(active.as_ref()).is_some_and(|(a, b)| a.same_as(b));
                if is_same {
                    same.join(version.object, older.object);
                }
            }
            if value.is_none() || !is_all_open {
                unread.push(older.number);
            }
        }
        unread
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::testing::{Log, begin, id, put};
    use crate::policy::op::Right;

    const A: &str = "prod/A";

    /// However many are about to be current, of each it is asked once who knows it.
    #[test]
    fn who_knows_a_version_is_asked_once() {
        let mut log = Log::new();
        log.policy.add("ci", &[Right::Rotate], "prod/*");
        let root = log.add("ann", &[], vec![put(A, 1)]);
        for n in 2..=30 {
            log.add("ci", &[root], vec![begin(A, n, 1, n)]);
        }
        let state = log.secret(A);
        let mut asked = 0;
        let more = known_to_more(&state, |version| {
            asked += 1;
            (0..=u8::from(version.object == id(7))).collect()
        });
        assert_eq!(asked, 30);
        let [(given, older)] = &more[..] else { panic!("{more:?}") };
        let has = |versions: &Versions<'_>| versions.iter().any(|v| v.object == id(7));
        assert_eq!((given.len(), has(given), older.len(), has(older)), (29, false, 1, true));
    }
}
