//! What is found, in the order that it is looked for.

use crate::contract::CallError;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub name: &'static str,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    /// With why, for people.
    Failed(String),
    /// With why not, for people.
    Skipped(&'static str),
}

#[derive(Default)]
pub(super) struct Checks(Vec<Check>);

impl Checks {
    pub(super) fn into_all(self) -> Vec<Check> {
        self.0
    }

    fn push(&mut self, name: &'static str, outcome: Outcome) {
        self.0.push(Check { name, outcome });
    }

    pub(super) fn pass(&mut self, name: &'static str) {
        self.push(name, Outcome::Passed);
    }

    pub(super) fn fail(&mut self, name: &'static str, why: impl Into<String>) {
        self.push(name, Outcome::Failed(why.into()));
    }

    pub(super) fn skip(&mut self, name: &'static str, why: &'static str) {
        self.push(name, Outcome::Skipped(why));
    }

    pub(super) fn hold(&mut self, name: &'static str, holds: bool, why: &'static str) {
        match holds {
            true => self.pass(name),
            false => self.fail(name, why),
        }
    }

    /// Passes where there is an answer.
    pub(super) fn take<T>(
        &mut self,
        name: &'static str,
        result: Result<T, CallError>,
    ) -> Option<T> {
        match result {
            Ok(answer) => {
                self.pass(name);
                Some(answer)
            }
            Err(error) => {
                self.fail(name, error.to_string());
                None
            }
        }
    }
}
