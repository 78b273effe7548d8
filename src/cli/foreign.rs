//! Runs another tool for what it prints: a secrets manager that a user comes from opens its own
//! files, so that no foreign format or cryptography is written anew here.
//!
//! What it prints on standard output is secret and goes to nobody but the caller, within a limit.
//! Standard input and error stay the user's: such tools ask for passphrases and explain themselves.

use super::child;
use super::context::Context;
use super::error::{Failure, Outcome};
use super::exit::Exit;
use crate::ops::inject::OWN_PREFIX;
use crate::secret_value::SecretValue;
use std::ffi::OsString;
use std::io::{self, Read};
use std::process::{Child, Command, Stdio};

/// A call of another tool.
#[derive(Debug)]
pub struct Call {
    /// Looked up along `PATH`.
    pub program: &'static str,
    pub arguments: Vec<OsString>,
}

/// What the tool prints, at most `limit` bytes, if it succeeds.
pub fn output(context: &Context<'_>, call: &Call, limit: usize) -> Outcome<SecretValue> {
    let program = call.program;
    let failed = |error: &dyn std::error::Error| {
        Failure::new(Exit::Failure, "foreign-failed", format!("{program} does not run"))
            .because(error)
    };
    let mut child = start(context, call).map_err(|error| match error {
        Start::Missing => {
            let message = format!("{program} is not installed: it is not found along PATH");
            Failure::new(Exit::NotFound, "foreign-missing", message)
        }
        Start::Io(error) => failed(&error),
    })?;
    let read = read(&mut child, limit);
    if read.as_ref().is_ok_and(|value| value.len() > limit) {
        // It would wait for ever to be read on.
        let _ = child.kill();
        let _ = child.wait();
        let message = format!("{program} printed more than {limit} bytes");
        return Err(Failure::new(Exit::Failure, "foreign-output", message));
    }
    let status = child.wait().map_err(|error| failed(&error))?;
    if !status.success() {
        let message = format!("{program} failed ({status}); what it said is above");
        return Err(Failure::new(Exit::Failure, "foreign-failed", message));
    }
    read.map_err(|error| failed(&error))
}

enum Start {
    Missing,
    Io(io::Error),
}

#[expect(clippy::disallowed_methods, reason = "the user's own tool starts here, for its output")]
fn start(context: &Context<'_>, call: &Call) -> Result<Child, Start> {
    let search = context.host.variable("PATH");
    let path = child::find(call.program.as_ref(), search.as_deref()).map_err(|_| Start::Missing)?;
    let mut command = Command::new(path);
    command.args(&call.arguments).stdout(Stdio::piped());
    // Our own variables hold keys that no other tool needs.
    for (name, _) in context.host.variables() {
        if name.as_encoded_bytes().to_ascii_uppercase().starts_with(OWN_PREFIX.as_bytes()) {
            command.env_remove(name);
        }
    }
    command.spawn().map_err(Start::Io)
}

fn read(child: &mut Child, limit: usize) -> io::Result<SecretValue> {
    // Reserved in full at once: a buffer that grows leaves unwiped copies behind.
    let mut bytes = Vec::with_capacity(limit + 1);
    if let Some(out) = child.stdout.take() {
        out.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    }
    Ok(SecretValue::new(bytes))
}
