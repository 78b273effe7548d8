//! Which entry is an ancestor of which, answered without walking wherever a history allows it.
//!
//! Only entries of a given set, which is closed under parents, are indexed. Three observations, each
//! exact, tried in turn:
//!
//! 1. A *summit* is an entry at which the history so far has come together: everything before it is
//!    its ancestor. Each entry keeps the latest summit that it descends from. In a linear history
//!    every entry is one. What never joins the newest entry's history (branches that are merged into
//!    the file and not yet written upon, void entries that nobody builds on) is left aside, so that
//!    one stray entry does not cost the rest its summits.
//! 2. Entries are laid into *chains*, each entry a parent of the next: on one chain, order is ancestry.
//! 3. For each entry, how far up every other chain its ancestry reaches, as far as that lies after
//!    its summit. Few chains run side by side, so these lists are short; where one would exceed
//!    [`MAX_LIST`], a pruned walk answers instead.

use super::bits::Bits;
use std::collections::{BTreeMap, HashSet};

/// The longest list kept for an entry: bounds the memory that a hostile history can claim.
const MAX_LIST: usize = 64;
/// The list of an entry of which nothing after its summit is an ancestor, but on its own chain.
const EMPTY: u32 = 0;
const NO_CHAIN: u32 = u32::MAX;

/// The parents of each entry, in topological order, ascending in each entry.
#[derive(Debug, Default, Clone)]
pub(super) struct Links {
    ends: Vec<u32>,
    parents: Vec<u32>,
}

impl Links {
    /// Appends the next entry. Parents that do not come before it are left out.
    pub fn push(&mut self, parents: &mut Vec<u32>) {
        let next = self.ends.len() as u32;
        parents.retain(|parent| *parent < next);
        parents.sort_unstable();
        parents.dedup();
        self.parents.extend_from_slice(parents);
        self.ends.push(self.parents.len() as u32);
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn of(&self, entry: usize) -> &[u32] {
        let start = if entry == 0 { 0 } else { self.ends[entry - 1] };
        &self.parents[start as usize..self.ends[entry] as usize]
    }

    /// `from` and all their ancestors.
    pub(crate) fn closure(&self, from: impl Iterator<Item = usize>) -> Bits {
        let mut set = Bits::new(self.len());
        let last = from.filter(|e| *e < self.len()).inspect(|e| _ = set.insert(*e)).max();
        for entry in (0..last.map_or(0, |last| last + 1)).rev() {
            if set.get(entry) {
                self.of(entry).iter().for_each(|parent| _ = set.insert(*parent as usize));
            }
        }
        set
    }
}

#[derive(Debug, Clone)]
pub(super) struct AncestorSets {
    /// What is indexed.
    within: Bits,
    /// The newest indexed entry and its ancestors: where summits are looked for.
    main: Bits,
    /// By entry: its latest summit plus one, 0 for none.
    summit: Vec<u32>,
    chain: Vec<u32>,
    /// By entry: which of `lists`.
    list: Vec<u32>,
    /// `(chain, furthest entry on it)`, sorted; `None` where it grew too long.
    lists: Vec<Option<Vec<(u32, u32)>>>,
}

impl AncestorSets {
    /// The index of `within`, which holds the parents of what it holds.
    pub fn new(links: &Links, within: Bits) -> Self {
        let newest = (0..links.len()).rev().find(|entry| within.get(*entry));
        let main = links.closure(newest.into_iter());
        let summit = summits(links, &main);
        let mut reach = Self {
            within,
            main,
            summit,
            chain: Vec::with_capacity(links.len()),
            list: Vec::with_capacity(links.len()),
            lists: vec![Some(Vec::new())],
        };
        let mut extended = Bits::new(links.len());
        let mut chains = 0;
        for entry in 0..links.len() {
            if !reach.within.get(entry) {
                reach.chain.push(NO_CHAIN);
                reach.list.push(EMPTY);
                continue;
            }
            let parents = links.of(entry);
            match parents.iter().rev().find(|parent| extended.insert(**parent as usize)) {
                Some(parent) => reach.chain.push(reach.chain[*parent as usize]),
                None => {
                    reach.chain.push(chains);
                    chains += 1;
                }
            }
            let list = reach.list_of(entry, parents);
            reach.list.push(list);
        }
        reach
    }

    fn list_of(&mut self, entry: usize, parents: &[u32]) -> u32 {
        let own = self.chain[entry];
        if parents.is_empty() || self.summit[entry] as usize == entry + 1 {
            return EMPTY;
        }
        if let [parent] = parents
            && self.chain[*parent as usize] == own
        {
            return self.list[*parent as usize];
        }
        let list = self.joined(entry, parents);
        if list.as_ref().is_some_and(Vec::is_empty) {
            return EMPTY;
        }
        self.lists.push(list);
        (self.lists.len() - 1) as u32
    }

    fn joined(&self, entry: usize, parents: &[u32]) -> Option<Vec<(u32, u32)>> {
        let mut furthest: BTreeMap<u32, u32> = BTreeMap::new();
        for parent in parents {
            let own = (self.chain[*parent as usize], *parent);
            let list = self.lists[self.list[*parent as usize] as usize].as_ref()?;
            for (chain, place) in list.iter().chain([&own]) {
                let below = self.main.get(*place as usize) && *place < self.summit[entry];
                if below || *chain == self.chain[entry] {
                    continue;
                }
                let known = furthest.entry(*chain).or_default();
                *known = (*known).max(*place);
            }
            // Here and not at the end, so that an entry costs no more than its parents and one list.
            if furthest.len() > MAX_LIST {
                return None;
            }
        }
        Some(furthest.into_iter().collect())
    }

    /// Whether `a` is a proper ancestor of `b`.
    pub(crate) fn ancestor(&self, links: &Links, a: usize, b: usize) -> bool {
        a < b && self.direct(a, b).unwrap_or_else(|| self.walk(links, a, b))
    }

    /// The answer that the index gives; `None` where only a walk can tell.
    fn direct(&self, a: usize, b: usize) -> Option<bool> {
        match (self.within.get(a), self.within.get(b)) {
            (_, false) => return None,
            (false, true) => return Some(false),
            (true, true) => {}
        }
        let summit = self.summit[b] as usize;
        if (a < summit && self.main.get(a)) || self.chain[a] == self.chain[b] {
            return Some(true);
        }
        let list = self.lists[self.list[b] as usize].as_ref()?;
        let found = list.binary_search_by_key(&self.chain[a], |(chain, _)| *chain);
        Some(found.is_ok_and(|at| list[at].1 as usize >= a))
    }

    fn walk(&self, links: &Links, a: usize, b: usize) -> bool {
        let mut seen = HashSet::new();
        let mut open = vec![b];
        while let Some(entry) = open.pop() {
            for parent in links.of(entry).iter().map(|parent| *parent as usize) {
                if parent == a {
                    return true;
                }
                if parent < a || !seen.insert(parent) {
                    continue;
                }
                match self.direct(a, parent) {
                    Some(true) => return true,
                    Some(false) => {}
                    None => open.push(parent),
                }
            }
        }
        false
    }
}

fn summits(links: &Links, main: &Bits) -> Vec<u32> {
    let mut summit: Vec<u32> = Vec::with_capacity(links.len());
    let mut covered = Bits::new(links.len());
    // How many entries of the main history so far have no child in it so far.
    let mut open = 0usize;
    for entry in 0..links.len() {
        let parents = links.of(entry);
        let inherited = parents.iter().map(|p| summit[*p as usize]).max().unwrap_or(0);
        if !main.get(entry) {
            summit.push(inherited);
            continue;
        }
        open += 1;
        open -= parents.iter().filter(|p| covered.insert(**p as usize)).count();
        summit.push(if open == 1 { entry as u32 + 1 } else { inherited });
    }
    summit
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn links(parents: &[Vec<u32>]) -> Links {
        let mut links = Links::default();
        parents.iter().for_each(|parents| links.push(&mut parents.clone()));
        links
    }

    fn all(links: &Links) -> Bits {
        links.closure(0..links.len())
    }

    fn assert_exact(links: &Links) {
        assert_exact_within(links, all(links));
    }

    fn assert_exact_within(links: &Links, within: Bits) {
        let reach = AncestorSets::new(links, within);
        for b in 0..links.len() {
            let closure = links.closure(std::iter::once(b));
            for a in 0..links.len() {
                let expected = a != b && closure.get(a);
                assert_eq!(reach.ancestor(links, a, b), expected, "{a} of {b} in {links:?}");
            }
        }
    }

    /// Parents as distances back, so that any list of numbers is a graph.
    fn dag(size: usize, parents: usize) -> impl Strategy<Value = Links> {
        let back = prop::collection::vec(1..24u32, 0..=parents);
        prop::collection::vec(back, 1..size).prop_map(|entries| {
            let mut links = Links::default();
            for (at, back) in entries.iter().enumerate() {
                let mut parents = back.iter().filter_map(|b| (at as u32).checked_sub(*b)).collect();
                links.push(&mut parents);
            }
            links
        })
    }

    proptest! {
        #[test]
        fn ancestry_equals_reachability(links in dag(80, 3)) {
            assert_exact(&links);
        }

        #[test]
        fn what_is_not_indexed_is_walked(links in dag(60, 3), of in 0..60usize) {
            let within = links.closure(std::iter::once(of));
            assert_exact_within(&links, within);
        }

        #[test]
        fn ancestry_equals_reachability_in_thin_histories(links in dag(60, 1)) {
            assert_exact(&links);
        }
    }

    #[test]
    fn wide_histories_beyond_the_list_limit_are_walked() {
        let width = 2 * MAX_LIST as u32 + 40;
        let mut parents = vec![Vec::new(); width as usize];
        // A ladder that joins one more root at each step, and a second one beside it.
        for step in 0..width {
            let previous = if step < 2 { step } else { width + step - 2 };
            parents.push(vec![step, previous]);
        }
        parents.push(vec![2 * width - 1]);
        let links = links(&parents);
        let reach = AncestorSets::new(&links, all(&links));
        assert!(reach.lists.iter().any(Option::is_none), "the limit must be reached");
        assert_exact(&links);
    }

    #[test]
    fn a_stray_entry_leaves_the_rest_its_summits() {
        let mut parents: Vec<Vec<u32>> = vec![vec![], vec![0], vec![0]];
        parents.extend((3..50).map(|at| vec![if at == 3 { 1 } else { at - 1 }]));
        let links = links(&parents);
        let reach = AncestorSets::new(&links, all(&links));
        assert_eq!(reach.summit[49], 50);
        assert!(!reach.ancestor(&links, 2, 49));
        assert_exact(&links);
    }
}
