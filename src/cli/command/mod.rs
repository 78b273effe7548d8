//! One file a command: its arguments, its help text and its body.

pub mod audit;
pub mod env;
pub mod exec;
pub mod export;
pub mod generate;
pub mod git;
pub mod import;
pub mod init;
pub mod secret;
pub mod status;
