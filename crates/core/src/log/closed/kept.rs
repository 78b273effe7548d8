//! What is kept of one secret when the log is closed: the ops that the fold of everything later can still ask
//! about. Nothing here hangs on what comes later, or two who close the same log would not agree.

use crate::crypto::id::ObjectId;
use crate::log::active::{self, ActiveVersions, Setting};
use crate::log::fold::Gathered;
use crate::log::graph::Graph;
use crate::log::register::{At, latest};
use crate::log::rotation::{Making, is_any_open};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What is kept of a secret.
pub(super) struct Kept {
    pub ops: BTreeSet<At>,
    /// The kept versions by number, and what says how they stand.
    pub versions_kept: BTreeMap<u64, KeptOps>,
    /// How many versions exist; `None` if nothing puts the secret.
    pub versions: Option<u64>,
}

/// What is kept of one version.
pub(super) struct KeptOps {
    pub ops: BTreeSet<At>,
    /// The numbers of the kept versions that it was promoted over.
    pub replaced: BTreeSet<u64>,
}

/// Why the past of a secret can still change by what comes.
pub(super) enum Unsettled {
    /// A rotation stands beside a removal, and nobody wrote since: a removal or a restore to come could still turn what
    /// that made active.
    Removal,
    /// A rotation is neither promoted nor aborted.
    Open,
}

/// What is kept of the ops on a secret, all of which are closed.
///
/// # Errors
/// Its past can still change by what comes.
pub(super) fn of(graph: &Graph, ops: &Gathered<'_>) -> Result<Kept, Unsettled> {
    let rotating = ops.rotation.as_deref();
    let ActiveVersions { set, replaced, .. } =
        active::settings(graph, &ops.ends, rotating, &ops.settings);
    if !is_settled(graph, ops, &set) {
        return Err(Unsettled::Removal);
    }
    let numbers = numbers(ops);
    if rotating.is_some_and(|of| is_any_open(of, &set)) {
        return Err(Unsettled::Open);
    }
    let survivors = latest(graph, &set);
    let mut kept: BTreeSet<At> = survivors.iter().map(|(at, _)| *at).collect();
    for field in ops.fields.values() {
        kept.extend(latest(graph, field).iter().map(|(at, _)| *at));
    }
    if survivors.is_empty() {
        // That something was removed counts against a later rotation which finds nothing.
        kept.extend(ops.ends.all_removes().max());
    }
    let live: BTreeSet<ObjectId> = survivors.iter().map(|(_, object)| *object).collect();
    let is_left = |(by, old): &&(ObjectId, ObjectId)| {
        let is_retired = rotating.is_some_and(|of| of.is_retired(old));
        live.contains(by) && !is_retired && !ops.ends.pruned.contains_key(old)
    };
    let replaced: BTreeSet<(ObjectId, ObjectId)> =
        replaced.iter().filter(is_left).copied().collect();
    let all: BTreeSet<ObjectId> =
        live.iter().copied().chain(replaced.iter().map(|(_, old)| *old)).collect();
    let versions = all.iter().filter_map(|object| {
        let of = replaced.iter().filter(|(by, _)| by == object);
        let replaced = of.filter_map(|(_, old)| numbers.get(old).copied()).collect();
        let ops = version_ops(graph, ops, &kept, object);
        Some((*numbers.get(object)?, KeptOps { ops, replaced }))
    });
    let versions_kept = versions.collect();
    let versions =
        (!ops.void_puts.is_empty() || !numbers.is_empty()).then_some(numbers.len() as u64);
    Ok(Kept { ops: kept, versions_kept, versions })
}

/// Whether nothing to come can turn what a closed op made active: no rotation is beside a removal, or only ops by the
/// right to write are the latest. Puts alone: what a promotion came upon says what it replaced, and a restore can turn that.
fn is_settled(graph: &Graph, ops: &Gathered<'_>, set: &[(At, ObjectId)]) -> bool {
    let beside = |a: At, b: At| !a.before(graph, b) && !b.before(graph, a);
    let all: Vec<At> = ops.ends.all_removes().collect();
    let is_rotation = |(at, op): &(At, Setting<'_>)| {
        matches!(op, Setting::Rotate(_)) && all.iter().any(|remove| beside(*at, *remove))
    };
    if !ops.settings.iter().any(is_rotation) {
        return true;
    }
    let sets: BTreeSet<At> = set.iter().map(|(at, _)| *at).collect();
    latest(graph, &ops.settings)
        .iter()
        .all(|(at, op)| matches!(op, Setting::Write(Making::Put(_))) && sets.contains(at))
}

/// What says how a version stands. Any number of promotions and retires can be made of it, and the first tells it all.
fn version_ops(
    graph: &Graph,
    ops: &Gathered<'_>,
    set: &BTreeSet<At>,
    version: &ObjectId,
) -> BTreeSet<At> {
    let mut kept = BTreeSet::new();
    let mut is_promoted = false;
    for (at, setting) in &ops.settings {
        match setting.making() {
            Some(making) if making.object() != version => {}
            // One that is neither the first nor makes it active.
            Some(Making::Promote(_))
                if std::mem::replace(&mut is_promoted, true) && !set.contains(at) => {}
            Some(_) => _ = kept.insert(*at),
            None => {}
        }
    }
    if let Some(rotating) = &ops.rotation {
        let giving = rotating.giving(graph).into_iter();
        kept.extend(giving.filter(|(object, _)| object == version).map(|(_, stated)| stated.at));
        kept.extend(rotating.retires_of(version).min());
    }
    let prunes = ops.ends.pruned.get(version);
    kept.extend(prunes.into_iter().flatten());
    if let Some(removed) = ops.ends.removed.get(version) {
        kept.extend(latest(graph, removed).iter().map(|(at, _)| *at));
    }
    if let Some(expires) = ops.expires.get(version) {
        kept.extend(latest(graph, expires).iter().map(|(at, _)| *at));
    }
    // What is deleted is not opened.
    if prunes.is_none() {
        let wraps = ops.wraps.iter().filter(|(object, ..)| object == version);
        kept.extend(wraps.filter_map(|(_, _, at)| *at));
    }
    kept
}

/// The number of each version.
fn numbers(ops: &Gathered<'_>) -> HashMap<ObjectId, u64> {
    let mut numbers: HashMap<ObjectId, u64> = HashMap::new();
    for (_, op) in &ops.settings {
        if let Some(making) = op.making() {
            let next = numbers.len() as u64 + 1;
            numbers.entry(*making.object()).or_insert(next);
        }
    }
    numbers
}
