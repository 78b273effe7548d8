//! The one way in which a door writes: a transaction on a vault that was judged, signed by who the user is in
//! it. A change needs a signed entry ([`Change`]), and what was made of an older state is refused.

use super::door::{Door, Purpose, Remark};
use super::publishing::PublishError;
use super::session::{OpenedVault, Session};
use super::transaction::{Transaction, TransactionError, Written};
use super::{judging, proposals, pruning, scanning};
use std::convert::Infallible;
use v_secure_core::record::text::{MAX_REASON, check_text};
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::change::Change;
use v_secure_core::vault::pin::PinStatus;
use v_secure_core::vault::unlock::{Signer, Unlocked};
use v_secure_core::vault::{Depth, Vault};

/// What a write left.
pub struct Wrote<T> {
    /// What was made besides the change.
    pub made: T,
    /// The vault as it is now.
    pub vault: Vault,
    /// Whether there was anything to change.
    pub changed: bool,
}

/// Opens the vault that is to be written, before anything is asked of the user or read in for it: who waits
/// for a refusal may have typed a value by then.
pub(crate) fn open_to_write<D: Door>(
    door: &D,
    session: &Session,
    depth: Depth<'_>,
) -> Result<OpenedVault, D::Error> {
    let opened = judging::open(door, session, Purpose::Use, depth)?;
    judging::refuse_old(door, session, &opened)?;
    Ok(opened)
}

/// Runs a writing operation on a vault that is judged for `purpose`: `unlock` says who signs, and `make` turns the verified vault into a change.
pub fn write<D: Door, T>(
    door: &D,
    session: &Session,
    (purpose, reason): (Purpose, &str),
    unlock: impl FnOnce(&Vault) -> Result<(Unlocked, Signer), D::Error>,
    make: impl FnOnce(&Vault, &Ctx<'_>) -> Result<(T, Option<Change>), D::Error>,
) -> Result<Wrote<T>, D::Error> {
    let commit = |transaction: Transaction<'_>, change, _: &Signer| {
        Ok::<_, CommitError>(Ok::<_, Infallible>(transaction.commit(change)?))
    };
    let Ok(wrote) = write_by(door, session, (purpose, reason), unlock, make, commit)?;
    Ok(wrote)
}

/// Why a change was not put in the place of what is there.
pub(super) enum CommitError {
    Transaction(TransactionError),
    Publish(PublishError),
}

impl From<TransactionError> for CommitError {
    fn from(error: TransactionError) -> Self {
        Self::Transaction(error)
    }
}

impl From<PublishError> for CommitError {
    fn from(error: PublishError) -> Self {
        Self::Publish(error)
    }
}

/// [`write`] where `commit` says whether and how a change is put in place, or gives its reason to leave it.
pub(super) fn write_by<D: Door, T, L>(
    door: &D,
    session: &Session,
    (purpose, reason): (Purpose, &str),
    unlock: impl FnOnce(&Vault) -> Result<(Unlocked, Signer), D::Error>,
    make: impl FnOnce(&Vault, &Ctx<'_>) -> Result<(T, Option<Change>), D::Error>,
    commit: impl FnOnce(Transaction<'_>, Change, &Signer) -> Result<Result<Written, L>, CommitError>,
) -> Result<Result<Wrote<T>, L>, D::Error> {
    check_text(reason, MAX_REASON).map_err(|error| door.bad_reason(error))?;
    let (transaction, was_known) = begin(door, session, purpose)?;
    judging::refuse_old(door, session, transaction.opened())?;
    let (who, signer) = unlock(transaction.vault())?;
    let (random, now, progress) = (door.random(), session.now, &*door.progress());
    let ctx = Ctx { who: &who, signer: &signer, random, now, reason: reason.to_owned(), progress };
    let transaction = transaction.joined(&ctx)?;
    let (made, change) = make(transaction.vault(), &ctx)?;
    let Some(change) = change else {
        return Ok(Ok(Wrote { made, vault: transaction.into_vault(), changed: false }));
    };
    let lost = session.lost(transaction.opened()).ok().flatten();
    if change.proposed().is_some() && transaction.is_older() {
        return Err(door.uncommitted(TransactionError::SplitsPolicy, lost.as_ref()));
    }
    if let Some(proposed) = proposals::put(session, &change, transaction.vault()) {
        return Err(door.proposed(session, proposed));
    }
    let written = commit(transaction, change, &signer).map_err(|error| match error {
        CommitError::Transaction(error) => door.uncommitted(error, lost.as_ref()),
        CommitError::Publish(error) => error.into(),
    })?;
    let written = match written {
        Ok(written) => written,
        Err(left) => return Ok(Err(left)),
    };
    let vault = finish(door, session, written);
    scanning::keep(door, session, &vault, &who);
    if was_known {
        pruning::watch_written(door, session, &vault);
    }
    door.wrote(session);
    Ok(Ok(Wrote { made, vault, changed: true }))
}

/// The vault of a finished write.
pub fn finish<D: Door>(door: &D, session: &Session, written: Written) -> Vault {
    if let Some(error) = written.unrecorded {
        door.hear(session, None, Remark::Unrecorded(error));
    }
    written.vault
}

/// A transaction on a vault that is judged, and whether this device knew the vault before. A first use is
/// asked about without the lock, which others would wait for as long as the question is open.
fn begin<'s, D: Door>(
    door: &D,
    session: &'s Session,
    purpose: Purpose,
) -> Result<(Transaction<'s>, bool), D::Error> {
    let judge = |opened: &OpenedVault| judging::judge(door, session, opened, purpose);
    let mut was_known = true;
    if !session.has_lock() {
        // The lock file would be what a door that refuses leaves behind.
        let opened = session.open(Depth::Everything)?;
        was_known = opened.was_known();
        judge(&opened)?;
    }
    let mut transaction = Transaction::begin(session)?;
    was_known &= transaction.opened().was_known();
    if transaction.opened().pin == PinStatus::Unknown || transaction.opened().is_new_here {
        judge(&transaction.into_opened())?;
        transaction = Transaction::begin(session)?;
    }
    judge(transaction.opened())?;
    Ok((transaction, was_known))
}
