//! Cryptography, layer 1: each module composes one reviewed crate as `docs/format.md` says.
//!
//! Nothing outside this folder names a primitive; nothing in it knows of vaults or files.

pub mod bytes;
pub mod digest;
