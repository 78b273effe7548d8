//! Holds back the signals that would end this process while something is open that must be put
//! away first, such as the text that an editor works on.

#[cfg(unix)]
use std::sync::Arc;
#[cfg(unix)]
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// While it lives, the keyboard's signals do not end this process, and a request to end is noted
/// instead of followed. Dropped, everything is as before.
#[derive(Debug)]
pub struct Held {
    #[cfg(unix)]
    done: Arc<AtomicBool>,
    #[cfg(unix)]
    request: Arc<AtomicUsize>,
}

/// Begins to hold signals back. A program that is started meanwhile gets its own defaults.
///
/// # Errors
/// What the system says against it.
#[cfg(unix)]
pub fn hold() -> std::io::Result<Held> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    use signal_hook::flag::{register, register_conditional_default, register_usize};
    let held = Held { done: Arc::default(), request: Arc::default() };
    // They also reach the editor, whose affair they are.
    for signal in [SIGINT, SIGQUIT] {
        register_conditional_default(signal, Arc::clone(&held.done))?;
        register(signal, Arc::default())?;
    }
    for (signal, number) in [(SIGTERM, 15), (SIGHUP, 1)] {
        register_conditional_default(signal, Arc::clone(&held.done))?;
        register_usize(signal, Arc::clone(&held.request), number)?;
    }
    Ok(held)
}

#[cfg(not(unix))]
pub fn hold() -> std::io::Result<Held> {
    Ok(Held {})
}

impl Held {
    /// The number of the signal that asked this process to end, if one did.
    pub fn request(&self) -> Option<u8> {
        #[cfg(unix)]
        {
            let number = self.request.load(Ordering::SeqCst);
            u8::try_from(number).ok().filter(|number| *number != 0)
        }
        #[cfg(not(unix))]
        None
    }
}

#[cfg(unix)]
impl Drop for Held {
    fn drop(&mut self) {
        self.done.store(true, Ordering::SeqCst);
    }
}
