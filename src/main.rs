//! The binary: the real host, the library's `run`, an exit code.

#![deny(
    unsafe_code,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used
)]

use std::process::ExitCode;
use v_secure::cli;
use v_secure::host::real::RealHost;

/// Where standard output is closed, the runtime opens the null device in its place before `main`: a
/// value written there is lost, and no write fails. So it is looked at before the runtime starts.
#[cfg(unix)]
#[expect(unsafe_code, reason = "the place in the file; what is called makes one system call")]
#[used]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
#[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
static BEFORE_MAIN: extern "C" fn() = look_at_output;

#[cfg(unix)]
extern "C" fn look_at_output() {
    v_secure::host::real::look_at_output();
}

fn main() -> ExitCode {
    cli::args::answering::answer_shell();
    cli::run(std::env::args_os(), &RealHost).into()
}
