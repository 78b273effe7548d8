//! What a program that is started in the foreground of a shell finds of signals.

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};

/// A background job of a script, or a child of `nohup`, inherits signals that are ignored, and so would
/// whatever a test starts. A signal that is caught here is at its default there; here it does what
/// its default is.
pub fn as_in_the_foreground() {
    static CAUGHT: LazyLock<()> = LazyLock::new(|| {
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
            let always = Arc::new(AtomicBool::new(true));
            signal_hook::flag::register_conditional_default(signal, always).unwrap();
        }
    });
    LazyLock::force(&CAUGHT);
}
