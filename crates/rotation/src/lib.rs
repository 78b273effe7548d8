//! Rotating a secret where it is used: what a provider is asked for ([`contract`]), and the steps from a new credential
//! to the old one's end. What is recorded of it is `v_secure_core`'s.
//!
//! No clock, environment, terminal or randomness is read here but through `v_secure_core::host`.

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

pub mod contract;
#[cfg(feature = "postgres")]
pub mod postgres;
