//! Where an entry stands in the policy chain. A number of its own type: a place in the log, the index of
//! an op and a count are numbers too.

use serde::{Serialize, Serializer};
use std::fmt;

/// The position of a policy entry, counted from 0: that of genesis. What is asked "at" one is asked of
/// the state after that entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PolicyPosition(usize);

impl PolicyPosition {
    pub const GENESIS: Self = Self(0);

    pub const fn new(index: usize) -> Self {
        Self(index)
    }

    /// The place of the entry in a list of all of them.
    pub const fn index(self) -> usize {
        self.0
    }

    /// The position before this one; genesis has none.
    pub fn before(self) -> Option<Self> {
        self.0.checked_sub(1).map(Self)
    }

    /// The position after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for PolicyPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for PolicyPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for PolicyPosition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
