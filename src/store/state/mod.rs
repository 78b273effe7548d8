//! What this device remembers in the state folder: pins, ledgers, the journal of reads, verified files.

pub mod cache;
pub(crate) mod check_key;
pub mod given;
pub mod id_list;
pub mod journal;
pub mod ledger;
pub mod pins;
pub mod place;
pub mod prints;
pub mod reads;
pub mod said;
pub(crate) mod signatures;
