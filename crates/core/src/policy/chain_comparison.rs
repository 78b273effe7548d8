//! How one policy chain stands to another of which it may be the continuation: the one comparison that
//! pins, backups and the verification against a base decide by. Each of these says for itself what it
//! does about the answer.

/// A chain, seen from another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainComparison {
    Same,
    /// It has all entries of the other one, and more behind them.
    Ahead,
    /// The other one has all of its entries, and more behind them.
    Behind,
    /// Both have entries of their own from this position on.
    Diverged {
        at: usize,
    },
    /// They share not even the first entry: two vaults. An empty chain is of no vault.
    Other,
}

impl ChainComparison {
    /// Compares by the ids of the entries. Each id covers all entries before it, so that equal last ids
    /// would do for chains that were verified; what a device has kept is not verified, and is read whole.
    pub fn of<I: PartialEq>(chain: &[I], other: &[I]) -> Self {
        let common = chain.iter().zip(other).take_while(|(one, two)| one == two).count();
        match (common == chain.len(), common == other.len()) {
            _ if common == 0 => Self::Other,
            (true, true) => Self::Same,
            (false, true) => Self::Ahead,
            (true, false) => Self::Behind,
            (false, false) => Self::Diverged { at: common },
        }
    }

    /// Whether every entry of the other one is in this one, at its place.
    pub const fn has_all(self) -> bool {
        matches!(self, Self::Same | Self::Ahead)
    }
}

/// The entries of a chain that another one does not have at their place.
pub fn lacking<'c, I: PartialEq>(chain: &'c [I], other: &[I]) -> &'c [I] {
    match ChainComparison::of(chain, other) {
        ChainComparison::Same | ChainComparison::Behind => &[],
        ChainComparison::Ahead => &chain[other.len()..],
        ChainComparison::Diverged { at } => &chain[at..],
        ChainComparison::Other => chain,
    }
}

#[cfg(test)]
mod tests {
    use super::ChainComparison::{Ahead, Behind, Diverged, Other, Same};
    use super::*;

    #[test]
    fn every_two_chains_have_one_relation() {
        for (chain, other, expected) in [
            (&[1, 2][..], &[1, 2][..], Same),
            (&[1, 2], &[1], Ahead),
            (&[1], &[1, 2], Behind),
            (&[1, 2], &[1, 3], Diverged { at: 1 }),
            (&[1, 2, 4], &[1, 2, 3, 4], Diverged { at: 2 }),
            (&[1, 2], &[3, 2], Other),
            (&[1], &[], Other),
            (&[], &[], Other),
        ] {
            assert_eq!(ChainComparison::of(chain, other), expected, "{chain:?} {other:?}");
            let seen_from_there = match expected {
                Ahead => Behind,
                Behind => Ahead,
                same => same,
            };
            assert_eq!(ChainComparison::of(other, chain), seen_from_there, "{other:?} {chain:?}");
            assert_eq!(expected.has_all(), !other.is_empty() && chain.starts_with(other));
            let common = chain.len() - lacking(chain, other).len();
            assert_eq!(&chain[..common], &other[..common]);
            assert!(chain.get(common).is_none_or(|entry| other.get(common) != Some(entry)));
        }
    }
}
