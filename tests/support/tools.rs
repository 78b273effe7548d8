//! The programs that tests need besides our own. What is missing is said, and fails where
//! `V_SECURE_TEST_REQUIRE_TOOLS=1`.

#![allow(dead_code)]

use std::fmt::Display;
use std::process::Command;

/// Says why a test does not run.
///
/// # Panics
/// Where tools are required.
#[track_caller]
pub fn skip(why: impl Display) {
    let required = std::env::var_os("V_SECURE_TEST_REQUIRE_TOOLS").is_some_and(|set| set == "1");
    assert!(!required, "{why}");
    eprintln!("skipped: {why}");
}

/// Whether a tool is along `PATH`; says so where it is not.
#[track_caller]
pub fn has(tool: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file()));
    if !found {
        skip(format!("{tool} is not installed"));
    }
    found
}

/// The command on a system that forbids the kernel keyring's calls.
pub fn without_kernel_keyring(command: &Command) -> Command {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=add_key,keyctl"]);
    strace.args(["-e", "inject=add_key,keyctl:error=EPERM", "--"]);
    strace.arg(command.get_program()).args(command.get_args());
    strace.current_dir(command.get_current_dir().unwrap()).env_clear();
    strace.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    strace
}
