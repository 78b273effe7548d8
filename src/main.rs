//! The binary: the real host, the library's `run`, an exit code.

#![forbid(unsafe_code)]
#![deny(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used
)]

use std::process::ExitCode;
use v_secure::cli;
use v_secure::host::real::RealHost;

fn main() -> ExitCode {
    cli::complete::answer_shell();
    cli::run(std::env::args_os(), &RealHost).into()
}
