//! Providers that are programs of the user: asked on standard input, answering on standard output
//! (`docs/providers.md`). The program gets nothing else of this process, and is believed about nothing but its own
//! credentials.

mod ended;
mod program;
mod running;
#[cfg(test)]
mod tests;

pub use program::{Checked, ProgramError};

use crate::contract::{Abilities, Answer, Call, CallError, Provider, Verb};
use crate::redact::Redactor;
use crate::wire::{self, AnswerError, Asked, Told};
use std::time::{Duration, Instant};
use v_secure_core::host::Clock;
use v_secure_core::name::Name;
use v_secure_core::secret_value::SecretValue;

/// What a program speaks for, by the owners' settings.
#[derive(Debug)]
pub struct Target {
    pub name: Name,
    pub endpoint: Option<String>,
    /// What it logs in with to change credentials.
    pub admin: Option<SecretValue>,
    /// How long one answer may take.
    pub deadline: Duration,
}

/// A program that speaks for a provider.
pub struct CommandProvider<'a> {
    program: Checked,
    target: Target,
    clock: &'a dyn Clock,
}

impl<'a> CommandProvider<'a> {
    pub const fn new(program: Checked, target: Target, clock: &'a dyn Clock) -> Self {
        Self { program, target, clock }
    }

    fn ask<T>(
        &self,
        verb: Verb,
        call: Option<&Call<'_>>,
        read: impl Fn(&[u8]) -> Result<Told<T>, AnswerError>,
    ) -> Result<(T, Option<SecretValue>), CallError> {
        let started = Instant::now();
        let program = self.program.ready()?;
        let request = wire::request(&Asked {
            verb,
            call,
            provider: self.target.name.as_str(),
            endpoint: self.target.endpoint.as_deref(),
            admin: self.target.admin.as_ref(),
            deadline: self.clock.now().saturating_add(self.target.deadline.as_secs()),
        });
        let not_started = |error| ended::not_started(&error);
        let request = request.map_err(not_started)?;
        let child = program.start().map_err(not_started)?;
        let ended = running::run(child, request, started + self.target.deadline);
        ended::judged(verb, &ended, read, &self.redactor(call))
    }

    /// Knows every value that the program was sent.
    fn redactor(&self, call: Option<&Call<'_>>) -> Redactor {
        let credentials = call.into_iter().flat_map(|call| [call.base, call.credential]);
        let values = credentials.flatten().map(|credential| credential.value);
        Redactor::new(values.chain(&self.target.admin))
    }
}

impl Provider for CommandProvider<'_> {
    fn abilities(&self) -> Result<Abilities, CallError> {
        self.ask(Verb::Describe, None, wire::read_abilities).map(|(abilities, _)| abilities)
    }

    fn call(&self, call: &Call<'_>) -> Result<Answer, CallError> {
        let (mut answer, why) =
            self.ask(call.verb, Some(call), |bytes| wire::read(bytes, call.verb))?;
        let mut redactor = self.redactor(Some(call));
        answer.value.iter().for_each(|made| redactor.add(made));
        answer.why =
            why.map(|why| redactor.line(why.expose(), false)).filter(|why| !why.is_empty());
        Ok(answer)
    }
}
