//! Layer 5, the command line: one file a command, and what several of them need.

pub mod child;
