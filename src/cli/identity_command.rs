//! The command of `V_SECURE_IDENTITY_CMD`: a password manager or a script that prints an identity.
//!
//! It runs through the shell, with our terminal for its questions, and what it prints goes through a
//! pipe: never to a file or an argument list.

use super::error::{Failure, Outcome};
use super::exit::Exit;
use crate::secret_value::SecretValue;
use std::ffi::OsStr;
use std::io::Read;
use std::process::{Command, ExitStatus, Stdio};
use zeroize::Zeroizing;

/// The most bytes that the command may print.
const MAX: usize = 64 << 10;

/// Why a command's output is of no use.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error("it printed more than {MAX} bytes")]
    TooLong,
    #[error("it ended with {0}")]
    Status(ExitStatus),
}

/// Runs the command and returns what it prints.
pub fn run(command: &OsStr) -> Outcome<SecretValue> {
    let mut child =
        shell(command).stdout(Stdio::piped()).spawn().map_err(|e| failure().because(&e))?;
    // Reserved in full at once: a buffer that grows leaves unwiped copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX + 1));
    let read = match child.stdout.take() {
        Some(out) => out.take(MAX as u64 + 1).read_to_end(&mut bytes),
        None => Ok(0),
    };
    // The pipe is closed by now, so that a command that prints for ever ends too.
    let status = child.wait().map_err(|e| failure().because(&e))?;
    read.map_err(|e| failure().because(&e))?;
    if bytes.len() > MAX {
        return Err(failure().because(&CommandError::TooLong));
    }
    if !status.success() {
        return Err(failure().because(&CommandError::Status(status)));
    }
    Ok(SecretValue::new(std::mem::take(&mut *bytes)))
}

fn failure() -> Failure {
    let message = "the command in V_SECURE_IDENTITY_CMD gave no identity";
    Failure::new(Exit::Locked, "identity-command", message)
        .hint("run it by itself: it should print an identity, such as AGE-SECRET-KEY-1…")
}

#[expect(clippy::disallowed_methods, reason = "the user's own command for their identity")]
fn shell(command: &OsStr) -> Command {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("/bin/sh", "-c") };
    let mut shell = Command::new(shell);
    shell.arg(flag).arg(command);
    shell
}
