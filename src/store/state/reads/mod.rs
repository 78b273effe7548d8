//! Reading the journal of reads back, and verifying its chain.
//!
//! A line that was changed, taken out or put in shows: its id is not its hash, or the next line does
//! not name it. What cannot show is a journal that ends early or begins late, since a limit on what
//! is kept does the same.

use super::journal::{self, JournalError};
use super::place::VaultPlace;
use crate::store::file::owners::Owners;
use crate::store::file::private;
use crate::store::file::private::PrivateError;
use crate::store::file::read;
use crate::store::file::read::ReadError;
use crate::store::sys;
use crate::store::sys::Stamp;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use v_secure_core::crypto::bytes::Id;
use v_secure_core::time::UnixTime;

/// The longest journal that is read: what is retained, and one line of any length.
const LIMIT: u64 = 64 << 20;

/// One read, as its line says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    prev: Option<Id>,
    /// Seconds since the Unix epoch.
    pub ts: UnixTime,
    pub actor: String,
    pub action: String,
    pub environment: String,
    /// Full names.
    pub secrets: Vec<String>,
    pub reason: String,
    pub id: Id,
}

/// Where the chain is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    pub path: PathBuf,
    /// Counted from 1.
    pub line: usize,
    pub cause: Cause,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    #[error("it is no record of a read")]
    Syntax,
    #[error("it was changed: its id is not its hash")]
    Id,
    #[error("it does not follow the line before it: lines were taken out, put in or moved")]
    Link,
}

/// The journal of a place.
#[derive(Debug, Default)]
pub struct Journal {
    /// Oldest first; what is no record is left out.
    pub reads: Vec<Read>,
    pub breaks: Vec<Break>,
    /// Whether earlier reads are no longer kept.
    pub is_trimmed: bool,
}

/// Reads the journal of a place; an empty one where there is none.
pub fn load(
    state: Option<&Path>,
    owners: Owners,
    place: &VaultPlace,
) -> Result<Journal, JournalError> {
    let state = state.ok_or(JournalError::NoState)?;
    let path = journal::path(state, place);
    let mut journal = Journal::default();
    if journal::folder(state, owners)?.is_none() {
        return Ok(journal);
    }
    // `None` before the first line, whose own word stands for what came before it.
    let mut last: Option<Option<Id>> = None;
    for path in [journal::earlier(&path), path] {
        let Some(bytes) = bytes(&path, owners)? else { continue };
        let text = String::from_utf8_lossy(&bytes);
        for (number, line) in text.lines().enumerate() {
            journal.line(&path, number + 1, line, &mut last);
        }
    }
    Ok(journal)
}

/// The state of the journal's file, without reading it; `None` where there is none.
pub fn stamp(state: &Path, place: &VaultPlace) -> Option<Stamp> {
    let metadata = journal::path(state, place).symlink_metadata().ok()?;
    Some(sys::stamp(&metadata))
}

/// With the lock that a writer holds while it adds a line: a part of one would pass for a changed one.
fn bytes(path: &Path, owners: Owners) -> Result<Option<Vec<u8>>, JournalError> {
    let file = match private::open_own(path, LIMIT, owners) {
        Err(PrivateError::Read(ReadError::Missing { .. })) => return Ok(None),
        opened => opened?.0,
    };
    let failed = |source| JournalError::Io { path: path.into(), source };
    file.lock_shared().map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    let mut bytes = read::fill(&file, &metadata, path).map_err(PrivateError::from)?;
    Ok(Some(std::mem::take(&mut *bytes)))
}

impl Journal {
    fn line(&mut self, path: &Path, number: usize, line: &str, last: &mut Option<Option<Id>>) {
        let mut broken = |cause| self.breaks.push(Break { path: path.into(), line: number, cause });
        let Ok(read) = serde_json::from_str::<Read>(line) else { return broken(Cause::Syntax) };
        if !hashes(line, &read.id) {
            broken(Cause::Id);
        } else if last.is_some_and(|last| last != read.prev) {
            broken(Cause::Link);
        }
        self.is_trimmed |= last.is_none() && read.prev.is_some();
        *last = Some(Some(read.id));
        self.reads.push(read);
    }
}

fn hashes(line: &str, id: &Id) -> bool {
    let end = format!(",\"id\":\"{id}\"}}");
    line.strip_suffix(&end).is_some_and(|body| journal::id_of(&format!("{body}}}")) == *id)
}

#[cfg(test)]
mod tests;
