//! A test in a process of its own: for one that changes its process, or looks at everything that its
//! process started.

use crate::tools::skip_here;
use std::any::type_name;
use std::process::Command;

/// The name of the test that a process was started for.
const OWN: &str = "V_SECURE_TEST_OWN_PROCESS";

/// Whether the test that calls this, and gives itself, goes on: it does in a process of its own, which
/// this starts and waits for.
///
/// # Panics
/// If it failed there.
pub fn is_own<F: Fn()>(_: F) -> bool {
    let (_, name) = type_name::<F>().split_once("::").unwrap();
    if std::env::var_os(OWN).is_some_and(|own| own == name) {
        return true;
    }
    let mut test = Command::new(std::env::current_exe().unwrap());
    test.args(["--exact", name, "--nocapture"]).env(OWN, name);
    let output = test.output().unwrap();
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains(" 1 passed"), "{name}:\n{out}\n{err}");
    err.lines().filter_map(|line| line.strip_prefix("skipped: ")).for_each(skip_here);
    false
}
