//! v-secure keeps a project's secrets in one committed text file.
//!
//! The crate is layered; each layer uses only those above it (`docs/architecture.md`,
//! held by `tests/architecture.rs`):
//!
//! | layer | modules |
//! |---|---|
//! | 0 | [`host`], [`secret_value`], [`name`] |
//! | 1 | [`crypto`] |
//! | 2 | [`vault`], [`policy`], [`log`] |
//! | 3 | [`ops`] |
//! | 4 | [`store`] |
//! | 5 | [`cli`] |

#![forbid(unsafe_code)]

pub mod cli;
pub mod crypto;
pub mod host;
pub mod log;
pub mod name;
pub mod ops;
pub mod policy;
pub mod secret_value;
pub mod store;
pub mod vault;
