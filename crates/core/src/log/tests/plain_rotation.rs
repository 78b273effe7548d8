//! The document's words about rotations, written out plainly: every pair compared.

use super::plain::{OpOrder, Plain, ancestors, is_of, is_stated};
use crate::crypto::id::{ObjectId, RotationId};
use crate::log::op::{Op, Pending, Promote};
use crate::log::rotation::{Rotation, Stage};
use std::collections::BTreeSet;

/// What the text calls a rotation; why one is stale it does not tell.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PlainRotation {
    pub id: RotationId,
    pub bases: BTreeSet<ObjectId>,
    pub objects: BTreeSet<ObjectId>,
    pub stage: &'static str,
    pub share: u64,
    pub divided: bool,
}

impl From<&Rotation> for PlainRotation {
    fn from(of: &Rotation) -> Self {
        let stage = match of.stage {
            Stage::Promoted => "promoted",
            Stage::Aborted => "aborted",
            Stage::Live => "live",
            Stage::Stale(_) => "stale",
        };
        let (bases, objects) =
            (of.base.into_iter().collect(), of.objects.iter().copied().collect());
        Self { id: of.id, bases, objects, stage, share: of.share, divided: of.is_divided }
    }
}

impl Plain<'_> {
    fn all(&self) -> impl Iterator<Item = (bool, &OpOrder, &Op)> {
        let counting = self.counting.iter().map(|(at, op)| (true, at, *op));
        counting.chain(self.void.iter().map(|(at, op)| (false, at, *op)))
    }

    pub(super) fn gives(&self, at: &OpOrder, pending: &Pending) -> bool {
        let counts = self.counting.iter().any(|(other, _)| other == at);
        let promoted = self.counting.iter().any(|(later, op)| match op {
            Op::Promote(promote) => is_of(promote, pending) && self.before(at, later),
            _ => false,
        });
        pending.body.is_some() && (counts || promoted)
    }

    /// Whether a promotion by rotate sets something, coming upon these active versions.
    pub(super) fn promotes(
        &self,
        at: &OpOrder,
        promote: &Promote,
        active: &[(OpOrder, ObjectId)],
    ) -> bool {
        let earlier = ancestors(self.log, &at.1);
        let is_base = |version: &ObjectId| {
            self.all().any(|(_, other, op)| match op {
                Op::Pending(of) => {
                    let is_its = of.rotation() == promote.rotation;
                    earlier.contains(&other.1) && is_its && of.base == Some(*version)
                }
                _ => false,
            })
        };
        let withdrawn = self.counting.iter().any(|(other, op)| {
            let names = match op {
                Op::Abort(abort) => abort.rotation == promote.rotation,
                op => self.retires(other, op, &promote.object),
            };
            names && self.before(other, at)
        });
        !withdrawn && active.iter().any(|(_, v)| is_base(v) && self.carries(at, v))
    }

    fn retires(&self, at: &OpOrder, op: &Op, version: &ObjectId) -> bool {
        let names = matches!(op, Op::Retire(of) if of.objects.contains(version));
        names && is_stated(self.log, &at.1, op, version)
    }

    pub(super) fn is_retired(&self, version: &ObjectId) -> bool {
        self.counting.iter().any(|(at, op)| self.retires(at, op, version))
    }

    fn is_intact(&self, version: &ObjectId) -> bool {
        self.prunes(version).is_empty()
            && !self.removed(version).last().copied().unwrap_or(false)
            && !self.is_retired(version)
    }

    pub(super) fn previous(&self) -> BTreeSet<ObjectId> {
        let (active, versions) = (self.active(), self.versions());
        let Some(current) = active.last() else { return BTreeSet::new() };
        let set = self.settings().0;
        let mut replaced: BTreeSet<ObjectId> = BTreeSet::new();
        for (at, op) in &self.counting {
            let Op::Promote(promote) = op else { continue };
            if promote.object != *current || !set.iter().any(|(of, _)| of == at) {
                continue;
            }
            let past: Vec<_> = set.iter().filter(|(of, _)| self.before(of, at)).copied().collect();
            let upon = self.latest(&past).into_iter().map(|(_, version)| version);
            let base = self.all().find_map(|(_, _, op)| match op {
                Op::Pending(of) if of.rotation() == promote.rotation => of.base,
                _ => None,
            });
            let is_named = |v: &ObjectId| promote.replaces.contains(v) || base == Some(*v);
            replaced.extend(upon.filter(is_named));
        }
        let is_left =
            |v: &&ObjectId| versions.contains(v) && !active.contains(v) && self.is_intact(v);
        replaced.iter().filter(is_left).copied().collect()
    }

    pub(super) fn rotations(&self) -> Vec<PlainRotation> {
        let there = self.counting.iter().filter_map(|(_, op)| match op {
            Op::Pending(of) => Some(of.rotation()),
            Op::Promote(of) => Some(of.rotation),
            _ => None,
        });
        there.collect::<BTreeSet<_>>().into_iter().map(|id| self.rotation(id)).collect()
    }

    fn rotation(&self, id: RotationId) -> PlainRotation {
        let pendings = |counts: Option<bool>| {
            let of = self.all().filter(move |(c, ..)| counts.is_none_or(|counts| counts == *c));
            of.filter_map(move |(_, at, op)| match op {
                Op::Pending(of) if of.rotation() == id => Some((*at, of)),
                _ => None,
            })
            .collect::<Vec<_>>()
        };
        let bases: BTreeSet<ObjectId> =
            pendings(None).iter().filter_map(|(_, of)| of.base).collect();
        let objects: BTreeSet<ObjectId> =
            pendings(None).iter().filter_map(|(_, of)| of.object().copied()).collect();
        let states = |counts: bool, is_one: &dyn Fn(&Op) -> bool| {
            self.all().any(|(c, _, op)| c == counts && is_one(op) && op.rotation() == Some(id))
        };
        let is_abort = |op: &Op| matches!(op, Op::Abort(_));
        let set = self.settings().0;
        let promoted = self.counting.iter().any(|(at, op)| {
            let is_its = matches!(op, Op::Promote(of) if of.rotation == id);
            is_its && set.iter().any(|(of, _)| of == at)
        });
        let stage = match () {
            () if promoted => "promoted",
            () if states(true, &is_abort) => "aborted",
            () if states(false, &is_abort) => "stale",
            () if self.is_live(&bases, &objects, &pendings(Some(true)), &pendings(None)) => "live",
            () => "stale",
        };
        let (share, divided) = (self.share(id), self.is_divided(id));
        PlainRotation { id, bases, objects, stage, share, divided }
    }

    fn is_live(
        &self,
        bases: &BTreeSet<ObjectId>,
        objects: &BTreeSet<ObjectId>,
        counting: &[(OpOrder, &Pending)],
        all: &[(OpOrder, &Pending)],
    ) -> bool {
        let candidates: BTreeSet<ObjectId> = self.active().into_iter().collect();
        let withdrawn =
            |object: &ObjectId| self.void.iter().any(|(at, op)| self.retires(at, op, object));
        let base_withdrawn = |base: &ObjectId| {
            self.void.iter().any(|(at, op)| {
                self.retires(at, op, base) && !all.iter().all(|(other, _)| self.before(at, other))
            })
        };
        candidates.len() == 1
            && *bases == candidates
            && bases.iter().all(|base| !self.is_retired(base) && !base_withdrawn(base))
            && objects.len() <= 1
            && objects.iter().all(|object| {
                counting.iter().any(|(_, of)| of.object() == Some(object))
                    && !self.versions().contains(object)
                    && self.is_intact(object)
                    && !withdrawn(object)
            })
    }

    fn share(&self, id: RotationId) -> u64 {
        let of = |counts: bool| -> Vec<(OpOrder, u64)> {
            let all = self.all().filter(|(c, ..)| *c == counts);
            all.filter_map(|(_, at, op)| match op {
                Op::Rollout { rotation, share, .. } if *rotation == id => Some((*at, *share)),
                _ => None,
            })
            .collect()
        };
        let counting = of(true);
        if counting.is_empty() {
            return 0;
        }
        let stands = |(at, _): &(OpOrder, u64)| !counting.iter().any(|(by, _)| self.before(at, by));
        counting.iter().copied().chain(of(false)).filter(stands).map(|(_, s)| s).min().unwrap()
    }

    fn is_divided(&self, id: RotationId) -> bool {
        let (active, set) = (self.active(), self.settings().0);
        let of = |is_one: &dyn Fn(&Op) -> bool| -> Vec<(OpOrder, &Op)> {
            let all = self.counting.iter();
            let all = all.filter(|(_, op)| op.rotation() == Some(id) && is_one(op));
            all.map(|(at, op)| (*at, *op)).collect()
        };
        let promotes = of(&|op| matches!(op, Op::Promote(_)));
        of(&|op| matches!(op, Op::Abort(_))).iter().any(|(abort, _)| {
            promotes
                .iter()
                .all(|(at, _)| !self.before(abort, at) || !set.iter().any(|(of, _)| of == at))
                && promotes.iter().any(|(at, op)| {
                    !self.before(at, abort) && op.objects().any(|object| active.contains(object))
                })
        })
    }
}
