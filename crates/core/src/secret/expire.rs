//! Changing when a version that is there expires. The version keeps its value and its own statement;
//! what is said later decides.

use super::put::members_with;
use super::read::{self, ReadError, VersionSelector};
use crate::log::op::{Expire, Op};
use crate::log::state::Version;
use crate::name::{Name, SecretName};
use crate::policy::op::Right;
use crate::time::UnixTime;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::batch::Batch;
use crate::vault::change::Change;

/// Putting the time off serves a value for longer, which a writer may; bringing it forward ends in
/// its being deleted.
const RIGHTS: [Right; 2] = [Right::Write, Right::Delete];

/// Why no expiry was changed.
#[derive(Debug, thiserror::Error)]
pub enum ExpireError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{member} may not change when {secret} expires: that takes write and delete")]
    NotPermitted { secret: SecretName, member: Name, able: Vec<Name> },
    #[error("version {number} of {secret} was removed")]
    Removed { secret: SecretName, number: usize },
}

/// Makes a version expire at `at`, in seconds since the Unix epoch, or never. Returns its number, and
/// no change where it does so already and nobody says otherwise.
///
/// # Errors
/// A secret or version that is missing, removed or pruned, or not the member's to write and delete.
pub fn expire(
    vault: &Vault,
    secret: &SecretName,
    wanted: &VersionSelector,
    at: Option<UnixTime>,
    ctx: &Ctx<'_>,
) -> Result<(usize, Option<Change>), ExpireError> {
    let found = read::find(vault, secret)?;
    permit(vault, secret, ctx)?;
    let version = read::select(found, secret, wanted)?;
    refuse(secret, wanted, version)?;
    if version.expires == at && !version.expiry_conflict {
        return Ok((version.number, None));
    }
    let expire = Expire { secret: secret.clone(), object: version.object, at, adopts: None };
    let batch = Batch::of(vault, ctx, vec![Op::Expire(expire)]);
    Ok((version.number, batch.change()))
}

fn permit(vault: &Vault, secret: &SecretName, ctx: &Ctx<'_>) -> Result<(), ExpireError> {
    let holds =
        |member: &Name| RIGHTS.iter().all(|right| vault.policy().holds(member, *right, secret));
    let member = ctx.who.member();
    if holds(member) {
        return Ok(());
    }
    let mut able = members_with(vault, Right::Write, secret);
    able.retain(holds);
    Err(ExpireError::NotPermitted { secret: secret.clone(), member: member.clone(), able })
}

fn refuse(
    secret: &SecretName,
    wanted: &VersionSelector,
    version: &Version,
) -> Result<(), ExpireError> {
    match version {
        Version { pruned: true, .. } => Err(ReadError::pruned(secret, wanted, version).into()),
        Version { removed: true, number, .. } => {
            Err(ExpireError::Removed { secret: secret.clone(), number: *number })
        }
        _ => Ok(()),
    }
}
