//! The contract as text, version 1: one JSON object each way (`docs/providers.md`).
//!
//! Buffers that hold values are made as long as they get, since one that grows leaves what it held behind, and are wiped.

mod answer;
#[cfg(test)]
mod documented;
mod fields;
mod request;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use answer::{AnswerError, Reply, Told, read, read_abilities};
pub(crate) use request::{Asked, request};

/// Which contract this is.
const CONTRACT: u64 = 1;
/// The most bytes of an answer.
pub(crate) const MOST_ANSWER: usize = 64 * 1024;
