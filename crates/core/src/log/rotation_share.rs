//! How many instances are given what is pending: constant steps, of which the smallest stands where several do.

use super::rotation_ops::OpsOfOne;
use crate::log::graph::Graph;
use crate::log::register::{At, latest};

/// The share of a rotation, of 10,000. A void rollout can only lower it: whoever wrote that may have gone on to
/// withdraw the value.
pub(super) fn of(graph: &Graph, ops: &OpsOfOne<'_>) -> u64 {
    let all = |counting| {
        let rollouts = ops.rollouts.iter().filter(move |(_, (counts, _))| *counts == counting);
        rollouts.map(|(at, (_, share))| (*at, *share))
    };
    let counting: Vec<(At, u64)> = latest(graph, &all(true).collect::<Vec<_>>());
    let Some(least) = counting.iter().map(|(_, share)| *share).min() else { return 0 };
    // What is before any counting one is before one of the latest.
    let stands = |(at, _): &(At, u64)| !counting.iter().any(|(by, _)| at.before(graph, *by));
    let lowered = all(false).filter(stands).map(|(_, share)| share).min();
    lowered.map_or(least, |lowered| lowered.min(least))
}
