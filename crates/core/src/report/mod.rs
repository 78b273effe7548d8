//! What is said of a vault: its history, what verification found, and the view models of every answer. Pure.

pub mod controls;
pub mod history;
pub mod verified;
pub mod view;
