//! Layer 4, the file side: where the vault is, and how its bytes are read and replaced.
//!
//! A file is opaque bytes here; what they mean is the format's business. Three promises hold
//! together: a reader sees the old file or the new one and never a part ([`atomic`], [`fresh`]), two writers
//! never lose each other's change ([`lock`] and [`atomic::Expected`]), and a file that somebody
//! else could have put in place is refused ([`find`], [`private`]).
//!
//! This is the one layer that touches the file system. What differs between systems is in `sys`.

pub mod append;
pub mod atomic;
pub mod base;
pub mod cache;
pub mod check;
pub mod error;
pub mod find;
pub mod fresh;
pub mod git;
pub mod git_command;
pub mod git_past;
mod git_roots;
mod git_variables;
pub mod given;
pub mod giving;
pub mod hidden;
mod home;
pub mod id_list;
pub mod inspect;
pub mod journal;
pub mod keyring;
pub mod ledger;
pub mod lock;
pub mod lost;
pub mod memory;
pub mod owners;
mod pin_folder;
pub mod pins;
pub mod place;
pub mod private;
pub mod read;
pub mod reads;
pub mod session;
mod sys;
mod temp;
pub mod told;
pub mod transaction;

pub use sys::Stamp;
