//! The bytes of a file that the user names on a command line; `-` is standard input.

use super::context::Context;
use super::error::{Failure, Outcome};
use super::exit::Exit;
use crate::secret_value::SecretValue;
use crate::store::read::{self, ReadError};
use std::path::Path;

/// Reads at most `limit` bytes; more is an error.
pub fn read(context: &Context<'_>, path: &Path, limit: u64) -> Outcome<SecretValue> {
    let failed = |error: &dyn std::error::Error| {
        Failure::new(Exit::Failure, "file", format!("{} cannot be read", path.display()))
            .because(error)
    };
    if path.as_os_str() == "-" {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        return context.host.read_stdin(limit).map_err(|error| failed(&error));
    }
    read::read_any(path, limit).map_err(|error| match &error {
        ReadError::Missing { .. } => Failure::new(Exit::NotFound, "file", error.to_string()),
        _ => failed(&error),
    })
}
