//! What each policy entry knows of the log: the heads that it and all policy entries before it name,
//! with their ancestors. One walk over the log for the whole chain.

use super::graph::Graph;
use super::policy_view::PolicyView;
use crate::crypto::id::EntryId;
use crate::policy::position::PolicyPosition;

const NEVER: u32 = u32::MAX;

/// From which policy position on each entry is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownEntries {
    /// By place.
    since: Vec<u32>,
}

impl KnownEntries {
    pub fn of(graph: &Graph, policy: &dyn PolicyView) -> Self {
        // Whoever closed an entry knew of it: when that began tells nothing any more.
        let since = |place| if graph.is_kept(place) { 0 } else { NEVER };
        let mut known = Self { since: (0..graph.len()).map(since).collect() };
        for position in 0..policy.ids().len() {
            let heads = policy.heads(PolicyPosition::new(position));
            known.learn(graph, position as u32, heads);
        }
        known
    }

    /// Whether the entry at `place` is known at the policy position.
    pub fn at(&self, position: PolicyPosition, place: usize) -> bool {
        self.since.get(place).is_some_and(|since| *since as usize <= position.index())
    }

    /// What the log does not hold is reported as missing.
    fn learn(&mut self, graph: &Graph, position: u32, heads: &[EntryId]) {
        let mut open: Vec<usize> = heads.iter().filter_map(|id| graph.place(id)).collect();
        while let Some(place) = open.pop() {
            if self.since[place] == NEVER {
                self.since[place] = position;
                open.extend(graph.parents(place));
            }
        }
    }
}
