//! What is known of no vault: texts that are imported and exported, templates, generated values, the
//! environment of a program, durations. Pure.

pub mod duration;
pub mod export;
pub mod generate;
pub mod inject;
pub mod share;
pub mod template;
pub mod text;
