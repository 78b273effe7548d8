//! Who may do what, layer 2: the linear chain of signed policy entries, its fold and its authority
//! rules (`docs/format.md` section 4). Pure.

pub mod access;
mod append;
mod apply;
mod apply_keys;
pub mod audience;
pub mod authority;
pub mod chain;
pub mod chain_comparison;
pub mod check;
mod creators;
mod current_audiences;
pub mod describe;
pub mod entry;
pub mod error;
mod foreseen;
pub mod gives;
pub mod history;
pub(crate) mod known_line;
pub mod op;
mod paths;
pub mod position;
pub mod rebase;
mod refold;
mod registry;
pub mod rights;
pub mod sealers;
pub mod settings;
pub mod sign;
pub(crate) mod signatures;
pub mod state;
pub(crate) mod strictness;
pub mod vouching;
mod widest;

#[cfg(test)]
mod tests;
