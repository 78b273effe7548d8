//! What the tests of v-secure share: places apart from whatever is on the machine, people with machines of
//! their own, terminals, faults, and fakes of what stands around the program.
//!
//! Not published. It names v-secure, whose tests name it: they link one library, the one under test.

// A new place is made on the disk: nothing has it by default.
#![allow(clippy::new_without_default)]

mod binary;
pub mod branches;
#[cfg(unix)]
pub mod cli;
#[cfg(unix)]
pub mod desktop;
#[cfg(unix)]
pub mod executable;
#[cfg(unix)]
pub mod faults;
#[cfg(unix)]
pub mod keyctl;
pub mod normal;
#[cfg(unix)]
pub mod old_vault;
pub mod own_process;
#[cfg(unix)]
pub mod past;
pub mod person;
pub mod planted;
#[cfg(unix)]
pub mod postgres;
#[cfg(unix)]
pub mod repository;
pub mod runner;
pub mod sandbox;
pub mod scene;
pub mod search_path;
#[cfg(unix)]
pub mod signals;
pub mod stage;
#[cfg(unix)]
pub mod terminal;
pub mod tools;
#[cfg(target_os = "linux")]
pub mod watch;

pub use binary::binary;
