//! Which rotations a reader without closed history cannot tell (`docs/format.md`, section 11): an id that is closed
//! is known again, and what promotes what is not there is another's to judge.

use crate::crypto::id::EntryId;
use crate::log::base::{Base, Numbers};
use crate::log::entry::Entry;
use crate::log::fold::FoldScope;
use crate::log::graph::Graph;
use crate::log::op::{Op, Promote};
use crate::name::SecretName;
use std::collections::{BTreeMap, BTreeSet};

/// The secrets of which something open goes on with a rotation that is closed, or promotes what nothing open brings.
pub(crate) fn reaching(
    entries: &BTreeMap<EntryId, Entry>,
    graph: &Graph,
    scope: FoldScope<'_>,
) -> BTreeSet<SecretName> {
    let Some(base) = graph.base() else { return BTreeSet::new() };
    let open = Open { entries: graph.in_order(entries), graph, base };
    let ops =
        open.places().flat_map(|place| open.entries[place].ops.iter().map(move |op| (place, op)));
    let ops = ops.filter(|(_, op)| op.rotation().is_some() && scope.names(op));
    let found = ops.filter(|(place, op)| open.reaches(*place, op));
    found.filter_map(|(_, op)| op.secret().cloned()).collect()
}

struct Open<'a> {
    entries: Vec<&'a Entry>,
    graph: &'a Graph,
    base: &'a Base,
}

impl Open<'_> {
    fn places(&self) -> impl Iterator<Item = usize> {
        (0..self.entries.len()).filter(|place| !self.base.is_kept(*place))
    }

    fn reaches(&self, place: usize, op: &Op) -> bool {
        let is_closed = |of: &Numbers| {
            op.rotation().is_some_and(|rotation| of.rotations.binary_search(rotation).is_ok())
        };
        let lacks = |of: &Numbers| match op {
            Op::Promote(promote) => of.put && !self.is_brought(place, promote),
            _ => false,
        };
        let numbers = op.secret().and_then(|secret| self.base.numbers(secret));
        numbers.is_some_and(|of| is_closed(of) || lacks(of))
    }

    fn is_brought(&self, at: usize, promote: &Promote) -> bool {
        let brings = |op: &Op| {
            matches!(op, Op::Pending(of) if of.secret == promote.secret
                && of.rotation == promote.rotation && of.object() == Some(&promote.object))
        };
        let mut earlier = self.places().filter(|place| self.graph.ancestor(*place, at));
        earlier.any(|place| self.entries[place].ops.iter().any(brings))
    }
}
