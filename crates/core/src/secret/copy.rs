//! Copying and renaming: a secret under another name, with its metadata and its expiry. The value is
//! encrypted anew, since a secret's name is bound to its ciphertext, and the new version says which
//! one holds the same value: whoever could read that one knows this one.

use super::put::{self, NewValue, PutError, PutRequest};
use super::read::{self, ReadError, VersionSelector};
use super::remove::{self, RemoveError};
use super::waived;
use crate::log::state::SecretState;
use crate::name::SecretName;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::change::Change;
use std::collections::BTreeSet;

/// Why nothing was copied or renamed.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Put(#[from] PutError),
    #[error(transparent)]
    Remove(#[from] RemoveError),
    #[error("the new name of {secret} is the same as the old one")]
    Same { secret: SecretName },
    #[error("{secret} exists already")]
    Exists { secret: SecretName },
    #[error(
        "{secret} has several active versions since a merge, and only one would be taken along"
    )]
    Conflict { secret: SecretName },
}

/// What is to be where.
#[derive(Debug)]
pub struct CopyRequest {
    pub from: SecretName,
    pub to: SecretName,
    /// Remove the secret of the old name, in the same entry.
    pub rename: bool,
    /// Replace a secret that has the new name already.
    pub overwrite: bool,
}

/// Makes the change. Needs `read` on the old name and `write` on the new one; to rename, `delete` on
/// the old one.
///
/// # Errors
/// An old name that is missing, expired, in conflict or not the member's to read; a new name that is
/// taken; then those of [`put::put`] and [`remove::remove`].
pub fn copy(vault: &Vault, request: &CopyRequest, ctx: &Ctx<'_>) -> Result<Change, CopyError> {
    let put = put_of(vault, request, ctx)?;
    let removal = match request.rename {
        true => remove::removal(vault, std::slice::from_ref(&request.from), ctx)?.1,
        false => Vec::new(),
    };
    Ok(put::put_with(vault, vec![put], removal, ctx)?)
}

/// [`copy`] of several secrets, in one entry.
///
/// # Errors
/// Those of the first one that cannot be copied.
pub fn copy_all(
    vault: &Vault,
    requests: &[CopyRequest],
    ctx: &Ctx<'_>,
) -> Result<Change, CopyError> {
    let puts = requests.iter().map(|request| put_of(vault, request, ctx));
    Ok(put::put(vault, puts.collect::<Result<_, _>>()?, ctx)?)
}

fn put_of(vault: &Vault, request: &CopyRequest, ctx: &Ctx<'_>) -> Result<PutRequest, CopyError> {
    let CopyRequest { from, to, overwrite, .. } = request;
    if from == to {
        return Err(CopyError::Same { secret: from.clone() });
    }
    let found = read::find(vault, from)?;
    let old = read::select(found, from, &VersionSelector::Current)?;
    if found.is_conflict() {
        return Err(CopyError::Conflict { secret: from.clone() });
    }
    let target = vault.secret(to);
    if !overwrite && target.is_some_and(|target| !target.is_gone()) {
        return Err(CopyError::Exists { secret: to.clone() });
    }
    let value = read::read(vault, ctx.who, from, &VersionSelector::Current, ctx.now)?;
    let value = NewValue { value, expires: old.expires, same: vec![old.object] };
    let fields = carried(found, target);
    Ok(PutRequest { secret: to.clone(), value: Some(value), fields })
}

/// The fields that make the target's metadata what the source's is.
fn carried(from: &SecretState, to: Option<&SecretState>) -> Vec<(String, Option<String>)> {
    let there = to.into_iter().flat_map(|to| to.fields.keys());
    let all = from.fields.keys().chain(there);
    let names: BTreeSet<&String> = all.filter(|field| !waived::is_waiver(field)).collect();
    let all = names.into_iter().map(|field| (field.clone(), from.field(field).map(str::to_owned)));
    put::changed(to, all.collect())
}
