//! A set of rights, small enough to copy.

use super::op::Right;

/// A set of [`Right`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Rights(u8);

impl Rights {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self(0b1_1111);
    /// The rights whose use changes what a heir of the environment gets.
    pub(crate) const CHANGING: Self =
        Self::NONE.with(Right::Write).with(Right::Rotate).with(Right::Delete);

    pub const fn with(self, right: Right) -> Self {
        Self(self.0 | 1 << right as u8)
    }

    pub const fn has(self, right: Right) -> bool {
        self.0 & 1 << right as u8 != 0
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The rights in the order of the format.
    pub fn iter(self) -> impl Iterator<Item = Right> {
        Right::ALL.into_iter().filter(move |right| self.has(*right))
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<T: IntoIterator<Item = Right>>(rights: T) -> Self {
        rights.into_iter().fold(Self::NONE, Self::with)
    }
}

impl std::fmt::Display for Rights {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, right) in self.iter().enumerate() {
            f.write_str(if i == 0 { "" } else { "," })?;
            f.write_str(right.as_str())?;
        }
        Ok(())
    }
}
