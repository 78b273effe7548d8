//! Files and what this device remembers: the one layer that touches the file system.
//!
//! A file is opaque bytes here; what they mean is the format's business. Three promises hold
//! together: a reader sees the old file or the new one and never a part ([`file::atomic`],
//! [`file::new_file`]), two writers never lose each other's change ([`file::lock`] and
//! [`file::atomic::Expected`]), and a file that another account could have put in place is refused
//! ([`file::find`], [`file::private`]).
//!
//! What differs between systems is in `sys`.

pub mod file;
pub mod git;
pub mod keyring;
pub mod state;
pub(crate) mod sys;

pub use sys::Stamp;
