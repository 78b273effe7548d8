//! How the rotations of a secret stand.

use super::rotation_ops::{OpsOfOne, RotationOps};
use super::rotation_share as share;
use crate::crypto::id::{EntryId, ObjectId, RotationId};
use crate::log::existing::Index;
use crate::log::graph::Graph;
use crate::log::register::{At, latest};
use crate::log::state::Version;
use crate::time::UnixTime;
use std::collections::{BTreeMap, BTreeSet};

/// What rotations say of a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RotationState {
    /// The held versions that do not exist: nobody promoted them. Their number is 0.
    pub held: Vec<Version>,
    /// What somebody retired, whether or not that is held.
    pub retired: BTreeSet<ObjectId>,
    /// In order of id.
    pub rotations: Vec<Rotation>,
    /// What the current version was promoted over. In order of id.
    pub replaced: Vec<ObjectId>,
    /// The same, as far as that may still be in use. In order of id.
    pub previous: Vec<ObjectId>,
    /// What any promotion that set something made active or was over, whatever came after: without what is closed, as far
    /// as that is known.
    pub rotated: BTreeSet<ObjectId>,
    /// When who is given what was changed last, by what is active or aborted, as its entries say: seconds since the Unix
    /// epoch.
    pub changed: Option<UnixTime>,
}

/// A rotation that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    pub id: RotationId,
    /// What it was begun upon; `None` where that is behind what is closed.
    pub base: Option<ObjectId>,
    /// What its pendings state, in order of id.
    pub objects: Vec<ObjectId>,
    pub stage: Stage,
    /// Whether it would be live if nothing were there that does not count.
    pub contends: bool,
    /// Of 10,000.
    pub share: u64,
    /// Whether somebody said a share, be it none: how it goes on is not left to a machine then.
    pub is_staged: bool,
    /// Promoted and aborted beside each other, what was promoted being active.
    pub is_divided: bool,
    /// The promotions of it that set something: the entry, and the index of the op.
    pub promoted_by: Vec<(EntryId, u32)>,
}

/// How far a rotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Promoted,
    Aborted,
    /// It is open, and may go on.
    Live,
    /// It is open, and something happened that it does not know of.
    Stale(Staleness),
}

/// What made a rotation stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Staleness {
    /// No version is active, or several are.
    Active,
    /// What it began upon is not current, or retired.
    Base,
    /// Its value is removed, pruned, retired, void or there without it, or it has several.
    Object,
    /// An op that does not count may have withdrawn it, or what it began upon.
    Void,
}

impl Staleness {
    /// Why, as the end of a sentence.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "not exactly one version is active",
            Self::Base => "what it was begun on is not the current version any more",
            Self::Object => {
                "its value was retired, does not count, is there without it, or it has several"
            }
            Self::Void => {
                "what does not count any more may have withdrawn its value, or what it was begun on"
            }
        }
    }
}

impl RotationState {
    fn is_empty(&self) -> bool {
        self.held.is_empty()
            && self.rotations.is_empty()
            && self.replaced.is_empty()
            && self.rotated.is_empty()
            && self.retired.is_empty()
    }

    fn live(&self) -> impl Iterator<Item = &Rotation> {
        self.rotations.iter().filter(|rotation| rotation.stage == Stage::Live)
    }

    /// The rotation that goes on, if it is the only one that does. What does not count ends no contest: whoever wrote it
    /// would choose who wins.
    pub fn going_on(&self) -> Option<&Rotation> {
        self.live().next().filter(|_| !self.is_contested())
    }

    /// The pending version, with its rotation.
    pub fn pending(&self) -> Option<(ObjectId, &Rotation)> {
        let rotation = self.going_on()?;
        Some((*rotation.objects.first()?, rotation))
    }

    /// Whether several rotations are live, of which none has the say.
    pub fn is_contested(&self) -> bool {
        let contending = self.rotations.iter().filter(|rotation| rotation.contends);
        self.live().next().is_some() && contending.take(2).count() > 1
    }
}

/// What the rotations of a secret stand on.
pub(super) struct Ground<'a> {
    pub graph: &'a Graph,
    pub ops: &'a RotationOps<'a>,
    /// The ops that set something, in order.
    pub set: &'a [(At, ObjectId)],
    /// What was promoted.
    pub promoted: &'a BTreeSet<ObjectId>,
    /// What versions were promoted over.
    pub replaced: &'a BTreeSet<(ObjectId, ObjectId)>,
    /// The held versions; those that exist come first.
    pub versions: &'a [Version],
    pub index: &'a Index,
    /// How many exist.
    pub existing: usize,
    pub candidates: &'a [ObjectId],
    pub current: Option<ObjectId>,
    /// The time that an op's entry states.
    pub told: &'a dyn Fn(At) -> UnixTime,
}

/// Whether a rotation of these ops is neither promoted nor aborted, where the ops of `set`, in order, set something.
pub(super) fn is_any_open(ops: &RotationOps<'_>, set: &[(At, ObjectId)]) -> bool {
    ops.rotations
        .values()
        .filter(|of| of.is_there())
        .any(|of| of.standing(set).next().is_none() && of.counting_aborts().next().is_none())
}

impl Ground<'_> {
    /// `None` where there is nothing to say.
    pub fn state(&self) -> Option<Box<RotationState>> {
        let there = self.ops.rotations.iter().filter(|(_, of)| of.is_there());
        let rotations = there.map(|(id, of)| self.rotation(*id, of)).collect();
        let held = self.versions[self.existing..].to_vec();
        let replaced = self.replaced();
        let is_left = |object: &ObjectId| self.existing(object).is_some_and(is_intact);
        let previous = replaced.iter().filter(|object| is_left(object)).copied().collect();
        let retired = self.ops.retires.keys().filter(|object| self.ops.is_retired(object));
        let retired = retired.copied().collect();
        let (rotated, changed) = (self.rotated(), self.changed());
        let state =
            RotationState { held, retired, rotations, replaced, previous, rotated, changed };
        (!state.is_empty()).then(|| Box::new(state))
    }

    fn changed(&self) -> Option<UnixTime> {
        // Nobody was given anything by a rotation that ends without a value.
        let has_value = |of: &&OpsOfOne<'_>| of.pendings.iter().any(|at| at.op.object().is_some());
        let rotations = self.ops.rotations.values().filter(has_value);
        let aborts = rotations.flat_map(OpsOfOne::counting_aborts);
        let all = self.set.iter().map(|(at, _)| *at).chain(aborts);
        all.map(|at| (self.told)(at)).max()
    }

    /// What the current version's promotions replaced.
    fn replaced(&self) -> Vec<ObjectId> {
        let Some(current) = self.current else { return Vec::new() };
        let from = (current, ObjectId([0; 32]));
        let of = self.replaced.range(from..).take_while(|(by, _)| *by == current);
        let is_over = |object: &ObjectId| {
            self.existing(object).is_some() && !self.candidates.contains(object)
        };
        of.map(|(_, old)| *old).filter(is_over).collect()
    }

    fn rotated(&self) -> BTreeSet<ObjectId> {
        self.promoted.iter().chain(self.replaced.iter().map(|(_, old)| old)).copied().collect()
    }

    fn version(&self, object: &ObjectId) -> Option<&Version> {
        self.index.find(self.versions, object).map(|at| &self.versions[at])
    }

    fn existing(&self, object: &ObjectId) -> Option<&Version> {
        let at = self.index.find(self.versions, object).filter(|at| *at < self.existing);
        at.map(|at| &self.versions[at])
    }

    fn rotation(&self, id: RotationId, ops: &OpsOfOne<'_>) -> Rotation {
        let objects = ops.pendings.iter().filter_map(|of| of.op.object().copied());
        let objects: BTreeSet<ObjectId> = objects.collect();
        let named = |at: At| (*self.graph.id(at.place as usize), at.op);
        let mut rotation = Rotation {
            id,
            base: ops.base(),
            objects: objects.into_iter().collect(),
            stage: Stage::Live,
            contends: false,
            share: share::of(self.graph, ops),
            is_staged: !ops.rollouts.is_empty(),
            is_divided: self.is_divided(ops),
            promoted_by: ops.standing(self.set).map(named).collect(),
        };
        rotation.stage = self.stage(&rotation, ops);
        rotation.contends = self.contends(&rotation, ops);
        rotation
    }

    fn stage(&self, of: &Rotation, ops: &OpsOfOne<'_>) -> Stage {
        if ops.standing(self.set).next().is_some() {
            return Stage::Promoted;
        }
        if ops.counting_aborts().next().is_some() {
            return Stage::Aborted;
        }
        let stale = match () {
            () if self.candidates.len() != 1 => Staleness::Active,
            () if !self.is_upon_current(of) => Staleness::Base,
            () if !self.has_one_intact(of, ops) => Staleness::Object,
            () if !ops.aborts.is_empty() || self.is_withdrawn(of, ops) => Staleness::Void,
            () => return Stage::Live,
        };
        Stage::Stale(stale)
    }

    fn contends(&self, of: &Rotation, ops: &OpsOfOne<'_>) -> bool {
        if !matches!(of.stage, Stage::Live | Stage::Stale(_)) {
            return false;
        }
        let counting = ops.pendings.iter().filter(|pending| pending.counts);
        let objects: BTreeSet<&ObjectId> = counting.filter_map(|of| of.op.object()).collect();
        let is_sound = |object: &ObjectId| {
            self.existing(object).is_none() && self.version(object).is_some_and(is_intact)
        };
        self.candidates.len() == 1
            && self.is_upon_current(of)
            && objects.len() <= 1
            && objects.iter().all(|object| is_sound(object))
    }

    fn is_upon_current(&self, of: &Rotation) -> bool {
        of.base.is_some()
            && of.base == self.current
            && !of.base.is_some_and(|b| self.ops.is_retired(&b))
    }

    fn has_one_intact(&self, of: &Rotation, ops: &OpsOfOne<'_>) -> bool {
        let brings = |object: &ObjectId| {
            ops.pendings.iter().any(|pending| pending.counts && pending.op.object() == Some(object))
        };
        match &of.objects[..] {
            [] => true,
            [object] => {
                let is_new = self.existing(object).is_none();
                brings(object) && is_new && self.version(object).is_some_and(is_intact)
            }
            _ => false,
        }
    }

    /// Whether what does not count may have withdrawn its value, or what it was begun upon.
    fn is_withdrawn(&self, of: &Rotation, ops: &OpsOfOne<'_>) -> bool {
        let void = |object| {
            let all = self.ops.retires.get(object).into_iter().flatten();
            all.filter(|(_, counts)| !counts).map(|(at, _)| *at)
        };
        let precedes = |at: At| ops.pendings.iter().all(|of| at.before(self.graph, of.at));
        of.objects.iter().any(|object| void(object).next().is_some())
            || of.base.iter().any(|base| void(base).any(|at| !precedes(at)))
    }

    fn is_divided(&self, ops: &OpsOfOne<'_>) -> bool {
        let before = |a: At, b: At| a.before(self.graph, b);
        let standing: Vec<(At, ())> = ops.standing(self.set).map(|at| (at, ())).collect();
        let standing = latest(self.graph, &standing);
        let is_last = |abort: &At| !standing.iter().any(|(at, ())| before(*abort, *at));
        let is_active = |object| self.candidates.binary_search(object).is_ok();
        // Ops of one entry stand alike to those of another one, and many may be in one.
        let active = ops.promotes.iter().filter(|(_, of)| is_active(&of.object));
        let active: BTreeMap<u32, At> = active.map(|(at, _)| (at.place, *at)).collect();
        let aborts = ops.counting_aborts().filter(is_last).map(|at| (at.place, at));
        let aborts: BTreeMap<u32, At> = aborts.collect();
        aborts
            .values()
            .any(|abort| active.values().any(|at| !before(*at, *abort) && !before(*abort, *at)))
    }
}

fn is_intact(version: &Version) -> bool {
    !version.removed && !version.pruned && !version.retired
}
