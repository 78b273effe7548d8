//! v-secure keeps a project's secrets in one committed text file.
//!
//! The crate is the front of [`v_secure_core`] for a machine with files, git and people: [`store`] and
//! [`engine`] below, [`cli`] and [`Vault`], the library's own, as the doors. The floors, and who may
//! name whom, are in `docs/architecture.md`, held by `tests/it/architecture`.

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
pub mod cli;
pub mod engine;
pub mod host;
pub mod store;

pub use api::{AuditRow, Error, FirstUse, Notice, Options, Vault};
pub use v_secure_core::crypto::identity::generate_identity;
pub use v_secure_core::secret_value::SecretValue;
pub use v_secure_core::time::UnixTime;
