//! Which versions of a secret hold the value of given ones, as their puts say, over any number of steps and either way. One walk from
//! what is given outwards: it costs what the puts say, however many are looked up in it.

use super::state::Version;
use crate::crypto::id::ObjectId;
use std::collections::{HashMap, HashSet};

/// Versions by the value that they hold.
#[derive(Debug, Default)]
pub struct SameValue<'a> {
    found: HashSet<&'a ObjectId>,
}

impl<'a> SameValue<'a> {
    /// These, and whatever holds the value of one of them.
    pub(super) fn of(
        versions: &'a [Version],
        these: impl IntoIterator<Item = &'a ObjectId>,
    ) -> Self {
        let found: HashSet<&ObjectId> = these.into_iter().collect();
        let mut all = Self { found };
        if !all.found.is_empty() {
            all.walk(versions);
        }
        all
    }

    /// Returns how many steps it took.
    fn walk(&mut self, versions: &'a [Version]) -> usize {
        let mut steps = 0;
        let mut same: HashMap<&ObjectId, Vec<&ObjectId>> = HashMap::new();
        for version in versions {
            for other in &version.same {
                same.entry(&version.object).or_default().push(other);
                same.entry(other).or_default().push(&version.object);
            }
        }
        let mut open: Vec<&ObjectId> = self.found.iter().copied().collect();
        while let Some(next) = open.pop() {
            for other in same.get(next).into_iter().flatten() {
                steps += 1;
                if self.found.insert(other) {
                    open.push(other);
                }
            }
        }
        steps
    }

    /// In order of id.
    pub fn into_ids(self) -> Vec<&'a ObjectId> {
        let mut ids: Vec<&ObjectId> = self.found.into_iter().collect();
        ids.sort_unstable();
        ids
    }

    pub fn has(&self, object: &ObjectId) -> bool {
        self.found.contains(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::op::{Op, Put};
    use crate::log::testing::{Log, id, put, put_op};

    const A: &str = "prod/A";

    /// However many hold one value, and say so of each other: what a put says is gone along twice, once each way.
    #[test]
    fn it_costs_what_the_puts_say() {
        let mut log = Log::new();
        let mut head = log.add("ann", &[], vec![put(A, 1)]);
        for n in 2..=20 {
            let same = (1..n).map(id).collect();
            head = log.add("ann", &[head], vec![Op::Put(Put { same, ..put_op(A, id(n)) })]);
        }
        let versions = log.secret(A).versions;
        let mut all = SameValue { found: HashSet::from([&versions[0].object]) };
        assert_eq!(all.walk(&versions), 20 * 19);
        assert!(versions.iter().all(|version| all.has(&version.object)));
    }
}
