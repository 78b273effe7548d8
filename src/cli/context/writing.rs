//! How commands write: a transaction on a vault that was judged, signed by who the user is in it, and
//! questions before it without the lock.

use super::{Context, Purpose};
use crate::cli::error::{Failure, Outcome};
use crate::cli::exit::Exit;
use crate::cli::lost::{self, GIVE_UP};
use crate::cli::pin_failures::refuse_old;
use crate::cli::{pruning, sharing, unlocking};
use crate::engine::lost::Lost;
use crate::engine::session::Session;
use crate::engine::transaction::{Transaction, TransactionError};
use crate::host::progress::Silent;
use v_secure_core::record::text::{MAX_REASON, check_text};
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::change::Change;
use v_secure_core::vault::pin::Standing;
use v_secure_core::vault::unlock::{Signer, Unlocked};
use v_secure_core::vault::verified_vault::{Depth, Vault};

impl Context<'_> {
    /// Who the user is in the vault.
    pub fn unlock(&self, vault: &Vault) -> Outcome<Unlocked> {
        unlocking::unlock(self, vault).map(|opened| opened.who)
    }

    /// Runs a writing operation: `make` turns the verified vault into a change. Returns what `make`
    /// made besides and the vault as written.
    pub fn write<T>(
        &self,
        reason: Option<&str>,
        default_reason: &str,
        make: impl FnOnce(&Vault, &Ctx<'_>) -> Outcome<(T, Change)>,
    ) -> Outcome<(T, Vault)> {
        self.write_if(reason, default_reason, |vault, ctx| {
            make(vault, ctx).map(|(made, change)| (made, Some(change)))
        })
        .map(|(made, vault)| (made, vault.1))
    }

    /// [`Context::write`] for operations that may find nothing to change.
    pub fn write_if<T>(
        &self,
        reason: Option<&str>,
        default_reason: &str,
        make: impl FnOnce(&Vault, &Ctx<'_>) -> Outcome<(T, Option<Change>)>,
    ) -> Outcome<(T, (bool, Vault))> {
        self.write_as(|vault| signing(self.unlock(vault)?, vault), reason, default_reason, make)
    }

    /// [`Context::write_if`] with questions before it: `plan` sees the vault without the lock, which
    /// others would wait for, and `make` is given what it planned only where policy is what it was.
    pub fn write_planned<P, T>(
        &self,
        reason: Option<&str>,
        default_reason: &str,
        plan: impl FnOnce(&Vault, &Ctx<'_>) -> Outcome<P>,
        make: impl FnOnce(P, &Vault, &Ctx<'_>) -> Outcome<(T, Option<Change>)>,
    ) -> Outcome<(T, (bool, Vault))> {
        let (_, opened) = self.open_to_write(Depth::Everything)?;
        let vault = &opened.vault;
        let (who, signer) = signing(self.unlock(vault)?, vault)?;
        let reason = checked(reason.unwrap_or(default_reason))?;
        let (random, now, progress) = (self.host, self.host.now(), &Silent);
        let ctx = Ctx { who: &who, signer: &signer, random, now, reason: reason.clone(), progress };
        let planned = plan(vault, &ctx)?;
        let head = vault.chain().head();
        let same = |vault: &Vault| {
            if vault.chain().head() == head { Ok((who, signer)) } else { Err(moved()) }
        };
        self.write_as(same, Some(&reason), default_reason, |vault, ctx| make(planned, vault, ctx))
    }

    /// [`Context::write`] by an identity: what 'v-secure unlock' keeps is none that could be sealed.
    pub fn write_by_identity<T>(
        &self,
        default_reason: &str,
        make: impl FnOnce(&Vault, &Ctx<'_>) -> Outcome<(T, Change)>,
    ) -> Outcome<(T, Vault)> {
        let unlock = |vault: &Vault| signing(unlocking::unlock_anew(self, vault)?.who, vault);
        self.write_as(unlock, None, default_reason, |vault, ctx| {
            make(vault, ctx).map(|(made, change)| (made, Some(change)))
        })
        .map(|(made, vault)| (made, vault.1))
    }

    fn write_as<T>(
        &self,
        unlock: impl FnOnce(&Vault) -> Outcome<(Unlocked, Signer)>,
        reason: Option<&str>,
        default_reason: &str,
        make: impl FnOnce(&Vault, &Ctx<'_>) -> Outcome<(T, Option<Change>)>,
    ) -> Outcome<(T, (bool, Vault))> {
        let session = self.session()?;
        let transaction = self.begin(&session)?;
        refuse_old(transaction.opened())?;
        let (who, signer) = unlock(transaction.vault())?;
        let reason = checked(reason.unwrap_or(default_reason))?;
        let (random, now, progress) = (self.host, self.host.now(), self.ui.progress());
        let progress = &*progress;
        let ctx = Ctx { who: &who, signer: &signer, random, now, reason, progress };
        let transaction = transaction.joined(&ctx)?;
        let (made, change) = make(transaction.vault(), &ctx)?;
        match change {
            Some(change) => {
                let lost = lost::of(&session, transaction.opened());
                let written = transaction.commit(change);
                let vault = self.written(written.map_err(|error| way_out(error, lost.as_ref()))?);
                pruning::watch_written(self, &session, &vault);
                sharing::watch_written(self, &session);
                Ok((made, (true, vault)))
            }
            None => Ok((made, (false, transaction.into_vault()))),
        }
    }

    /// A transaction on a vault that is judged. A first use is asked about without the lock, which
    /// others would wait for as long as the question is open.
    fn begin<'s>(&self, session: &'s Session) -> Outcome<Transaction<'s>> {
        if !session.has_lock() {
            // The lock file would be what a command that is refused leaves behind.
            self.judge(session, &session.open(Depth::Everything)?, Purpose::Use)?;
        }
        let mut transaction = Transaction::begin(session)?;
        if transaction.opened().pin == Standing::Unknown || transaction.opened().is_new_here {
            let opened = transaction.into_opened();
            self.judge(session, &opened, Purpose::Use)?;
            transaction = Transaction::begin(session)?;
        }
        self.judge(session, transaction.opened(), Purpose::Use)?;
        Ok(transaction)
    }
}

/// A policy that would split from a change that was thrown away waits for nobody's branch.
fn way_out(error: TransactionError, lost: Option<&Lost>) -> Failure {
    let is_split = matches!(error, TransactionError::SplitsPolicy);
    let mut failure = Failure::from(error);
    if is_split && let Some(lost) = lost {
        failure.message = format!("{}. {}", failure.message, lost::sentence(lost));
        if lost.is_discarded() {
            failure.hints = vec![GIVE_UP.to_owned()];
            failure.hints.extend(lost::again(lost, &[]));
        }
    }
    failure
}

/// Who can sign in the vault, with the key.
fn signing(who: Unlocked, vault: &Vault) -> Outcome<(Unlocked, Signer)> {
    let signer = who.signer(vault)?;
    Ok((who, signer))
}

fn checked(reason: &str) -> Outcome<String> {
    check_text(reason, MAX_REASON).map_err(|error| {
        Failure::usage("bad-reason", "the reason cannot be stored").because(&error)
    })?;
    Ok(reason.to_owned())
}

/// What was looked at is not what would be signed on.
fn moved() -> Failure {
    let message = "somebody changed the vault's policy meanwhile: nothing was changed";
    Failure::new(Exit::Conflict, "moved-meanwhile", message).hint("run the command again")
}
