//! Rotations whose value the provider makes, as long as nobody has it. What was made for one, and whose answer was lost, can
//! be read by nobody: it is revoked by its label.

use super::{Engine, EngineError, Open, Publication};
use crate::contract::{Call, Finds, Verb};
use v_secure_core::crypto::id::RotationId;
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
        if self.abilities.finds != Finds::Label {
            return Ok(0);
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
}

/// The rotations of a secret that ended without a value. What the provider made for one may be there.
pub fn ended_intents(state: &SecretState) -> impl Iterator<Item = &Rotation> {
    let rotations = state.rotation.iter().flat_map(|state| &state.rotations);
    rotations.filter(|of| of.stage == Stage::Aborted && of.objects.is_empty())
}
