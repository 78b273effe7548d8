//! Setting a new credential, and seeing that it works.

use super::credential::Held;
use super::{Engine, EngineError, Open, Publication, Step};
use crate::contract::{Answer, Call, CallError, Credential, Maker, State, Verb};
use std::time::Duration;
use v_secure_core::crypto::id::{ObjectId, RotationId};

/// How often a provider is asked that does not say what became of it, or asks to be asked later.
const TRIES: u32 = 4;
/// How many ids of one value are tried beside that of the version in use.
const KNOWN_AS: usize = 16;
const FIRST_PAUSE: Duration = Duration::from_secs(1);

impl<P: Publication> Engine<'_, P> {
    /// Sets the credential and tests it. An answer that does not tell is no reason to make another value: the same one is
    /// set again.
    pub(super) fn try_out(&self, open: &Open, base: &Held, new: &Held) -> Result<(), P::Error> {
        if self.abilities.maker == Maker::Here {
            self.set(open, base, new)?;
        }
        self.test(open, base, new)
    }

    fn set(&self, open: &Open, base: &Held, new: &Held) -> Result<(), P::Error> {
        self.publication.told(Step::Setting);
        self.set_upon(&open.id, base, new).map_err(|source| self.failed(Verb::Set, source))
    }

    pub(super) fn set_upon(
        &self,
        rotation: &RotationId,
        base: &Held,
        new: &Held,
    ) -> Result<(), CallError> {
        let mut fenced = None;
        for id in self.known_as(&base.id) {
            let base = Some(Credential { id: &id, value: &base.value });
            let credential = Some(new.credential());
            let set = Call { rotation: Some(rotation), base, credential, ..self.ask(Verb::Set) };
            match self.call_patiently(&set) {
                Err(error @ CallError::Fenced { .. }) => fenced = fenced.or(Some(error)),
                answered => return answered.map(drop),
            }
        }
        fenced.map_or(Ok(()), Err)
    }

    /// By which ids the provider may know a credential: that of the version, then those of others with its value. A value that is
    /// encrypted anew has a new id, and nobody sets the provider to it for that.
    fn known_as(&self, object: &ObjectId) -> Vec<ObjectId> {
        let state = self.publication.vault().secret(self.secret);
        let same = state.into_iter().flat_map(|state| state.holding(object).into_ids());
        let others = same.filter(|id| *id != object).take(KNOWN_AS);
        std::iter::once(object).chain(others).copied().collect()
    }

    /// Asks again, the same, where that may help.
    pub(super) fn call_again(&self, call: &Call<'_>) -> Result<Answer, P::Error> {
        self.call_patiently(call).map_err(|source| self.failed(call.verb, source))
    }

    pub(super) fn call_patiently(&self, call: &Call<'_>) -> Result<Answer, CallError> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..TRIES {
            match self.provider.call(call) {
                Err(CallError::Again { .. } | CallError::Unclear { .. }) => {
                    self.publication.told(Step::Again);
                    self.publication.pause(pause);
                    pause = pause.saturating_mul(2);
                }
                answered => return answered,
            }
        }
        self.provider.call(call)
    }

    pub(super) fn test(&self, open: &Open, base: &Held, new: &Held) -> Result<(), P::Error> {
        self.publication.told(Step::Testing);
        let can_test = self.abilities.can(Verb::Test);
        let verb = if can_test { Verb::Test } else { Verb::Validate };
        let answer = self.call_again(&Call {
            rotation: Some(&open.id),
            base: Some(base.credential()),
            credential: Some(new.credential()),
            ..self.ask(verb)
        })?;
        match answer.state.unwrap_or(State::Unknown) {
            State::Active => Ok(()),
            state => {
                let (secret, rotation) = (self.secret.clone(), open.id);
                Err(EngineError::NotWorking { secret, rotation, state, why: answer.why }.into())
            }
        }
    }
}
