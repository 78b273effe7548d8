//! A set of small numbers, one bit each: sets of entries by their place in the graph.

/// Numbers below the length it was made for; asking for others gives `false`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bits(Vec<u64>);

impl Bits {
    /// The empty set over `0..length`.
    pub fn new(length: usize) -> Self {
        Self(vec![0; length.div_ceil(64)])
    }

    pub fn get(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Adds `number`; true if it was not there. Out of range: nothing happens.
    pub fn insert(&mut self, number: usize) -> bool {
        let Some(word) = self.0.get_mut(number / 64) else { return false };
        let before = *word;
        *word |= 1 << (number % 64);
        *word != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inserting_says_whether_the_number_is_new() {
        let mut bits = Bits::new(70);
        assert!(bits.insert(69));
        assert!(!bits.insert(69));
        assert!(bits.get(69) && !bits.get(68));
        assert!(!bits.insert(1000) && !bits.get(1000));
    }
}
