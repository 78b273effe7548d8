//! The steps of a rotation, and what may go wrong in one, at a provider that has said what it can do.

use super::check::Checks;
use super::{Made, Trial};
use crate::contract::{Abilities, Answer, Call, CallError, Credential, Finds, Maker, State, Verb};
use v_secure_core::secret_value::SecretValue;

const NOT_THERE: &str = "the provider does not have it";

/// The answer is `state`, or the provider cannot tell.
struct Wanted {
    is_active: bool,
    why: &'static str,
}

const ACTIVE: Wanted = Wanted { is_active: true, why: "it says that the credential does not work" };
const INACTIVE: Wanted = Wanted { is_active: false, why: "it says that the credential works" };

pub(super) struct Steps<'a> {
    pub(super) trial: &'a Trial<'a>,
    pub(super) abilities: &'a Abilities,
    pub(super) checks: &'a mut Checks,
}

impl Steps<'_> {
    pub(super) fn all(&mut self) {
        let Some(first) = self.first() else { return };
        self.of_one(&first);
        let second = self.second(&first);
        if let Some(second) = &second {
            self.fence(second);
        }
        self.revoked(
            ["revoke the first", "revoke the first again", "the first is revoked"],
            &first,
        );
        if let Some(second) = &second {
            let name = "the second works on";
            self.state(name, Verb::Validate, second, None, &ACTIVE);
            let names = ["revoke the second", "revoke the second again", "the second is revoked"];
            self.revoked(names, second);
            self.gone(&first, second);
        }
    }

    fn call<'b>(&self, verb: Verb, made: &'b Made) -> Call<'b>
    where
        Self: 'b,
    {
        Call {
            rotation: Some(&made.rotation),
            credential: Some(made.credential()),
            ..Call::new(verb, self.trial.secret)
        }
    }

    fn ask(&self, call: &Call<'_>) -> Result<Answer, CallError> {
        self.trial.provider.call(call)
    }

    /// A value for a new credential, made by whoever makes them.
    fn generated(&mut self) -> Option<Made> {
        let made = self.trial.made();
        if !self.abilities.can(Verb::Generate) {
            self.checks.skip("generate", NOT_THERE);
            return Some(made);
        }
        let rotation = Some(&made.rotation);
        let call = Call { rotation, ..Call::new(Verb::Generate, self.trial.secret) };
        let [once, again] = [self.ask(&call), self.ask(&call)];
        let value = self.checks.take("generate", once)?.value;
        self.checks.take("generate again", again)?;
        Some(Made { value: value.unwrap_or_else(|| self.trial.made_up()), ..made })
    }

    fn first(&mut self) -> Option<Made> {
        let made = match &self.trial.value {
            None => self.generated()?,
            Some(given) => {
                self.checks.skip("generate", "the value was given");
                let value = SecretValue::new(given.expose().to_vec());
                Made { value, ..self.trial.made() }
            }
        };
        self.set(["set", "set again"], made, None)
    }

    /// Sets a credential twice. Where only the provider makes values, it is known by then.
    fn set(
        &mut self,
        [once, again]: [&'static str; 2],
        made: Made,
        base: Option<Credential<'_>>,
    ) -> Option<Made> {
        if self.abilities.maker == Maker::Provider {
            return self.made_there([once, again], made, base);
        }
        let call = Call { base, ..self.call(Verb::Set, &made) };
        let (first, second) = (self.ask(&call), self.ask(&call));
        let is_set = self.checks.take(once, first).is_some();
        self.checks.take(again, second);
        if !is_set {
            self.clean_up(&made);
        }
        is_set.then_some(made)
    }

    fn made_there(
        &mut self,
        [once, again]: [&'static str; 2],
        made: Made,
        base: Option<Credential<'_>>,
    ) -> Option<Made> {
        let rotation = made.rotation;
        let call =
            Call { rotation: Some(&rotation), base, ..Call::new(Verb::Set, self.trial.secret) };
        let answer = self.ask(&call);
        let answer = self.checks.take(once, answer)?;
        let Some(value) = answer.value else {
            self.checks.fail("value", "the provider makes values, and its answer has none");
            return None;
        };
        match self.abilities.finds {
            Finds::Idempotency => {
                let repeated = self.ask(&call);
                if let Some(repeated) = self.checks.take(again, repeated) {
                    let is_same = repeated.value.is_some_and(|other| other.same_as(&value));
                    self.checks.hold("the same value again", is_same, "it makes another value");
                }
            }
            Finds::Label => self.checks.skip(again, "a lost one is found by its label"),
            Finds::Nothing => self.checks.skip(again, "a lost one is not found again"),
        }
        Some(Made { value, ..made })
    }

    /// What a rotation does with a credential that is set.
    fn of_one(&mut self, made: &Made) {
        self.if_there(Verb::Test, |steps| {
            steps.state("test", Verb::Test, made, None, &ACTIVE);
            steps.state("test again", Verb::Test, made, None, &ACTIVE);
        });
        self.if_there(Verb::Finish, |steps| {
            steps.plain("finish", Verb::Finish, made);
            steps.plain("finish again", Verb::Finish, made);
        });
        self.state("validate", Verb::Validate, made, None, &ACTIVE);
        self.state("validate again", Verb::Validate, made, None, &ACTIVE);
        self.if_there(Verb::LastUsed, |steps| {
            steps.plain("last_used", Verb::LastUsed, made);
            steps.plain("last_used again", Verb::LastUsed, made);
        });
        self.if_there(Verb::List, |steps| steps.listed(made));
    }

    fn if_there(&mut self, verb: Verb, steps: impl FnOnce(&mut Self)) {
        match self.abilities.can(verb) {
            true => steps(self),
            false => self.checks.skip(verb.as_str(), NOT_THERE),
        }
    }

    fn plain(&mut self, name: &'static str, verb: Verb, made: &Made) {
        let answer = self.ask(&self.call(verb, made));
        self.checks.take(name, answer);
    }

    /// By the rotation alone: whoever asks has lost the value.
    fn listed(&mut self, made: &Made) {
        let call =
            Call { rotation: Some(&made.rotation), ..Call::new(Verb::List, self.trial.secret) };
        for name in ["list", "list again"] {
            let answer = self.ask(&call);
            let Some(answer) = self.checks.take(name, answer) else { return };
            if answer.listed.is_empty() && self.abilities.finds == Finds::Label {
                self.checks.fail("label", "it does not list what was set for a rotation");
            }
        }
    }

    fn state(
        &mut self,
        name: &'static str,
        verb: Verb,
        made: &Made,
        base: Option<Credential<'_>>,
        wanted: &Wanted,
    ) {
        let answer = self.ask(&Call { base, ..self.call(verb, made) });
        match answer.map(|answer| answer.state) {
            Ok(Some(State::Active)) => self.checks.hold(name, wanted.is_active, wanted.why),
            Ok(Some(State::Inactive)) => self.checks.hold(name, !wanted.is_active, wanted.why),
            Ok(Some(State::Unknown)) => self.checks.skip(name, "the provider cannot tell"),
            Ok(None) => self.checks.fail(name, "its answer has no state"),
            Err(error) => self.checks.fail(name, error.to_string()),
        }
    }

    /// A second credential after the first, as the next rotation sets it.
    fn second(&mut self, first: &Made) -> Option<Made> {
        let base = Some(first.credential());
        let names = ["set a second", "set the second again"];
        let second = self.set(names, self.trial.made(), base)?;
        self.state("validate the second", Verb::Validate, &second, base, &ACTIVE);
        let both = "two at a time";
        match self.abilities.holds_two {
            true => self.state(both, Verb::Validate, first, None, &ACTIVE),
            false => self.checks.skip(both, "the provider holds one"),
        }
        Some(second)
    }

    /// Somebody who slept sets a credential in place of one that is no more.
    fn fence(&mut self, current: &Made) {
        const NAME: &str = "a wrong base is fenced";
        if !self.abilities.fences {
            return self.checks.skip(NAME, "the provider does not fence");
        }
        let [mut late, wrong] = [(); 2].map(|()| self.trial.made());
        let credential = (self.abilities.maker == Maker::Here).then(|| late.credential());
        let base = Some(wrong.credential());
        match self.ask(&Call { base, credential, ..self.call(Verb::Set, &late) }) {
            Err(CallError::Fenced { .. }) => {
                self.checks.pass(NAME);
                self.state("what was set before works on", Verb::Validate, current, None, &ACTIVE);
            }
            Err(error) => self.checks.fail(NAME, error.to_string()),
            Ok(answer) => {
                self.checks
                    .fail(NAME, "it sets a credential in place of one that it does not hold");
                late.value = answer.value.unwrap_or(late.value);
                self.clean_up(&late);
            }
        }
    }

    /// Somebody who slept sets what was given up meanwhile, upon what is there.
    fn gone(&mut self, base: &Made, gone: &Made) {
        const NAME: &str = "what was revoked is fenced";
        if !self.abilities.fences {
            return self.checks.skip(NAME, "the provider does not fence");
        }
        if self.abilities.maker == Maker::Provider {
            return self.checks.skip(NAME, "the provider makes the values");
        }
        let call = Call { base: Some(base.credential()), ..self.call(Verb::Set, gone) };
        match self.ask(&call) {
            Err(CallError::Fenced { .. }) => self.checks.pass(NAME),
            Err(error) => self.checks.fail(NAME, error.to_string()),
            Ok(_) => {
                self.checks.fail(NAME, "it sets a credential that it has revoked");
                self.clean_up(gone);
            }
        }
    }

    fn revoked(&mut self, [once, again, state]: [&'static str; 3], made: &Made) {
        self.plain(once, Verb::Revoke, made);
        self.plain(again, Verb::Revoke, made);
        self.state(state, Verb::Validate, made, None, &INACTIVE);
    }

    /// Nothing that may have been set is left there.
    fn clean_up(&mut self, made: &Made) {
        let answer = self.ask(&self.call(Verb::Revoke, made));
        self.checks.take("clean up", answer);
    }
}
