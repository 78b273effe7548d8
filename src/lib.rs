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
//! | 5 | [`cli`], and [`Vault`], the front for other programs |

#![forbid(unsafe_code)]

pub mod api;
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

pub use api::{AuditRow, Error, FirstUse, Options, Vault};
pub use crypto::identity::generate_identity;
pub use secret_value::SecretValue;
