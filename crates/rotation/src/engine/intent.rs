//! Rotations whose value the provider makes, as long as nobody has it. What was made for one, and whose answer was lost, can
//! be read by nobody: it is revoked by its label.

use super::credential::Held;
use super::{Engine, EngineError, Open, Publication};
use crate::contract::{Call, Finds, Verb};
use v_secure_core::crypto::id::{ObjectId, RotationId};
use v_secure_core::log::rotation::{Rotation, Stage};
use v_secure_core::log::state::SecretState;
use v_secure_core::secret::rotate;

impl<P: Publication> Engine<'_, P> {
    /// An intent that can be gone on with. Where the provider answers the same rotation with the same value, it is that one.
    pub(super) fn made_again(&mut self, intent: Open) -> Result<Open, P::Error> {
        self.check_abilities()?;
        match self.abilities.finds {
            Finds::Idempotency => Ok(intent),
            Finds::Label | Finds::Nothing => self.replace(&intent),
        }
    }

    /// Ends an intent and begins another one. Who is just making its value cannot record that any more, so that what is
    /// revoked here is nobody's active credential.
    fn replace(&mut self, intent: &Open) -> Result<Open, P::Error> {
        let (secret, id) = (self.secret, intent.id.to_string());
        let share = self.chosen(Some(&id))?.is_staged.then_some(0);
        self.publication.publish("rotate: begin anew", &mut |vault, ctx| {
            let found = vault.secret(secret).into_iter().flat_map(|state| state.open_rotations());
            if found.filter(|of| of.id == intent.id).any(|of| !of.objects.is_empty()) {
                return Err(EngineError::Moved { secret: secret.clone() }.into());
            }
            let (_, change) =
                rotate::abort(vault, secret, Some(&id), ctx).map_err(EngineError::Rotate)?;
            Ok(change)
        })?;
        self.revoke_unread(&intent.id)?;
        self.intend(intent.base, share)
    }

    /// Revokes what was made for rotations that ended without a value: by an interruption, or by a rollback or a removal, which
    /// ask no provider. Returns how many credentials that were.
    pub(super) fn sweep(&self) -> Result<usize, P::Error> {
        let ended: Vec<RotationId> = ended_intents(self.state()?).map(|of| of.id).collect();
        let mut revoked = 0;
        for rotation in &ended {
            revoked += self.revoke_unread(rotation)?;
        }
        Ok(revoked)
    }

    /// Credentials under the label of a rotation without a value are those whose answer was lost: nobody can read them.
    pub(super) fn revoke_unread(&self, rotation: &RotationId) -> Result<usize, P::Error> {
        match self.abilities.finds {
            Finds::Nothing => return Ok(0),
            Finds::Idempotency => return self.revoke_repeated(rotation).map(|()| 1),
            Finds::Label => {}
        }
        let list = Call { rotation: Some(rotation), ..self.ask(Verb::List) };
        let unread = self.call_again(&list)?.listed;
        for one in &unread {
            let handle = Some(one.handle.as_str());
            let revoke = Call { rotation: Some(rotation), handle, ..self.ask(Verb::Revoke) };
            self.call_again(&revoke)?;
        }
        Ok(unread.len())
    }

    /// Asked for the same, the provider answers with what it made then, or makes what is revoked at once.
    fn revoke_repeated(&self, rotation: &RotationId) -> Result<(), P::Error> {
        let current = self.current()?;
        let base = current.as_ref().map(|current| current.credential());
        let set = Call { rotation: Some(rotation), base, ..self.ask(Verb::Set) };
        let Some(value) = self.call_again(&set)?.value else { return Ok(()) };
        let made = Held { id: ObjectId([0; 32]), value };
        if self.is_in_use(&made)? {
            return Ok(());
        }
        let credential = Some(made.credential());
        let revoke = Call { rotation: Some(rotation), base, credential, ..self.ask(Verb::Revoke) };
        self.call_again(&revoke).map(|_| ())
    }
}

/// The rotations of a secret that ended without a value. What the provider made for one may be there.
pub fn ended_intents(state: &SecretState) -> impl Iterator<Item = &Rotation> {
    let rotations = state.rotation.iter().flat_map(|state| &state.rotations);
    rotations.filter(|of| of.stage == Stage::Aborted && of.objects.is_empty())
}
