//! Files: where the vault is, and how its bytes are read and replaced.

pub mod append;
pub mod atomic;
pub mod error;
pub mod find;
pub mod git_folder;
pub mod inspect;
pub mod lock;
pub mod memory;
pub mod new_file;
pub mod owners;
pub mod private;
pub(crate) mod proposal_folder;
pub mod read;
pub mod temp;
