//! Which puts and resolves set a secret's active version (`docs/format.md` section 7): not those of a
//! version that is removed or pruned before them, and not a rotation that is overruled.
//!
//! One pass in the order of the log. It asks about ancestry, for each op, once for each `prune` and
//! `remove` of its version, and for each base of a rotation once for each `put` and each pair of
//! `remove` and `restore` of it: in an honest log of a few of each, that is linear. Only a rotation
//! upon void puts also looks at the removals of the whole secret.

use super::graph::Graph;
use super::op::Put;
use super::register::At;
use crate::crypto::bytes::Id;
use std::collections::HashMap;

/// An op on one secret that may set its active version.
#[derive(Debug, Clone, Copy)]
pub(super) enum Setting<'a> {
    /// It counts by the right to write.
    Write(&'a Put),
    /// It counts by the right to rotate alone.
    Rotate(&'a Put),
    /// It does not count.
    Void(&'a Put),
    Resolve(&'a Id),
}

/// How a put stands as the ground of a later rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ground {
    Stands,
    Overruled,
    Void,
}

/// What ends versions and brings them back, by version, each list in order.
#[derive(Default)]
pub(super) struct Ends {
    /// Counting; true removes, false restores.
    pub removed: HashMap<Id, Vec<(At, bool)>>,
    /// Counting.
    pub pruned: HashMap<Id, Vec<At>>,
    /// Prunes and removes that do not count.
    pub void: HashMap<Id, Vec<At>>,
}

impl Ends {
    fn removes<'a>(&'a self, version: &Id) -> impl Iterator<Item = At> + use<'a> {
        let ops = self.removed.get(version).into_iter().flatten();
        ops.filter(|(_, removes)| *removes).map(|(at, _)| *at)
    }

    fn restores<'a>(&'a self, version: &Id) -> impl Iterator<Item = At> + use<'a> {
        let ops = self.removed.get(version).into_iter().flatten();
        ops.filter(|(_, removes)| !*removes).map(|(at, _)| *at)
    }

    fn prunes<'a>(&'a self, version: &Id) -> impl Iterator<Item = At> + use<'a> {
        self.pruned.get(version).into_iter().flatten().copied()
    }

    fn voids<'a>(&'a self, version: &Id) -> impl Iterator<Item = At> + use<'a> {
        self.void.get(version).into_iter().flatten().copied()
    }
}

/// What came of the ops.
#[derive(Default)]
pub(super) struct Outcome {
    /// Those that set something, in order.
    pub set: Vec<(At, Id)>,
    /// The puts that are overruled.
    pub overruled: Vec<At>,
}

/// `ops` are in order.
pub(super) fn settings(graph: &Graph, ends: &Ends, ops: &[(At, Setting<'_>)]) -> Outcome {
    let mut outcome = Outcome { set: Vec::with_capacity(ops.len()), overruled: Vec::new() };
    let rotates = ops.iter().any(|(_, op)| matches!(op, Setting::Rotate(_)));
    let mut pass = Pass { graph, ends, puts: HashMap::new() };
    for (at, op) in ops {
        let (object, ground) = match op {
            Setting::Write(put) => (&put.object, Some(Ground::Stands)),
            Setting::Void(put) => (&put.object, Some(Ground::Void)),
            Setting::Rotate(put) if pass.is_grounded(*at, put) => {
                (&put.object, Some(Ground::Stands))
            }
            Setting::Rotate(put) => (&put.object, Some(Ground::Overruled)),
            Setting::Resolve(object) => (*object, None),
        };
        if let (true, Some(ground)) = (rotates, ground) {
            pass.puts.entry(*object).or_default().push((*at, ground));
        }
        match ground {
            Some(Ground::Overruled) => outcome.overruled.push(*at),
            Some(Ground::Void) => {}
            Some(Ground::Stands) | None if pass.is_ended(*at, object) => {}
            Some(Ground::Stands) | None => outcome.set.push((*at, *object)),
        }
    }
    outcome
}

struct Pass<'a> {
    graph: &'a Graph,
    ends: &'a Ends,
    /// The puts so far, by version.
    puts: HashMap<Id, Vec<(At, Ground)>>,
}

impl Pass<'_> {
    fn before(&self, a: At, b: At) -> bool {
        a.before(self.graph, b)
    }

    /// Whether the entry at `a` is a proper ancestor of the one at `b`.
    fn is_ancestor(&self, a: At, b: At) -> bool {
        a.place != b.place && self.before(a, b)
    }

    /// Whether before the op its version is pruned, or removed and not restored.
    fn is_ended(&self, op: At, version: &Id) -> bool {
        let restored = |remove: At| {
            let mut restores = self.ends.restores(version);
            restores.any(|restore| self.before(remove, restore) && self.before(restore, op))
        };
        self.ends.prunes(version).any(|prune| self.before(prune, op))
            || self.ends.removes(version).any(|at| self.before(at, op) && !restored(at))
    }

    fn is_grounded(&self, rotation: At, put: &Put) -> bool {
        let mut bases = put.replaces.iter().filter(|version| self.is_base(rotation, version));
        bases.any(|base| self.outlives_removal(rotation, base) && self.has_put(rotation, base))
    }

    /// Whether an ancestor puts the version and none ends it, whatever counts.
    fn is_base(&self, rotation: At, version: &Id) -> bool {
        let mut puts = self.puts.get(version).into_iter().flatten();
        let ends = || {
            let counting = self.ends.removes(version).chain(self.ends.prunes(version));
            counting.chain(self.ends.voids(version))
        };
        puts.any(|(at, _)| self.is_ancestor(*at, rotation))
            && !ends().any(|end| self.is_ancestor(end, rotation))
    }

    /// Whether each removal of the base is after the rotation, or followed by a restore.
    fn outlives_removal(&self, rotation: At, base: &Id) -> bool {
        let restored = |at: At| self.ends.restores(base).any(|restore| self.before(at, restore));
        self.ends.removes(base).all(|at| self.before(rotation, at) || restored(at))
    }

    /// Whether a put of the base before the rotation stands; or all are void, and nothing of the
    /// secret was removed without knowledge of one.
    fn has_put(&self, rotation: At, base: &Id) -> bool {
        let puts = self.puts.get(base).into_iter().flatten();
        let before: Vec<_> = puts.filter(|(at, _)| self.before(*at, rotation)).collect();
        if before.iter().any(|(_, ground)| *ground == Ground::Stands) {
            return true;
        }
        let follows = |remove: At| before.iter().any(|(put, _)| self.before(*put, remove));
        let mut removes = self.ends.removed.values().flatten().filter(|(_, removes)| *removes);
        before.iter().all(|(_, ground)| *ground == Ground::Void)
            && removes.all(|(at, _)| follows(*at))
    }
}
