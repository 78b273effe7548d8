//! What the commands that write secrets share.

pub mod conflicts;
pub mod copying;
pub mod generator;
pub mod rotations;
pub mod variables;
pub mod write_fields;
