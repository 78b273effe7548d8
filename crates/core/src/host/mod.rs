//! The seam to the outside: clock, randomness, environment, folders, terminal.
//!
//! Everything else in the library takes what it needs from these traits, so that a test can give a
//! fixed time or a scripted terminal, and nothing reads the real ones behind a caller's back.
//! The package `v-secure` has the one implementation that touches the operating system.

pub mod progress;
#[cfg(test)]
pub(crate) mod testing;

use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Wall-clock time.
pub trait Clock {
    /// Seconds since the Unix epoch.
    fn now(&self) -> UnixTime;
    /// Waits for the span.
    fn pause(&self, span: Duration);
}

/// A cryptographically secure source of random bytes.
pub trait Random {
    fn fill(&self, bytes: &mut [u8]);
}

/// `N` fresh random bytes.
pub fn random<const N: usize>(random: &(impl Random + ?Sized)) -> [u8; N] {
    let mut bytes = [0; N];
    random.fill(&mut bytes);
    bytes
}

/// The process's surroundings.
pub trait Environment {
    fn variable(&self, name: &str) -> Option<OsString>;
    fn variables(&self) -> Vec<(OsString, OsString)>;
    /// What this machine calls itself; shells set `HOSTNAME` and do not export it.
    fn machine_name(&self) -> Option<String>;
    fn current_dir(&self) -> io::Result<PathBuf>;
    /// The user's home folder, where the walk up to find a vault ends.
    fn home_dir(&self) -> Option<PathBuf>;
    /// Where `identity.txt` and `config.toml` are; `None` where there is no home, nor a folder stated.
    fn config_dir(&self) -> Option<PathBuf>;
    /// Where pins, the cache and journals are; `None` where there is no home, nor a folder stated.
    fn state_dir(&self) -> Option<PathBuf>;
}

/// Which standard stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    In,
    Out,
    Err,
}

/// What age plugins ask the user through us. `None`: nobody can be asked.
pub trait Prompts: Send + Sync {
    /// Shows a message, such as the request to touch a key.
    fn message(&self, text: &str);
    fn confirm(&self, question: &str, yes: &str, no: Option<&str>) -> Option<bool>;
    /// Asks for a line that is no secret.
    fn line(&self, question: &str) -> Option<String>;
    /// Asks for a line that is not echoed.
    fn hidden(&self, question: &str) -> Option<SecretValue>;
}

/// Nobody to ask, and nobody to tell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoPrompts;

impl Prompts for NoPrompts {
    fn message(&self, _: &str) {}

    fn confirm(&self, _: &str, _: &str, _: Option<&str>) -> Option<bool> {
        None
    }

    fn line(&self, _: &str) -> Option<String> {
        None
    }

    fn hidden(&self, _: &str) -> Option<SecretValue> {
        None
    }
}

/// The terminal: prompts happen only where there is one.
pub trait Terminal {
    fn is_terminal(&self, stream: Stream) -> bool;
    /// Columns of the terminal that standard output is, if it is one.
    fn width(&self) -> Option<usize>;
    /// The same of standard error, where questions are.
    fn err_width(&self) -> Option<usize>;
    /// Asks for a line that is not echoed.
    fn prompt_hidden(&self, question: &str) -> io::Result<SecretValue>;
    /// How many such lines were given so far.
    fn hidden_prompts(&self) -> usize;
    /// Asks for yes or no. What was typed before is an answer too: see [`Terminal::forget_typed`].
    fn confirm(&self, question: &str, default: bool) -> io::Result<bool>;
    /// Drops what was typed and not read yet, so that it answers nothing that was not on the screen.
    fn forget_typed(&self);
    /// Prompts that outlive the borrow of the host, for what runs beside it; they ask only if `ask`.
    fn prompts(&self, _ask: bool) -> Arc<dyn Prompts> {
        Arc::new(NoPrompts)
    }
    /// Everything on standard input, at most `limit` bytes; more is an error.
    fn read_stdin(&self, limit: usize) -> io::Result<SecretValue>;
    /// Everything that an inherited descriptor gives, at most `limit` bytes; more is an error.
    fn read_descriptor(&self, number: u32, limit: usize) -> io::Result<SecretValue>;
    /// Writes bytes to standard output and flushes.
    fn write_out(&self, bytes: &[u8]) -> io::Result<()>;
    /// Whether nobody reads standard output any more, as far as the system tells before a write.
    fn out_is_closed(&self) -> bool;
    /// Writes a line of text to standard error.
    fn write_err(&self, text: &str);
}

/// Everything that the command line needs of the outside.
pub trait Host: Clock + Random + Environment + Terminal {}
impl<T: Clock + Random + Environment + Terminal> Host for T {}
