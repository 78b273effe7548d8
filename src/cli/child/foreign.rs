//! Runs another tool for what it prints: a secrets manager that a user comes from opens its own
//! files, so that no foreign format or cryptography is written anew here.
//!
//! What it prints on standard output is secret and goes to nobody but the caller, within a limit.
//! Standard input and error stay the user's: such tools ask for passphrases and explain themselves.

use crate::cli::child;
use crate::cli::child::output;
use crate::cli::child::output::OutputError;
use crate::cli::door::surroundings::Surroundings;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use std::ffi::OsString;
use std::process::Command;
use v_secure_core::secret_value::SecretValue;

/// A call of another tool.
#[derive(Debug)]
pub struct Call {
    /// Looked up along `PATH`.
    pub program: &'static str,
    pub arguments: Vec<OsString>,
}

/// What the tool prints, at most `limit` bytes, if it succeeds.
pub fn output(context: &Surroundings<'_>, call: &Call, limit: usize) -> Outcome<SecretValue> {
    let program = call.program;
    let mut command = command(context, call)?;
    output::read(&mut command, limit).map_err(|error| match &error {
        OutputError::TooLong { .. } => {
            let message = format!("{program} printed more than {limit} bytes");
            Failure::new(Code::ForeignOutput, message)
        }
        OutputError::Status(status) => {
            let message = format!("{program} failed ({status}); its output is above");
            Failure::new(Code::ForeignFailed, message)
        }
        OutputError::Io(error) => {
            Failure::new(Code::ForeignFailed, format!("{program} does not run")).because(error)
        }
    })
}

#[expect(clippy::disallowed_methods, reason = "the user's own tool starts here, for its output")]
fn command(context: &Surroundings<'_>, call: &Call) -> Outcome<Command> {
    let search = context.host.variable("PATH");
    let path = child::find(call.program.as_ref(), search.as_deref()).map_err(|_| {
        let message = format!("{} is not installed: it is not on PATH", call.program);
        Failure::new(Code::ForeignMissing, message)
    })?;
    let mut command = Command::new(path);
    command.args(&call.arguments);
    // Our own variables hold keys that no other tool needs.
    child::remove_own_variables(&mut command, context);
    Ok(command)
}
