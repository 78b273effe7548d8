//! What a backup file holds (`docs/recovery.md`), who made it, and whether a vault of a backup may take the place
//! of one that is there. Pure.

pub mod comparison;
pub mod container;
pub mod maker;
