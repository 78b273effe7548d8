//! The ops of a secret's rotations, as far as its fold asks for them: by rotation, so that it costs what they are and
//! not their product.

use super::rotation_made::Statement;
use crate::crypto::id::{ObjectId, RotationId};
use crate::log::graph::Graph;
use crate::log::op::{Op, Pending, Promote};
use crate::log::register::{At, latest};
use crate::name::Name;
use std::collections::{BTreeMap, HashMap};

/// Each list in order.
#[derive(Default)]
pub(super) struct RotationOps<'a> {
    /// Without what is kept of what is closed: that is of no rotation any more.
    pub rotations: BTreeMap<RotationId, OpsOfOne<'a>>,
    kept_pendings: Vec<(At, &'a Pending)>,
    /// By version; whether each counts.
    pub retires: HashMap<ObjectId, Vec<(At, bool)>>,
}

/// The ops of one rotation, each list in order.
#[derive(Default)]
pub(super) struct OpsOfOne<'a> {
    pub pendings: Vec<PendingAt<'a>>,
    /// (whether it counts, the share)
    pub rollouts: Vec<(At, (bool, u64))>,
    /// Whether each counts.
    pub aborts: Vec<(At, bool)>,
    /// Those that count.
    pub promotes: Vec<(At, &'a Promote)>,
    /// Whose the values are.
    authors: HashMap<ObjectId, &'a Name>,
}

#[derive(Clone, Copy)]
pub(super) struct PendingAt<'a> {
    pub at: At,
    pub counts: bool,
    pub op: &'a Pending,
}

impl<'a> OpsOfOne<'a> {
    /// What it was begun upon.
    pub fn base(&self) -> Option<ObjectId> {
        self.pendings.iter().find_map(|pending| pending.op.base)
    }

    /// Whether anything that counts says that there is such a rotation.
    pub fn is_there(&self) -> bool {
        !self.promotes.is_empty() || self.pendings.iter().any(|pending| pending.counts)
    }

    /// The promotions that set something: those of `set`, which is in order.
    pub fn standing(&self, set: &[(At, ObjectId)]) -> impl Iterator<Item = At> {
        let sets = |at: &At| set.binary_search_by_key(at, |(of, _)| *of).is_ok();
        self.promotes.iter().map(|(at, _)| *at).filter(sets)
    }

    pub fn counting_aborts(&self) -> impl Iterator<Item = At> {
        self.aborts.iter().filter(|(_, counts)| *counts).map(|(at, _)| *at)
    }

    /// The pendings that give their version: those that count, and those of which a promotion is made.
    fn giving(&self, graph: &Graph) -> impl Iterator<Item = (At, &'a Pending)> {
        let mut promotes: HashMap<ObjectId, Vec<(At, ())>> = HashMap::new();
        if self.pendings.iter().any(|pending| !pending.counts) {
            for (at, promote) in &self.promotes {
                promotes.entry(promote.object).or_default().push((*at, ()));
            }
            // What is before any is before one of these.
            promotes.values_mut().for_each(|all| *all = latest(graph, all));
        }
        let is_promoted = move |of: &PendingAt<'_>| {
            let mut promotes = of.op.object().and_then(|o| promotes.get(o)).into_iter().flatten();
            promotes.any(|(at, ())| of.at.before(graph, *at))
        };
        let gives = move |of: &&PendingAt<'_>| of.counts || is_promoted(of);
        self.pendings.iter().filter(gives).map(|of| (of.at, of.op))
    }
}

impl<'a> RotationOps<'a> {
    pub fn note(&mut self, at: At, counts: bool, op: &'a Op, actor: &'a Name) {
        match op {
            Op::Pending(op) => {
                let of = self.of(op.rotation());
                of.pendings.push(PendingAt { at, counts, op });
                of.authors.extend(op.object().map(|object| (*object, actor)));
            }
            Op::Rollout { rotation, share, .. } => {
                self.of(*rotation).rollouts.push((at, (counts, *share)));
            }
            Op::Abort(abort) => self.of(abort.rotation).aborts.push((at, counts)),
            Op::Promote(op) if counts => self.of(op.rotation).promotes.push((at, op)),
            _ => {}
        }
    }

    fn of(&mut self, rotation: RotationId) -> &mut OpsOfOne<'a> {
        self.rotations.entry(rotation).or_default()
    }

    pub fn note_kept_pending(&mut self, at: At, op: &'a Pending) {
        self.kept_pendings.push((at, op));
    }

    pub fn note_retire(&mut self, at: At, counts: bool, object: ObjectId) {
        self.retires.entry(object).or_default().push((at, counts));
    }

    /// Whether the value that a promotion is of is this member's own.
    pub fn is_own(&self, promote: &Promote, actor: &Name) -> bool {
        let author = self.rotations.get(&promote.rotation);
        author.and_then(|of| of.authors.get(&promote.object)).is_some_and(|own| *own == actor)
    }

    /// What the pendings that give their version say of it, in order.
    pub fn giving(&self, graph: &Graph) -> Vec<(ObjectId, Statement)> {
        let kept = self.kept_pendings.iter().copied();
        let open = self.rotations.values().flat_map(|of| of.giving(graph));
        let stated = kept.chain(open).filter_map(|(at, op)| {
            let (object, wrap) = op.object().copied().zip(op.wrap)?;
            Some((object, Statement { at, wrap, expires: op.expires }))
        });
        let mut all: Vec<(ObjectId, Statement)> = stated.collect();
        all.sort_by_key(|(_, statement)| statement.at);
        all
    }

    /// The counting retires of a version.
    pub fn retires_of(&self, object: &ObjectId) -> impl Iterator<Item = At> {
        let all = self.retires.get(object).into_iter().flatten();
        all.filter(|(_, counts)| *counts).map(|(at, _)| *at)
    }

    pub fn is_retired(&self, object: &ObjectId) -> bool {
        self.retires_of(object).next().is_some()
    }
}
