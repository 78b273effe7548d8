//! Which puts and resolves set a secret's active version (`docs/format.md` section 7): not those of a
//! version that is removed or pruned before them, not a rotation that is overruled, and not a resolve
//! of a version that it did not find active.
//!
//! A rotation stands on what was active where it was written, whatever it says that it replaces: were
//! that its own word, a holder of `rotate` could choose an older version, a void one or one that
//! nobody removed, and so outlive a removal or be made to fall by one that is none of its business.
//!
//! One pass in the order of the log. What was active before an op is looked for from the latest back,
//! and the search ends at an op that all earlier ones lead to: in a history without branches that is the
//! first one. Removals and restores of a version are asked about once for each rotation that stands
//! on it. So the cost is linear where few write at the same time, and at worst, by members with the
//! right to, the product of the ops on one secret that are beside each other.

use super::graph::Graph;
use super::op::Promote;
use super::register::{At, latest};
use super::rotation::{Making, RotationOps};
use crate::crypto::id::{ObjectId, RotationId};
use std::collections::{BTreeSet, HashMap, HashSet};

/// An op that counts and may set its secret's active version.
#[derive(Debug, Clone, Copy)]
pub(super) enum Setting<'a> {
    /// It counts by the right to write.
    Write(Making<'a>),
    /// It counts by the right to rotate alone.
    Rotate(Making<'a>),
    Resolve(&'a ObjectId),
    /// Kept of what is closed: they set something, whatever led to that.
    Kept(Making<'a>),
    KeptResolve(&'a ObjectId),
    /// Kept of what is closed as that of a version which something else made active.
    Known(Making<'a>),
}

impl<'a> Setting<'a> {
    /// The op, if it makes a version exist.
    pub fn making(&self) -> Option<Making<'a>> {
        match self {
            Self::Write(making)
            | Self::Rotate(making)
            | Self::Kept(making)
            | Self::Known(making) => Some(*making),
            Self::Resolve(_) | Self::KeptResolve(_) => None,
        }
    }
}

/// What ends versions and brings them back, by version, each list in order. All of it counts.
#[derive(Default)]
pub(super) struct Ends {
    /// True removes, false restores.
    pub removed: HashMap<ObjectId, Vec<(At, bool)>>,
    pub pruned: HashMap<ObjectId, Vec<At>>,
    /// The removals of what was not there yet where they were written: they take nothing away.
    idle: Vec<At>,
}

impl Ends {
    /// Leaves out what is said of versions before they are there. What is put is there with its id; what is promoted,
    /// since a promotion of it: until then it is withdrawn by an abort, which deletes nothing. So a removal or a prune
    /// beside a promotion is not for it, and whoever may only rotate cannot turn it into one of the secret.
    pub fn settle(&mut self, graph: &Graph, settings: &[(At, Setting<'_>)]) {
        let mut puts: HashSet<&ObjectId> = HashSet::new();
        let mut promotes: HashMap<&ObjectId, Vec<At>> = HashMap::new();
        for (at, setting) in settings {
            match setting.making() {
                Some(Making::Put(put)) => _ = puts.insert(&put.object),
                Some(Making::Promote(of)) => promotes.entry(&of.object).or_default().push(*at),
                None => {}
            }
        }
        promotes.values_mut().for_each(|all| *all = earliest(graph, all.iter().copied()));
        let acts = |object: &ObjectId, at: At| {
            graph.is_kept(at.place as usize)
                || puts.contains(object)
                || promotes.get(object).is_some_and(|all| all.iter().any(|by| by.before(graph, at)))
        };
        for (object, ops) in &mut self.pruned {
            ops.retain(|at| acts(object, *at));
        }
        self.pruned.retain(|_, ops| !ops.is_empty());
        for (object, ops) in &mut self.removed {
            let idle = ops.iter().filter(|(at, removes)| *removes && !acts(object, *at));
            self.idle.extend(idle.map(|(at, _)| *at));
            ops.retain(|(at, _)| acts(object, *at));
        }
        self.removed.retain(|_, ops| !ops.is_empty());
    }

    /// Of whatever versions.
    pub fn all_removes(&self) -> impl Iterator<Item = At> {
        let all = self.removed.values().flatten().filter(|(_, removes)| *removes);
        all.map(|(at, _)| *at).chain(self.idle.iter().copied())
    }

    fn removes<'a>(&'a self, version: &ObjectId) -> impl Iterator<Item = At> + use<'a> {
        let ops = self.removed.get(version).into_iter().flatten();
        ops.filter(|(_, removes)| *removes).map(|(at, _)| *at)
    }

    fn restores<'a>(&'a self, version: &ObjectId) -> impl Iterator<Item = At> + use<'a> {
        let ops = self.removed.get(version).into_iter().flatten();
        ops.filter(|(_, removes)| !*removes).map(|(at, _)| *at)
    }

    fn prunes<'a>(&'a self, version: &ObjectId) -> impl Iterator<Item = At> + use<'a> {
        self.pruned.get(version).into_iter().flatten().copied()
    }

    fn is_removed(&self, graph: &Graph, version: &ObjectId) -> bool {
        let ops = self.removed.get(version).map_or(&[][..], Vec::as_slice);
        latest(graph, ops).last().is_some_and(|(_, removes)| *removes)
    }
}

/// What came of the ops.
#[derive(Default)]
pub(super) struct ActiveVersions {
    /// Those that set something, in order.
    pub set: Vec<(At, ObjectId)>,
    /// The puts and promotions that are overruled.
    pub overruled: Vec<At>,
    /// What promotions that set something made active.
    pub promoted: BTreeSet<ObjectId>,
    /// What promotions that set something came upon and say that they replace, by the version that they made active.
    pub replaced: BTreeSet<(ObjectId, ObjectId)>,
}

/// `ops` are in order; `rotating` is `None` where the secret has no rotations.
pub(super) fn settings(
    graph: &Graph,
    ends: &Ends,
    rotating: Option<&RotationOps<'_>>,
    ops: &[(At, Setting<'_>)],
) -> ActiveVersions {
    // Only these ask what was active before them.
    let asks = ops.iter().any(|(_, op)| {
        let replaces = || op.making().is_some_and(|making| making.promotes().is_some());
        matches!(op, Setting::Rotate(_) | Setting::Resolve(_)) || replaces()
    });
    let mut pass =
        Pass { graph, ends, rotating, withdrawn: Withdrawn::default(), past: Past::default() };
    let mut outcome =
        ActiveVersions { set: Vec::with_capacity(ops.len()), ..ActiveVersions::default() };
    for (at, op) in ops {
        let (object, sets) = match op {
            Setting::Write(making) => (making.object(), true),
            Setting::Rotate(Making::Put(put)) => (&put.object, pass.stands(*at)),
            Setting::Rotate(Making::Promote(promote)) => {
                (&promote.object, pass.promotes(*at, promote))
            }
            Setting::Resolve(object) => (*object, pass.active_before(*at).contains(object)),
            Setting::Kept(making) => (making.object(), true),
            Setting::KeptResolve(object) => (*object, true),
            Setting::Known(_) => continue,
        };
        let is_kept = matches!(op, Setting::Kept(_) | Setting::KeptResolve(_));
        if !sets && matches!(op, Setting::Rotate(_)) {
            outcome.overruled.push(*at);
        }
        if sets && (is_kept || !pass.is_ended(*at, object)) {
            outcome.set.push((*at, *object));
            if let Some(promote) = op.making().and_then(Making::promotes) {
                outcome.promoted.insert(*object);
                let replaced = if is_kept { Vec::new() } else { pass.replaced(*at, promote) };
                outcome.replaced.extend(replaced.into_iter().map(|old| (*object, old)));
            }
            if asks {
                pass.past.push(graph, *at, *object);
            }
        }
    }
    outcome
}

/// The ops so far that set something.
#[derive(Default)]
struct Past {
    /// In order; whether all before it lead to it.
    ops: Vec<(At, ObjectId, bool)>,
    /// The latest of them, by place in `ops`.
    tips: Vec<usize>,
}

impl Past {
    fn push(&mut self, graph: &Graph, at: At, object: ObjectId) {
        let ops = &self.ops;
        self.tips.retain(|tip| !ops[*tip].0.before(graph, at));
        self.tips.push(ops.len());
        self.ops.push((at, object, self.tips.len() == 1));
    }
}

/// What withdraws values, as far as it was asked for: the ops that are after no other such.
#[derive(Default)]
struct Withdrawn {
    aborts: HashMap<RotationId, Vec<At>>,
    retires: HashMap<ObjectId, Vec<At>>,
}

/// Those of the ops, which are in order, that are after no other: what is after any is after one of these.
fn earliest(graph: &Graph, ops: impl Iterator<Item = At>) -> Vec<At> {
    let mut left: Vec<At> = Vec::new();
    for at in ops {
        if !left.iter().any(|earlier| earlier.before(graph, at)) {
            left.push(at);
        }
    }
    left
}

struct Pass<'a> {
    graph: &'a Graph,
    ends: &'a Ends,
    rotating: Option<&'a RotationOps<'a>>,
    withdrawn: Withdrawn,
    past: Past,
}

impl Pass<'_> {
    fn before(&self, a: At, b: At) -> bool {
        a.before(self.graph, b)
    }

    /// The versions that were active where the op was written, removed ones among them.
    fn active_before(&self, op: At) -> Vec<ObjectId> {
        let mut found: Vec<(At, ObjectId)> = Vec::new();
        for (at, object, leads) in self.past.ops.iter().rev() {
            if found.iter().any(|(later, _)| self.before(*at, *later)) || !self.before(*at, op) {
                continue;
            }
            found.push((*at, *object));
            if *leads {
                break;
            }
        }
        found.into_iter().map(|(_, object)| object).collect()
    }

    /// Whether before the op its version is pruned, or removed and not restored.
    fn is_ended(&self, op: At, version: &ObjectId) -> bool {
        self.ends.prunes(version).any(|prune| self.before(prune, op))
            || self
                .ends
                .removes(version)
                .any(|at| self.before(at, op) && !self.is_restored(version, at, Some(op)))
    }

    /// Whether a removal of the version is followed by a restore of it, before `until` if stated.
    fn is_restored(&self, version: &ObjectId, removal: At, until: Option<At>) -> bool {
        self.ends.restores(version).any(|restore| {
            self.before(removal, restore) && until.is_none_or(|until| self.before(restore, until))
        })
    }

    /// Whether something that the rotation came upon has not been removed without knowledge of it.
    fn stands(&self, rotation: At) -> bool {
        let active = self.active_before(rotation);
        if active.is_empty() {
            // All that was there is void: a removal beside or before the rotation wins all the same.
            return self.ends.all_removes().all(|at| self.before(rotation, at));
        }
        active.iter().any(|version| self.carries(rotation, version))
    }

    /// Whether a promotion by the right to rotate came upon what its rotation was begun on, and nobody had withdrawn
    /// its value before.
    fn promotes(&mut self, at: At, promote: &Promote) -> bool {
        self.base_of(promote).is_some_and(|base| {
            !self.is_withdrawn(at, promote)
                && self.active_before(at).contains(&base)
                && self.carries(at, &base)
        })
    }

    /// What was active where the promotion was written, as far as it says that it replaces that, or its rotation was begun
    /// on it.
    fn replaced(&self, at: At, promote: &Promote) -> Vec<ObjectId> {
        let base = self.base_of(promote);
        let mut active = self.active_before(at);
        active.retain(|version| {
            Some(*version) == base || promote.replaces.binary_search(version).is_ok()
        });
        active
    }

    fn base_of(&self, promote: &Promote) -> Option<ObjectId> {
        self.rotating.and_then(|ops| ops.rotations.get(&promote.rotation)?.base())
    }

    fn is_withdrawn(&mut self, at: At, promote: &Promote) -> bool {
        let Some(ops) = self.rotating else { return false };
        let (graph, Withdrawn { aborts, retires }) = (self.graph, &mut self.withdrawn);
        let aborts = aborts.entry(promote.rotation).or_insert_with(|| {
            let of = ops.rotations.get(&promote.rotation).into_iter();
            earliest(graph, of.flat_map(|of| of.counting_aborts()))
        });
        let retires = retires
            .entry(promote.object)
            .or_insert_with(|| earliest(graph, ops.retires_of(&promote.object)));
        aborts.iter().chain(retires.iter()).any(|end| end.before(graph, at))
    }

    fn carries(&self, rotation: At, version: &ObjectId) -> bool {
        // What is beside the rotation counts as the register does, but a restore must follow it.
        let outlived = |removal: At| match self.before(removal, rotation) {
            true => self.is_restored(version, removal, Some(rotation)),
            false => {
                self.before(rotation, removal)
                    || self.is_restored(version, removal, None)
                    || !self.ends.is_removed(self.graph, version)
            }
        };
        !self.ends.prunes(version).any(|prune| self.before(prune, rotation))
            && self.ends.removes(version).all(outlived)
    }
}
