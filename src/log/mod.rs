//! The signed, hash-linked history, layer 2: entries, their graph, which of them count, the fold
//! that is the vault's state, and verification (`docs/format.md` sections 6 and 7). Pure.

pub mod entry;
pub mod op;
