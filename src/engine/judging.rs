//! What the pins make of a vault that was opened: accepted, asked about, remarked on or refused. The one
//! judgement, for every door.

use super::door::{Agreed, Door, Purpose, Refusal, Remark};
use super::pruning;
use super::session::{OpenedVault, Session, SessionError};
use v_secure_core::vault::Depth;
use v_secure_core::vault::pin::PinStatus;

/// Opens the vault at a place and judges it.
pub fn open<D: Door>(
    door: &D,
    session: &Session,
    purpose: Purpose,
    depth: Depth<'_>,
) -> Result<OpenedVault, D::Error> {
    let opened = session.open(depth)?;
    judge(door, session, &opened, purpose)?;
    pruning::watch(door, session, &opened, matches!(depth, Depth::Everything));
    Ok(opened)
}

/// Judges what the pins say of a vault, and remembers what is accepted.
pub fn judge<D: Door>(
    door: &D,
    session: &Session,
    opened: &OpenedVault,
    purpose: Purpose,
) -> Result<(), D::Error> {
    if is_judged_by_policy(door, session, opened, purpose)? {
        return Ok(());
    }
    let missing = session.missing_heads(opened);
    let goes_on = opened.pin == PinStatus::Continues;
    match (missing.is_empty(), purpose) {
        (true, _) if goes_on => session.note_current(),
        (false, Purpose::UseNewest) => {
            return Err(door.refuse(session, opened, Refusal::Missing(&missing)));
        }
        (false, _) if goes_on => {
            door.hear(session, Some(opened), Remark::Missing(&missing));
            // A place that is new is one all the same, which lacks what the others have.
            if !opened.is_first_here() {
                return Ok(());
            }
        }
        _ => {}
    }
    keep(door, session, opened)
}

/// Refuses to write on a state that lacks what took something away.
pub(crate) fn refuse_old<D: Door>(
    door: &D,
    session: &Session,
    opened: &OpenedVault,
) -> Result<(), D::Error> {
    match opened.missing_takings {
        true => Err(door.refuse(session, opened, Refusal::MissingTakings)),
        false => Ok(()),
    }
}

/// Judges the policy chain; true where there is nothing more to judge, or to remember.
fn is_judged_by_policy<D: Door>(
    door: &D,
    session: &Session,
    opened: &OpenedVault,
    purpose: Purpose,
) -> Result<bool, D::Error> {
    let agreed = || Ok(door.agree(session, opened)? == Agreed::Before);
    let fits = matches!(opened.pin, PinStatus::Continues | PinStatus::Prefix { .. });
    if fits && opened.is_new_here && (purpose == Purpose::Look || agreed()?) {
        return Ok(true);
    }
    match (&opened.pin, purpose) {
        (PinStatus::Continues, _) => Ok(false),
        (&PinStatus::Prefix { seen, accepted }, Purpose::UseNewest) => {
            Err(door.refuse(session, opened, Refusal::Older { seen, accepted }))
        }
        (&PinStatus::Prefix { seen, accepted }, _) => {
            door.hear(session, Some(opened), Remark::Older { seen, accepted });
            Ok(false)
        }
        (PinStatus::Unknown, Purpose::Look) => Ok(true),
        (PinStatus::Unknown, Purpose::Use | Purpose::UseNewest) => agreed(),
        _ => Err(door.refuse(session, opened, Refusal::Pin)),
    }
}

/// Remembers what was accepted.
fn keep<D: Door>(door: &D, session: &Session, opened: &OpenedVault) -> Result<(), D::Error> {
    match session.remember(opened) {
        // A state folder that cannot be written is no reason to withhold what was just verified.
        Err(SessionError::Pin(error)) if error.is_of_storage() => {
            door.hear(session, Some(opened), Remark::Unrecorded(error.into()));
        }
        result => result?,
    }
    Ok(())
}
