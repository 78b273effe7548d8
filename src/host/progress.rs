//! How far long work is. A seam: operations tell, the command line may show, and nobody listens unless
//! somebody was asked to.

use std::cell::RefCell;
use std::time::{Duration, Instant};

/// What takes less is not worth a line that comes and goes.
const SILENT: Duration = Duration::from_secs(1);
/// How often a bar is drawn anew.
const REFRESH: Duration = Duration::from_millis(100);
/// After how many items an operation tells: often enough to see, too seldom to cost.
const EVERY: usize = 64;

/// Where long work tells how far it is.
pub trait Progress {
    /// `done` of `all` items are done of `what`.
    fn at(&self, what: &'static str, done: usize, all: usize);
    /// The work is over, done or not.
    fn end(&self);
}

/// Listens to nothing.
#[derive(Debug, Default, Clone, Copy)]
pub struct Silent;

impl Progress for Silent {
    fn at(&self, _: &'static str, _: usize, _: usize) {}
    fn end(&self) {}
}

/// The items, each counted as it is taken. The work ends when the iterator is dropped.
pub fn told<T>(
    items: impl ExactSizeIterator<Item = T>,
    what: &'static str,
    progress: &dyn Progress,
) -> impl Iterator<Item = T> {
    let all = items.len();
    Told { items, what, progress, done: 0, all }
}

struct Told<'a, I> {
    items: I,
    what: &'static str,
    progress: &'a dyn Progress,
    done: usize,
    all: usize,
}

impl<I: Iterator> Iterator for Told<'_, I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        let item = self.items.next()?;
        if self.done.is_multiple_of(EVERY) {
            self.progress.at(self.what, self.done, self.all);
        }
        self.done += 1;
        Some(item)
    }
}

impl<I> Drop for Told<'_, I> {
    fn drop(&mut self) {
        self.progress.end();
    }
}

/// A bar on standard error, for a terminal: it appears when the work has taken a second, and goes
/// without a trace. It has no colour.
#[derive(Debug, Default)]
pub struct Bar(RefCell<Shown>);

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

    #[derive(Default)]
    struct Heard(RefCell<Vec<(usize, usize)>>, RefCell<usize>);

    impl Progress for Heard {
        fn at(&self, _: &'static str, done: usize, all: usize) {
            self.0.borrow_mut().push((done, all));
        }

        fn end(&self) {
            *self.1.borrow_mut() += 1;
        }
    }

    #[test]
    fn items_are_told_now_and_then_and_the_end_always() {
        let heard = Heard::default();
        let items: Vec<usize> = told(vec![7; 130].into_iter(), "counting", &heard).collect();
        assert_eq!(
            (items.len(), &*heard.0.borrow()),
            (130, &vec![(0, 130), (64, 130), (128, 130)])
        );
        let cut = told(0..130, "counting", &heard).take(3).count();
        assert_eq!((cut, *heard.1.borrow()), (3, 2), "work that is given up ends too");
    }

    #[test]
    fn short_work_shows_no_bar() {
        let bar = Bar::default();
        told(0..1000, "counting", &bar).for_each(drop);
        bar.at("counting", 1, 2);
        assert!(bar.0.borrow().bar.is_none());
    }
}
