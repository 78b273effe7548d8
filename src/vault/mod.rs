//! The vault file, layer 2: its parts, its text form, versions of secrets and audiences. Pure.

pub mod format;
pub mod line;
pub mod model;
pub mod rule;
pub mod slot;
pub mod slot_check;
pub mod text;
