//! What rotations left at providers.

use super::rotation::{Rotation, Stage};
use super::state::{SecretState, Version};
use crate::crypto::id::ObjectId;
use std::collections::BTreeSet;

impl SecretState {
    /// What promotions made active or were over, and what rotations ended without, as far as that is not in use nor retired, in order of
    /// number: it is to be retired once nobody uses it.
    ///
    /// What one rotation left is not forgotten because another one came, or a value that no rotation brought: what works at the
    /// provider does so until it is revoked there.
    pub fn left_by_rotations(&self) -> Vec<&Version> {
        let Some(rotation) = &self.rotation else { return Vec::new() };
        let (open, ended): (Vec<_>, Vec<_>) = rotation.rotations.iter().partition(|of| is_open(of));
        let objects = |of: Vec<&'_ Rotation>| -> BTreeSet<ObjectId> {
            of.into_iter().flat_map(|of| &of.objects).copied().collect()
        };
        let (in_open, ended) = (objects(open), objects(ended));
        let (in_use, withdrawn) = (self.in_use(), self.withdrawn());
        let stays = |object: &ObjectId| {
            in_open.contains(object) || in_use.has(object) || withdrawn.has(object)
        };
        let is_left = |version: &&Version| {
            let object = &version.object;
            let was_given = rotation.rotated.contains(object) || ended.contains(object);
            was_given && !version.removed && !version.pruned && !stays(object)
        };
        self.held().filter(is_left).collect()
    }
}

const fn is_open(of: &Rotation) -> bool {
    matches!(of.stage, Stage::Live | Stage::Stale(_))
}
