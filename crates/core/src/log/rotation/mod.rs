//! Rotations (`docs/format.md`, section 7): a value that is made ready before it is active, promoted when it works,
//! and the one before it retired. What stands of each is a fold of the counting ops; what is void only takes away.

mod instance;
mod made;
mod ops;
mod reach;
mod share;
mod state;

pub use instance::{Instance, InstanceError};
pub(super) use made::{Making, Statement, Statements};
pub(super) use ops::{Acting, RotationOps};
pub(crate) use reach::reaching;
pub(super) use state::{Ground, is_any_open};
pub use state::{Rotation, RotationState, Stage, Staleness};

/// The greatest share: every instance.
pub const MAX_SHARE: u64 = 10_000;
