//! The command of `V_SECURE_IDENTITY_CMD`: a password manager or a script that prints an identity.
//!
//! It runs through the shell, with our terminal for its questions, and what it prints goes through a
//! pipe: never to a file or an argument list.

use crate::cli::child;
use crate::cli::child::output;
use crate::cli::door::surroundings::Surroundings;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use std::ffi::OsStr;
use std::process::Command;
use v_secure_core::secret_value::SecretValue;

/// The most bytes that the command may print.
const MAX: usize = 64 << 10;

/// Runs the command and returns what it prints.
pub fn run(context: &Surroundings<'_>, command: &OsStr) -> Outcome<SecretValue> {
    let mut shell = shell(command);
    // It gives a key, and needs none of those that are at hand: of another member, a passphrase.
    child::remove_own_variables(&mut shell, context);
    output::read(&mut shell, MAX).map_err(|error| failure().because(&error))
}

fn failure() -> Failure {
    let message = "the command in V_SECURE_IDENTITY_CMD gave no identity";
    Failure::new(Code::IdentityCommand, message)
        .hint("run it by itself: it should print an identity, such as AGE-SECRET-KEY-1…")
}

#[expect(clippy::disallowed_methods, reason = "the user's own command for their identity")]
fn shell(command: &OsStr) -> Command {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("/bin/sh", "-c") };
    let mut shell = Command::new(shell);
    shell.arg(flag).arg(command);
    shell
}
