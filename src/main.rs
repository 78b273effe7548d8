//! The binary: the real host, the library's `run`, an exit code.

use std::process::ExitCode;
use v_secure::cli;
use v_secure::host::real::RealHost;

fn main() -> ExitCode {
    cli::complete::answer_shell();
    cli::run(std::env::args_os(), &RealHost).into()
}
