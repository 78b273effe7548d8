//! What policy and log are written in: lines, text, the rules of a record, ids. Pure.

pub mod ids;
pub mod line;
pub mod rule;
pub mod text;
