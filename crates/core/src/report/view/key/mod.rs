//! `key`, a file for each of its commands; one for all of `key slot`.

pub mod restore;
pub mod rotate;
pub mod slot;
pub mod status;
