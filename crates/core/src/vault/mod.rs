//! The vault file, layer 2: its parts, its text form, versions of secrets and audiences. Pure.

pub mod author;
pub mod batch;
mod beside;
pub mod change;
pub(crate) mod closed;
pub mod closing;
pub(crate) mod copies;
pub mod demoted;
pub mod join;
pub mod key_holders;
pub mod ledger;
pub mod pin;
pub mod sealed_to;
pub mod session_keys;
pub mod taken;
#[cfg(test)]
pub(crate) mod testing;
pub mod unlock;
mod verified_vault;
pub(crate) mod whole;

pub use verified_vault::{ApplyError, Depth, OpenError, STATED_WITHIN, Vault, stated_vault};
pub use whole::{Beside, History, HistoryError, Texts, segment_name, versions_name};
