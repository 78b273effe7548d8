//! Values of secrets in other files: what a device keeps of a value to know it again, and the search for it.
//!
//! What is kept gives no value back, and what it finds is a suspicion ([`search`]): only the value itself
//! confirms it ([`search::place_of`]). Nothing of this is in a vault.

mod encodings;
pub mod noted;
pub mod print;
mod rolling;
pub mod sealed;
pub mod search;

/// The shortest value of which anything is kept, in bytes; as long is what is looked for first.
pub const SHORTEST: usize = 20;

/// So much of a value's beginning counts, in bytes that are left of it.
const LONGEST: usize = 4096;
