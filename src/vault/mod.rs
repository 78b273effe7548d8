//! The vault file, layer 2: its parts, its text form, versions of secrets and audiences. Pure.

pub mod line;
pub mod model;
pub mod slot;
