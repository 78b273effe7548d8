//! Setting a new credential, and seeing that it works.

use super::credential::Held;
use super::{Engine, EngineError, Open, Publication, Step};
use crate::contract::{Answer, Call, CallError, Maker, State, Verb};
use std::time::Duration;

/// How often a provider is asked that does not say what became of it, or asks to be asked later.
const TRIES: u32 = 4;
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
        self.call_again(&Call {
            rotation: Some(&open.id),
            base: Some(base.credential()),
            credential: Some(new.credential()),
            ..self.ask(Verb::Set)
        })?;
        Ok(())
    }

    /// Asks again, the same, where that may help.
    pub(super) fn call_again(&self, call: &Call<'_>) -> Result<Answer, P::Error> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..TRIES {
            match self.provider.call(call) {
                Err(CallError::Again { .. } | CallError::Unclear { .. }) => {
                    self.publication.told(Step::Again);
                    self.publication.pause(pause);
                    pause = pause.saturating_mul(2);
                }
                Ok(answer) => return Ok(answer),
                Err(source) => {
                    let (secret, verb) = (self.secret.clone(), call.verb);
                    return Err(EngineError::Call { secret, verb, source }.into());
                }
            }
        }
        self.call(call)
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
