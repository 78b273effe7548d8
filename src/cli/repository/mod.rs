//! What is said of the repository around a vault: its hooks, its index, and plain text in it.

pub mod git_history;
pub mod hidden;
pub mod hook;
pub mod in_index;
pub mod older_states;
pub mod plain_files;
pub mod plain_keys;
pub mod project;
pub mod sharing;
pub mod staged_values;
pub mod verification;
