//! The superseded versions that the vault's retention (`retention.*`) does not keep.
//!
//! What ends a version is the word of its own author, or of a member who could delete it: others may
//! put as many versions as they like, with whatever clock, and no version but their own goes for it.
//! What is active stays, and so does each version of a conflict, and what a rotation left until that is retired.

use super::deleters::could_delete;
use super::expiry::left;
use super::{DAY, PruneCause};
use crate::crypto::id::{EntryId, ObjectId};
use crate::log::entry::Entry;
use crate::log::op::{Op, Versions};
use crate::log::register::At;
use crate::log::state::{SecretState, Version};
use crate::name::{Name, SecretName};
use crate::time::UnixTime;
use crate::vault::Vault;
use std::cell::OnceCell;
use std::collections::HashMap;

/// Of how many newer versions it is asked whether they follow one: more are beside each other only
/// where work is made for the reader, and then the version stays.
const LOOKED_AT: usize = 256;

/// The vault's retention at one time.
pub(super) struct Retired<'a> {
    vault: &'a Vault,
    most: Option<usize>,
    days: Option<Days<'a>>,
}

/// What `retention.days` asks of the log.
struct Days<'a> {
    /// What ended before this second is not kept.
    oldest: UnixTime,
    ends: HashMap<(&'a SecretName, &'a ObjectId), Ends>,
}

/// The ops that name a version, each list in order.
#[derive(Default)]
struct Ends {
    /// What counts and sets it active, but for promotions: which of those do something, the fold knows.
    set: Vec<At>,
    /// What counts and removes it, with the time of each.
    removed: Vec<(At, UnixTime)>,
    /// What restores it; void ops too, in favour of keeping.
    restored: Vec<At>,
}

impl<'a> Retired<'a> {
    /// `None` where the vault keeps everything. `now` is seconds since the Unix epoch.
    pub fn of(vault: &'a Vault, now: UnixTime) -> Option<Self> {
        let retention = vault.policy().settings().retention();
        let most = retention.versions.map(|most| usize::try_from(most).unwrap_or(usize::MAX));
        let days = retention.days.map(|days| Days {
            oldest: now.saturating_sub(days.saturating_mul(DAY)),
            ends: ends(vault),
        });
        (most.is_some() || days.is_some()).then_some(Self { vault, most, days })
    }

    /// The versions that go. `expired` are those that go by their expiry: they are not counted, as
    /// those are not that were pruned before.
    pub fn due<'v>(
        &self,
        name: &SecretName,
        secret: &'v SecretState,
        expired: impl Fn(&Version) -> bool,
    ) -> Vec<(&'v Version, PruneCause)> {
        let of = Believed::new(self.vault, name, secret);
        let (mut newer, mut due) = (Newer::default(), Vec::new());
        let there = |version: &&Version| !version.pruned && !expired(version);
        let left = left(secret);
        let is_old =
            |version: &Version| self.days.as_ref().is_some_and(|d| d.is_over(&of, version));
        for version in secret.versions.iter().rev().filter(there) {
            let is_kept = secret.candidates.binary_search(&version.object).is_ok()
                || secret.is_replaced(&version.object)
                || left.contains(&version.object);
            if !is_kept && self.most.is_some_and(|most| newer.reach(most, version, &of)) {
                due.push((version, PruneCause::Versions));
            } else if !is_kept && is_old(version) {
                due.push((version, PruneCause::Days));
            }
            newer.push(version);
        }
        due
    }
}

/// Whose word may end a version of one secret.
struct Believed<'a> {
    vault: &'a Vault,
    name: &'a SecretName,
    secret: &'a SecretState,
    /// By version: whether who brought it could delete. Most are never asked about.
    deleters: Vec<OnceCell<bool>>,
    /// By version: those that say that they replace it. Only `retention.days` asks.
    replacing: OnceCell<HashMap<&'a ObjectId, Vec<&'a Version>>>,
}

impl<'a> Believed<'a> {
    fn new(vault: &'a Vault, name: &'a SecretName, secret: &'a SecretState) -> Self {
        let deleters = vec![OnceCell::new(); secret.versions.len()];
        Self { vault, name, secret, deleters, replacing: OnceCell::new() }
    }

    fn about(&self, version: &Version, newer: &Version) -> bool {
        version.author == newer.brought_by || self.is_deleter(newer)
    }

    /// Whether who brought the version could delete there.
    fn is_deleter(&self, version: &Version) -> bool {
        let ask = || {
            let place = self.vault.graph().place(&version.entry);
            place.is_some_and(|place| {
                could_delete(self.vault, self.name, &version.brought_by, version.position, place)
            })
        };
        let known = version.number.checked_sub(1).and_then(|at| self.deleters.get(at));
        known.is_some_and(|known| *known.get_or_init(ask))
    }

    fn replacing(&self, version: &Version) -> &[&'a Version] {
        let all = self.replacing.get_or_init(|| {
            let mut all: HashMap<&ObjectId, Vec<&Version>> = HashMap::new();
            for newer in &self.secret.versions {
                newer.replaces.iter().for_each(|old| all.entry(old).or_default().push(newer));
            }
            all
        });
        all.get(&version.object).map_or(&[], Vec::as_slice)
    }
}

/// The versions that are newer than one.
#[derive(Default)]
struct Newer<'a> {
    all: Vec<&'a Version>,
    by: HashMap<&'a Name, usize>,
    /// How many of `all` were asked about: these are brought by members who could delete, or by others.
    asked: usize,
    deleters: usize,
    others: HashMap<&'a Name, usize>,
}

impl<'a> Newer<'a> {
    fn push(&mut self, version: &'a Version) {
        self.all.push(version);
        *self.by.entry(&version.brought_by).or_default() += 1;
    }

    /// Whether `most` or more of them are believed about `version`.
    fn reach(&mut self, most: usize, version: &Version, of: &Believed<'_>) -> bool {
        let count = |by: &HashMap<&Name, usize>| by.get(&version.author).copied().unwrap_or(0);
        if self.all.len() < most || count(&self.by) >= most {
            return self.all.len() >= most;
        }
        for newer in &self.all[self.asked..] {
            match of.is_deleter(newer) {
                true => self.deleters += 1,
                false => *self.others.entry(&newer.brought_by).or_default() += 1,
            }
        }
        self.asked = self.all.len();
        self.deleters + count(&self.others) >= most
    }
}

impl Days<'_> {
    fn is_over(&self, of: &Believed<'_>, version: &Version) -> bool {
        self.ended(of, version).is_some_and(|at| at < self.oldest)
    }

    /// When it was replaced or removed, by the latest of what the authors' clocks said. `None` where
    /// nothing that is believed ended it.
    fn ended(&self, of: &Believed<'_>, version: &Version) -> Option<UnixTime> {
        let promoted_alone = Ends::default();
        let ends = self.ends.get(&(of.name, &version.object)).unwrap_or(&promoted_alone);
        let replaced = self.replaced(of, version, ends);
        let removed = ends.removed.iter().map(|(_, ts)| *ts).max().filter(|_| version.removed);
        match replaced.is_none() && ends.is_contested(of.vault) {
            true => None,
            false => replaced.max(removed),
        }
    }

    fn replaced(&self, of: &Believed<'_>, version: &Version, ends: &Ends) -> Option<UnixTime> {
        let graph = of.vault.graph();
        let at = |entry: EntryId, op: u32| Some(At::new(graph.place(&entry)?, op as usize));
        let promoted = version.promoted.map(|(entry, op)| at(entry, op));
        let set = || ends.set.iter().copied().map(Some).chain(promoted);
        let follows = |newer: &&Version| {
            let made = at(newer.entry, newer.op);
            let is_after = |set: Option<At>| set.zip(made).is_some_and(|(a, b)| a.before(graph, b));
            !newer.overruled && set().all(is_after)
        };
        let believed = |newer: &&Version| of.about(version, newer);
        let newer = of.secret.versions.iter().skip(version.number).filter(believed);
        let first = newer.take(LOOKED_AT).find(follows);
        let named = of.replacing(version).iter().copied().filter(believed).filter(follows);
        named.chain(first).map(|newer| newer.ts).max()
    }
}

impl Ends {
    /// Whether a restore that counts, or would if it were not void, is not followed by a removal.
    fn is_contested(&self, vault: &Vault) -> bool {
        let followed = |restore: At| {
            self.removed.iter().any(|(remove, _)| restore.before(vault.graph(), *remove))
        };
        self.restored.iter().any(|restore| !followed(*restore))
    }
}

fn ends(vault: &Vault) -> HashMap<(&SecretName, &ObjectId), Ends> {
    let mut ends: HashMap<_, Ends> = HashMap::new();
    let entries = vault.graph().in_order(&vault.file().entries);
    for (place, entry) in entries.into_iter().enumerate() {
        for (index, op) in entry.ops.iter().enumerate() {
            let at = At::new(place, index);
            if vault.standings().counts(at) {
                note(&mut ends, at, entry, op);
            } else if let (Op::Restore(versions), Some(_)) = (op, vault.standings().voided(at)) {
                for object in &versions.objects {
                    ends.entry((&versions.secret, object)).or_default().restored.push(at);
                }
            }
        }
    }
    ends
}

fn note<'a>(
    ends: &mut HashMap<(&'a SecretName, &'a ObjectId), Ends>,
    at: At,
    entry: &Entry,
    op: &'a Op,
) {
    let mut of = |secret: &'a SecretName, object: &'a ObjectId, note: &dyn Fn(&mut Ends)| {
        note(ends.entry((secret, object)).or_default());
    };
    match op {
        Op::Put(put) => of(&put.secret, &put.object, &|ends| ends.set.push(at)),
        Op::Resolve(resolve) => of(&resolve.secret, &resolve.object, &|ends| ends.set.push(at)),
        Op::Remove(Versions { secret, objects, .. }) => {
            let removed = |ends: &mut Ends| ends.removed.push((at, entry.ts));
            objects.iter().for_each(|object| of(secret, object, &removed));
        }
        Op::Restore(Versions { secret, objects, .. }) => {
            objects.iter().for_each(|o| of(secret, o, &|ends| ends.restored.push(at)));
        }
        _ => {}
    }
}
