//! How many instances are given what is pending: constant steps, of which the smallest stands where several do.

use super::rotation_ops::{RolloutAt, RotationOps};
use crate::crypto::id::RotationId;
use crate::log::graph::Graph;
use crate::log::register::{At, latest};

/// The share of a rotation, of 10,000. A void rollout can only lower it: whoever wrote that may have gone on to
/// withdraw the value.
pub(super) fn of(graph: &Graph, ops: &RotationOps<'_>, rotation: &RotationId) -> u64 {
    let of_rotation = |counts| {
        let is_one = move |of: &&RolloutAt| of.rotation == *rotation && of.counts == counts;
        ops.rollouts.iter().filter(is_one).map(|of| (of.at, of.share)).collect::<Vec<_>>()
    };
    let (counting, void): (Vec<(At, u64)>, Vec<_>) = (of_rotation(true), of_rotation(false));
    let least = latest(graph, &counting).into_iter().map(|(_, share)| share).min();
    let stands = |(at, _): &&(At, u64)| !counting.iter().any(|(by, _)| at.before(graph, *by));
    let lowered = void.iter().filter(stands).map(|(_, share)| *share).min();
    least.map_or(0, |least| lowered.map_or(least, |lowered| lowered.min(least)))
}
