//! A block `[closed]` by the places of a graph: what a reader without history goes by.

use super::bits::Bits;
use super::closed::{Closed, ClosedSecret, KeptVersion, OpPlace};
use super::entry::Entry;
use super::op::Op;
use super::register::At;
use crate::crypto::id::{EntryId, ObjectId};
use crate::name::SecretName;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The place of each entry in a graph.
type Places = HashMap<EntryId, u32>;

/// What is kept of a closed log. The entry at [`Base::last`] is after all others that are kept, these are beside
/// each other, and whatever is settled is after all of them.
#[derive(Debug, Clone)]
pub(crate) struct Base {
    /// The place of the entry up to which the log is closed.
    last: usize,
    kept: Bits,
    settled: Bits,
    /// What fields and active versions come of.
    ops: HashSet<At>,
    /// What says how a kept version stands.
    of_versions: HashSet<(At, ObjectId)>,
    versions: HashSet<ObjectId>,
    secrets: HashMap<SecretName, Numbers>,
}

/// How the versions of a secret are numbered.
#[derive(Debug, Clone)]
pub(crate) struct Numbers {
    /// Whether something closed puts the secret.
    pub put: bool,
    /// How many are closed.
    pub closed: usize,
    /// Those of the kept ones.
    pub kept: Vec<usize>,
    /// By number of a kept version: those of the kept ones that it replaced.
    pub replaced: Vec<(usize, Vec<usize>)>,
}

impl Numbers {
    fn of(stated: &ClosedSecret) -> Self {
        let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let replaced = |kept: &KeptVersion| {
            (number(kept.number), kept.replaced.iter().map(|old| number(*old)).collect())
        };
        Self {
            put: stated.versions.is_some(),
            closed: number(stated.versions.unwrap_or_default()),
            kept: stated.kept.iter().map(|kept| number(kept.number)).collect(),
            replaced: stated
                .kept
                .iter()
                .filter(|kept| !kept.replaced.is_empty())
                .map(replaced)
                .collect(),
        }
    }
}

impl Base {
    /// `None` if the last entry is not in the graph; what else is missing is left out. Both are reported by
    /// [`Closed::fault`].
    pub fn new(
        closed: &Closed,
        last: &EntryId,
        places: &Places,
        entries: &BTreeMap<EntryId, Entry>,
    ) -> Option<Self> {
        let last = *places.get(last)? as usize;
        let by_rank: Vec<Option<u32>> =
            closed.entries.iter().map(|id| places.get(id).copied()).collect();
        let mut base = Self {
            last,
            kept: Bits::new(places.len()),
            settled: Bits::new(places.len()),
            ops: HashSet::new(),
            of_versions: HashSet::new(),
            versions: HashSet::new(),
            secrets: HashMap::with_capacity(closed.secrets.len()),
        };
        by_rank.iter().flatten().for_each(|place| _ = base.kept.insert(*place as usize));
        base.kept.insert(last);
        let at = |(rank, op): &OpPlace| {
            let place = by_rank.get(usize::try_from(*rank).ok()?)?;
            place.map(|place| At { place, op: *op })
        };
        for of in &closed.secrets {
            base.ops.extend(of.ops.iter().filter_map(at));
            for kept in &of.kept {
                let Some(object) = closed.object(kept, entries) else { continue };
                base.versions.insert(object);
                let ops = kept.ops.iter().filter_map(at);
                base.of_versions.extend(ops.map(|at| (at, object)));
            }
            base.secrets.insert(of.secret.clone(), Numbers::of(of));
        }
        Some(base)
    }

    pub fn last(&self) -> usize {
        self.last
    }

    /// Whether the entry at the place is closed and kept.
    pub fn is_kept(&self, place: usize) -> bool {
        self.kept.get(place)
    }

    /// Whether it is open, and after all that is closed.
    pub fn is_settled(&self, place: usize) -> bool {
        self.settled.get(place)
    }

    /// Whether it is open, and nobody can say without history what of the closed is before it.
    pub fn is_late(&self, place: usize) -> bool {
        !self.kept.get(place) && !self.settled.get(place)
    }

    pub(super) fn settle(&mut self, place: usize) {
        self.settled.insert(place);
    }

    /// Whether a field or the active version comes of the op.
    pub fn sets(&self, at: At) -> bool {
        self.ops.contains(&at)
    }

    /// Whether it is a kept version.
    pub fn keeps(&self, version: &ObjectId) -> bool {
        self.versions.contains(version)
    }

    /// Whether the op says how a version stands.
    pub fn says_of(&self, at: At, version: &ObjectId) -> bool {
        self.of_versions.contains(&(at, *version))
    }

    /// Whether an op of a kept entry goes on to matter.
    pub fn has_op(&self, at: At, op: &Op) -> bool {
        self.sets(at) || op.objects().any(|object| self.says_of(at, object))
    }

    /// How the versions of a secret of which something is closed are numbered.
    pub fn numbers(&self, secret: &SecretName) -> Option<&Numbers> {
        self.secrets.get(secret)
    }

    /// Whether `a` is before `b`, if one of them is kept.
    pub fn order(&self, a: usize, b: usize) -> Option<bool> {
        match (self.kept.get(a), self.kept.get(b)) {
            (false, false) => None,
            (true, true) => Some(b == self.last && a != b),
            (true, false) => Some(self.settled.get(b)),
            (false, true) => Some(false),
        }
    }
}
