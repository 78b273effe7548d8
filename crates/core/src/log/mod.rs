//! The signed, hash-linked history, layer 2: entries, their graph, which of them count, the fold
//! that is the vault's state, and verification (`docs/format.md` sections 6 and 7). Pure.

mod active;
mod authority;
pub(crate) mod base;
pub mod bits;
mod chain_view;
pub mod check;
pub mod closed;
pub mod describe;
pub mod draft;
pub mod entry;
mod existing;
pub mod finding;
pub mod fold;
pub mod graph;
pub(crate) mod ground;
pub mod history;
pub mod judge;
pub mod known;
pub mod op;
pub mod policy_view;
mod reach;
pub mod register;
pub mod report;
pub mod rotation;
mod rotation_instance;
mod rotation_left;
mod rotation_made;
mod rotation_ops;
mod rotation_reach;
mod rotation_share;
mod rotation_state;
mod same_value;
pub mod standing;
pub mod state;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
