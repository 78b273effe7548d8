//! The ops of a secret's rotations, as far as its fold asks for them.

use super::rotation_made::{Making, Statement};
use crate::crypto::id::{ObjectId, RotationId};
use crate::log::active::Setting;
use crate::log::graph::Graph;
use crate::log::op::{Op, Pending, Promote};
use crate::log::register::At;
use std::collections::{BTreeMap, BTreeSet};

/// Each list in order.
#[derive(Default)]
pub(super) struct RotationOps<'a> {
    pub pendings: Vec<PendingAt<'a>>,
    pub rollouts: Vec<RolloutAt>,
    pub aborts: Vec<AbortAt>,
    retires: Vec<Acting>,
    /// Those that are kept of what is closed: there it is not known what they follow.
    kept_retires: Vec<Acting>,
    /// What void ops remove or prune.
    pub void_ends: BTreeSet<ObjectId>,
    /// The rotations that ops state, whether or not these count.
    pub stated: BTreeSet<RotationId>,
}

#[derive(Clone, Copy)]
pub(super) struct PendingAt<'a> {
    pub at: At,
    pub counts: bool,
    /// It is kept of what is closed: it gives its version, and is of no rotation any more.
    pub is_kept: bool,
    pub op: &'a Pending,
}

#[derive(Clone, Copy)]
pub(super) struct RolloutAt {
    pub at: At,
    pub counts: bool,
    pub rotation: RotationId,
    pub share: u64,
}

#[derive(Clone, Copy)]
pub(super) struct AbortAt {
    pub at: At,
    pub counts: bool,
    pub rotation: RotationId,
}

/// A `retire` of one version.
#[derive(Clone, Copy)]
pub(super) struct Acting {
    pub at: At,
    pub counts: bool,
    pub object: ObjectId,
}

impl<'a> RotationOps<'a> {
    pub fn note(&mut self, at: At, counts: bool, op: &'a Op) {
        self.stated.extend(op.rotation());
        match op {
            Op::Pending(op) => self.pendings.push(PendingAt { at, counts, is_kept: false, op }),
            Op::Rollout { rotation, share, .. } => {
                self.rollouts.push(RolloutAt { at, counts, rotation: *rotation, share: *share });
            }
            Op::Abort(abort) => self.aborts.push(AbortAt { at, counts, rotation: abort.rotation }),
            Op::Retire(of) => {
                let retires =
                    of.objects.iter().map(|object| Acting { at, counts, object: *object });
                self.retires.extend(retires);
            }
            Op::Remove(of) if !counts => self.void_ends.extend(&of.objects),
            Op::Prune { objects, .. } if !counts => self.void_ends.extend(objects),
            _ => {}
        }
    }

    pub fn note_kept_pending(&mut self, at: At, op: &'a Pending) {
        self.pendings.push(PendingAt { at, counts: true, is_kept: true, op });
    }

    pub fn note_kept_retire(&mut self, at: At, object: ObjectId) {
        self.kept_retires.push(Acting { at, counts: true, object });
    }

    /// The pendings of the rotations, without what is kept.
    pub fn open(&self) -> impl Iterator<Item = &PendingAt<'a>> {
        self.pendings.iter().filter(|pending| !pending.is_kept)
    }

    /// What the pendings that give their version say of it.
    pub fn giving(
        &self,
        graph: &Graph,
        settings: &[(At, Setting<'_>)],
    ) -> impl Iterator<Item = (ObjectId, Statement)> {
        let promotes: Vec<(At, &Promote)> = promotes(settings).collect();
        let gives = move |of: &&PendingAt<'_>| {
            let promoted = |(at, promote): &(At, &Promote)| {
                promote.rotation == of.op.rotation
                    && Some(&promote.object) == of.op.object()
                    && of.at.before(graph, *at)
            };
            of.counts || promotes.iter().any(promoted)
        };
        let giving = self.pendings.iter().filter(gives);
        giving.filter_map(|PendingAt { at, op, .. }| {
            let (object, wrap) = op.object().copied().zip(op.wrap)?;
            Some((object, Statement { at: *at, wrap, expires: op.expires }))
        })
    }

    /// What is retired: the versions that something before the `retire` states, counting or void.
    pub fn acting(
        &self,
        graph: &Graph,
        settings: &[(At, Setting<'_>)],
        void_puts: &[(At, ObjectId)],
    ) -> Vec<Acting> {
        if self.retires.is_empty() {
            return self.kept_retires.clone();
        }
        let puts = settings.iter().filter_map(|(at, setting)| match setting.making()? {
            Making::Put(put) => Some((put.object, *at)),
            Making::Promote(_) => None,
        });
        let void = void_puts.iter().map(|(at, object)| (*object, *at));
        let pendings = self.pendings.iter().filter_map(|of| Some((*of.op.object()?, of.at)));
        let mut stated: BTreeMap<ObjectId, Vec<At>> = BTreeMap::new();
        puts.chain(void).chain(pendings).for_each(|(o, at)| stated.entry(o).or_default().push(at));
        let acts = |of: &&Acting| {
            let mut by = stated.get(&of.object).into_iter().flatten();
            by.any(|at| at.before(graph, of.at))
        };
        self.retires.iter().filter(acts).chain(&self.kept_retires).copied().collect()
    }
}

/// The promotions that count, without what is kept of what is closed: there they promote nothing any more.
pub(super) fn promotes<'a>(
    settings: &[(At, Setting<'a>)],
) -> impl Iterator<Item = (At, &'a Promote)> {
    settings.iter().filter_map(|(at, setting)| match setting {
        Setting::Write(making) | Setting::Rotate(making) => Some((*at, making.promotes()?)),
        _ => None,
    })
}
