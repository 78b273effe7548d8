//! How commands write: by the engine, signed by who the user is in the vault, and with questions before it
//! without the lock.

use super::moved;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::unlocking;
use crate::engine::door::{Door, Purpose};
use crate::engine::writing;
use crate::engine::writing::Wrote;
use crate::host::progress::Silent;
use v_secure_core::record::text::{MAX_REASON, check_text};
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::change::Change;
use v_secure_core::vault::unlock::{Signer, Unlocked};
use v_secure_core::vault::{Depth, Vault};

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
        .map(|(made, (_, vault))| (made, vault))
    }

    /// [`Context::write`] for operations that may find nothing to change.
    pub(crate) fn write_if<T>(
        &self,
        reason: Option<&str>,
        default_reason: &str,
        make: impl FnOnce(&Vault, &Ctx<'_>) -> Outcome<(T, Option<Change>)>,
    ) -> Outcome<(T, (bool, Vault))> {
        let unlock = |vault: &Vault| signing(self.unlock(vault)?, vault);
        let reason = reason.unwrap_or(default_reason);
        writing::write(self, &self.session()?, (Purpose::Use, reason), unlock, make).map(parts)
    }

    /// [`Context::write_if`] with questions before it: `plan` sees the vault without the lock, which
    /// others would wait for, and `make` is given what it planned only where policy is what it was.
    pub(crate) fn write_planned<P, T>(
        &self,
        reason: Option<&str>,
        default_reason: &str,
        plan: impl FnOnce(&Vault, &Ctx<'_>) -> Outcome<P>,
        make: impl FnOnce(P, &Vault, &Ctx<'_>) -> Outcome<(T, Option<Change>)>,
    ) -> Outcome<(T, (bool, Vault))> {
        let unlock = |vault: &Vault| self.unlock(vault);
        self.write_planned_by(unlock, reason.unwrap_or(default_reason), plan, make)
    }

    /// [`Context::write_planned`] by an identity: what 'v-secure unlock' keeps opens no envelope that is new.
    pub(crate) fn write_planned_by_identity<P, T>(
        &self,
        reason: &str,
        plan: impl FnOnce(&Vault, &Ctx<'_>) -> Outcome<P>,
        make: impl FnOnce(P, &Vault, &Ctx<'_>) -> Outcome<(T, Option<Change>)>,
    ) -> Outcome<(T, (bool, Vault))> {
        let unlock = |vault: &Vault| Ok(unlocking::unlock_anew(self, vault)?.who);
        self.write_planned_by(unlock, reason, plan, make)
    }

    fn write_planned_by<P, T>(
        &self,
        unlock: impl FnOnce(&Vault) -> Outcome<Unlocked>,
        reason: &str,
        plan: impl FnOnce(&Vault, &Ctx<'_>) -> Outcome<P>,
        make: impl FnOnce(P, &Vault, &Ctx<'_>) -> Outcome<(T, Option<Change>)>,
    ) -> Outcome<(T, (bool, Vault))> {
        let (_, opened) = self.open_to_write(Depth::Everything)?;
        let vault = &opened.vault;
        let (who, signer) = signing(unlock(vault)?, vault)?;
        check_text(reason, MAX_REASON).map_err(|error| self.bad_reason(error))?;
        let (random, now, text) = (self.host, self.host.now(), reason.to_owned());
        let ctx = Ctx { who: &who, signer: &signer, random, now, reason: text, progress: &Silent };
        let planned = plan(vault, &ctx)?;
        let head = vault.chain().head();
        let same = |vault: &Vault| {
            if vault.chain().head() == head { Ok((who, signer)) } else { Err(moved()) }
        };
        let make = |vault: &Vault, ctx: &Ctx<'_>| make(planned, vault, ctx);
        writing::write(self, &self.session()?, (Purpose::Use, reason), same, make).map(parts)
    }

    /// [`Context::write`] by an identity: what 'v-secure unlock' keeps is none that could be sealed.
    pub(crate) fn write_by_identity<T>(
        &self,
        default_reason: &str,
        make: impl FnOnce(&Vault, &Ctx<'_>) -> Outcome<(T, Change)>,
    ) -> Outcome<(T, Vault)> {
        let unlock = |vault: &Vault| signing(unlocking::unlock_anew(self, vault)?.who, vault);
        let made = |vault: &Vault, ctx: &Ctx<'_>| {
            make(vault, ctx).map(|(made, change)| (made, Some(change)))
        };
        let wrote =
            writing::write(self, &self.session()?, (Purpose::Use, default_reason), unlock, made)?;
        Ok((wrote.made, wrote.vault))
    }
}

/// Who can sign in the vault, with the key.
fn signing(who: Unlocked, vault: &Vault) -> Outcome<(Unlocked, Signer)> {
    let signer = who.signer(vault)?;
    Ok((who, signer))
}

/// What was made, whether anything was changed, and the vault as it is now.
fn parts<T>(wrote: Wrote<T>) -> (T, (bool, Vault)) {
    (wrote.made, (wrote.changed, wrote.vault))
}
