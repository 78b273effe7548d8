//! The ends of what was tried out: it is given to a share, promoted, or withdrawn.

use super::credential::Held;
use super::{Engine, EngineError, Open, Publication, Step};
use crate::contract::{Call, CallError, Finds, Maker, Verb};
use v_secure_core::crypto::id::{ObjectId, RotationId};
use v_secure_core::name::SecretName;
use v_secure_core::secret::rotate::{self, Retired};
use v_secure_core::vault::Vault;

impl<P: Publication> Engine<'_, P> {
    /// Promotes the rotation that is open, once its value has been set and tested again.
    ///
    /// # Errors
    /// As [`Engine::resume`].
    pub fn promote_open(&mut self, wanted: Option<&str>) -> Result<RotationId, P::Error> {
        let open = self.going_on(wanted, None)?;
        self.resume_open(open, None)
    }

    pub(super) fn roll_out(&mut self, open: &Open, share: u64) -> Result<(), P::Error> {
        let (secret, id) = (self.secret, open.id.to_string());
        self.publication.publish("rotate: share", &mut |vault, ctx| {
            let (_, change) = rotate::rollout(vault, secret, Some(&id), share, ctx)
                .map_err(EngineError::Rotate)?;
            Ok(change)
        })
    }

    pub(super) fn promote(&mut self, open: &Open, base: &Held, new: &Held) -> Result<(), P::Error> {
        self.publication.told(Step::Promoting);
        let (secret, was) = (self.secret, *open);
        self.publication.publish("rotate: promote", &mut |vault, ctx| {
            if !goes_on(vault, secret, &was) {
                return Err(EngineError::Moved { secret: secret.clone() }.into());
            }
            let id = was.id.to_string();
            let (_, change) =
                rotate::promote(vault, secret, Some(&id), ctx).map_err(EngineError::Rotate)?;
            Ok(change)
        })?;
        self.finish(Some(&open.id), base, new)
    }

    /// Tells a provider that has a word for it which credential is the active one.
    pub(super) fn finish(
        &self,
        rotation: Option<&RotationId>,
        base: &Held,
        new: &Held,
    ) -> Result<(), P::Error> {
        if !self.abilities.can(Verb::Finish) {
            return Ok(());
        }
        self.publication.told(Step::Finishing);
        self.call_again(&Call {
            rotation,
            base: Some(base.credential()),
            credential: Some(new.credential()),
            ..self.ask(Verb::Finish)
        })?;
        Ok(())
    }

    /// Withdraws the value of a rotation. Where a share of the instances was given it, it is revoked when the overlap is
    /// over, as any old credential, since checkouts may hand it out until then; else at once.
    ///
    /// # Errors
    /// None is open, or several where none is named; it cannot be published; the provider does not revoke it.
    pub fn abort(&mut self, wanted: Option<&str>) -> Result<RotationId, P::Error> {
        self.permit()?;
        self.publication.refresh()?;
        self.record_unread(wanted)?;
        let (secret, mut aborted) = (self.secret, None);
        self.publication.publish("rotate: abort", &mut |vault, ctx| {
            let (was, change) =
                rotate::abort(vault, secret, wanted, ctx).map_err(EngineError::Rotate)?;
            aborted = Some(was.id);
            Ok(change)
        })?;
        let aborted = aborted.ok_or_else(|| EngineError::Moved { secret: secret.clone() })?;
        self.sweep()?;
        self.set_back(&aborted)?;
        self.revoke_ungiven(&aborted)?;
        Ok(aborted)
    }

    /// What a provider made for an intent, and gives again where it is asked for the same, is recorded before that ends: then it
    /// can be revoked as any other.
    fn record_unread(&mut self, wanted: Option<&str>) -> Result<(), P::Error> {
        if self.abilities.finds != Finds::Idempotency {
            return Ok(());
        }
        match self.open(wanted) {
            Ok(open) if open.object.is_none() => {
                let base = self.held(&open.base)?;
                self.make_there(&open, &base).map(|_| ())
            }
            _ => Ok(()),
        }
    }

    /// What nobody was given is revoked at once: there is nobody to wait for.
    fn revoke_ungiven(&mut self, aborted: &RotationId) -> Result<(), P::Error> {
        let Some(object) = self.made_ready(aborted)? else { return Ok(()) };
        let (Some(held), Some(_)) = (self.held_or_none(&object)?, self.current()?) else {
            return Ok(());
        };
        if self.is_given(&object)? || self.is_in_use(&held)? || !self.current_works()? {
            return Ok(());
        }
        self.revoke(&object)?;
        self.record(&[Retired { object, number: None }])
    }

    fn made_ready(&self, aborted: &RotationId) -> Result<Option<ObjectId>, P::Error> {
        let rotations = self.state()?.rotation.iter().flat_map(|state| &state.rotations);
        Ok(rotations.filter(|of| of.id == *aborted).find_map(|of| of.objects.first()).copied())
    }

    /// Where one credential works at a time, the current value does again before anything else: nobody was given the one
    /// that is withdrawn.
    pub(super) fn set_back(&self, aborted: &RotationId) -> Result<(), P::Error> {
        let (maker, holds_two) = (self.abilities.maker, self.abilities.holds_two);
        let (Some(object), Maker::Here, false) = (self.made_ready(aborted)?, maker, holds_two)
        else {
            return Ok(());
        };
        let (Some(withdrawn), Some(current)) = (self.held_or_none(&object)?, self.current()?)
        else {
            return Ok(());
        };
        match self.set_upon(aborted, &withdrawn, &current) {
            // It was never set, or another one was since.
            Err(CallError::Fenced { .. }) if self.works(&current)? => Ok(()),
            // Whoever retires what was withdrawn tries it again.
            set => set.map_err(|source| self.failed(Verb::Revoke, source)),
        }
    }
}

/// Whether the rotation still goes on with what was tested.
fn goes_on(vault: &Vault, secret: &SecretName, was: &Open) -> bool {
    let state = vault.secret(secret).and_then(|state| state.rotation.as_ref());
    state.and_then(|state| state.going_on()).is_some_and(|now| {
        now.id == was.id && now.base == Some(was.base) && now.objects.iter().eq(was.object.iter())
    })
}
