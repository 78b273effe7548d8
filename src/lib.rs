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
// The fences of `clippy.toml` and what the style forbids. Tests may: they make the files, run the
// programs and panic where a value is missing. Cargo.toml allows the first for every other target.
#![cfg_attr(
    not(test),
    deny(
        clippy::disallowed_methods,
        clippy::print_stdout,
        clippy::print_stderr,
        clippy::exit,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::dbg_macro,
        clippy::todo,
        clippy::unimplemented
    )
)]

pub mod api;
pub mod backup;
pub mod cli;
pub mod convert;
pub mod crypto;
pub mod engine;
pub mod exposure;
pub mod file;
pub mod host;
pub mod keys;
pub mod log;
pub mod name;
pub mod people;
pub mod policy;
pub mod record;
pub mod report;
pub mod secret;
pub mod secret_value;
pub mod store;
pub mod vault;
pub mod verify;

pub use api::{AuditRow, Error, FirstUse, Notice, Options, Vault};
pub use crypto::identity::generate_identity;
pub use secret_value::SecretValue;
