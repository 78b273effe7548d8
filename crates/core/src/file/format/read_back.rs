//! Reading back what a writer is about to put in the place of a file that can be read: by the rules of single records
//! and their limits, which are not all those of a writer.
//!
//! Most of a long policy stood in the file that was read, and was judged there, and so did the block of what is closed
//! behind it, which only a checkpoint changes. Where both are the same to the byte they are not judged again: they hold or
//! break the same rules wherever they stand.

use super::error::FormatError;
use super::parse::{self, has_checkpoint};
use super::{Trust, header};
use crate::crypto::id::VaultId;
use crate::file::model::VaultFile;
use memchr::memmem;

const BEFORE: &[u8] = b"\n[policy]\n";
/// No line within is three apostrophes, as JSON lines have none.
const LAST: &[u8] = b"\n'''\n";

/// What stands in the section of the policy of a file that was read, and in the block of what is closed if it has one.
#[derive(Debug)]
pub struct ReadPolicy {
    block: Vec<u8>,
    pub(super) vault: VaultId,
    pub(super) has_checkpoint: bool,
}

impl ReadPolicy {
    /// Of the bytes that gave `file`, whichever way they were found to be good.
    pub fn of(bytes: &[u8], file: &VaultFile) -> Option<Self> {
        let (genesis, has_checkpoint) = (file.chain.first()?, has_checkpoint(&file.chain));
        let block = with_closed(bytes, has_checkpoint)?.to_vec();
        Some(Self { block, vault: VaultId(genesis.id().0), has_checkpoint })
    }

    /// How many bytes of `text` are these blocks, if it begins with them.
    pub(super) fn length_in(&self, text: &str) -> Option<usize> {
        text.as_bytes().starts_with(&self.block).then_some(self.block.len())
    }
}

/// What stands in the section of the policy.
fn block(bytes: &[u8]) -> Option<&[u8]> {
    with_closed(bytes, false)
}

/// The same with the two fields of what is closed behind it, if there is such a section.
fn with_closed(bytes: &[u8], is_closed: bool) -> Option<&[u8]> {
    let start = memmem::find(bytes, BEFORE)? + BEFORE.len();
    let mut ends = memmem::find_iter(&bytes[start..], LAST).map(|at| at + LAST.len());
    let length = ends.nth(if is_closed { 2 } else { 0 })?;
    Some(&bytes[start..start + length])
}

/// The lines of the policy's entries in what [`super::write`] made, so that nobody writes them again.
pub fn policy_lines(text: &str) -> Option<impl Iterator<Item = &str>> {
    let block = std::str::from_utf8(block(text.as_bytes())?).ok()?;
    let lines = block.strip_prefix("chain = '''\n")?.strip_suffix("\n'''\n")?;
    Some(lines.split('\n'))
}

/// Reads what was written; `policy` is that of the file that it is to replace.
///
/// # Errors
/// As [`super::parse`] under [`Trust::Written`].
pub fn read_back(text: &str, policy: Option<&ReadPolicy>) -> Result<(), FormatError> {
    let text = header::text(text.as_bytes(), Trust::Written)?;
    parse::read_back(text, policy)
}
