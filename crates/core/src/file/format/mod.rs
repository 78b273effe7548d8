//! The vault's text form: one canonical spelling of each [`VaultFile`](super::model::VaultFile)
//! (`docs/format.md` sections 1 to 3).
//!
//! What is accepted here is well-formed, each record by itself; whether it is true (hashes of
//! objects, signatures, authority, readable copies) is for [`crate::policy`] and [`crate::log`].

mod algorithm;
mod armor;
mod block;
mod bucket;
mod closed;
mod cursor;
mod envelopes;
mod error;
mod header;
mod loose;
mod naming;
mod parse;
mod read_back;
mod record;
#[cfg(test)]
mod sample;
mod secrets;
mod section;
mod segment;
mod stored;
#[cfg(test)]
mod tests;
mod wrapping;
mod write;

pub use envelopes::envelopes;
pub use error::{Cause, FormatError};
pub use loose::parse_loose;
pub use parse::parse;
pub use read_back::{ReadPolicy, policy_lines, read_back};
pub use segment::{
    Segment, parse_segment, parse_versions, segment_entries, segment_id, stated_segments,
    write_segment, write_versions,
};
pub use stored::{Stored, stored};
pub use write::write;

use crate::name::SecretName;
use std::collections::BTreeSet;

/// The most bytes of a file.
pub const MAX_FILE: usize = 256 << 20;
/// The most bytes of a line, without its end; of a ciphertext's, [`MAX_CIPHERTEXT_LINE`].
pub const MAX_LINE: usize = 2 << 20;
/// The most bytes of a ciphertext: a value of 10 MiB and its length, padded, and the tag.
pub(crate) const MAX_CIPHERTEXT: usize = (10 << 20) + (1 << 18) + 16;
/// With what the line of a ciphertext begins. Of all lines it alone grows with a value, so that the others
/// keep a limit by which a hostile one costs little.
const CIPHERTEXT_LINE: &str = "ciphertext = \"";
/// The most bytes of such a line: the largest ciphertext in base64 has 14,330,560.
const MAX_CIPHERTEXT_LINE: usize = 14 << 20;

/// What is known of the bytes before they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Nothing: everything is checked, that it is canonical included.
    Strict,
    /// This program has just written them, from records that are canonical as such. All else is checked: a writer
    /// keeps to the rules of single records, and not all limits are those of one.
    Written,
    /// Exactly these bytes have passed as [`Trust::Strict`] before: they are neither written again to compare nor held
    /// to the rules of single records.
    Cached,
}

/// Which secrets' sections are read. The others are skipped, their content not judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadScope<'a> {
    All,
    /// Those with these names, as far as the file has them.
    Secrets(&'a BTreeSet<SecretName>),
    /// The same, and log entries that name none of these secrets are read without their ops: only
    /// for [`Trust::Cached`], since an op's rules are then not checked.
    Naming(&'a BTreeSet<SecretName>),
    NoSecrets,
}
