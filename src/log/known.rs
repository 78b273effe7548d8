//! What each policy entry knows of the log: the heads that it and all policy entries before it name,
//! with their ancestors. One walk over the log for the whole chain.

use super::bits::Bits;
use super::graph::Graph;
use super::policy_view::PolicyView;
use crate::crypto::bytes::Id;

const NEVER: u32 = u32::MAX;

/// From which policy position on each entry is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// By place.
    since: Vec<u32>,
    forgotten: Vec<Forgotten>,
}

/// A head of one policy entry that the next one with heads does not descend from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forgotten {
    pub earlier: usize,
    pub later: usize,
    pub head: Id,
}

impl Known {
    pub fn of(graph: &Graph, policy: &dyn PolicyView) -> Self {
        let mut walk =
            Walk { graph, since: vec![NEVER; graph.len()], inner: Bits::new(graph.len()) };
        let mut forgotten = Vec::new();
        let mut before: Option<usize> = None;
        for position in 0..policy.ids().len() {
            let heads = policy.heads(position);
            if heads.is_empty() {
                continue;
            }
            walk.learn(position as u32, heads);
            if let Some(earlier) = before.replace(position) {
                let forgets = |head: &&Id| !heads.contains(head) && !walk.is_inner(head);
                let head = policy.heads(earlier).iter().find(forgets);
                forgotten.extend(head.map(|head| Forgotten {
                    earlier,
                    later: position,
                    head: *head,
                }));
            }
        }
        Self { since: walk.since, forgotten }
    }

    /// Whether the entry at `place` is known at the policy position.
    pub fn at(&self, position: usize, place: usize) -> bool {
        self.since.get(place).is_some_and(|since| *since as usize <= position)
    }

    /// Where a policy entry knows less than one before it: at most one head for each pair.
    pub fn forgotten(&self) -> &[Forgotten] {
        &self.forgotten
    }
}

struct Walk<'a> {
    graph: &'a Graph,
    since: Vec<u32>,
    /// What is known and has a known child.
    inner: Bits,
}

impl Walk<'_> {
    fn learn(&mut self, position: u32, heads: &[Id]) {
        let mut open: Vec<usize> = heads.iter().filter_map(|id| self.graph.place(id)).collect();
        while let Some(place) = open.pop() {
            if self.since[place] != NEVER {
                continue;
            }
            self.since[place] = position;
            for parent in self.graph.parents(place) {
                self.inner.insert(parent);
                open.push(parent);
            }
        }
    }

    /// Whether a head of the policy entry before is an ancestor of a head of this one. A known child
    /// of it is either new, and so this entry's, or below another head of the one before, which is
    /// asked about too. What the log does not hold is reported as missing.
    fn is_inner(&self, head: &Id) -> bool {
        self.graph.place(head).is_none_or(|place| self.inner.get(place))
    }
}
