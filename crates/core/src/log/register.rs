//! Registers: which ops on one thing are the latest (`docs/format.md` section 7).

use super::base::Base;
use super::bits::Bits;
use super::graph::Graph;

/// Where an op stands: its entry's place in the graph and its index in the entry. Ordered as
/// (lamport, entry id, op index), since places are in the order of the former two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    pub place: u32,
    pub op: u32,
}

impl At {
    pub fn new(place: usize, op: usize) -> Self {
        Self { place: place as u32, op: op as u32 }
    }

    /// Whether this op is before `other`.
    pub fn before(self, graph: &Graph, other: Self) -> bool {
        if self.place == other.place {
            return self.op < other.op;
        }
        graph.ancestor(self.place as usize, other.place as usize)
    }
}

/// With more concurrent ops than this on one register, one pass over the graph is cheaper than
/// comparing each with each.
const WIDE: usize = 32;

/// The ops of `ops`, which are in ascending order, that are not before another of them. Ascending.
pub fn latest<T: Copy>(graph: &Graph, ops: &[(At, T)]) -> Vec<(At, T)> {
    match graph.base() {
        Some(base) => latest_of(graph, &not_closed_over(base, ops)),
        None => latest_of(graph, ops),
    }
}

/// Without the kept ops that something after all of them covers: their links are not in the graph, so that the
/// sweep would not find it.
fn not_closed_over<T: Copy>(base: &Base, ops: &[(At, T)]) -> Vec<(At, T)> {
    let place = |op: &(At, T)| op.0.place as usize;
    let covered = ops.iter().any(|op| base.is_settled(place(op)));
    let by_last = ops.iter().any(|op| place(op) == base.last());
    let stays = |op: &&(At, T)| {
        !base.is_kept(place(op)) || (!covered && (!by_last || place(op) == base.last()))
    };
    ops.iter().filter(stays).copied().collect()
}

fn latest_of<T: Copy>(graph: &Graph, ops: &[(At, T)]) -> Vec<(At, T)> {
    let mut kept: Vec<(At, T)> = Vec::with_capacity(ops.len().min(WIDE + 1));
    for op in ops {
        kept.retain(|earlier| !earlier.0.before(graph, op.0));
        kept.push(*op);
        if kept.len() > WIDE {
            return sweep(graph, ops);
        }
    }
    kept
}

fn sweep<T: Copy>(graph: &Graph, ops: &[(At, T)]) -> Vec<(At, T)> {
    let (Some(first), Some(last)) = (ops.first(), ops.last()) else { return Vec::new() };
    let (first, last) = (first.0.place as usize, last.0.place as usize);
    // Covered: some op of the register is at a descendant.
    let mut covered = Bits::new(last - first + 1);
    let mut rest = ops;
    let mut kept = Vec::new();
    for place in (first..=last).rev() {
        let mut is_ancestor = covered.get(place - first);
        let of_place = rest.iter().rev().take_while(|op| op.0.place as usize == place).count();
        if let Some(op) = rest[rest.len() - of_place..].last() {
            if !is_ancestor {
                kept.push(*op);
            }
            is_ancestor = true;
        }
        rest = &rest[..rest.len() - of_place];
        if is_ancestor {
            let inside = graph.parents(place).filter(|parent| *parent >= first);
            inside.for_each(|parent| _ = covered.insert(parent - first));
        }
    }
    kept.reverse();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::testing::graph_of;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_sweep_agrees_with_comparing_each_pair(
            back in prop::collection::vec(prop::collection::vec(1..9usize, 0..3), 1..40),
            ops in prop::collection::btree_set((0..40u32, 0..3u32), 0..30),
        ) {
            let graph = graph_of(&back);
            let at = |(place, op): &(u32, u32)| (At { place: *place, op: *op }, ());
            let ops: Vec<_> = ops.iter().filter(|(p, _)| (*p as usize) < graph.len()).map(at).collect();
            let naive: Vec<_> = ops.iter().copied()
                .filter(|a| !ops.iter().any(|b| a.0.before(&graph, b.0))).collect();
            prop_assert_eq!(&latest(&graph, &ops), &naive);
            prop_assert_eq!(&sweep(&graph, &ops), &naive);
        }
    }
}
