//! Exposed values that the owners let be: empty ones, examples, names that are no secrets. What is waived is
//! one version, for a reason that its signer gives.
//!
//! The word is a field of the secret, which whoever may write it may set. So it is the author that decides
//! whether it counts, here and at each look: an owner, who could give everything when it was signed. Anybody
//! else's word ends a waiver and never makes one.

use crate::crypto::id::ObjectId;
use crate::log::state::SecretState;
use crate::name::{Name, Pattern, SecretName};
use crate::policy::op::Right;
use crate::secret::put;
use crate::secret::put::{PutError, PutRequest};
use crate::secret::read;
use crate::secret::read::{ReadError, VersionSelector};
use crate::time::UnixTime;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::change::Change;

/// The beginning of the field's name; the version's id follows.
const FIELD: &str = "meta.waived.";

/// Whether a field is a waiver: an owner's word about one version, which no command signs again that
/// takes fields over from somebody else's entry or another secret.
pub(crate) fn is_waiver(field: &str) -> bool {
    field.starts_with(FIELD)
}

/// Why a current version is no longer listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    pub by: Name,
    /// Seconds since the Unix epoch, as the author says.
    pub at: UnixTime,
    pub reason: String,
}

/// Why nothing was waived.
#[derive(Debug, thiserror::Error)]
pub enum WaiveError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Put(#[from] PutError),
    #[error("{member} is not an owner: only an owner can waive an exposed value")]
    NotOwner { member: Name, owners: Vec<Name> },
}

/// The waiver of a version, if it counts: nobody says otherwise beside it, and its author is an owner.
pub fn waiver(vault: &Vault, state: &SecretState, object: &ObjectId) -> Option<Waiver> {
    let register = state.fields.get(&field(object))?;
    let reason = register.value.clone().filter(|reason| !reason.is_empty())?;
    let entry = vault.file().entries.get(&register.entry)?;
    let place = vault.graph().place(&register.entry)?;
    let position = vault.standings().position(place)?;
    let everything = Pattern::new("*").ok()?;
    let chain = vault.chain();
    let was_owner = chain.holds_pattern(position, &entry.actor, Right::Grant, &everything);
    let counts = was_owner && vault.policy().is_owner(&entry.actor) && register.others.is_empty();
    counts.then(|| Waiver { by: entry.actor.clone(), at: entry.ts, reason })
}

fn field(object: &ObjectId) -> String {
    format!("{FIELD}{object}")
}

/// Waives the current versions of a secret, or without a reason ends that; no change where it is
/// so already.
///
/// # Errors
/// A secret that has no current value, or a signer who is not an owner.
pub fn waive(
    vault: &Vault,
    secret: &SecretName,
    reason: Option<&str>,
    ctx: &Ctx<'_>,
) -> Result<Option<Change>, WaiveError> {
    let found = read::find(vault, secret)?;
    read::select(found, secret, &VersionSelector::Current)?;
    let member = ctx.who.member();
    if !vault.policy().is_owner(member) {
        let owners = vault.policy().owners().cloned().collect();
        return Err(WaiveError::NotOwner { member: member.clone(), owners });
    }
    let stands = |object: &ObjectId| {
        waiver(vault, found, object).map(|waiver| waiver.reason).as_deref() == reason
    };
    let fields: Vec<(String, Option<String>)> = found
        .active()
        .filter(|version| !stands(&version.object))
        .map(|version| (field(&version.object), reason.map(str::to_owned)))
        .collect();
    // Another's word that does not count is written over.
    if fields.is_empty() {
        return Ok(None);
    }
    let request = PutRequest { secret: secret.clone(), value: None, fields };
    Ok(Some(put::put(vault, vec![request], ctx)?))
}
