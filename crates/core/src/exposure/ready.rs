//! The versions of a secret whose values readers are given, or will be as soon as somebody promotes them.

use crate::crypto::id::{ObjectId, RotationId};
use crate::log::state::{SecretState, Version};
use std::collections::HashMap;

/// The active versions, and those that open rotations make ready, with the first rotation that does.
pub(super) fn active_or_ready(
    state: &SecretState,
) -> impl Iterator<Item = (&Version, Option<RotationId>)> {
    let mut rotations: HashMap<ObjectId, RotationId> = HashMap::new();
    for of in state.open_rotations() {
        for object in &of.objects {
            rotations.entry(*object).or_insert(of.id);
        }
    }
    let active = state.active().map(|version| (version, None));
    let ready = state.in_rotation();
    let ready = ready.map(move |version| (version, rotations.get(&version.object).copied()));
    active.chain(ready)
}
