//! One file a command: its arguments, its help text and its body.

pub mod access;
pub mod adopt;
pub mod audit;
pub mod doctor;
pub mod env;
pub mod exec;
pub mod export;
pub mod exposed;
pub mod generate;
pub mod git;
pub mod identity;
pub mod import;
pub mod init;
pub mod keyring;
pub mod lock;
pub mod member;
pub mod pin;
pub mod role;
pub mod secret;
pub mod settings;
pub mod status;
pub mod unlock;
