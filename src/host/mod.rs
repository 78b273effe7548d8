//! The real outside: clock, randomness, environment, folders, terminal, signals, hardening.
//!
//! The traits are `v_secure_core`'s, so that nothing below reads the real ones behind a caller's back;
//! [`real::RealHost`] is the only implementation of them that touches the operating system.

pub mod bars;
pub mod hardening;
pub mod real;
pub mod signals;

pub use v_secure_core::host::*;
