//! What is due to be pruned, and the change that prunes it: versions past their expiry
//! (`expiry`) and superseded ones beyond what the vault keeps (`retention`). A value that no
//! rotation has promoted yet is not pruned: it is withdrawn, and nothing is deleted for that.
//!
//! Who prunes signs for it, so nothing goes on the word of a member who could not delete it: what
//! makes a version due is said by its own author, or by a member who held `delete`.

mod deleters;
mod expiry;
mod retention;

pub use expiry::{first_due, first_due_at_a_glance};

use super::put::members_with;
use crate::crypto::id::ObjectId;
use crate::log::op::Op;
use crate::log::state::{SecretState, Version};
use crate::name::{Name, SecretName};
use crate::policy::op::Right;
use crate::record::rule::Counted;
use crate::time::UnixTime;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::batch::Batch;
use crate::vault::change::Change;
use expiry::Lateness;
use retention::Retired;
use std::collections::{BTreeMap, BTreeSet};

const DAY: u64 = 24 * 60 * 60;

/// For how long, in seconds, an expired version is left.
pub const GRACE: u64 = DAY;

/// Why a version is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PruneCause {
    Expired,
    /// More versions than `retention.versions`, or retired without ever being active.
    Versions,
    /// Superseded, removed or called off longer ago than `retention.days`.
    Days,
    /// Pruned before, and back by a merge with a file that still had it.
    LeftOver,
}

impl PruneCause {
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
pub struct PruneDue {
    pub secret: SecretName,
    /// 0 of what a rotation made ready and nobody promoted.
    pub number: usize,
    pub object: ObjectId,
    pub why: PruneCause,
}

/// What to look for.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Seconds since the Unix epoch.
    pub now: UnixTime,
    /// [`GRACE`], or less.
    pub grace: u64,
    /// Superseded versions by the vault's `retention.*`, and what a merge brought back.
    pub superseded: bool,
}

/// Everything that is due, whoever may prune it; of a vault that was opened whole.
pub fn due(vault: &Vault, look: Look) -> Vec<PruneDue> {
    let mut found = Vec::new();
    let retired = look.superseded.then(|| Retired::of(vault, look.now)).flatten();
    for (name, secret) in &vault.state().secrets {
        let one = |version: &Version, why| PruneDue {
            secret: name.clone(),
            number: version.number,
            object: version.object,
            why,
        };
        let lateness = Lateness::of(secret, look.grace);
        let expired = |version: &Version| lateness.due(version).is_some_and(|at| at <= look.now);
        let late = secret.versions.iter().filter(|version| expired(version));
        found.extend(late.map(|v| one(v, PruneCause::Expired)));
        if let Some(retired) = &retired {
            let due = retired.due(name, secret, expired);
            found.extend(due.into_iter().map(|(v, why)| one(v, why)));
        }
        if look.superseded {
            found.extend(left_over(vault, name, secret).map(|v| one(v, PruneCause::LeftOver)));
        }
    }
    found
}

fn left_over<'a>(
    vault: &'a Vault,
    name: &SecretName,
    secret: &'a SecretState,
) -> impl Iterator<Item = &'a Version> {
    let any = secret.held().any(|version| version.pruned);
    let section = if any { vault.file().secrets.get(&vault.uid(name)) } else { None };
    let there = move |object: &ObjectId| section.is_some_and(|s| s.versions.contains_key(object));
    secret.held().filter(move |version| version.pruned && there(&version.object))
}

/// What one member can prune, and what waits for others.
#[derive(Debug, Default)]
pub struct Shares {
    pub own: Vec<PruneDue>,
    pub others: BTreeMap<SecretName, WaitingPrune>,
}

/// Versions of a secret that somebody else may prune.
#[derive(Debug, Default)]
pub struct WaitingPrune {
    pub due: Vec<PruneDue>,
    pub able: Vec<Name>,
}

/// Parts what is due by the right to delete; nobody (`None`) has none.
pub fn share(vault: &Vault, member: Option<&Name>, due: Vec<PruneDue>) -> Shares {
    let mut shares = Shares::default();
    for one in due {
        let may = |member| vault.policy().holds(member, Right::Delete, &one.secret);
        if member.is_some_and(may) {
            shares.own.push(one);
            continue;
        }
        let waiting = shares.others.entry(one.secret.clone()).or_insert_with(|| WaitingPrune {
            due: Vec::new(),
            able: members_with(vault, Right::Delete, &one.secret),
        });
        waiting.due.push(one);
    }
    shares
}

/// The change that prunes these versions; `None` for none.
pub fn prune(vault: &Vault, due: &[PruneDue], ctx: &Ctx<'_>) -> Option<Change> {
    let mut by_secret: BTreeMap<&SecretName, BTreeSet<ObjectId>> = BTreeMap::new();
    for one in due {
        by_secret.entry(&one.secret).or_default().insert(one.object);
    }
    let mut batch = Batch::new(vault, ctx);
    for (secret, objects) in by_secret {
        let objects: Vec<ObjectId> = objects.into_iter().collect();
        let parts = objects.chunks(Counted::Ids.max());
        parts.for_each(|part| {
            batch.add(Op::Prune { secret: secret.clone(), objects: part.to_vec() });
        });
    }
    batch.change()
}

#[cfg(test)]
pub(crate) mod tests;
