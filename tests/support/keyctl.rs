//! The kernel keyring, in sessions of its own.

use std::process::Command;

/// Whether there is no kernel keyring to test with. Missing tools are an error where they are required;
/// that a system forbids the calls is its own affair.
pub fn skipped() -> bool {
    let probe = Command::new("keyctl").args(["session", "-", "keyctl", "show", "@u"]).output();
    match probe {
        Ok(output) if output.status.success() => return false,
        Ok(output) => {
            eprintln!("skipped: no kernel keyring: {}", String::from_utf8_lossy(&output.stderr))
        }
        Err(error) => {
            let required = std::env::var_os("V_SECURE_TEST_REQUIRE_TOOLS");
            assert!(required.is_none_or(|set| set != "1"), "keyctl is required: {error}");
            eprintln!("skipped: keyctl does not run: {error}");
        }
    }
    true
}
