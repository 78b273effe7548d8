//! Starts the program of `v-secure exec` with exactly the environment it is given.
//!
//! On Unix this process *becomes* the program: same process id, terminal, process group and
//! waiting parent, so that signals and exit codes need no forwarding. The program sees what our
//! own parent gave us, with two exceptions that the Rust runtime makes before `main`, where they
//! cannot be undone without `unsafe`: `SIGPIPE` is at its default even if the parent ignored it
//! (the runtime ignores it, `exec` of the standard library sets the default), and a standard stream
//! that the parent closed is `/dev/null`. The signal mask and other ignored signals stay.
//!
//! On Windows, which cannot replace a process, the program is waited for and its code returned.
//!
//! The program is looked up here and not by the system, which would search the *child's* `PATH`,
//! and secrets may have set that. Nothing is written to standard output.

pub mod editing;
pub mod editor;
pub mod files;
pub mod foreign;
pub(in crate::cli) mod lookup;
pub mod output;

use crate::cli::door::surroundings::Surroundings;
use crate::host::hardening::Hardened;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;
use std::process::Command;
use v_secure_core::convert::inject::{ChildEnvironment, is_own_variable};

/// What is to run.
#[derive(Debug, Clone, Copy)]
pub struct Program<'a> {
    /// As the user typed it: a name to look up, or a path.
    pub name: &'a OsStr,
    pub arguments: &'a [OsString],
    /// `PATH` of this process, whatever the child's will be.
    pub search: Option<&'a OsStr>,
}

/// Whether a name stands for a program along `PATH`.
pub(crate) fn is_program(name: &OsStr, search: Option<&OsStr>) -> bool {
    lookup::find(name, search).is_ok()
}

/// Keeps our own variables, some of which hold keys, from another tool of the user.
pub(crate) fn remove_own_variables(command: &mut Command, context: &Surroundings<'_>) {
    let names = context.host.variables().into_iter().map(|(name, _)| name);
    for name in names.filter(|name| is_own_variable(name)) {
        command.env_remove(name);
    }
}

/// Why a program did not start. Exit codes are those of the shells and of `env`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChildError {
    #[error("{name:?} is not found")]
    NotFound { name: OsString },
    #[error("{path:?} is a directory")]
    Directory { path: PathBuf },
    #[error("{path:?} may not be executed")]
    NotExecutable { path: PathBuf },
    /// The file is there; the interpreter in its first line, or its loader, is not.
    #[error("{path:?} cannot run: the interpreter or loader that it names is not found")]
    NoInterpreter { path: PathBuf },
    #[error("{path:?} is not a program that this system can run")]
    Format {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// Each variable fits alone; all of them, with the arguments, do not.
    #[error("the arguments and the environment together are too large for {path:?} to start")]
    TooLarge { path: PathBuf },
    #[error("{path:?} does not start")]
    Start {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl ChildError {
    /// 127 where there is no such program, 126 where there is one that cannot run.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::NotFound { .. } => 127,
            _ => 126,
        }
    }

    fn starting(path: PathBuf, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::PermissionDenied => Self::NotExecutable { path },
            io::ErrorKind::IsADirectory => Self::Directory { path },
            // `lookup` has seen the file, so what is missing is what it needs.
            io::ErrorKind::NotFound => Self::NoInterpreter { path },
            io::ErrorKind::ArgumentListTooLong => Self::TooLarge { path },
            _ if is_format_error(&source) => Self::Format { path, source },
            _ => Self::Start { path, source },
        }
    }
}

#[cfg(unix)]
fn is_format_error(error: &io::Error) -> bool {
    rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::NOEXEC)
}

#[cfg(not(unix))]
fn is_format_error(error: &io::Error) -> bool {
    const ERROR_BAD_EXE_FORMAT: i32 = 193;
    error.raw_os_error() == Some(ERROR_BAD_EXE_FORMAT)
}

/// The file that runs as `name`; `search` is `PATH`.
pub fn find(name: &OsStr, search: Option<&OsStr>) -> Result<PathBuf, ChildError> {
    lookup::find(name, search)
}

/// Runs `program` with `environment` and nothing else, and with the limits from before hardening.
///
/// A script without an interpreter line runs in `/bin/sh` where the C library does that for `env`
/// and `nohup` too (glibc, macOS); elsewhere it is [`ChildError::Format`].
///
/// Returns the program's exit code on Windows; on Unix only an error ever returns.
///
/// # Errors
/// [`ChildError`], if the program does not start.
#[expect(clippy::disallowed_methods, reason = "this is where the program of the user starts")]
pub fn run(
    program: Program<'_>,
    environment: &ChildEnvironment,
    hardened: &Hardened,
) -> Result<i32, ChildError> {
    let path = lookup::find(program.name, program.search)?;
    let mut command = Command::new(&path);
    command.args(program.arguments).env_clear().envs(environment.iter());
    hardened.restore();
    start(&mut command, program.name).map_err(|source| ChildError::starting(path, source))
}

#[cfg(unix)]
fn start(command: &mut Command, name: &OsStr) -> io::Result<i32> {
    use std::os::unix::process::CommandExt;
    // Programs such as busybox go by the name they were called with.
    Err(command.arg0(name).exec())
}

#[cfg(not(unix))]
fn start(command: &mut Command, _name: &OsStr) -> io::Result<i32> {
    // A Windows process always has a code; 1 stands for a system that has none to tell.
    command.status().map(|status| status.code().unwrap_or(1))
}
