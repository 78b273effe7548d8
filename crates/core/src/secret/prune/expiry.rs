//! From when on versions are due by their expiry.
//!
//! A clock that is wrong must not destroy at once what is only late, so an expired version is left
//! a day, also from when its expiry was stated: the time may be a mistake. Where several expiries
//! were stated side by side, or a void op states another, the latest decides. While several versions
//! are active, the one that has expired stays until all have: pruning it would settle the conflict.
//! What a rotation left stays until it is retired: the provider may accept it, whatever its expiry says,
//! and nobody could revoke there what is not held here.

use super::GRACE;
use super::deleters::could_delete;
use crate::crypto::id::{EntryId, ObjectId};
use crate::log::entry::Entry;
use crate::log::op::Op;
use crate::log::state::{Late, SecretState, Version};
use crate::name::SecretName;
use crate::time::UnixTime;
use crate::vault::Vault;
use std::collections::{HashMap, HashSet};

/// From when on the versions of a secret are due by their expiry, `grace` seconds after it.
pub(super) struct Lateness<'a> {
    secret: &'a SecretState,
    grace: u64,
    /// In a conflict: when the last of the active versions is due.
    conflict: Option<Option<UnixTime>>,
    /// What is to be retired first.
    left: HashSet<ObjectId>,
}

impl<'a> Lateness<'a> {
    pub fn of(secret: &'a SecretState, grace: u64) -> Self {
        let all = || -> Option<Vec<UnixTime>> { secret.active().map(|v| own(v, grace)).collect() };
        let conflict = secret.is_conflict().then(|| all().and_then(|all| all.into_iter().max()));
        Self { secret, grace, conflict, left: left(secret) }
    }

    /// The second from which on the version is due; `None` for never.
    pub fn due(&self, version: &Version) -> Option<UnixTime> {
        match self.conflict {
            _ if self.left.contains(&version.object) => None,
            Some(last) if self.secret.candidates.binary_search(&version.object).is_ok() => last,
            _ => own(version, self.grace),
        }
    }
}

/// What rotations left and nobody retired.
pub(super) fn left(secret: &SecretState) -> HashSet<ObjectId> {
    secret.left_by_rotations().into_iter().map(|version| version.object).collect()
}

fn own(version: &Version, grace: u64) -> Option<UnixTime> {
    let late = |late: Late| late.at.max(late.stated).saturating_add(grace);
    version.late.filter(|_| !version.pruned).map(late)
}

/// The first second at which something is due by its expiry; of a vault that was opened whole.
pub fn first_due(vault: &Vault) -> Option<UnixTime> {
    let of_secret = |secret| {
        let lateness = Lateness::of(secret, GRACE);
        secret.versions.iter().filter_map(|version| lateness.due(version)).min()
    };
    vault.state().secrets.values().filter_map(of_secret).min()
}

/// A version as an op names it: only ops of its own secret are about it.
type Named<'a> = (&'a SecretName, &'a ObjectId);

/// [`first_due`] by what the entries say, whether or not they count: never later than that, so that
/// nothing which is due is hidden, and early only at the price of looking further.
pub fn first_due_at_a_glance(vault: &Vault) -> Option<UnixTime> {
    let mut stated = stated(vault);
    stated.sort_unstable();
    let late: HashSet<Named<'_>> = stated.iter().map(|(_, version)| *version).collect();
    if late.is_empty() {
        return None;
    }
    let pruned = prunes(vault, &late);
    let is_pruned = |version: &Named<'_>| {
        pruned.get(version).is_some_and(|ops| ops.iter().any(|op| may_count(vault, version.0, op)))
    };
    stated.iter().find(|(_, version)| !is_pruned(version)).map(|(at, _)| *at)
}

fn ops(vault: &Vault) -> impl Iterator<Item = (&EntryId, &Entry, &Op)> {
    let entries = vault.file().entries.iter();
    entries.flat_map(|(id, entry)| entry.ops.iter().map(move |op| (id, entry, op)))
}

/// From when on each statement of an expiry makes its version due.
fn stated(vault: &Vault) -> Vec<(UnixTime, Named<'_>)> {
    let expires = ops(vault).filter_map(|(_, _, op)| match op {
        Op::Expire(expire) => Some((&expire.secret, &expire.object)),
        _ => None,
    });
    // An op takes the place of the version's own expiry; a void one can only put it off.
    let changed: HashSet<Named<'_>> = expires.collect();
    let stated = ops(vault).filter_map(|(_, entry, op)| {
        let (version, at) = match op {
            Op::Put(put) if !changed.contains(&(&put.secret, &put.object)) => {
                ((&put.secret, &put.object), put.expires?)
            }
            Op::Pending(of) => {
                let version = (&of.secret, of.object()?);
                (version, of.expires.filter(|_| !changed.contains(&version))?)
            }
            Op::Expire(expire) => ((&expire.secret, &expire.object), expire.at?),
            _ => return None,
        };
        Some((at.max(entry.ts).saturating_add(GRACE), version))
    });
    stated.collect()
}

fn prunes<'a>(
    vault: &'a Vault,
    of: &HashSet<Named<'a>>,
) -> HashMap<Named<'a>, Vec<(&'a EntryId, &'a Entry)>> {
    let mut found: HashMap<Named<'_>, Vec<_>> = HashMap::new();
    for (id, entry, op) in ops(vault) {
        let Op::Prune { secret, objects } = op else { continue };
        for object in objects.iter().filter(|object| of.contains(&(secret, *object))) {
            found.entry((secret, object)).or_default().push((id, entry));
        }
    }
    found
}

/// Whether a prune counts, if its entry is what it says: a void one hides nothing.
fn may_count(vault: &Vault, secret: &SecretName, (id, entry): &(&EntryId, &Entry)) -> bool {
    let (position, place) = (vault.chain().position(&entry.policy), vault.graph().place(id));
    let (Some(position), Some(place)) = (position, place) else { return false };
    could_delete(vault, secret, &entry.actor, position, place)
}
