//! Records by id, in order of their ids: what a secret's section holds.
//!
//! A sorted list, because most secrets have one version and one wrap: a `BTreeMap` takes room for
//! eleven of either at once, which for 10,000 secrets is 27 MiB of nothing.

/// A map from ids `K` to `T`, with the part of `BTreeMap`'s interface that is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records<K, T>(Vec<(K, T)>);

impl<K: Ord, T> Records<K, T> {
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    fn place(&self, id: &K) -> Result<usize, usize> {
        match self.0.last() {
            // Readers and mergers come in order.
            Some((last, _)) if last < id => Err(self.0.len()),
            _ => self.0.binary_search_by_key(&id, |(id, _)| id),
        }
    }

    pub fn get(&self, id: &K) -> Option<&T> {
        self.place(id).ok().map(|place| &self.0[place].1)
    }

    pub fn get_mut(&mut self, id: &K) -> Option<&mut T> {
        self.place(id).ok().map(|place| &mut self.0[place].1)
    }

    pub fn contains_key(&self, id: &K) -> bool {
        self.place(id).is_ok()
    }

    /// Puts a record in, and gives back the one that stood under this id before.
    pub fn insert(&mut self, id: K, record: T) -> Option<T> {
        match self.place(&id) {
            Ok(place) => Some(std::mem::replace(&mut self.0[place].1, record)),
            Err(place) => {
                if self.0.is_empty() {
                    self.0.reserve_exact(1);
                }
                self.0.insert(place, (id, record));
                None
            }
        }
    }

    /// Puts in those of the records whose ids are not there yet, all in one pass. Of those that come under one id the last one
    /// counts.
    pub fn add_missing(&mut self, records: impl IntoIterator<Item = (K, T)>) {
        self.take_in(in_order(records), |_, _| {});
    }

    /// Both are in order. One by one, each record would move all that stand behind its place.
    fn take_in(&mut self, new: Vec<(K, T)>, both: impl Fn(&mut T, T)) {
        if self.0.last().zip(new.first()).is_none_or(|((last, _), (first, _))| last < first) {
            // Readers and mergers come in order.
            self.0.reserve_exact(new.len());
            return self.0.extend(new);
        }
        let old = std::mem::take(&mut self.0);
        self.0.reserve_exact(old.len() + new.len());
        let mut new = new.into_iter().peekable();
        for (id, mut record) in old {
            while let Some(before) = new.next_if(|(other, _)| *other < id) {
                self.0.push(before);
            }
            if let Some((_, other)) = new.next_if(|(other, _)| *other == id) {
                both(&mut record, other);
            }
            self.0.push((id, record));
        }
        self.0.extend(new);
    }

    pub fn remove(&mut self, id: &K) -> Option<T> {
        self.place(id).ok().map(|place| self.0.remove(place).1)
    }

    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut T) -> bool) {
        self.0.retain_mut(|(id, record)| keep(id, record));
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The record with the greatest id.
    pub fn last_key_value(&self) -> Option<(&K, &T)> {
        self.0.last().map(|(id, record)| (id, record))
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &T)> {
        self.0.iter().map(|(id, record)| (id, record))
    }

    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.0.iter().map(|(id, _)| id)
    }

    pub fn values(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.0.iter().map(|(_, record)| record)
    }

    pub fn into_values(self) -> impl DoubleEndedIterator<Item = T> {
        self.0.into_iter().map(|(_, record)| record)
    }

    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut T> {
        self.0.iter_mut().map(|(_, record)| record)
    }
}

impl<K: Ord, T> Default for Records<K, T> {
    fn default() -> Self {
        Self::new()
    }
}

/// For ids that are known to be there.
///
/// # Panics
/// If there is no such record, as indexing a `BTreeMap` does.
impl<K: Ord, T> std::ops::Index<&K> for Records<K, T> {
    type Output = T;

    fn index(&self, id: &K) -> &T {
        let place = self.place(id).unwrap_or(self.0.len());
        &self.0[place].1
    }
}

impl<K: Ord, T> FromIterator<(K, T)> for Records<K, T> {
    fn from_iter<I: IntoIterator<Item = (K, T)>>(records: I) -> Self {
        let mut all = Self::new();
        all.extend(records);
        all
    }
}

impl<K: Ord, T> Extend<(K, T)> for Records<K, T> {
    fn extend<I: IntoIterator<Item = (K, T)>>(&mut self, records: I) {
        self.take_in(in_order(records), |kept, record| *kept = record);
    }
}

/// The records in order of their ids; of those under one id the last.
fn in_order<K: Ord, T>(records: impl IntoIterator<Item = (K, T)>) -> Vec<(K, T)> {
    let mut records: Vec<(K, T)> = records.into_iter().collect();
    if !records.is_sorted_by(|(a, _), (b, _)| a < b) {
        records.sort_by(|(a, _), (b, _)| a.cmp(b));
        records.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            if is_same {
                std::mem::swap(later, kept);
            }
            is_same
        });
    }
    records
}

impl<K, T> IntoIterator for Records<K, T> {
    type Item = (K, T);
    type IntoIter = std::vec::IntoIter<(K, T)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, K, T> IntoIterator for &'a Records<K, T> {
    type Item = (&'a K, &'a T);
    type IntoIter = std::iter::Map<std::slice::Iter<'a, (K, T)>, fn(&'a (K, T)) -> (&'a K, &'a T)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(id, record)| (id, record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::bytes::Fixed;
    use proptest::prelude::*;
    use std::cell::Cell;
    use std::cmp::Ordering;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn a_row_of_changes_leaves_what_it_leaves_in_a_tree(
            changes in prop::collection::vec((any::<bool>(), 0..12u8, any::<u8>()), 0..60),
        ) {
            let (mut records, mut tree) = (Records::new(), BTreeMap::new());
            for (inserts, seed, value) in changes {
                let id = Fixed([seed; 32]);
                if inserts {
                    prop_assert_eq!(records.insert(id, value), tree.insert(id, value));
                } else {
                    prop_assert_eq!(records.remove(&id), tree.remove(&id));
                }
                prop_assert_eq!(records.get(&id), tree.get(&id));
                prop_assert_eq!(records.last_key_value(), tree.last_key_value());
                prop_assert!(records.iter().eq(tree.iter()));
            }
        }

        #[test]
        fn many_at_once_leave_what_one_by_one_leaves(
            there in prop::collection::vec((0..20u8, any::<u8>()), 0..30),
            new in prop::collection::vec((0..20u8, any::<u8>()), 0..30),
        ) {
            let of = |all: &[(u8, u8)]| -> Vec<(Fixed<32>, u8)> {
                all.iter().map(|(seed, value)| (Fixed([*seed; 32]), *value)).collect()
            };
            let mut records: Records<_, _> = of(&there).into_iter().collect();
            let mut tree: BTreeMap<_, _> = of(&there).into_iter().collect();
            prop_assert!(records.iter().eq(tree.iter()));
            let mut missing = records.clone();
            missing.add_missing(of(&new));
            let mut both: BTreeMap<_, _> = of(&new).into_iter().collect();
            both.extend(tree.clone());
            prop_assert!(missing.iter().eq(both.iter()));
            records.extend(of(&new));
            tree.extend(of(&new));
            prop_assert!(records.iter().eq(tree.iter()));
        }
    }

    /// An id that counts how often one is compared.
    #[derive(Clone)]
    struct Counted<'a>(u32, &'a Cell<usize>);

    impl PartialEq for Counted<'_> {
        fn eq(&self, other: &Self) -> bool {
            self.cmp(other).is_eq()
        }
    }

    impl Eq for Counted<'_> {}

    impl PartialOrd for Counted<'_> {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }

    impl Ord for Counted<'_> {
        fn cmp(&self, other: &Self) -> Ordering {
            self.1.set(self.1.get() + 1);
            self.0.cmp(&other.0)
        }
    }

    /// Whoever can push chooses the order of what stands beside a vault, and how much it is.
    #[test]
    fn as_many_in_between_as_there_are_cost_a_few_comparisons_each() {
        const MANY: u32 = 20_000;
        let count = Cell::new(0);
        let all = |first: u32| (0..MANY).map(move |at| 2 * at + first);
        let id = |number| (Counted(number, &count), ());
        let there: Records<_, _> = all(0).map(id).collect();
        assert!(count.get() < 2 * MANY as usize, "in order");
        for adds in [Records::add_missing, Records::extend] {
            for backwards in [false, true] {
                let mut records = there.clone();
                count.set(0);
                let mut new: Vec<_> = all(1).map(id).collect();
                if backwards {
                    new.reverse();
                }
                adds(&mut records, new);
                assert_eq!(records.len(), 2 * MANY as usize);
                assert!(count.get() < 8 * MANY as usize, "{}", count.get());
            }
        }
    }
}
