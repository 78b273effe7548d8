//! Publishing a change before it is in the vault here: what a call to a provider rests on has to be where every clone
//! finds it, since a pending value that only one machine knows is a credential that nobody can take back.
//!
//! By git, a ref that takes nothing but what goes on from it excludes a second one who rotates: whose push is refused
//! has published nothing, writes nothing, and begins again from what the other one published. By one device, its own
//! file is where rotations are published, and nobody else may make any.

mod error;
mod published;
mod pushing;

pub use error::PublishError;

use self::published::Published;
use super::door::{Door, Purpose};
use super::judging;
use super::resolving::Resolution;
use super::session::Session;
use super::transaction::Transaction;
use super::writing::{self, CommitError, Wrote};
use crate::host::random;
use std::cell::RefCell;
use std::thread;
use std::time::Duration;
use v_secure_core::name::Name;
use v_secure_core::policy::settings::Via;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::change::Change;
use v_secure_core::vault::unlock::{Signer, Unlocked};
use v_secure_core::vault::{Depth, Vault};

/// So often a change is made again where others publish meanwhile.
const ATTEMPTS: u32 = 5;
/// The first pause before that, which grows, with a part that is drawn: two who race do not stay in step.
const PAUSE: Duration = Duration::from_millis(100);

/// What a refresh came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refreshed {
    /// Whether something was published that the vault here did not have.
    pub changed: bool,
    /// Whether the place has published a vault at all.
    pub is_published: bool,
}

/// That others published meanwhile: nothing was written.
struct Moved;

/// Unites the vault here with the one that is published, and judges what comes out as any vault at this place.
///
/// # Errors
/// What is published cannot be had, is refused, or does not unite with what is here; nothing is written then.
pub fn refresh<D: Door>(door: &D, session: &Session, via: &Via) -> Result<Refreshed, D::Error> {
    match via {
        Via::Device { .. } => Ok(Refreshed { changed: false, is_published: true }),
        Via::Git { remote, reference } => {
            let published = Published::fetch(session, remote, reference)?;
            take(door, session, &published)
        }
    }
}

/// [`writing::write`], where the change is published before it is in place, and not put in place unless it is.
/// A change is not needed: what is here is published then, if it is not.
///
/// # Errors
/// Those of a write, and [`PublishError`]: of [`PublishError::Moved`] `refresh` takes what is published since.
pub fn publish<D: Door, T>(
    door: &D,
    session: &Session,
    via: &Via,
    (purpose, reason): (Purpose, &str),
    unlock: impl FnOnce(&Vault) -> Result<(Unlocked, Signer), D::Error>,
    make: impl FnOnce(&Vault, &Ctx<'_>) -> Result<(T, Option<Change>), D::Error>,
) -> Result<Wrote<T>, D::Error> {
    match via {
        Via::Device { .. } => {
            let unlock = |vault: &Vault| {
                let (who, signer) = unlock(vault)?;
                refuse_elsewhere(via, &signer)?;
                Ok((who, signer))
            };
            writing::write(door, session, (purpose, reason), unlock, make)
        }
        Via::Git { remote, reference } => {
            let published = Published::fetch(session, remote, reference)?;
            let wrote = attempt(door, session, &published, (purpose, reason), unlock, make)?;
            wrote.map_err(|Moved| PublishError::Moved { via: published.via }.into())
        }
    }
}

/// [`publish`] upon what is published now: refreshes first, and again with a new change where others publish meanwhile.
///
/// # Errors
/// Those of [`refresh`] and [`publish`]; [`PublishError::Moved`] after five times.
pub fn retried<D: Door, T>(
    door: &D,
    session: &Session,
    via: &Via,
    (purpose, reason): (Purpose, &str),
    mut unlock: impl FnMut(&Vault) -> Result<(Unlocked, Signer), D::Error>,
    mut make: impl FnMut(&Vault, &Ctx<'_>) -> Result<(T, Option<Change>), D::Error>,
) -> Result<Wrote<T>, D::Error> {
    let Via::Git { remote, reference } = via else {
        return publish(door, session, via, (purpose, reason), unlock, make);
    };
    for count in 0..ATTEMPTS {
        if count > 0 {
            pause(door, count);
        }
        let published = Published::fetch(session, remote, reference)?;
        take(door, session, &published)?;
        let how = (purpose, reason);
        if let Ok(wrote) = attempt(door, session, &published, how, &mut unlock, &mut make)? {
            return Ok(wrote);
        }
    }
    Err(PublishError::Moved { via: format!("{remote} {reference}") }.into())
}

/// [`refresh`], where everything that is here is published then: what somebody has not pushed is not pushed for them, and nothing is
/// done at a provider upon records that others do not have.
///
/// # Errors
/// Those of [`refresh`]; [`PublishError::Unpublished`].
pub fn refresh_whole<D: Door>(door: &D, session: &Session, via: &Via) -> Result<(), D::Error> {
    let Via::Git { remote, reference } = via else { return Ok(()) };
    let published = Published::fetch(session, remote, reference)?;
    take(door, session, &published)?;
    match is_as_here(door, session, &published)? {
        true => Ok(()),
        false => Err(PublishError::Unpublished { via: published.via }.into()),
    }
}

/// Whether every record that is here is published. What is not: a pruned value that one of the two still has.
fn is_as_here<D: Door>(
    door: &D,
    session: &Session,
    published: &Published<'_>,
) -> Result<bool, D::Error> {
    let opened = judging::open(door, session, Purpose::Use, Depth::Everything)?;
    Ok(published.has_records_of(opened.vault.file()))
}

/// Whether this is the device that rotates alone, where one does.
///
/// # Errors
/// It is another one.
pub fn refuse_elsewhere(via: &Via, signer: &Signer) -> Result<(), PublishError> {
    let Via::Device { member, device } = via else { return Ok(()) };
    if (&signer.member, &signer.device) == (member, device) {
        return Ok(());
    }
    let here = format!("{}/{}", signer.member, signer.device);
    Err(PublishError::NotHere { member: member.clone(), device: device.clone(), here })
}

/// Puts what is published and not here yet into the vault.
fn take<D: Door>(
    door: &D,
    session: &Session,
    published: &Published<'_>,
) -> Result<Refreshed, D::Error> {
    let is_published = published.vault.is_some() && published.tip.is_there;
    // What is wrong with the vault here is said as everywhere, before anything is united with it.
    judging::open(door, session, Purpose::Use, Depth::Everything)?;
    for _ in 0..ATTEMPTS {
        let resolution = Resolution::begin(session)?;
        let Some(merged) = published.united(session, resolution.bytes())? else {
            return Ok(Refreshed { changed: false, is_published });
        };
        let judged = resolution.judged(door, &merged, &published.files)?;
        // Another writer here may have been first.
        if let Some(written) = judged.replace_if_current()? {
            writing::finish(door, session, written);
            door.wrote(session);
            return Ok(Refreshed { changed: true, is_published });
        }
    }
    Err(PublishError::Busy { path: session.location.vault.clone() }.into())
}

/// One attempt upon what was fetched.
fn attempt<D: Door, T>(
    door: &D,
    session: &Session,
    published: &Published<'_>,
    (purpose, reason): (Purpose, &str),
    unlock: impl FnOnce(&Vault) -> Result<(Unlocked, Signer), D::Error>,
    make: impl FnOnce(&Vault, &Ctx<'_>) -> Result<(T, Option<Change>), D::Error>,
) -> Result<Result<Wrote<T>, Moved>, D::Error> {
    let signed_by: RefCell<Option<Name>> = RefCell::default();
    let unlock = |vault: &Vault| {
        let (who, signer) = unlock(vault)?;
        *signed_by.borrow_mut() = Some(signer.member.clone());
        Ok((who, signer))
    };
    let commit = |transaction: Transaction<'_>, change, signer: &Signer| {
        if pushing::lacks(session, published).map_err(CommitError::from)? {
            return Ok(Err(Moved));
        }
        let prepared = transaction.prepare(change)?;
        let about = (signer.member.as_str(), reason);
        match pushing::push(session, published, prepared.texts(), about)? {
            true => Ok(Ok(prepared.commit()?)),
            false => Ok(Err(Moved)),
        }
    };
    let wrote = writing::write_by(door, session, (purpose, reason), unlock, make, commit)?;
    let Ok(wrote) = wrote else { return Ok(Err(Moved)) };
    let member = signed_by.into_inner();
    if !wrote.changed
        && let Some(member) = member
        && !as_it_is(door, session, published, (member.as_str(), reason))?
    {
        return Ok(Err(Moved));
    }
    Ok(Ok(wrote))
}

/// Publishes what is here, where it is not; whether it is now.
fn as_it_is<D: Door>(
    door: &D,
    session: &Session,
    published: &Published<'_>,
    about: (&str, &str),
) -> Result<bool, D::Error> {
    let transaction = Transaction::begin(session)?;
    judging::judge(door, session, transaction.opened(), Purpose::Use)?;
    if pushing::lacks(session, published)? {
        return Ok(false);
    }
    let texts = transaction.vault().texts();
    match pushing::is_published(session, published, &texts) {
        true => Ok(true),
        false => Ok(pushing::push(session, published, &texts, about)?),
    }
}

fn pause<D: Door>(door: &D, count: u32) {
    let [drawn] = random::<1>(door.random());
    thread::sleep(PAUSE * (1 << count) + Duration::from_millis(drawn.into()));
}
