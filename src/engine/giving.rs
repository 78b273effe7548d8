//! Writing a read down before its values leave this process, as the signed setting `reads` says:
//! `off`, `best-effort` (the default) or `required`, where a value is not given out unless the
//! journal has it. Every front does so here: the command line and the library.

use super::door::{Door, Remark};
use super::scanning;
use super::session::Session;
use crate::store::state::journal;
use crate::store::state::journal::{JournalError, ReadRecord};
use v_secure_core::log::finding::{Finding, FindingCode, Subject};
use v_secure_core::name::SecretName;
use v_secure_core::policy::settings::Reads;
use v_secure_core::record::text::{MAX_REASON, TextError, check_text};
use v_secure_core::time::UnixTime;
use v_secure_core::vault::Vault;
use v_secure_core::vault::unlock::Unlocked;

/// What is read, by whom, for what.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    pub who: &'a Unlocked,
    pub action: &'a str,
    pub environment: &'a str,
    pub secrets: &'a [SecretName],
    pub reason: Option<&'a str>,
}

/// Why the values are not given out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GivingError {
    /// Where whoever asked wants no value that others might not have meant.
    #[error("{secret} has several active versions since a merge")]
    Conflict { secret: SecretName },
    #[error("a rotation of {secret} has to be settled first")]
    Rotation { secret: SecretName, why: String },
    #[error("the reason cannot be stored")]
    Reason(#[source] TextError),
    #[error("this vault requires every read to be recorded, and here reads cannot be recorded")]
    Journal(#[source] JournalError),
}

/// Those of the secrets that have several active versions: what is given of them is the one with the highest number.
pub fn conflicts<'a>(
    vault: &Vault,
    secrets: impl IntoIterator<Item = &'a SecretName>,
) -> impl Iterator<Item = &'a SecretName> {
    let in_conflict =
        |secret: &&SecretName| vault.secret(secret).is_some_and(|found| found.is_conflict());
    secrets.into_iter().filter(in_conflict)
}

/// Refuses to give any of the secrets while one of them has several active versions, or a rotation of it is not as its
/// writers meant.
pub fn refuse_unsettled(
    vault: &Vault,
    secrets: &[SecretName],
    now: UnixTime,
) -> Result<(), GivingError> {
    if let Some(secret) = conflicts(vault, secrets).next() {
        return Err(GivingError::Conflict { secret: secret.clone() });
    }
    let of_one = |finding: Finding| {
        let secret = match (&finding.subject, finding.code) {
            (Subject::Secret(secret) | Subject::Object { secret, .. }, code) => {
                ROTATION.contains(&code).then(|| secret.clone())
            }
            _ => None,
        }?;
        let why = finding.message;
        secrets.contains(&secret).then_some(GivingError::Rotation { secret, why })
    };
    match vault.remarks(now).into_iter().find_map(of_one) {
        None => Ok(()),
        Some(error) => Err(error),
    }
}

/// What may be wrong with a secret's rotations.
const ROTATION: [FindingCode; 5] = [
    FindingCode::RotationContested,
    FindingCode::RotationStale,
    FindingCode::RotationDivided,
    FindingCode::RetiredActive,
    FindingCode::RotationVoid,
];

/// Those of the secrets whose current value may not be accepted any more: it was retired, or withdrawn beside its
/// promotion.
pub fn withdrawn<'a>(
    vault: &Vault,
    secrets: impl IntoIterator<Item = &'a SecretName>,
) -> impl Iterator<Item = &'a SecretName> {
    let may_be = |secret: &&SecretName| {
        vault.secret(secret).is_some_and(|state| {
            let Some(current) = &state.current else { return false };
            let mut rotations = state.rotation.iter().flat_map(|state| &state.rotations);
            // Where several versions are active, what is divided may be of another one.
            rotations.any(|of| of.is_divided && of.objects.contains(current))
                || state.is_withdrawn(current)
        })
    };
    secrets.into_iter().filter(may_be)
}

/// Writes a read down, and says which secrets were opened by another wrap than the current one.
pub fn record<D: Door>(
    door: &D,
    session: &Session,
    vault: &Vault,
    reading: &Reading<'_>,
) -> Result<(), D::Error> {
    for secret in reading.who.take_fallen_back() {
        door.hear(session, None, Remark::FallenBack(secret));
    }
    write_down(session, vault, door.now(), reading)?;
    scanning::keep(door, session, vault, reading.who);
    Ok(())
}

fn write_down(
    session: &Session,
    vault: &Vault,
    now: UnixTime,
    reading: &Reading<'_>,
) -> Result<(), GivingError> {
    let reason = reading.reason.unwrap_or_default();
    check_text(reason, MAX_REASON).map_err(GivingError::Reason)?;
    let mode = vault.serving().reads();
    if mode == Reads::Off {
        return Ok(());
    }
    let &Reading { who, action, environment, secrets, .. } = reading;
    let actor = who.member();
    let record = ReadRecord { ts: now, actor, action, environment, secrets, reason };
    let state = session.state.as_deref();
    match (journal::append(state, session.owners, &session.place(), record), mode) {
        (Err(error), Reads::Required) => Err(GivingError::Journal(error)),
        _ => Ok(()),
    }
}
