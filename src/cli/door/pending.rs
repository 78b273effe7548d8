//! What a command has found to be due, until the command is done: see [`super::pruning`].

use crate::engine::pruning::PendingPrune;
use std::cell::{Cell, RefCell};

/// What a command may prune besides, as far as is known yet.
#[derive(Default)]
pub struct Pruning {
    allowed: Cell<bool>,
    pending: RefCell<Option<PendingPrune>>,
}

impl Pruning {
    pub fn allow(&self, allowed: bool) {
        self.allowed.set(allowed);
    }

    pub fn is_allowed(&self) -> bool {
        self.allowed.get()
    }

    pub fn note(&self, pending: PendingPrune) {
        let earlier = self.pending.take();
        *self.pending.borrow_mut() = Some(pending.after(earlier));
    }

    pub fn take(&self) -> Option<PendingPrune> {
        self.pending.take()
    }
}
