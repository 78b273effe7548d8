//! Ending a conflict of values: one of the versions that branches made active stays, as it is.

use super::put::members_with;
use super::read::{self, ReadError, VersionSelector};
use crate::log::op::{Op, Resolve};
use crate::log::state::Version;
use crate::name::{Name, SecretName};
use crate::policy::op::Right;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::batch::Batch;
use crate::vault::change::Change;

/// Why no version was taken.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{member} may not write {secret}")]
    NotPermitted { secret: SecretName, member: Name, able: Vec<Name> },
    #[error("{secret} has one active value: there is nothing to resolve")]
    NoConflict { secret: SecretName },
    #[error(
        "version {number} of {secret} is not one of those in conflict: these are {}",
        listed(active)
    )]
    NotActive { secret: SecretName, number: usize, active: Vec<usize> },
}

fn listed(numbers: &[usize]) -> String {
    numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}

/// Makes one of the versions in conflict the active one.
///
/// An op by itself, without the value: nobody needs to be able to read to settle which one holds, and the
/// version keeps its author and its expiry.
///
/// # Errors
/// A secret that is not in conflict, a version that is not one of those, and who may not write.
pub fn resolve(
    vault: &Vault,
    secret: &SecretName,
    take: &VersionSelector,
    ctx: &Ctx<'_>,
) -> Result<(usize, Change), ResolveError> {
    let found = read::find(vault, secret)?;
    let member = ctx.who.member();
    if !vault.policy().holds(member, Right::Write, secret) {
        let (secret, able) = (secret.clone(), members_with(vault, Right::Write, secret));
        return Err(ResolveError::NotPermitted { secret, member: member.clone(), able });
    }
    if !found.is_conflict() {
        return Err(ResolveError::NoConflict { secret: secret.clone() });
    }
    let Version { number, object, .. } = *read::select(found, secret, take)?;
    if !found.candidates.contains(&object) {
        let active = found.active().map(|version| version.number).collect();
        return Err(ResolveError::NotActive { secret: secret.clone(), number, active });
    }
    let op = Op::Resolve(Resolve { secret: secret.clone(), object, adopts: None });
    Ok((number, Batch::of(vault, ctx, vec![op]).change_with(Change::log)))
}
