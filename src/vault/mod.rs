//! The vault file, layer 2: its parts, its text form, versions of secrets and audiences. Pure.

pub mod audience;
pub mod device_key;
pub mod format;
pub mod ids;
pub mod keyring_slot;
pub mod line;
pub mod model;
pub mod records;
pub mod request;
pub mod rule;
pub mod slot;
pub mod slot_check;
pub mod slot_seal;
pub mod text;
pub mod version;
