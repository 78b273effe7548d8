//! The fold: from counting entries to the vault's state (`docs/format.md` section 7).

use super::entry::Entry;
use super::graph::Graph;
use super::op::{Op, Put, Versions};
use super::register::{At, latest};
use super::standing::{Standing, Standings};
use super::state::{LiveWrap, Register, SecretState, State, Version};
use crate::crypto::bytes::Id;
use crate::name::SecretName;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// From this many secrets on, threads save more than starting them costs.
const PARALLEL_FROM: usize = 2_000;

/// Which secrets are folded.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    All,
    Secrets(&'a BTreeSet<SecretName>),
}

impl Scope<'_> {
    fn has(&self, secret: &SecretName) -> bool {
        match self {
            Self::All => true,
            Self::Secrets(secrets) => secrets.contains(secret),
        }
    }
}

impl State {
    pub fn fold(
        graph: &Graph,
        entries: &BTreeMap<Id, Entry>,
        standings: &Standings,
        scope: Scope<'_>,
    ) -> Self {
        Fold { graph, entries: graph.in_order(entries), standings, voids_count: false }.run(scope)
    }

    /// The state as it would be if void entries counted: what they would have changed.
    pub fn fold_with_voids(
        graph: &Graph,
        entries: &BTreeMap<Id, Entry>,
        standings: &Standings,
        scope: Scope<'_>,
    ) -> Self {
        Fold { graph, entries: graph.in_order(entries), standings, voids_count: true }.run(scope)
    }
}

struct Fold<'a> {
    graph: &'a Graph,
    /// By place.
    entries: Vec<&'a Entry>,
    standings: &'a Standings,
    voids_count: bool,
}

/// The ops on one secret, each list in the order of [`At`].
#[derive(Default)]
struct Gathered<'a> {
    puts: Vec<(At, &'a Put)>,
    active: Vec<(At, Id)>,
    fields: BTreeMap<&'a str, Vec<(At, Option<&'a str>)>>,
    /// By version; true removes, false restores.
    removed: HashMap<Id, Vec<(At, bool)>>,
    pruned: BTreeSet<Id>,
    void_pruned: BTreeSet<Id>,
    /// (version, wrap); `None` where a void entry names it.
    wraps: Vec<(Id, Id, Option<At>)>,
}

impl<'a> Fold<'a> {
    fn run(&self, scope: Scope<'_>) -> State {
        let mut slots: HashMap<&SecretName, usize> = HashMap::new();
        let mut gathered: Vec<(&SecretName, Gathered<'_>)> = Vec::new();
        for (place, standing) in self.standings.iter() {
            let counts = match standing {
                Standing::Counting => true,
                Standing::Void { .. } => self.voids_count,
                Standing::Forged(_) => continue,
            };
            for (index, op) in self.entries[place].ops.iter().enumerate() {
                let Some(secret) = op.secret().filter(|secret| scope.has(secret)) else { continue };
                let slot = *slots.entry(secret).or_insert_with(|| {
                    gathered.push((secret, Gathered::default()));
                    gathered.len() - 1
                });
                let at = At { place: place as u32, op: index as u32 };
                gathered[slot].1.note(counts.then_some(at), op);
            }
        }
        let states: Vec<_> = if gathered.len() < PARALLEL_FROM {
            gathered.into_iter().filter_map(|of| self.state(of)).collect()
        } else {
            gathered.into_par_iter().filter_map(|of| self.state(of)).collect()
        };
        State { secrets: states.into_iter().collect() }
    }

    fn state(
        &self,
        (secret, ops): (&SecretName, Gathered<'a>),
    ) -> Option<(SecretName, SecretState)> {
        let state = self.secret(ops);
        let is_empty = state.versions.is_empty() && state.fields.is_empty();
        (!is_empty).then(|| (secret.clone(), state))
    }

    fn secret(&self, gathered: Gathered<'a>) -> SecretState {
        // Exact: most secrets have one version, where a list that grows begins with four.
        let versions = Vec::with_capacity(gathered.puts.len());
        let mut known = Existing { versions, index: Index::default() };
        for (at, put) in &gathered.puts {
            known.put(self, *at, put);
        }
        let Existing { mut versions, index } = known;
        for object in &gathered.pruned {
            index.of(&mut versions, object).into_iter().for_each(|found| found.pruned = true);
        }
        for object in &gathered.void_pruned {
            index.of(&mut versions, object).into_iter().for_each(|found| found.void_pruned = true);
        }
        for (object, ops) in &gathered.removed {
            index.of(&mut versions, object).into_iter().for_each(|found| self.removal(found, ops));
        }
        self.wraps(&mut versions, &index, &gathered.wraps);
        let (candidates, current) = self.active(&versions, &index, gathered.active);
        let fields = gathered.fields.into_iter().map(|(k, ops)| (k.to_owned(), self.field(&ops)));
        SecretState { fields: fields.collect(), versions, candidates, current }
    }

    fn removal(&self, version: &mut Version, ops: &[(At, bool)]) {
        let left = latest(self.graph, ops);
        let Some((_, removed)) = left.last() else { return };
        version.removed = *removed;
        version.removal_conflict = left.iter().any(|(_, other)| other != removed);
    }

    fn wraps(&self, versions: &mut [Version], index: &Index, wraps: &[(Id, Id, Option<At>)]) {
        let mut greatest: Vec<Option<(usize, At)>> = vec![None; versions.len()];
        for (object, wrap, at) in wraps {
            let Some(slot) = index.find(versions, object) else { continue };
            push(&mut versions[slot].wraps, *wrap);
            let Some(at) = at else { continue };
            let place = at.place as usize;
            let rank = (self.standings.position(place).unwrap_or_default(), *at);
            if greatest[slot].is_none_or(|known| rank > known) {
                greatest[slot] = Some(rank);
                versions[slot].live_wrap = LiveWrap { wrap: *wrap, entry: *self.graph.id(place) };
            }
        }
        for version in versions {
            version.wraps.sort_unstable();
            version.wraps.dedup();
        }
    }

    fn active(
        &self,
        versions: &[Version],
        index: &Index,
        mut ops: Vec<(At, Id)>,
    ) -> (Vec<Id>, Option<Id>) {
        ops.retain(|(_, object)| index.find(versions, object).is_some());
        let mut left = latest(self.graph, &ops);
        left.retain(|(_, object)| {
            let version = index.find(versions, object).map(|at| &versions[at]);
            version.is_some_and(|version| !version.removed && !version.pruned)
        });
        let current = left.last().map(|(_, object)| *object);
        let mut candidates: Vec<Id> = left.into_iter().map(|(_, object)| object).collect();
        candidates.sort_unstable();
        candidates.dedup();
        (candidates, current)
    }

    fn field(&self, ops: &[(At, Option<&str>)]) -> Register {
        let left = latest(self.graph, ops);
        let (at, value) = left.last().copied().unwrap_or((At { place: 0, op: 0 }, None));
        let others: BTreeSet<_> = left.iter().map(|op| op.1).filter(|v| *v != value).collect();
        Register {
            value: value.map(str::to_owned),
            others: others.into_iter().map(|other| other.map(str::to_owned)).collect(),
            entry: *self.graph.id(at.place as usize),
        }
    }
}

/// Most secrets have one of each, where a list that grows begins with room for four: for 10,000
/// secrets that is 5 MB of fresh memory.
fn push<T>(list: &mut Vec<T>, item: T) {
    if list.is_empty() {
        list.reserve_exact(1);
    }
    list.push(item);
}

impl<'a> Gathered<'a> {
    /// Notes an op; `at` is `None` if it does not count.
    fn note(&mut self, at: Option<At>, op: &'a Op) {
        match (op, at) {
            (Op::Put(put), _) => {
                push(&mut self.wraps, (put.object, put.wrap, at));
                if let Some(at) = at {
                    push(&mut self.puts, (at, put));
                    push(&mut self.active, (at, put.object));
                }
            }
            (Op::Rewrap { object, wrap, .. }, _) => push(&mut self.wraps, (*object, *wrap, at)),
            (Op::Resolve { object, .. }, Some(at)) => push(&mut self.active, (at, *object)),
            (Op::Field(field), Some(at)) => {
                let ops = self.fields.entry(&field.field).or_default();
                ops.push((at, field.value.as_deref()));
            }
            (Op::Remove(versions), Some(at)) => self.removal(at, versions, true),
            (Op::Restore(versions), Some(at)) => self.removal(at, versions, false),
            (Op::Prune { objects, .. }, Some(_)) => self.pruned.extend(objects),
            (Op::Prune { objects, .. }, None) => self.void_pruned.extend(objects),
            _ => {}
        }
    }

    fn removal(&mut self, at: At, versions: &Versions, removes: bool) {
        for object in &versions.objects {
            self.removed.entry(*object).or_default().push((at, removes));
        }
    }
}

struct Existing {
    versions: Vec<Version>,
    index: Index,
}

/// Up to here versions are looked through: most secrets have one, and a map costs more than that.
const LOOKED_THROUGH: usize = 8;

/// Where the version of an object is among the existing ones.
#[derive(Default)]
struct Index(HashMap<Id, usize>);

impl Index {
    fn find(&self, versions: &[Version], object: &Id) -> Option<usize> {
        if versions.len() <= LOOKED_THROUGH {
            return versions.iter().position(|version| version.object == *object);
        }
        self.0.get(object).copied()
    }

    fn of<'a>(&self, versions: &'a mut [Version], object: &Id) -> Option<&'a mut Version> {
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
    fn put(&mut self, fold: &Fold<'_>, at: At, put: &Put) {
        let next = self.versions.len();
        let slot = self.index.find(&self.versions, &put.object).unwrap_or(next);
        if slot == next {
            self.versions.push(version(fold, at, put, next + 1));
            self.index.grown(&self.versions);
        }
        let version = &mut self.versions[slot];
        version.expires = version.expires.max(put.expires);
        unite(&mut version.replaces, &put.replaces);
        unite(&mut version.same, &put.same);
        unite(&mut version.adopts, put.adopts.as_slice());
    }
}

fn unite(all: &mut Vec<Id>, more: &[Id]) {
    if more.is_empty() {
        return;
    }
    all.extend_from_slice(more);
    all.sort_unstable();
    all.dedup();
}

fn version(fold: &Fold<'_>, at: At, put: &Put, number: usize) -> Version {
    let place = at.place as usize;
    let entry = fold.entries[place];
    let id = *fold.graph.id(place);
    Version {
        number,
        object: put.object,
        entry: id,
        author: entry.actor.clone(),
        key: entry.key,
        ts: entry.ts,
        reason: entry.reason.clone(),
        lamport: entry.lamport,
        position: fold.standings.position(place).unwrap_or_default(),
        expires: None,
        replaces: Vec::new(),
        same: Vec::new(),
        adopts: Vec::new(),
        live_wrap: LiveWrap { wrap: put.wrap, entry: id },
        wraps: Vec::new(),
        pruned: false,
        void_pruned: false,
        removed: false,
        removal_conflict: false,
    }
}
