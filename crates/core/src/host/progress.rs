//! How far long work is. A seam: operations tell, the command line may show, and nobody listens unless
//! somebody was asked to.

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
pub fn with_progress<T>(
    items: impl ExactSizeIterator<Item = T>,
    what: &'static str,
    progress: &dyn Progress,
) -> impl Iterator<Item = T> {
    let all = items.len();
    Reported { items, what, progress, done: 0, all }
}

struct Reported<'a, I> {
    items: I,
    what: &'static str,
    progress: &'a dyn Progress,
    done: usize,
    all: usize,
}

impl<I: Iterator> Iterator for Reported<'_, I> {
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

impl<I> Drop for Reported<'_, I> {
    fn drop(&mut self) {
        self.progress.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

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
        let items: Vec<usize> =
            with_progress(vec![7; 130].into_iter(), "counting", &heard).collect();
        assert_eq!(
            (items.len(), &*heard.0.borrow()),
            (130, &vec![(0, 130), (64, 130), (128, 130)])
        );
        let cut = with_progress(0..130, "counting", &heard).take(3).count();
        assert_eq!((cut, *heard.1.borrow()), (3, 2), "work that is given up ends too");
    }
}
