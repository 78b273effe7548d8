//! How results are printed: the voice, tables, and the words of what several commands show.

pub mod layout;
pub mod metadata;
pub mod rotations;
pub mod shell_word;
pub mod spoken;
pub mod trail;
pub mod ui;
