//! The versions of a secret whose values readers are given, or will be as soon as somebody promotes them.

use crate::crypto::id::{ObjectId, RotationId};
use crate::log::state::{SecretState, Version};

/// The active versions, and those that open rotations make ready, with the rotation.
pub(super) fn active_or_ready(
    state: &SecretState,
) -> impl Iterator<Item = (&Version, Option<RotationId>)> {
    let active = state.active().map(|version| (version, None));
    let ready = state.in_rotation().map(|version| (version, rotation_of(state, &version.object)));
    active.chain(ready)
}

/// The first open rotation with this value.
fn rotation_of(state: &SecretState, object: &ObjectId) -> Option<RotationId> {
    let mut open = state.open_rotations();
    open.find(|rotation| rotation.objects.contains(object)).map(|rotation| rotation.id)
}
