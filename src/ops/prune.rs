//! What is due to be pruned, and the change that prunes it: versions past their expiry, and
//! superseded ones beyond what the vault keeps (`retention.*`).
//!
//! A clock that is wrong must not destroy at once what is only late, so an expired version is left
//! a day. What is active is pruned by its own expiry alone, and while several versions are active,
//! the one that has expired stays: pruning it would settle the conflict.

use super::batch::Batch;
use super::change::Change;
use super::put::able;
use super::request::Ctx;
use super::vault::Vault;
use crate::crypto::bytes::Id;
use crate::log::op::Op;
use crate::log::state::{SecretState, Version};
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
    // One that was written with a time gone by has its day too: the time may be a mistake.
    let late = |expires: u64| expires.max(version.ts).saturating_add(grace);
    version.expires.filter(|_| !version.pruned).map(late)
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
    let pruned: BTreeSet<&Id> = ops()
        .filter_map(|(_, op)| match op {
            Op::Prune { objects, .. } => Some(objects),
            _ => None,
        })
        .flatten()
        .collect();
    let from = ops().filter_map(|(entry, op)| match op {
        Op::Put(put) if !pruned.contains(&put.object) => {
            put.expires.map(|expires| expires.max(entry.ts).saturating_add(GRACE))
        }
        _ => None,
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
    let is_active = |version: &Version| secret.candidates.contains(&version.object);
    let active = left.iter().filter(|version| is_active(version)).count();
    let kept = retention.versions.map_or(usize::MAX, |most| {
        usize::try_from(most).unwrap_or(usize::MAX).saturating_sub(active)
    });
    let oldest = retention.days.map(|days| look.now.saturating_sub(days.saturating_mul(DAY)));
    let mut due = Vec::new();
    let superseded = left.iter().rev().filter(|version| !is_active(version) && !version.pruned);
    for (place, version) in superseded.enumerate() {
        let ended = || ends.of_version(name, secret, version);
        if place >= kept {
            due.push((*version, Why::Versions));
        } else if oldest.is_some_and(|oldest| ended().is_some_and(|at| at < oldest)) {
            due.push((*version, Why::Days));
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
/// counting entries give, so that a doubt keeps a version longer.
#[derive(Default)]
struct Ends {
    /// Replaced or removed.
    ended: HashMap<Id, u64>,
    /// By secret: a conflict settled.
    resolved: HashMap<SecretName, u64>,
}

impl Ends {
    fn of(vault: &Vault, wanted: bool) -> Self {
        let mut ends = Self::default();
        if !wanted || vault.policy().settings().retention().days.is_none() {
            return ends;
        }
        let (graph, standings, entries) = (vault.graph(), vault.standings(), &vault.file().entries);
        for (place, _) in standings.iter().filter(|(place, _)| standings.counts(*place)) {
            let Some(entry) = entries.get(graph.id(place)) else { continue };
            entry.ops.iter().for_each(|op| ends.note(op, entry.ts));
        }
        ends
    }

    fn note(&mut self, op: &Op, ts: u64) {
        let objects = match op {
            Op::Put(put) => &put.replaces,
            Op::Remove(versions) => &versions.objects,
            Op::Resolve { secret, .. } => {
                let at = self.resolved.entry(secret.clone()).or_default();
                *at = ts.max(*at);
                return;
            }
            _ => return,
        };
        for object in objects {
            let at = self.ended.entry(*object).or_default();
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
        let next = secret.numbered(version.number + 1).map(|next| next.ts);
        let known = [self.ended.get(&version.object).copied(), next];
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
