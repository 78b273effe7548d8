//! Cryptography, layer 1: each module composes one reviewed crate as `docs/format.md` says.
//!
//! Nothing outside this folder names a primitive; nothing in it knows of vaults or files.

pub mod armor;
pub mod bytes;
pub mod digest;
pub(crate) mod digits;
pub mod envelope;
pub mod id;
pub mod identity;
pub mod kdf;
pub mod known_signatures;
pub mod mac;
pub mod padding;
pub mod passphrase_file;
pub mod seal;
pub mod sign;
pub mod strength;
pub mod words;
pub mod wrap;
