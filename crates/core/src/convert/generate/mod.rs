//! Fresh values from a [`Spec`]: what to draw, in one line of text that is kept in metadata.
//!
//! ```text
//! SPEC = SIZE | KIND | KIND ":" SIZE | "chars:" SIZE ":" CHARACTERS | "uuid"
//!
//! KIND         SIZE counts   default  value
//! alnum        characters    32       A-Z a-z 0-9; also what a bare SIZE or an empty SPEC means
//! lower        characters    32       a-z 0-9
//! digits       characters    32       0-9
//! ascii        characters    32       every printable ASCII character but the space
//! safe         characters    32       alnum and - _ . : @ % + = , /, which no shell or dotenv quotes
//! hex          random bytes  32       two digits a byte, lower case
//! base64       random bytes  32       with padding
//! base64url    random bytes  32       without padding
//! passphrase   words         6        of the 2048 English BIP 39 words, joined by '-'
//! chars        characters             the CHARACTERS given: 2 or more, printable ASCII, each once
//! uuid                                a random (version 4) UUID
//! ```
//!
//! Characters and bytes: 8 to 4096; words: 4 to 64. The default, 32 `alnum` characters, is 190
//! bits. Every character and word is equally likely: numbers that would favour some are thrown away.

mod draw;
mod spec;

pub use draw::generate;
pub use spec::{Alphabet, Encoding, Spec, SpecError};

#[cfg(test)]
mod tests;
