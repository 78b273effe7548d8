//! The versions of a secret that exist, and those that are held without: each with the facts of the op that made it.

use super::active::Setting;
use super::base::Numbers;
use super::fold::Fold;
use super::register::At;
use super::rotation::{Making, Statement, Statements};
use super::state::{Late, LiveWrap, Version};
use crate::crypto::id::ObjectId;
use std::collections::HashMap;

pub(super) struct Existing {
    pub versions: Vec<Version>,
    pub index: Index,
}

/// Up to here versions are looked through: most secrets have one, and a map costs more than that.
const LOOKED_THROUGH: usize = 8;

/// Where the version of an object is among the existing ones.
#[derive(Default)]
pub(super) struct Index(HashMap<ObjectId, usize>);

impl Index {
    pub fn find(&self, versions: &[Version], object: &ObjectId) -> Option<usize> {
        if versions.len() <= LOOKED_THROUGH {
            return versions.iter().position(|version| version.object == *object);
        }
        self.0.get(object).copied()
    }

    pub fn of<'a>(
        &self,
        versions: &'a mut [Version],
        object: &ObjectId,
    ) -> Option<&'a mut Version> {
        self.find(versions, object).map(|at| &mut versions[at])
    }

    /// Takes note that the last of `versions` is new.
    fn grown(&mut self, versions: &[Version]) {
        let known = match versions.len() {
            ..=LOOKED_THROUGH => return,
            length if self.0.is_empty() => 0..length,
            length => length - 1..length,
        };
        self.0.extend(known.map(|at| (versions[at].object, at)));
    }
}

impl Existing {
    pub fn of(fold: &Fold<'_>, settings: &[(At, Setting<'_>)], statements: &Statements) -> Self {
        // Exact: most secrets have one version, where a list that grows begins with four.
        let versions = Vec::with_capacity(settings.len());
        let mut existing = Self { versions, index: Index::default() };
        for (at, setting) in settings {
            if let Some(making) = setting.making() {
                let own = match making {
                    Making::Put(put) => Some(Statement::of_put(*at, put)),
                    Making::Promote(_) => None,
                };
                // Without a statement nothing is promoted, and the file is refused.
                if let Some(stated) = statements.first(making.object()).or(own) {
                    existing.make(fold, *at, making, stated);
                }
            }
        }
        existing
    }

    fn make(&mut self, fold: &Fold<'_>, at: At, making: Making<'_>, stated: Statement) {
        let next = self.versions.len();
        let slot = self.index.find(&self.versions, making.object()).unwrap_or(next);
        if slot == next {
            self.versions.push(version(fold, at, *making.object(), stated, next + 1));
            self.versions[slot].replaces = making.replaces().to_vec();
            self.index.grown(&self.versions);
        }
        let version = &mut self.versions[slot];
        if making.promotes().is_some() {
            version.promoted.get_or_insert((*fold.graph.id(at.place as usize), at.op));
        }
        unite(&mut version.same, making.same());
        unite(&mut version.adopts, making.adopts().as_slice());
    }

    /// Adds the versions that nothing makes exist and that are held all the same.
    pub fn hold(&mut self, fold: &Fold<'_>, statements: &Statements) {
        for (object, stated) in statements.iter() {
            if self.index.find(&self.versions, object).is_none() {
                self.versions.push(version(fold, stated.at, *object, *stated, 0));
                self.index.grown(&self.versions);
            }
        }
    }

    /// The kept versions of what is closed come first, with the numbers that they had; the others go on from all
    /// that were closed.
    pub fn number(&mut self, numbers: Option<&Numbers>) {
        let Some(numbers) = numbers else { return };
        for (place, version) in self.versions.iter_mut().enumerate() {
            let open = || numbers.closed + place - numbers.kept.len() + 1;
            version.number = numbers.kept.get(place).copied().unwrap_or_else(open);
        }
    }

    /// What the kept versions of what is closed replaced, by the version that replaced it.
    pub fn replaced(&self, numbers: Option<&Numbers>) -> Vec<(ObjectId, ObjectId)> {
        let Some(numbers) = numbers else { return Vec::new() };
        let object = |number: &usize| {
            let at = numbers.kept.iter().position(|kept| kept == number)?;
            self.versions.get(at).map(|version| version.object)
        };
        let pairs = numbers.replaced.iter().filter_map(|(by, old)| Some((object(by)?, old)));
        pairs
            .flat_map(|(by, old)| old.iter().filter_map(object).map(move |old| (by, old)))
            .collect()
    }

    /// A version is overruled if every put and promotion of it that counts is.
    pub fn overrule(&mut self, settings: &[(At, Setting<'_>)], overruled: &[At]) {
        if overruled.is_empty() {
            return;
        }
        let stands = settings.iter().filter_map(|(at, setting)| {
            let is_overruled =
                matches!(setting, Setting::Rotate(_)) && overruled.binary_search(at).is_ok();
            Some((*setting.making()?.object(), is_overruled))
        });
        let mut all: HashMap<ObjectId, bool> = HashMap::new();
        stands.for_each(|(id, overruled)| *all.entry(id).or_insert(true) &= overruled);
        for version in &mut self.versions {
            version.overruled = all.get(&version.object).copied().unwrap_or_default();
        }
    }
}

fn unite<T: Copy + Ord>(all: &mut Vec<T>, more: &[T]) {
    if more.is_empty() {
        return;
    }
    all.extend_from_slice(more);
    all.sort_unstable();
    all.dedup();
}

fn version(fold: &Fold<'_>, at: At, object: ObjectId, stated: Statement, number: usize) -> Version {
    let (place, by) = (at.place as usize, stated.at.place as usize);
    let (entry, id) = (fold.entries[place], *fold.graph.id(place));
    let stating = *fold.graph.id(by);
    Version {
        number,
        object,
        entry: id,
        op: at.op,
        promoted: None,
        author: fold.entries[by].actor.clone(),
        key: fold.entries[by].key,
        brought_by: entry.actor.clone(),
        ts: entry.ts,
        reason: entry.reason.clone(),
        lamport: entry.lamport,
        position: fold.standings.position(place).unwrap_or_default(),
        overruled: false,
        expires: stated.expires,
        late: stated.expires.map(|at| Late { at, stated: fold.entries[by].ts }),
        expiry_conflict: false,
        prune_beside_expire: false,
        replaces: Vec::new(),
        same: Vec::new(),
        adopts: Vec::new(),
        live_wrap: LiveWrap { wrap: stated.wrap, entry: stating },
        other_wraps: Vec::new(),
        wraps: Vec::new(),
        pruned: false,
        void_pruned: false,
        removed: false,
        removal_conflict: false,
        retired: false,
    }
}
