//! Which rotations a reader without closed history cannot tell (`docs/format.md`, section 11): what brings a value to
//! one that nothing open begins is another's to judge.

use crate::crypto::id::EntryId;
use crate::log::entry::Entry;
use crate::log::fold::FoldScope;
use crate::log::graph::Graph;
use crate::log::ground::Grounds;
use crate::log::op::Op;
use crate::name::SecretName;
use std::collections::{BTreeMap, BTreeSet};

/// The secrets on which an open entry has an op whose ground is not found in what is open.
pub(crate) fn reaching(
    entries: &BTreeMap<EntryId, Entry>,
    graph: &Graph,
    scope: FoldScope<'_>,
) -> BTreeSet<SecretName> {
    let Some(base) = graph.base() else { return BTreeSet::new() };
    let is_open = |(place, entry): (usize, _)| (!base.is_kept(place)).then_some(entry);
    let open: Vec<Option<&Entry>> =
        graph.in_order(entries).into_iter().enumerate().map(is_open).collect();
    let grounds = Grounds::new(graph, &open[..]);
    let ops = open.iter().enumerate().flat_map(|(place, entry)| {
        entry.iter().flat_map(move |entry| entry.ops.iter().map(move |op| (place, op)))
    });
    let is_closed = |op: &Op| {
        let numbers = op.secret().and_then(|secret| base.numbers(secret));
        numbers.is_some_and(|of| of.put)
    };
    ops.filter(|(_, op)| op.is_of_rotation() && scope.names(op) && is_closed(op))
        .filter(|(place, op)| grounds.reaches_behind(*place, op))
        .filter_map(|(_, op)| op.secret().cloned())
        .collect()
}
