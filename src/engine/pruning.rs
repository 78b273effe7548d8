//! Pruning on the side: whatever a door does, what has expired goes once nobody can be wrong about the time any
//! more, and what wrote also takes what the vault's retention does not keep. It asks nothing, waits for nobody,
//! and never makes anything fail.
//!
//! `watch` and `watch_written` stand where vaults are opened and written, [`prune()`] where a door is done.
//! Where nothing is due, nothing is locked or verified.

use super::door::Door;
use super::session::{OpenedVault, Session};
use super::transaction::{Transaction, TransactionError};
use super::writing;
use crate::host::progress::Silent;
use std::time::Duration;
use v_secure_core::policy::op::Right;
use v_secure_core::policy::settings::{Retention, Ttl};
use v_secure_core::secret::prune;
use v_secure_core::secret::prune::{GRACE, Look, PruneDue};
use v_secure_core::time::UnixTime;
use v_secure_core::vault::Vault;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::pin::PinStatus;
use v_secure_core::vault::unlock::Unlocked;

/// A vault in which something is due.
pub struct PendingPrune {
    session: Session,
    /// Superseded versions too: the door wrote.
    superseded: bool,
}

impl PendingPrune {
    /// Together with what was noted before and is not done yet.
    #[must_use]
    pub fn after(mut self, earlier: Option<Self>) -> Self {
        let is_same = |one: &Self| one.session.location.vault == self.session.location.vault;
        self.superseded |= earlier.as_ref().is_some_and(|one| is_same(one) && one.superseded);
        self
    }
}

/// Takes note of a vault that was opened, if this user can prune something there.
pub(super) fn watch<D: Door>(door: &D, session: &Session, opened: &OpenedVault, whole: bool) {
    let late = opened.prune_from.is_some_and(|from| from <= session.now);
    if !late
        || !opened.was_known()
        || !door.may_prune()
        || opened.vault.policy().settings().ttl() != Ttl::Every
    {
        return;
    }
    let Some(who) = door.unasked(&opened.vault) else { return };
    let able = match whole {
        true => !own(&opened.vault, &who, session.now, false).is_empty(),
        false => opened.vault.policy().holds_anywhere(who.member(), Right::Delete),
    };
    if able {
        door.note_due(PendingPrune { session: session.clone(), superseded: false });
    }
}

/// Takes note of a vault that was written.
pub(super) fn watch_written<D: Door>(door: &D, session: &Session, vault: &Vault) {
    let retains = vault.policy().settings().retention() != Retention::default();
    let late = prune::first_due(vault).is_some_and(|from| from <= session.now);
    if (retains || late) && door.may_prune() {
        door.note_due(PendingPrune { session: session.clone(), superseded: true });
    }
}

/// Prunes what was found to be due, and says what it was.
pub fn prune<D: Door>(door: &D, pending: &PendingPrune) -> Result<Vec<PruneDue>, D::Error> {
    let PendingPrune { session, superseded } = pending;
    // Where nothing is remembered nothing says that this is the newest state.
    if session.state.is_none() || !session.is_writable() {
        return Ok(Vec::new());
    }
    let transaction = match Transaction::begin_within(session, Duration::ZERO) {
        // Whoever writes now prunes as well, or the next one does.
        Err(TransactionError::Lock(_)) => return Ok(Vec::new()),
        transaction => transaction?,
    };
    if !is_newest(session, transaction.opened())? {
        return Ok(Vec::new());
    }
    let vault = transaction.vault();
    let Some(who) = door.unasked(vault) else { return Ok(Vec::new()) };
    let due = own(vault, &who, session.now, *superseded);
    if due.is_empty() {
        return Ok(due);
    }
    let Ok(signer) = who.signer(vault) else { return Ok(Vec::new()) };
    let (random, reason) = (door.random(), "prune what is due".to_owned());
    let ctx =
        Ctx { who: &who, signer: &signer, random, now: session.now, reason, progress: &Silent };
    if let Some(change) = prune::prune(vault, &due, &ctx) {
        writing::finish(door, session, transaction.commit(change)?);
    }
    Ok(due)
}

/// An older state is not written to unasked.
fn is_newest(
    session: &Session,
    opened: &OpenedVault,
) -> Result<bool, super::session::SessionError> {
    Ok(opened.pin == PinStatus::Continues
        && !opened.is_new_here
        && session.missing_heads(opened).is_empty()
        && session.has_all_known(opened)?)
}

/// What is due and this member's to prune.
fn own(vault: &Vault, who: &Unlocked, now: UnixTime, superseded: bool) -> Vec<PruneDue> {
    let due = prune::due(vault, Look { now, grace: GRACE, superseded });
    prune::share(vault, Some(who.member()), due).own
}
