//! The vault file: its parts, its text form, versions of secrets, audiences and slots. What is read here
//! is well-formed and nothing more; [`crate::verify`] judges it. Pure.

pub mod audience;
pub mod device_key;
pub mod doubles;
pub mod format;
pub mod keyring_slot;
pub mod model;
pub mod records;
pub mod request;
pub mod slot;
pub mod slot_check;
pub mod slot_seal;
pub mod unmerged;
pub mod version;
