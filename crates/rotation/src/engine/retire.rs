//! Revoking what nobody is given any more.

use super::credential::Held;
use super::gate::Facts;
use super::{Engine, EngineError, Publication, Step};
use crate::contract::{Call, Verb};
use v_secure_core::crypto::id::{ObjectId, RotationId};
use v_secure_core::log::rotation::Stage;
use v_secure_core::secret::rotate::{self, Retired, Retiring};
use v_secure_core::time::UnixTime;

/// What a retirement came to.
#[derive(Debug)]
pub enum Waits {
    Done(Vec<Retired>),
    /// There is nothing to do but to wait, until then, in seconds since the Unix epoch.
    Until(UnixTime),
}

impl<P: Publication> Engine<'_, P> {
    /// Revokes the old credentials of the secret at its provider, and records that they are retired: none, where there was
    /// nothing to revoke but what nobody could read. `overlap` is the least that is waited for since a promotion, in seconds, where
    /// that is more than the owners say.
    ///
    /// # Errors
    /// There is none; one of them may still be in use, cannot be read, or is not known to be revoked.
    pub fn retire(&mut self, overlap: u64) -> Result<Vec<Retired>, P::Error> {
        self.permit()?;
        self.publication.refresh()?;
        let swept = self.sweep()?;
        if swept > 0 && !rotate::has_to_retire(self.state()?) {
            return Ok(Vec::new());
        }
        let due = self.due()?;
        let (foreign, due) = self.without_foreign(due)?;
        self.set_back_aborted()?;
        for old in &due {
            self.pass_gate(&old.object, overlap)?;
            // Whoever went back meanwhile published it.
            self.publication.refresh()?;
            self.refuse_unless_due(&old.object)?;
            self.refuse_unless_current_works()?;
            self.finish_current()?;
            self.revoke(&old.object)?;
        }
        if !due.is_empty() {
            self.record(&due)?;
        }
        foreign.map_or(Ok(due), |error| Err(error.into()))
    }

    /// Where one credential works at a time, what an abort could not bring back comes back first.
    fn set_back_aborted(&self) -> Result<(), P::Error> {
        let state = self.state()?;
        let over: Vec<ObjectId> = rotate::over(state).iter().map(|v| v.object).collect();
        let rotations = state.rotation.iter().flat_map(|state| &state.rotations);
        let withdrawn =
            rotations.filter(|of| of.stage == Stage::Aborted && of.base == state.current);
        let withdrawn = withdrawn.filter(|of| of.objects.iter().any(|made| over.contains(made)));
        let withdrawn: Vec<RotationId> = withdrawn.map(|of| of.id).collect();
        withdrawn.iter().try_for_each(|id| self.set_back(id))
    }

    /// The value of a member who may not read it was given to no provider, and holds up nothing else: it is told of last.
    fn without_foreign(
        &self,
        due: Vec<Retired>,
    ) -> Result<(Option<EngineError>, Vec<Retired>), P::Error> {
        let (mut foreign, mut own) = (None, Vec::new());
        for old in due {
            match self.refuse_foreign(self.version(&old.object)?) {
                Ok(()) => own.push(old),
                Err(error) => foreign = Some(error),
            }
        }
        Ok((foreign, own))
    }

    pub(super) fn record(&mut self, revoked: &[Retired]) -> Result<(), P::Error> {
        let secret = self.secret;
        let revoked: Vec<ObjectId> = revoked.iter().map(|old| old.object).collect();
        self.publication.publish("rotate: retire", &mut |vault, ctx| {
            // What came up since was not revoked.
            let due = rotate::to_retire(vault, secret, &Retiring::WhatIsOver)
                .map_err(EngineError::Rotate)?;
            let due = due.into_iter().filter(|old| revoked.contains(&old.object)).collect();
            let (_, change) =
                rotate::retire(vault, secret, due, ctx).map_err(EngineError::Rotate)?;
            Ok(change)
        })
    }

    /// [`Engine::retire`], where what is to be waited for is no error.
    ///
    /// # Errors
    /// Those of [`Engine::retire`].
    pub fn retire_or_wait(&mut self, overlap: u64) -> Result<Waits, P::Error> {
        self.permit()?;
        self.publication.refresh()?;
        let (_, own) = self.without_foreign(self.due_or_none())?;
        for old in own {
            let gate = self.facts(&old.object, overlap)?.check().err();
            if let Some(until) = gate.and_then(|gate| gate.until()) {
                return Ok(Waits::Until(until));
            }
        }
        self.retire(overlap).map(Waits::Done)
    }

    /// The old credential may be the last one that works.
    fn refuse_unless_current_works(&self) -> Result<(), P::Error> {
        // Of a secret that is gone nobody is given anything.
        match self.state()?.is_gone() || self.current_works()? {
            true => Ok(()),
            false => Err(EngineError::Unsettled { secret: self.secret.clone() }.into()),
        }
    }

    /// Whoever promoted it may have been interrupted before the provider was told.
    fn finish_current(&self) -> Result<(), P::Error> {
        match self.current()? {
            Some(current) => self.finish(None, &current, &current),
            None => Ok(()),
        }
    }

    fn due(&self) -> Result<Vec<Retired>, P::Error> {
        let due = rotate::to_retire(self.publication.vault(), self.secret, &Retiring::WhatIsOver);
        Ok(due.map_err(EngineError::Rotate)?)
    }

    /// As far as there is any: that there is none is said where it is revoked.
    fn due_or_none(&self) -> Vec<Retired> {
        self.due().unwrap_or_default()
    }

    fn refuse_unless_due(&self, object: &ObjectId) -> Result<(), P::Error> {
        match self.due()?.iter().any(|old| old.object == *object) {
            true => Ok(()),
            false => Err(EngineError::Moved { secret: self.secret.clone() }.into()),
        }
    }

    /// What is to be waited for is waited for by who asked, who asks anew then: the owners' settings may be others by that time.
    fn pass_gate(&self, object: &ObjectId, overlap: u64) -> Result<(), P::Error> {
        let early = |gate| EngineError::Early { secret: self.secret.clone(), gate };
        Ok(self.facts(object, overlap)?.check().map_err(early)?)
    }

    /// Whether the value is one that is given out or about to be, by whatever version: somebody may have set it again by hand.
    pub(super) fn is_in_use(&self, old: &Held) -> Result<bool, P::Error> {
        let state = self.state()?;
        let open = state.open_rotations().flat_map(|of| &of.objects).copied();
        let used: Vec<ObjectId> = state.active().map(|v| v.object).chain(open).collect();
        for object in used.into_iter().filter(|object| *object != old.id) {
            let used = self.held_or_none(&object)?;
            if used.is_some_and(|used| used.value.same_as(&old.value)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether anybody may have been given it: it was active, or of a rotation of which somebody said a share.
    pub(super) fn is_given(&self, object: &ObjectId) -> Result<bool, P::Error> {
        let state = self.state()?;
        let rotations = state.rotation.iter().flat_map(|state| &state.rotations);
        let is_staged = rotations.filter(|of| of.objects.contains(object)).any(|of| of.is_staged);
        Ok(is_staged || state.version(object).is_some())
    }

    fn facts(&self, object: &ObjectId, overlap: u64) -> Result<Facts, P::Error> {
        // Who rotates may let it take longer than the owners say, and no less.
        let overlap = overlap.max(self.terms.overlap);
        let changed = self.state()?.rotation.as_ref().and_then(|state| state.changed);
        // A promotion that no record dates is as new as it can be.
        let changed = changed.unwrap_or_else(|| self.publication.now());
        // Of what nobody was given, nobody is waited for.
        let overlap = if self.is_given(object)? { overlap } else { 0 };
        let mut facts =
            Facts { changed, overlap, theirs: None, last_used: None, now: self.publication.now() };
        // What has to be waited for anyway is not asked about.
        if facts.check().is_ok() {
            let old = self.held(object)?;
            let knows = self.abilities.can(Verb::LastUsed);
            let verb = if knows { Verb::LastUsed } else { Verb::Validate };
            let call = Call { credential: Some(old.credential()), ..self.ask(verb) };
            let answer = self.call(&call)?;
            (facts.theirs, facts.last_used) = (answer.time, answer.last_used);
        }
        Ok(facts)
    }

    pub(super) fn revoke(&self, object: &ObjectId) -> Result<(), P::Error> {
        self.publication.told(Step::Revoking);
        let old = self.held(object)?;
        let active = self.state()?.current.map(|current| self.held(&current)).transpose()?;
        if self.is_in_use(&old)? {
            return Err(EngineError::InUse { secret: self.secret.clone() }.into());
        }
        self.call_again(&Call {
            base: active.as_ref().map(|active| active.credential()),
            credential: Some(old.credential()),
            ..self.ask(Verb::Revoke)
        })?;
        Ok(())
    }
}
