//! Rotating a secret where it is used: what a provider is asked for ([`contract`]), the programs that are asked
//! ([`command`]), whether one keeps the contract ([`trial`]), and the steps from a new credential to the old one's end.
//! What is recorded of it is `v_secure_core`'s.
//!
//! No clock, environment, terminal or randomness is read here but through `v_secure_core::host`.

#![forbid(unsafe_code)]
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

pub mod command;
pub mod contract;
pub mod engine;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod redact;
pub mod trial;
pub mod wire;
