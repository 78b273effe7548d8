//! The vault file, layer 2: its parts, its text form, versions of secrets and audiences. Pure.

pub mod audience;
pub mod device_key;
pub mod ids;
pub mod line;
pub mod model;
pub mod request;
pub mod slot;
pub mod slot_seal;
pub mod version;
pub mod format;
pub mod rule;
pub mod slot_check;
pub mod text;
