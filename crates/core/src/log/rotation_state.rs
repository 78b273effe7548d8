//! How the rotations of a secret stand.

use super::rotation_made::Making;
use super::rotation_ops::{Acting, PendingAt, RotationOps, promotes};
use super::rotation_share as share;
use crate::crypto::id::{ObjectId, RotationId};
use crate::log::active::Setting;
use crate::log::graph::Graph;
use crate::log::register::At;
use crate::log::state::Version;
use std::collections::BTreeSet;

/// What rotations say of a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RotationState {
    /// The held versions that do not exist: nobody promoted them. Their number is 0.
    pub held: Vec<Version>,
    /// In order of id.
    pub rotations: Vec<Rotation>,
    /// What the current version was promoted over, as far as that may still be in use. In order of id.
    pub previous: Vec<ObjectId>,
}

/// A rotation that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    pub id: RotationId,
    /// What its pendings state, in order of id.
    pub bases: Vec<ObjectId>,
    pub objects: Vec<ObjectId>,
    pub stage: Stage,
    /// Of 10,000.
    pub share: u64,
    /// Promoted and aborted beside each other, what was promoted being active.
    pub is_divided: bool,
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
    /// What it began upon is not current, or retired, or several versions are stated.
    Base,
    /// Its value is removed, pruned, retired or void, or it has several.
    Object,
    /// An op that does not count may have withdrawn it, or what it began upon.
    Void,
}

impl RotationState {
    fn is_empty(&self) -> bool {
        self.held.is_empty() && self.rotations.is_empty() && self.previous.is_empty()
    }

    fn live(&self) -> impl Iterator<Item = &Rotation> {
        self.rotations.iter().filter(|rotation| rotation.stage == Stage::Live)
    }

    /// The rotation that goes on, if it is the only one that does.
    pub fn going_on(&self) -> Option<&Rotation> {
        let mut live = self.live();
        live.next().filter(|_| live.next().is_none())
    }

    /// The pending version, with its rotation.
    pub fn pending(&self) -> Option<(ObjectId, &Rotation)> {
        let rotation = self.going_on()?;
        Some((*rotation.objects.first()?, rotation))
    }

    /// Whether several rotations are live, of which none has the say.
    pub fn is_contested(&self) -> bool {
        self.live().nth(1).is_some()
    }
}

/// What the rotations of a secret stand on.
pub(super) struct Ground<'a> {
    pub graph: &'a Graph,
    pub ops: &'a RotationOps<'a>,
    pub settings: &'a [(At, Setting<'a>)],
    pub acting: &'a [Acting],
    /// The held versions; those that exist come first.
    pub versions: &'a [Version],
    /// How many exist.
    pub existing: usize,
    pub candidates: &'a [ObjectId],
    pub current: Option<ObjectId>,
}

/// Whether a rotation of these ops is neither promoted nor aborted. `exists` tells of versions.
pub(super) fn is_any_open(
    ops: &RotationOps<'_>,
    settings: &[(At, Setting<'_>)],
    exists: impl Fn(&ObjectId) -> bool,
) -> bool {
    there(ops, settings).iter().any(|id| {
        let mut pendings = ops.open().filter(|of| of.op.rotation == *id);
        !promotes(settings).any(|(_, promote)| promote.rotation == *id)
            && !pendings.any(|of| of.op.object().is_some_and(&exists))
            && !ops.aborts.iter().any(|abort| abort.counts && abort.rotation == *id)
    })
}

/// The rotations that are there.
fn there(ops: &RotationOps<'_>, settings: &[(At, Setting<'_>)]) -> BTreeSet<RotationId> {
    let pending = ops.open().filter(|of| of.counts).map(|of| of.op.rotation);
    pending.chain(promotes(settings).map(|(_, promote)| promote.rotation)).collect()
}

impl Ground<'_> {
    /// `None` where there is nothing to say.
    pub fn state(&self) -> Option<Box<RotationState>> {
        let (rotations, previous) = (self.rotations(), self.previous());
        let held = self.versions[self.existing..].to_vec();
        let state = RotationState { held, rotations, previous };
        (!state.is_empty()).then(|| Box::new(state))
    }

    fn rotations(&self) -> Vec<Rotation> {
        there(self.ops, self.settings).into_iter().map(|id| self.rotation(id)).collect()
    }

    /// What the current version's promotions replaced.
    fn previous(&self) -> Vec<ObjectId> {
        let is_current = |making: &Making<'_>| Some(*making.object()) == self.current;
        let makings = self.settings.iter().filter_map(|(_, setting)| setting.making());
        let promotes = makings.filter(is_current).filter_map(Making::promotes);
        let replaced: BTreeSet<ObjectId> =
            promotes.flat_map(|promote| promote.replaces.iter().copied()).collect();
        let is_left = |object: &ObjectId| {
            let mut versions = self.versions[..self.existing].iter();
            versions.find(|version| version.object == *object).is_some_and(is_intact)
                && !self.candidates.contains(object)
        };
        replaced.into_iter().filter(is_left).collect()
    }

    fn rotation(&self, id: RotationId) -> Rotation {
        let pendings: Vec<&PendingAt<'_>> =
            self.ops.open().filter(|of| of.op.rotation == id).collect();
        let bases: BTreeSet<ObjectId> = pendings.iter().map(|of| of.op.base).collect();
        let objects: BTreeSet<ObjectId> =
            pendings.iter().filter_map(|of| of.op.object().copied()).collect();
        let mut rotation = Rotation {
            id,
            bases: bases.into_iter().collect(),
            objects: objects.into_iter().collect(),
            stage: Stage::Live,
            share: share::of(self.graph, self.ops, &id),
            is_divided: self.is_divided(&id),
        };
        rotation.stage = self.stage(&rotation, &pendings);
        rotation
    }

    fn stage(&self, of: &Rotation, pendings: &[&PendingAt<'_>]) -> Stage {
        let exists = |o: &ObjectId| self.versions[..self.existing].iter().any(|v| v.object == *o);
        let is_promoted = promotes(self.settings).any(|(_, promote)| promote.rotation == of.id);
        if is_promoted || of.objects.iter().any(exists) {
            return Stage::Promoted;
        }
        let mut aborts = self.ops.aborts.iter().filter(|abort| abort.rotation == of.id);
        if aborts.clone().any(|abort| abort.counts) {
            return Stage::Aborted;
        }
        let stale = match () {
            () if self.candidates.len() != 1 => Staleness::Active,
            () if !self.is_upon_current(of) => Staleness::Base,
            () if !self.has_one_intact(of, pendings) => Staleness::Object,
            () if aborts.next().is_some() || self.is_withdrawn(of, pendings) => Staleness::Void,
            () => return Stage::Live,
        };
        Stage::Stale(stale)
    }

    fn is_upon_current(&self, of: &Rotation) -> bool {
        let is_retired = |base: &ObjectId| {
            let mut versions = self.versions.iter();
            versions.any(|version| version.object == *base && version.retired)
        };
        matches!(&of.bases[..], [base] if Some(*base) == self.current && !is_retired(base))
    }

    fn has_one_intact(&self, of: &Rotation, pendings: &[&PendingAt<'_>]) -> bool {
        let brings = |object: &ObjectId| {
            pendings.iter().any(|pending| pending.counts && pending.op.object() == Some(object))
        };
        match &of.objects[..] {
            [] => true,
            [object] => {
                let found = self.versions.iter().find(|version| version.object == *object);
                brings(object) && found.is_some_and(is_intact)
            }
            _ => false,
        }
    }

    /// Whether what does not count may have withdrawn its value, or what it was begun upon.
    fn is_withdrawn(&self, of: &Rotation, pendings: &[&PendingAt<'_>]) -> bool {
        let follows = |retire: &Acting| {
            pendings.iter().all(|pending| retire.at.before(self.graph, pending.at))
        };
        let touches = |retire: &&Acting| {
            of.objects.contains(&retire.object)
                || (of.bases.contains(&retire.object) && !follows(retire))
        };
        of.objects.iter().any(|object| self.ops.void_ends.contains(object))
            || self.acting.iter().filter(|retire| !retire.counts).any(|retire| touches(&retire))
    }

    fn is_divided(&self, id: &RotationId) -> bool {
        let before = |a: At, b: At| a.before(self.graph, b);
        let promotes: Vec<_> =
            promotes(self.settings).filter(|(_, promote)| promote.rotation == *id).collect();
        let aborts = self.ops.aborts.iter().filter(|abort| abort.counts && abort.rotation == *id);
        aborts.map(|abort| abort.at).any(|abort| {
            let mut beside =
                promotes.iter().filter(|(at, _)| !before(*at, abort) && !before(abort, *at));
            !promotes.iter().any(|(at, _)| before(abort, *at))
                && beside.any(|(_, promote)| self.candidates.contains(&promote.object))
        })
    }
}

fn is_intact(version: &Version) -> bool {
    !version.removed && !version.pruned && !version.retired
}
