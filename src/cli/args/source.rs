//! The bytes of a file that the user names on a command line; `-` is standard input.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::exit::Exit;
use crate::cli::error::{Failure, Outcome};
use crate::store::file::read;
use crate::store::file::read::ReadError;
use std::io::ErrorKind;
use std::path::Path;
use v_secure_core::crypto::seal::MAX_VALUE;
use v_secure_core::name::SecretName;
use v_secure_core::secret::put::PutError;
use v_secure_core::secret_value::SecretValue;

/// How far a value on standard input is read, so that one that is too long is told its size.
const STDIN_LIMIT: usize = 2 * MAX_VALUE;

/// Reads at most `limit` bytes; more is an error.
pub fn read(context: &Context<'_>, path: &Path, limit: u64) -> Outcome<SecretValue> {
    let failed = |error: &dyn std::error::Error| unreadable(path, error);
    if path.as_os_str() == "-" {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        return context.host.read_stdin(limit).map_err(|error| match error.kind() {
            ErrorKind::FileTooLarge => too_large(path, limit as u64),
            _ => failed(&error),
        });
    }
    read::read_any(path, limit).map_err(|error| of_file(path, &error))
}

/// The value for a secret, of a file. Whether it is too long is told as for every value.
pub fn value(context: &Context<'_>, path: &Path, secret: &SecretName) -> Outcome<SecretValue> {
    if path.as_os_str() == "-" {
        return fitting(piped_value(context, secret)?, secret);
    }
    read::read_any(path, MAX_VALUE as u64).map_err(|error| match error {
        ReadError::TooLarge { len, .. } => too_long(secret, len, false),
        error => of_file(path, &error),
    })
}

/// The value for a secret on standard input, before a line end is taken off: it may be longer than a
/// value by as much as that.
pub(crate) fn piped_value(context: &Context<'_>, secret: &SecretName) -> Outcome<SecretValue> {
    context.host.read_stdin(STDIN_LIMIT).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => too_long(secret, STDIN_LIMIT as u64, true),
        _ => Failure::new(Code::Stdin, "the value cannot be read").because(&error),
    })
}

/// Refuses a value that no vault takes.
pub(crate) fn fitting(value: SecretValue, secret: &SecretName) -> Outcome<SecretValue> {
    match value.len() <= MAX_VALUE {
        true => Ok(value),
        false => Err(too_long(secret, value.len() as u64, false)),
    }
}

fn too_long(secret: &SecretName, size: u64, more: bool) -> Failure {
    PutError::TooLong { secret: secret.clone(), size, more }.into()
}

fn of_file(path: &Path, error: &ReadError) -> Failure {
    match error {
        ReadError::Missing { .. } => {
            Failure::new(Code::File, error.to_string()).with_exit(Exit::NotFound)
        }
        ReadError::TooLarge { limit, .. } => too_large(path, *limit),
        _ => unreadable(path, error),
    }
}

/// No other way to hand the same bytes over would help.
fn too_large(path: &Path, limit: u64) -> Failure {
    let message = format!("{} is too large: at most {limit} bytes are taken", called(path));
    Failure::new(Code::File, message).hint("give it in parts, or give less")
}

fn called(path: &Path) -> String {
    match path.as_os_str() == "-" {
        true => "standard input".to_owned(),
        false => path.display().to_string(),
    }
}

fn unreadable(path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::new(Code::File, format!("{} cannot be read", called(path))).because(error)
}
