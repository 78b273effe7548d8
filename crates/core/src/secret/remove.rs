//! Removing secrets and bringing them back. Values stay in the history either way.

use super::put::members_with;
use super::read::{self, ReadError, VersionSelector};
use super::rotate;
use crate::crypto::id::ObjectId;
use crate::log::entry::Entry;
use crate::log::op::{Op, Versions};
use crate::log::register::At;
use crate::log::state::{SecretState, Version};
use crate::name::{Name, SecretName};
use crate::policy::op::Right;
use crate::record::rule::Counted;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::batch::Batch;
use crate::vault::change::Change;
use std::collections::BTreeSet;

/// Why nothing was removed or restored.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{member} may not {action} {secret}")]
    NotPermitted { secret: SecretName, member: Name, action: &'static str, able: Vec<Name> },
    #[error("{secret} was not removed")]
    NotRemoved { secret: SecretName },
    #[error("version {number} of {secret} was not removed")]
    VersionNotRemoved { secret: SecretName, number: usize },
}

/// A secret with the numbers of the versions that an operation is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    pub secret: SecretName,
    pub versions: Vec<usize>,
}

/// Removes secrets: every version that is there now, so that one put elsewhere meanwhile survives.
/// `secrets` is not empty.
///
/// # Errors
/// The first secret that is missing, removed already, or not the member's to delete.
pub fn remove(
    vault: &Vault,
    secrets: &[SecretName],
    ctx: &Ctx<'_>,
) -> Result<(Vec<Touched>, Change), RemoveError> {
    let (touched, ops) = removal(vault, secrets, ctx)?;
    Ok((touched, sign(vault, ops, ctx)))
}

/// The ops of [`remove`], for an entry that does more.
pub(crate) fn removal(
    vault: &Vault,
    secrets: &[SecretName],
    ctx: &Ctx<'_>,
) -> Result<(Vec<Touched>, Vec<Op>), RemoveError> {
    let mut touched = Vec::with_capacity(secrets.len());
    let mut ops = Vec::with_capacity(secrets.len());
    for secret in secrets {
        let found = read::find(vault, secret)?;
        permit(vault, Right::Delete, "delete", secret, ctx)?;
        // Pruned ones too: a secret that is gone by age alone is still wanted by exec.
        let seen: Vec<&Version> = found.versions.iter().filter(|v| !v.removed).collect();
        if seen.is_empty() {
            return Err(read::absent(found, secret).into());
        }
        ops.extend(versions(secret, &seen).into_iter().map(Op::Remove));
        // A promotion by who may write would bring it back.
        let holds = |right| vault.policy().holds(ctx.who.member(), right, secret);
        if holds(Right::Write) || holds(Right::Rotate) {
            ops.extend(rotate::aborts_of_open(found, secret));
        }
        touched.push(touch(secret, &seen));
    }
    Ok((touched, ops))
}

/// Brings back what the last removal of a secret took away, or one removed version.
///
/// # Errors
/// [`RemoveError::NotRemoved`] and [`RemoveError::VersionNotRemoved`] where there is nothing to
/// bring back; [`ReadError::Pruned`] where the value is gone for good.
pub fn restore(
    vault: &Vault,
    secret: &SecretName,
    wanted: &VersionSelector,
    ctx: &Ctx<'_>,
) -> Result<(Touched, Change), RemoveError> {
    let found = read::find(vault, secret)?;
    permit(vault, Right::Write, "restore", secret, ctx)?;
    let back = match wanted {
        VersionSelector::Current => last_removed(vault, secret, found),
        one => vec![removed(secret, one, read::select(found, secret, one)?)?],
    };
    if back.is_empty() && found.is_gone() {
        return Err(read::absent(found, secret).into());
    }
    if back.is_empty() {
        return Err(RemoveError::NotRemoved { secret: secret.clone() });
    }
    let ops = versions(secret, &back).into_iter().map(Op::Restore).collect();
    Ok((touch(secret, &back), sign(vault, ops, ctx)))
}

fn removed<'a>(
    secret: &SecretName,
    wanted: &VersionSelector,
    version: &'a Version,
) -> Result<&'a Version, RemoveError> {
    let (name, number) = (secret, version.number);
    let secret = secret.clone();
    match version {
        Version { pruned: true, .. } => Err(ReadError::pruned(name, wanted, version).into()),
        Version { removed: false, .. } => Err(RemoveError::VersionNotRemoved { secret, number }),
        version => Ok(version),
    }
}

/// The removed versions that the latest removal names: those that were retired by an earlier
/// removal, before the secret was set anew, stay away.
fn last_removed<'a>(
    vault: &Vault,
    secret: &SecretName,
    found: &'a SecretState,
) -> Vec<&'a Version> {
    let removed = |object: &ObjectId| {
        found.version(object).filter(|version| version.removed && !version.pruned)
    };
    let entries = vault.graph().in_order(&vault.file().entries);
    // Places are in the order of the log, so that the last one with such versions is the latest.
    let latest_first = entries.iter().enumerate().rev();
    let mut last = latest_first
        .map(|(place, entry)| {
            let named = named(vault, place, entry, secret);
            named.iter().filter_map(removed).collect::<Vec<_>>()
        })
        .find(|versions| !versions.is_empty())
        .unwrap_or_default();
    last.sort_by_key(|version| version.number);
    last
}

/// The versions of a secret that an entry removes by ops that count.
fn named(vault: &Vault, place: usize, entry: &Entry, secret: &SecretName) -> Vec<ObjectId> {
    let removals = entry.ops.iter().enumerate().filter_map(|(index, op)| match op {
        Op::Remove(versions)
            if versions.secret == *secret && vault.standings().counts(At::new(place, index)) =>
        {
            Some(&versions.objects)
        }
        _ => None,
    });
    removals.flatten().copied().collect()
}

fn permit(
    vault: &Vault,
    right: Right,
    action: &'static str,
    secret: &SecretName,
    ctx: &Ctx<'_>,
) -> Result<(), RemoveError> {
    if vault.policy().holds(ctx.who.member(), right, secret) {
        return Ok(());
    }
    let (secret, able) = (secret.clone(), members_with(vault, right, secret));
    Err(RemoveError::NotPermitted { secret, member: ctx.who.member().clone(), action, able })
}

/// The bodies of ops on these versions: more than one where the format's limit asks for it.
fn versions(secret: &SecretName, versions: &[&Version]) -> Vec<Versions> {
    let objects: BTreeSet<ObjectId> = versions.iter().map(|version| version.object).collect();
    let objects: Vec<ObjectId> = objects.into_iter().collect();
    let body = |part: &[ObjectId]| Versions {
        secret: secret.clone(),
        objects: part.to_vec(),
        adopts: None,
    };
    objects.chunks(Counted::Ids.max()).map(body).collect()
}

fn touch(secret: &SecretName, versions: &[&Version]) -> Touched {
    let versions = versions.iter().map(|version| version.number).collect();
    Touched { secret: secret.clone(), versions }
}

fn sign(vault: &Vault, ops: Vec<Op>, ctx: &Ctx<'_>) -> Change {
    Batch::of(vault, ctx, ops).change_with(Change::log)
}
