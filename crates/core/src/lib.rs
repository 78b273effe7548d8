//! The core of `v-secure`: what a vault is, who may do what in it, and what follows from its history.
//!
//! Pure: no clock, no randomness, no environment, no file and no terminal but through the traits of
//! [`host`]. One place starts programs, [`crypto`]'s plugins of age. The floors, and who may name
//! whom, are in `docs/architecture.md`, held by `tests/it/architecture`.

#![forbid(unsafe_code)]
// The fences of `clippy.toml` and what the style forbids. Tests may: they make files and panic where
// a value is missing.
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

pub mod backup;
pub mod convert;
pub mod crypto;
pub mod exposure;
pub mod file;
pub mod host;
pub mod keys;
pub mod log;
pub mod merge;
pub mod name;
pub mod people;
pub mod policy;
pub mod proposal;
pub mod rebase;
pub mod record;
pub mod report;
pub mod scan;
pub mod secret;
pub mod secret_value;
pub mod time;
pub mod vault;
pub mod verify;
