//! What is due to be pruned, and the change that prunes it: versions past their expiry, and
//! superseded ones beyond what the vault keeps (`retention.*`).
//!
//! A clock that is wrong must not destroy at once what is only late, so an expired version is left
//! a day, also from when its expiry was stated: the time may be a mistake. Where several expiries
//! were stated side by side, the latest decides. Versions by the right to write and by the right to
//! rotate alone are counted apart, so that no number of rotations makes a writer's versions go.
//! What is active is pruned by its own expiry alone, and while several versions are active,
//! the one that has expired stays: pruning it would settle the conflict.

use super::batch::Batch;
use super::change::Change;
use super::put::able;
use super::request::Ctx;
use super::vault::Vault;
use crate::crypto::bytes::Id;
use crate::log::op::Op;
use crate::log::register::At;
use crate::log::state::{By, Late, SecretState, Version};
use crate::name::{Name, SecretName};
use crate::policy::op::Right;
use crate::vault::model::VaultFile;
use crate::vault::rule::Counted;
use std::collections::{BTreeMap, BTreeSet, HashMap};

const DAY: u64 = 24 * 60 * 60;

/// For how long, in seconds, an expired version is left.
pub const GRACE: u64 = DAY;

/// Why a version is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Expired,
    /// More versions than `retention.versions`.
    Versions,
    /// Superseded or removed longer ago than `retention.days`.
    Days,
    /// Pruned before, and back by a merge with a file that still had it.
    LeftOver,
}

impl Why {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Versions => "versions",
            Self::Days => "days",
            Self::LeftOver => "left-over",
        }
    }
}

/// A version that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub secret: SecretName,
    pub number: usize,
    pub object: Id,
    pub why: Why,
}

/// What to look for.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Seconds since the Unix epoch.
    pub now: u64,
    /// [`GRACE`], or less.
    pub grace: u64,
    /// Superseded versions by the vault's `retention.*`, and what a merge brought back.
    pub superseded: bool,
}

/// Everything that is due, whoever may prune it; of a vault that was opened whole.
pub fn due(vault: &Vault, look: Look) -> Vec<Due> {
    let mut found = Vec::new();
    let ends = Ends::of(vault, look.superseded);
    for (name, secret) in &vault.state().secrets {
        let one = |version: &Version, why| Due {
            secret: name.clone(),
            number: version.number,
            object: version.object,
            why,
        };
        let expired = |version: &&Version| is_expired(secret, version, look);
        found.extend(secret.versions.iter().filter(expired).map(|v| one(v, Why::Expired)));
        if look.superseded {
            let left: Vec<&Version> =
                secret.versions.iter().filter(|version| !expired(version)).collect();
            found.extend(retired(vault, name, secret, &left, &ends, look).map(|(v, w)| one(v, w)));
            found.extend(left_over(vault, name, secret).map(|v| one(v, Why::LeftOver)));
        }
    }
    found
}

/// From which second on a version is due by its expiry.
fn due_from(version: &Version, grace: u64) -> Option<u64> {
    let late = |late: Late| late.at.max(late.stated).saturating_add(grace);
    version.late.filter(|_| !version.pruned).map(late)
}

fn is_expired(secret: &SecretState, version: &Version, look: Look) -> bool {
    let late = |version: &Version| due_from(version, look.grace).is_some_and(|at| at <= look.now);
    let contends = secret.is_conflict() && secret.candidates.contains(&version.object);
    late(version) && (!contends || secret.active().all(late))
}

/// The first second at which something may be due by its expiry; of a vault that was opened whole.
pub fn first_due(vault: &Vault) -> Option<u64> {
    let settled = vault.state().secrets.values().filter(|secret| !secret.is_conflict());
    settled.flat_map(|secret| &secret.versions).filter_map(|v| due_from(v, GRACE)).min()
}

/// [`first_due`] by what the entries say, whether or not they count: enough to know whether
/// looking further is worth it.
pub fn first_due_at_a_glance(file: &VaultFile) -> Option<u64> {
    let ops =
        || file.entries.values().flat_map(|entry| entry.ops.iter().map(move |op| (entry, op)));
    let mut pruned: BTreeSet<&Id> = BTreeSet::new();
    let mut changed: BTreeSet<&Id> = BTreeSet::new();
    for (_, op) in ops() {
        match op {
            Op::Prune { objects, .. } => pruned.extend(objects),
            Op::Expire(expire) => _ = changed.insert(&expire.object),
            _ => {}
        }
    }
    let from = ops().filter_map(|(entry, op)| {
        let (object, at) = match op {
            Op::Put(put) if !changed.contains(&put.object) => (&put.object, put.expires),
            Op::Expire(expire) => (&expire.object, expire.at),
            _ => return None,
        };
        let at = at.filter(|_| !pruned.contains(object))?;
        Some(at.max(entry.ts).saturating_add(GRACE))
    });
    from.min()
}

/// Of `left`, the superseded versions that the vault's retention does not keep.
fn retired<'a>(
    vault: &Vault,
    name: &SecretName,
    secret: &SecretState,
    left: &[&'a Version],
    ends: &Ends,
    look: Look,
) -> impl Iterator<Item = (&'a Version, Why)> {
    let retention = vault.policy().settings().retention();
    let most = retention.versions.map(|most| usize::try_from(most).unwrap_or(usize::MAX));
    let oldest = retention.days.map(|days| look.now.saturating_sub(days.saturating_mul(DAY)));
    let mut due = Vec::new();
    for by in [By::Write, By::Rotate] {
        let of_kind = || left.iter().filter(move |version| version.by == by);
        let is_active = |version: &Version| secret.candidates.contains(&version.object);
        let active = of_kind().filter(|version| is_active(version)).count();
        let kept = most.map_or(usize::MAX, |most| most.saturating_sub(active));
        let superseded = of_kind().rev().filter(|v| !is_active(v) && !v.pruned);
        for (place, version) in superseded.enumerate() {
            let ended = || ends.of_version(name, secret, version);
            if place >= kept {
                due.push((*version, Why::Versions));
            } else if oldest.is_some_and(|oldest| ended().is_some_and(|at| at < oldest)) {
                due.push((*version, Why::Days));
            }
        }
    }
    due.into_iter()
}

fn left_over<'a>(
    vault: &'a Vault,
    name: &SecretName,
    secret: &'a SecretState,
) -> impl Iterator<Item = &'a Version> {
    let any = secret.versions.iter().any(|version| version.pruned);
    let section = if any { vault.file().secrets.get(&vault.uid(name)) } else { None };
    let there = move |object: &Id| section.is_some_and(|s| s.versions.contains_key(object));
    secret.versions.iter().filter(move |version| version.pruned && there(&version.object))
}

/// When versions ceased to be active, by what their authors' clocks said: the latest time that
/// counting ops give, so that a doubt keeps a version longer. Who may rotate and not write is not
/// believed about a writer's versions: a clock set back would make these go at once.
#[derive(Default)]
struct Ends {
    /// Replaced or removed.
    ended: HashMap<Id, u64>,
    /// Replaced by a rotation.
    rotated: HashMap<Id, u64>,
    /// By secret: a conflict settled.
    resolved: HashMap<SecretName, u64>,
}

impl Ends {
    fn of(vault: &Vault, wanted: bool) -> Self {
        let mut ends = Self::default();
        if !wanted || vault.policy().settings().retention().days.is_none() {
            return ends;
        }
        let (standings, entries) =
            (vault.standings(), vault.graph().in_order(&vault.file().entries));
        for (place, entry) in entries.into_iter().enumerate() {
            for (index, op) in entry.ops.iter().enumerate() {
                let at = At::new(place, index);
                if standings.counts(at) {
                    ends.note(op, entry.ts, standings.is_rotation(at));
                }
            }
        }
        ends
    }

    fn note(&mut self, op: &Op, ts: u64, rotates: bool) {
        let (ended, objects) = match op {
            Op::Put(put) if rotates => (&mut self.rotated, &put.replaces),
            Op::Put(put) => (&mut self.ended, &put.replaces),
            Op::Remove(versions) => (&mut self.ended, &versions.objects),
            Op::Resolve(resolve) => {
                let at = self.resolved.entry(resolve.secret.clone()).or_default();
                *at = ts.max(*at);
                return;
            }
            _ => return,
        };
        for object in objects {
            let at = ended.entry(*object).or_default();
            *at = ts.max(*at);
        }
    }

    /// `None` where nothing says that it ended.
    fn of_version(
        &self,
        name: &SecretName,
        secret: &SecretState,
        version: &Version,
    ) -> Option<u64> {
        let believed = |other: By| version.by == By::Rotate || other == By::Write;
        let mut later = secret.versions.iter().skip(version.number);
        let next = later.find(|next| believed(next.by)).map(|next| next.ts);
        let rotated = self.rotated.get(&version.object).copied().filter(|_| believed(By::Rotate));
        let known = [self.ended.get(&version.object).copied(), rotated, next];
        let ended = known.into_iter().flatten().max()?;
        Some(self.resolved.get(name).copied().unwrap_or_default().max(ended))
    }
}

/// What one member can prune, and what waits for others.
#[derive(Debug, Default)]
pub struct Shares {
    pub own: Vec<Due>,
    pub others: BTreeMap<SecretName, Waiting>,
}

/// Versions of a secret that somebody else may prune.
#[derive(Debug, Default)]
pub struct Waiting {
    pub due: Vec<Due>,
    pub able: Vec<Name>,
}

/// Parts what is due by the right to delete; nobody (`None`) has none.
pub fn share(vault: &Vault, member: Option<&Name>, due: Vec<Due>) -> Shares {
    let mut shares = Shares::default();
    for one in due {
        let may = |member| vault.policy().holds(member, Right::Delete, &one.secret);
        if member.is_some_and(may) {
            shares.own.push(one);
            continue;
        }
        let waiting = shares.others.entry(one.secret.clone()).or_insert_with(|| Waiting {
            due: Vec::new(),
            able: able(vault, Right::Delete, &one.secret),
        });
        waiting.due.push(one);
    }
    shares
}

/// The change that prunes these versions; `None` for none.
pub fn prune(vault: &Vault, due: &[Due], ctx: &Ctx<'_>) -> Option<Change> {
    let mut by_secret: BTreeMap<&SecretName, BTreeSet<Id>> = BTreeMap::new();
    for one in due {
        by_secret.entry(&one.secret).or_default().insert(one.object);
    }
    let mut batch = Batch::new(vault, ctx);
    for (secret, objects) in by_secret {
        let objects: Vec<Id> = objects.into_iter().collect();
        let parts = objects.chunks(Counted::Ids.max());
        parts.for_each(|part| {
            batch.add(Op::Prune { secret: secret.clone(), objects: part.to_vec() });
        });
    }
    batch.change()
}

#[cfg(test)]
mod tests;
