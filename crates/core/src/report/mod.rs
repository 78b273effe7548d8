//! What is said of a vault as a whole: its history, and what verification found. Pure.

pub mod controls;
pub mod history;
pub mod verified;
