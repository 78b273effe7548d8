//! What git knows of the vault's file: whether it has it, older states, other sides.

pub mod base;
pub(crate) mod closed;
pub mod command;
pub mod driver;
pub mod hidden;
pub mod index;
pub mod past;
pub(crate) mod publish;
pub mod roots;
pub mod sides;
pub mod staged;
pub mod transport;
pub mod unfinished;
pub mod variables;
