//! What a user sees of a failure: what failed, on which secret or file, why, and what to type next.
//!
//! Policy: a layer's typed error becomes one [`Failure`] here, in one `From` each (`failures.rs`).
//! Hints are data, so that a terminal, `--json` and a test each show them in their own way. No
//! message holds a secret value, and foreign text is escaped before it is shown.

pub mod codes;
pub mod ending;
pub mod exit;
pub mod failures;
pub mod layer;
pub mod lost;
pub mod meant;
pub mod pin_failures;
pub mod readable;
use crate::cli::error::codes::Code;
use crate::cli::error::exit::Exit;
use std::error::Error;
use v_secure_core::name::environment::EnvironmentName;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::report::view::cause::causes;
use v_secure_core::report::view::error::{ErrorBodyView, ErrorView};
use v_secure_core::time::UnixTime;

/// A failed command.
#[derive(Debug)]
pub struct Failure {
    pub code: Code,
    pub exit: Exit,
    pub message: String,
    pub causes: Vec<String>,
    /// Commands or steps that help, most likely first.
    pub hints: Vec<String>,
    /// The name that is not there, where that is what failed: what was meant is looked for by it.
    /// Boxed: every result of a command is as large as this.
    pub unknown: Option<Box<Unknown>>,
    /// Until when there is nothing to do but to wait, where that is why. Boxed as well.
    pub(crate) waits_until: Option<Box<UnixTime>>,
    /// Whether what was asked for is proposed to other owners now.
    pub(crate) is_proposed: bool,
}

/// What there is none of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unknown {
    Secret(SecretName),
    Environment(EnvironmentName),
    Member(Name),
    Role(Name),
}

impl Failure {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            exit: code.exit(),
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            unknown: None,
            waits_until: None,
            is_proposed: false,
        }
    }

    /// From an error: its text is the message, its sources are the causes.
    pub(crate) fn from_error(code: Code, error: &dyn Error) -> Self {
        let mut failure = Self::new(code, error.to_string());
        failure.causes = causes(error);
        failure
    }

    /// With another exit code than is usual for the code: the table names both.
    #[must_use]
    pub(crate) fn with_exit(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    #[must_use]
    pub(crate) fn of_unknown(mut self, unknown: Unknown) -> Self {
        self.unknown = Some(Box::new(unknown));
        self
    }

    /// What to type next: what the failure says, or else what helps with its code.
    pub fn steps(&self) -> Vec<&str> {
        match self.hints.as_slice() {
            // Whoever said no knows what they wanted.
            [] if self.code == Code::Declined => Vec::new(),
            [] => self.code.next().into_iter().collect(),
            hints => hints.iter().map(String::as_str).collect(),
        }
    }

    #[must_use]
    pub fn because(mut self, error: &dyn Error) -> Self {
        self.causes.push(error.to_string());
        self.causes.extend(causes(error));
        self
    }

    /// With another failure as the cause.
    #[must_use]
    pub(crate) fn caused(mut self, by: &Self) -> Self {
        self.causes.push(by.message.clone());
        self.causes.extend(by.causes.iter().cloned());
        self
    }

    /// The object that `--json` prints on standard error.
    pub(crate) fn to_json(&self) -> String {
        let error = ErrorBodyView {
            code: self.code.as_str(),
            exit: self.exit.code(),
            message: &self.message,
            causes: &self.causes,
            hints: self.steps(),
        };
        serde_json::to_string(&ErrorView { error }).unwrap_or_default()
    }
}

/// A command's result.
pub type Outcome<T = ()> = Result<T, Failure>;
