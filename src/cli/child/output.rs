//! What another program prints, for us alone: through a pipe and within a limit, never to a file.

use std::io::{self, Read};
use std::process::{Command, ExitStatus, Stdio};
use v_secure_core::secret_value::SecretValue;

/// Why a program's output is of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it printed more than {limit} bytes")]
    TooLong { limit: usize },
    #[error("it ended with {0}")]
    Status(ExitStatus),
}

/// Runs a command to its end and returns what it prints, at most `limit` bytes.
///
/// # Errors
/// [`OutputError`], also where the program fails after it printed something.
pub fn read(command: &mut Command, limit: usize) -> Result<SecretValue, OutputError> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    // Reserved in full at once: a buffer that grows leaves unwiped copies behind.
    let mut bytes = Vec::with_capacity(limit + 1);
    let read = match child.stdout.take() {
        Some(out) => out.take(limit as u64 + 1).read_to_end(&mut bytes),
        None => Ok(0),
    };
    let value = SecretValue::new(bytes);
    if value.len() > limit {
        // The pipe is closed, but who does not write does not notice.
        let _ = child.kill();
        let _ = child.wait();
        return Err(OutputError::TooLong { limit });
    }
    let status = child.wait()?;
    read?;
    if status.success() { Ok(value) } else { Err(OutputError::Status(status)) }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a program of the test's own")]
    fn shell(script: &str, limit: usize) -> Result<SecretValue, OutputError> {
        read(Command::new("/bin/sh").args(["-c", script]), limit)
    }

    #[test]
    fn what_is_printed_counts_only_whole_and_after_success() {
        assert_eq!(shell("printf four", 4).unwrap().expose(), b"four");
        assert!(matches!(shell("printf four", 3), Err(OutputError::TooLong { limit: 3 })));
        assert!(matches!(shell("printf x; exit 7", 4), Err(OutputError::Status(_))));
        assert!(matches!(shell("while :; do echo x; done", 4), Err(OutputError::TooLong { .. })));
    }
}
