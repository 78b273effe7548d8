//! What a command line says: its root, its options, and what several commands take and complete alike.

pub mod answering;
pub mod complete;
mod daily;
pub mod globals;
pub(crate) mod instance;
pub mod manual;
pub mod parse;
pub mod root;
pub mod secret_arg;
pub mod secret_kind;
pub mod selection;
pub mod source;
pub mod strict;
pub mod times;
pub mod verbs;
