//! Rotations (`docs/format.md`, section 7): a value that is made ready before it is active, promoted when it works,
//! and the one before it retired. What stands of each is a fold of the counting ops; what is void only takes away.

pub use super::rotation_instance::{Instance, InstanceError};
pub(super) use super::rotation_made::{Making, Statement, Statements};
pub(super) use super::rotation_ops::RotationOps;
pub(crate) use super::rotation_reach::reaching;
pub(super) use super::rotation_state::{Ground, is_any_open};
pub use super::rotation_state::{Rotation, RotationState, Stage, Staleness};

/// The greatest share: every instance.
pub const MAX_SHARE: u64 = 10_000;
