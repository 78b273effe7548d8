//! A new epoch of an audience: one policy entry and its envelope. Nothing is wrapped anew, since the
//! old wraps are in git for good; the envelope carries all earlier keys, so nothing becomes unreadable.

use super::KeyRotationError;
use crate::crypto::id::EpochId;
use crate::keys::audience_keys::{self, SignedBy};
use crate::keys::policy_change;
use crate::keys::shortfall::Shortfall;
use crate::keys::status::{AudienceKeys, KeyStatus};
use crate::name::Name;
use crate::name::audience::AudienceName;
use crate::policy::audience;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::change::Change;
use std::collections::BTreeSet;

/// Which audiences are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KekSelection {
    /// Every one in use.
    All,
    /// Those that the schedule wants renewed.
    Due,
    /// These; their roles in any order.
    Named(BTreeSet<String>),
}

/// What a member would renew, and what is for others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KekPlan {
    pub renew: Vec<AudienceName>,
    /// What the member would propose to the other owners, where nothing is to be renewed at once: an entry is
    /// one or the other.
    pub propose: Vec<AudienceName>,
    pub left: Vec<Left>,
}

/// An audience that somebody else has to renew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    pub audience: AudienceName,
    pub able: Vec<Name>,
    /// Whether the member could propose it to the other owners, by itself.
    pub is_proposable: bool,
}

/// An audience's new epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewed {
    pub audience: AudienceName,
    pub epoch: EpochId,
}

/// What came of a plan.
#[derive(Debug, Default)]
pub struct KekOutcome {
    pub renewed: Vec<Renewed>,
    pub left: Vec<Left>,
    /// What the new keys lack.
    pub short: Shortfall,
}

/// Says which of the audiences `member` renews.
///
/// # Errors
/// A named audience that does not exist, or whose roles do not.
pub fn plan(
    status: &KeyStatus,
    member: &Name,
    which: &KekSelection,
) -> Result<KekPlan, KeyRotationError> {
    let mut plan = KekPlan::default();
    let proposes = |keys: &&AudienceKeys| status.proposers.contains(member) && keys.roles_exist;
    let (own, others): (Vec<_>, Vec<_>) =
        chosen(status, which)?.into_iter().partition(|keys| keys.able.contains(member));
    let (propose, others): (Vec<_>, Vec<_>) = others.into_iter().partition(proposes);
    plan.renew.extend(own.into_iter().map(|keys| keys.audience.clone()));
    plan.left.extend(others.into_iter().map(|keys| left(keys, false)));
    match plan.renew.is_empty() {
        true => plan.propose.extend(propose.into_iter().map(|keys| keys.audience.clone())),
        false => plan.left.extend(propose.into_iter().map(|keys| left(keys, true))),
    }
    Ok(plan)
}

fn left(keys: &AudienceKeys, is_proposable: bool) -> Left {
    Left { audience: keys.audience.clone(), able: keys.able.clone(), is_proposable }
}

fn chosen<'a>(
    status: &'a KeyStatus,
    which: &KekSelection,
) -> Result<Vec<&'a AudienceKeys>, KeyRotationError> {
    let all = status.audiences.iter();
    match which {
        KekSelection::All => Ok(all.filter(|keys| keys.in_use).collect()),
        KekSelection::Due => Ok(all.filter(|keys| keys.scheduled).collect()),
        KekSelection::Named(names) => {
            let names = canonical(status, names)?;
            Ok(all.filter(|keys| names.contains(&keys.audience)).collect())
        }
    }
}

/// The names as the vault spells them.
///
/// # Errors
/// An audience that does not exist, or one of whose roles does not.
pub(super) fn canonical(
    status: &KeyStatus,
    names: &BTreeSet<String>,
) -> Result<BTreeSet<AudienceName>, KeyRotationError> {
    let spelt = names.iter().map(|name| {
        let audience = audience::format(name.split('+').filter(|role| !role.is_empty()));
        match status.audience(&audience) {
            None => Err(KeyRotationError::NoAudience {
                audience: name.clone(),
                known: status.audiences.iter().map(|keys| keys.audience.clone()).collect(),
            }),
            Some(keys) if !keys.roles_exist => Err(KeyRotationError::Retired { audience }),
            Some(_) => Ok(audience),
        }
    });
    spelt.collect()
}

/// Begins the new epochs of a plan, as one policy entry, or as a proposal of one. What the signer turns out not to
/// be able to open moves to what is left. `None` if nothing is to be done.
///
/// # Errors
/// Keys that cannot be made.
pub fn renew(
    vault: &Vault,
    mut plan: KekPlan,
    status: &KeyStatus,
    ctx: &Ctx<'_>,
) -> Result<(Option<Change>, KekOutcome), KeyRotationError> {
    // One entry holds so many: the same command again goes on with those that had to wait.
    let since = |audience: &AudienceName| status.audience(audience).map(|keys| keys.since);
    plan.renew.sort_by_cached_key(since);
    let by = if plan.renew.is_empty() { SignedBy::Owners } else { SignedBy::One };
    let wanted = if plan.renew.is_empty() { &plan.propose } else { &plan.renew };
    let made = audience_keys::renew(vault, wanted, by, ctx)?;
    let left = made.without_keys.iter().filter(|audience| !made.short.later.contains(*audience));
    plan.left.extend(left.map(|audience| Left {
        audience: audience.clone(),
        able: others(status, audience, ctx.who.member()),
        is_proposable: false,
    }));
    if made.ops.is_empty() {
        let (left, short) = (plan.left, made.short);
        return Ok((None, KekOutcome { renewed: Vec::new(), left, short }));
    }
    let renewed = made
        .sections
        .iter()
        .map(|(audience, section)| Renewed { audience: audience.clone(), epoch: section.epoch })
        .collect();
    let entry = policy_change::entry(vault, made.ops, ctx);
    let change = match by {
        SignedBy::One => Change::policy(entry, made.sections, Vec::new()),
        SignedBy::Owners => Change::proposal(entry, made.sections),
    };
    Ok((Some(change), KekOutcome { renewed, left: plan.left, short: made.short }))
}

fn others(status: &KeyStatus, audience: &AudienceName, member: &Name) -> Vec<Name> {
    let able = status.audience(audience).map(|keys| &keys.able[..]).unwrap_or_default();
    able.iter().filter(|name| *name != member).cloned().collect()
}
