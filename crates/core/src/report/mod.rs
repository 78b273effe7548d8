//! What is said of a vault: its history, what changed in it, what verification found, and the view models of
//! every answer. Pure.

pub mod change;
pub mod controls;
pub mod facts;
pub mod history;
pub mod plain;
pub mod policy_log;
pub mod review;
pub mod verified;
pub mod view;
