//! Which rotations a reader without closed history cannot tell (`docs/format.md`, section 11): what goes on with one
//! that nothing open begins, or retires what nothing open states, is another's to judge.

use crate::crypto::id::EntryId;
use crate::log::base::Base;
use crate::log::entry::Entry;
use crate::log::fold::FoldScope;
use crate::log::graph::Graph;
use crate::log::ground::{self, Ground, Grounds};
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
    let open = Open { grounds: Grounds::new(graph, &open), entries: &open, base };
    open.ops()
        .filter(|(place, op)| scope.names(op) && open.reaches(*place, op))
        .filter_map(|(_, op)| op.secret().cloned())
        .collect()
}

struct Open<'a> {
    grounds: Grounds<'a>,
    /// By place; `None` for what is kept of what is closed.
    entries: &'a [Option<&'a Entry>],
    base: &'a Base,
}

impl<'a> Open<'a> {
    /// The ops of rotations.
    fn ops(&self) -> impl Iterator<Item = (usize, &'a Op)> {
        let entries = self.entries.iter().enumerate();
        let ops = entries.filter_map(|(place, entry)| Some((place, &(*entry)?.ops)));
        let ops = ops.flat_map(|(place, ops)| ops.iter().map(move |op| (place, op)));
        ops.filter(|(_, op)| op.is_of_rotation())
    }

    fn reaches(&self, place: usize, op: &'a Op) -> bool {
        let numbers = op.secret().and_then(|secret| self.base.numbers(secret));
        numbers.is_some_and(|of| of.put)
            && !ground::needed(op).into_iter().all(|ground| self.is_found(place, ground))
    }

    fn is_found(&self, place: usize, ground: Ground<'a>) -> bool {
        let is_closed = match ground {
            // What is closed puts the secret.
            Ground::Put(_) => true,
            Ground::Stated(_, object) if self.base.keeps(&object) => self.base.is_settled(place),
            // What nothing in the file states is an older version: nothing is told of it here.
            Ground::Stated(..) => !self.grounds.is_anywhere(ground),
            Ground::Begun(..) | Ground::Brought(..) => false,
        };
        is_closed || self.grounds.is_before(place, ground)
    }
}
