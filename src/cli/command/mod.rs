//! One file a command: its arguments, its help text and its body.

pub mod audit;
pub mod exec;
pub mod generate;
pub mod git;
pub mod import;
pub mod init;
pub mod secret;
pub mod status;
