//! How the rotations of a secret stand, in words: what a reviewer reads of them.

use crate::log::describe::short;
use crate::log::rotation::{MAX_SHARE, Rotation, Stage};
use crate::log::state::SecretState;

/// The open rotations and the retired versions; `None` where there are none.
pub(super) fn words(state: &SecretState) -> Option<String> {
    let rotations = state.rotation.iter().flat_map(|rotation| &rotation.rotations);
    let retired = state.versions.iter().filter(|version| version.retired);
    let retired = retired.map(|version| format!("version {} retired", version.number));
    let all: Vec<String> = rotations.filter_map(open).chain(retired).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

fn open(of: &Rotation) -> Option<String> {
    let id = short(&of.id);
    match of.stage {
        Stage::Promoted | Stage::Aborted => None,
        Stage::Stale(_) => Some(format!("{id} stale")),
        Stage::Live if of.objects.is_empty() => Some(format!("{id} intended")),
        Stage::Live => Some(format!("{id} pending for {} of {MAX_SHARE}", of.share)),
    }
}
