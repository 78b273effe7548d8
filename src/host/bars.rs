//! Bars and spinners on a terminal's standard error, for work of more than a second.

use std::cell::RefCell;
use std::time::{Duration, Instant};
use v_secure_core::host::progress::Progress;

/// What takes less is not worth a line that comes and goes.
const SILENT: Duration = Duration::from_secs(1);
/// How often a bar is drawn anew.
const REFRESH: Duration = Duration::from_millis(100);

/// A bar on standard error, for a terminal: it appears when the work has taken a second, and goes
/// without a trace. It has no colour.
#[derive(Debug, Default)]
pub(crate) struct Bar(RefCell<Shown>);

#[derive(Debug, Default)]
struct Shown {
    started: Option<Instant>,
    bar: Option<indicatif::ProgressBar>,
}

impl Progress for Bar {
    fn at(&self, what: &'static str, done: usize, all: usize) {
        let mut shown = self.0.borrow_mut();
        if shown.started.get_or_insert_with(Instant::now).elapsed() < SILENT {
            return;
        }
        let bar = shown.bar.get_or_insert_with(|| bar(what, all));
        bar.set_position(done as u64);
    }

    fn end(&self) {
        let shown = self.0.take();
        if let Some(bar) = shown.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(what: &'static str, all: usize) -> indicatif::ProgressBar {
    let bar = indicatif::ProgressBar::new(all as u64);
    if let Ok(style) = indicatif::ProgressStyle::with_template("{msg} [{wide_bar}] {pos}/{len}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_message(what);
    bar
}

/// Something that turns while work goes on whose length nobody knows; gone when this is dropped.
#[derive(Debug)]
pub struct Spinner {
    stop: std::sync::mpsc::Sender<()>,
    turning: Option<std::thread::JoinHandle<()>>,
}

impl Spinner {
    /// For a terminal. Like [`Bar`] it appears after a second, on standard error.
    pub fn start(what: &'static str) -> Self {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let turning = std::thread::spawn(move || {
            if stopped.recv_timeout(SILENT) != Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                return;
            }
            let spinner = indicatif::ProgressBar::new_spinner();
            spinner.set_message(what);
            while stopped.recv_timeout(REFRESH) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                spinner.tick();
            }
            spinner.finish_and_clear();
        });
        Self { stop, turning: Some(turning) }
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        // It has ended already if nobody hears.
        let _ = self.stop.send(());
        if let Some(turning) = self.turning.take() {
            let _ = turning.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use v_secure_core::host::progress::with_progress;

    #[test]
    fn short_work_shows_no_bar() {
        let bar = Bar::default();
        with_progress(0..1000, "counting", &bar).for_each(drop);
        bar.at("counting", 1, 2);
        assert!(bar.0.borrow().bar.is_none());
    }
}
