//! The programs that tests need besides our own. What is missing is said, and fails where
//! `V_SECURE_TEST_REQUIRE_TOOLS=1`.

pub use crate::search_path::path;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::Write;
use std::process::Command;
use std::sync::Mutex;

/// Says why a test does not run, once for each reason. Past the harness, which keeps what a test prints
/// to itself if it passes.
///
/// # Panics
/// Where tools are required.
#[track_caller]
pub fn skip(why: impl Display) {
    let required = std::env::var_os("V_SECURE_TEST_REQUIRE_TOOLS").is_some_and(|set| set == "1");
    assert!(!required, "{why}");
    skip_here(why);
}

/// [`skip`] for what no tool would change: the user, the kernel.
pub fn skip_here(why: impl Display) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let line = format!("skipped: {why}\n");
    let mut said = SAID.lock().unwrap();
    if !said.contains(&line) {
        // At once: what other tests say would come between its parts.
        std::io::stderr().write_all(line.as_bytes()).unwrap();
        said.insert(line);
    }
}

/// Whether a tool is along `PATH`; says so where it is not.
#[track_caller]
pub fn has(tool: &str) -> bool {
    let found = installed(tool);
    if !found {
        skip(format!("{tool} is not installed"));
    }
    found
}

/// [`has`] for whoever does without.
pub fn installed(tool: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file()))
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
