//! The kernel keyring, in sessions of its own.

use crate::tools::{has, skip_here};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Until it is dropped, no other test uses the keyring: it is the user's, and `lock --all` of one test would
/// end what another began.
pub fn alone() -> MutexGuard<'static, ()> {
    static KEYRING: Mutex<()> = Mutex::new(());
    KEYRING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether there is no kernel keyring to test with. That a system forbids the calls is its own affair.
#[track_caller]
pub fn skipped() -> bool {
    !has("keyctl") || forbidden()
}

fn forbidden() -> bool {
    let probe = Command::new("keyctl").args(["session", "-", "keyctl", "show", "@u"]).output();
    let probe = probe.unwrap();
    if !probe.status.success() {
        skip_here(format!("no kernel keyring: {}", String::from_utf8_lossy(&probe.stderr).trim()));
    }
    !probe.status.success()
}
