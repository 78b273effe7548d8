//! What an op stands on besides rights: something that an ancestor of its entry has, whether that counts or is void
//! (`docs/format.md` section 6). Nothing can so be said of a rotation before it begins.

use super::bits::Bits;
use super::entry::Entry;
use super::graph::Graph;
use super::op::Op;
use crate::crypto::id::{ObjectId, RotationId};
use crate::name::SecretName;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;

/// So many ancestors are asked about one by one before the log is walked.
const NEAR: usize = 16;

/// What an ancestor has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Ground<'a> {
    /// The secret is put.
    Put(&'a SecretName),
    Begun(&'a SecretName, RotationId),
    /// The rotation is given this value.
    Brought(&'a SecretName, RotationId, ObjectId),
    /// The version's body is stated.
    Stated(&'a SecretName, ObjectId),
}

/// What the op needs of ancestors, all of it; of a `put` by the right to rotate.
pub(super) fn needed(op: &Op) -> Vec<Ground<'_>> {
    match op {
        Op::Put(put) => vec![Ground::Put(&put.secret)],
        Op::Pending(of) if of.nonce.is_some() => vec![Ground::Put(&of.secret)],
        Op::Pending(of) => vec![Ground::Begun(&of.secret, of.rotation())],
        Op::Rollout { secret, rotation, .. } => vec![Ground::Begun(secret, *rotation)],
        Op::Abort(of) => vec![Ground::Begun(&of.secret, of.rotation)],
        Op::Promote(of) => vec![
            Ground::Begun(&of.secret, of.rotation),
            Ground::Brought(&of.secret, of.rotation, of.object),
        ],
        Op::Retire(of) => of.objects.iter().map(|o| Ground::Stated(&of.secret, *o)).collect(),
        _ => Vec::new(),
    }
}

type Places<'a> = HashMap<Ground<'a>, Vec<usize>>;

/// Where the entries of a log have it.
pub(super) struct Grounds<'a> {
    graph: &'a Graph,
    /// By place; `None` for what nothing may rest upon.
    entries: &'a [Option<&'a Entry>],
    puts: OnceCell<Places<'a>>,
    /// Most logs have no rotations, and ask for no more than puts.
    others: OnceCell<Places<'a>>,
    /// What descends from ground that many entries have, where that was asked.
    below: RefCell<HashMap<Ground<'a>, Bits>>,
}

impl<'a> Grounds<'a> {
    /// `entries` are by place in `graph`.
    pub fn new(graph: &'a Graph, entries: &'a [Option<&'a Entry>]) -> Self {
        let (puts, others) = (OnceCell::new(), OnceCell::new());
        Self { graph, entries, puts, others, below: RefCell::default() }
    }

    /// Whether an ancestor of the entry at the place has it. What is active, and whether a removal wins, is for the
    /// fold to say: a right that hung on that would come and go with other entries.
    pub fn is_before(&self, place: usize, ground: Ground<'a>) -> bool {
        let Some(places) = self.places(ground) else { return false };
        let earlier = &places[..places.partition_point(|other| *other < place)];
        let (rest, near) = earlier.split_at(earlier.len().saturating_sub(NEAR));
        near.iter().rev().any(|other| self.graph.ancestor(*other, place))
            || (!rest.is_empty() && self.descends(ground, places, place))
    }

    /// Whether any entry has it.
    pub fn is_anywhere(&self, ground: Ground<'a>) -> bool {
        self.places(ground).is_some()
    }

    /// The entries that have it, ascending.
    fn places(&self, ground: Ground<'a>) -> Option<&[usize]> {
        let all = match ground {
            Ground::Put(_) => self.puts.get_or_init(|| places(self.entries, put)),
            _ => self.others.get_or_init(|| places(self.entries, others)),
        };
        all.get(&ground).map(Vec::as_slice)
    }

    /// The same for entries that are many and beside this one: one walk over the log for the ground.
    fn descends(&self, ground: Ground<'a>, from: &[usize], place: usize) -> bool {
        let mut below = self.below.borrow_mut();
        below.entry(ground).or_insert_with(|| self.graph.descendants(from)).get(place)
    }
}

/// The places of the entries with each ground, ascending.
fn places<'a>(entries: &[Option<&'a Entry>], of: impl Fn(&'a Op) -> Vec<Ground<'a>>) -> Places<'a> {
    let mut all: Places<'a> = HashMap::new();
    for (place, entry) in entries.iter().enumerate() {
        for ground in entry.iter().flat_map(|entry| &entry.ops).flat_map(&of) {
            let places = all.entry(ground).or_default();
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
    }
    all
}

fn put(op: &Op) -> Vec<Ground<'_>> {
    if let Op::Put(put) = op { vec![Ground::Put(&put.secret)] } else { Vec::new() }
}

fn others(op: &Op) -> Vec<Ground<'_>> {
    match op {
        Op::Put(put) => vec![Ground::Stated(&put.secret, put.object)],
        Op::Pending(of) => {
            let begun = of.nonce.map(|_| Ground::Begun(&of.secret, of.begun));
            let brought = of.object().into_iter().flat_map(|object| {
                let secret = &of.secret;
                [Ground::Brought(secret, of.rotation(), *object), Ground::Stated(secret, *object)]
            });
            begun.into_iter().chain(brought).collect()
        }
        _ => Vec::new(),
    }
}
