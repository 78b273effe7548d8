//! The journal of reads: which values this device gave out, to whom and why. One hash-linked line
//! a read, in the state folder, never in a tracked file.
//!
//! It tells what honest programs did. Whoever holds a key can read without it
//! (`docs/threat-model.md`), and whoever owns the file can replace it whole. What it keeps is
//! limited: a file that has grown to its limit is set aside, and the one set aside before is
//! dropped. The new file's first line names the last one set aside, so that what is kept still
//! verifies as one chain. [`super::reads`] verifies.

use super::place::VaultPlace;
use crate::store::file::owners::Owners;
use crate::store::file::private;
use crate::store::file::private::PrivateError;
use crate::store::file::temp;
use crate::store::sys;
use crate::store::sys::Folder;
use serde::Serialize;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use v_secure_core::crypto::bytes::Id;
use v_secure_core::crypto::digest::{self, HashContext};
use v_secure_core::name::{Name, SecretName};
use v_secure_core::time::UnixTime;

const FOLDER: &str = "reads";
/// A journal that has grown to this is set aside, and the one set aside before is dropped.
const RETAINED: u64 = 8 << 20;
/// `"id":"` and 43 characters, `"}` and the line end.
const TAIL: usize = 6 + 43 + 3;
/// How often a journal that another process sets aside meanwhile is looked up again.
const ATTEMPTS: usize = 8;

/// Why a read was not written down, or the journal not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    #[error("there is no state folder to keep the journal of reads in")]
    NoState,
    #[error(transparent)]
    Private(#[from] PrivateError),
    #[error("the journal of reads {path} cannot be written")]
    Io { path: PathBuf, source: io::Error },
}

/// One read.
#[derive(Debug, Clone, Copy)]
pub struct ReadRecord<'a> {
    /// Seconds since the Unix epoch.
    pub ts: UnixTime,
    pub actor: &'a Name,
    /// What the values are read for: the command's name, such as `get` or `exec`.
    pub action: &'a str,
    pub environment: &'a str,
    pub secrets: &'a [SecretName],
    pub reason: &'a str,
}

#[derive(Serialize)]
struct Body<'a> {
    prev: Option<Id>,
    ts: UnixTime,
    actor: &'a Name,
    action: &'a str,
    environment: &'a str,
    secrets: &'a [SecretName],
    reason: &'a str,
}

/// The journal of a place.
pub(crate) fn path(state: &Path, place: &VaultPlace) -> PathBuf {
    state.join(FOLDER).join(format!("{}.jsonl", place.id()))
}

/// The folder of journals, where it is there.
pub(crate) fn folder(state: &Path, owners: Owners) -> Result<Option<Folder>, PrivateError> {
    private::existing_inner(state, FOLDER, owners)
}

/// What was set aside before it.
pub(crate) fn earlier(path: &Path) -> PathBuf {
    path.with_extension("jsonl.1")
}

/// The id of a line: the hash of what stands before its last key, closed.
pub(crate) fn id_of(body: &str) -> Id {
    digest::hash(HashContext::ReadRecord, &[body.as_bytes()])
}

/// Appends a record. A line is `{"prev":…,…,"id":…}`; `id` is the hash of the line without it, and
/// `prev` the id of the line before, null in the first.
pub fn append(
    state: Option<&Path>,
    owners: Owners,
    place: &VaultPlace,
    record: ReadRecord<'_>,
) -> Result<(), JournalError> {
    append_keeping(RETAINED, state, owners, place, record)
}

fn append_keeping(
    retained: u64,
    state: Option<&Path>,
    owners: Owners,
    place: &VaultPlace,
    record: ReadRecord<'_>,
) -> Result<(), JournalError> {
    let state = state.ok_or(JournalError::NoState)?;
    let folder = private::ensure_inner(state, FOLDER, owners)?;
    let path = path(state, place);
    let failed = |source| JournalError::Io { path: path.clone(), source };
    let mut file = locked(&path, owners)?;
    let length = whole(&file, &path, owners)?;
    let last = match length {
        0 => last_of_earlier(&path, owners)?,
        _ => last_id(private::open_own(&path, u64::MAX, owners)?.0, length).map_err(failed)?,
    };
    if let Err(error) = file.write_all(line(record, last).as_bytes()) {
        // A part of a line would be in the way of the next one; if this fails too, that one sees to it.
        let _ = file.set_len(length);
        return Err(failed(error));
    }
    if length > retained {
        let earlier = earlier(&path);
        folder.rename(temp::name(&path), temp::name(&earlier)).map_err(failed)?;
    }
    Ok(())
}

/// The journal, locked, and still the one that stands at its path.
fn locked(path: &Path, owners: Owners) -> Result<File, JournalError> {
    let failed = |source| JournalError::Io { path: path.into(), source };
    let mut attempts = 0;
    loop {
        let file = private::open_append(path, owners)?;
        file.lock().map_err(failed)?;
        attempts += 1;
        let named = path.symlink_metadata().ok();
        let held = file.metadata().map_err(failed)?;
        if named.is_some_and(|named| sys::same_file(&held, &named)) || attempts == ATTEMPTS {
            return Ok(file);
        }
    }
}

/// The length without a last line that was torn, which is cut off: a process that died while it
/// wrote gave out nothing that has to be written down.
fn whole(file: &File, path: &Path, owners: Owners) -> Result<u64, JournalError> {
    let failed = |source| JournalError::Io { path: path.into(), source };
    let length = file.metadata().map_err(failed)?.len();
    let (mut reader, _) = private::open_own(path, u64::MAX, owners)?;
    let mut end = length;
    let mut block = [0; 4096];
    while end > 0 {
        let from = end.saturating_sub(block.len() as u64);
        let part = &mut block[..(end - from) as usize];
        reader.seek(SeekFrom::Start(from)).map_err(failed)?;
        reader.read_exact(part).map_err(failed)?;
        if let Some(at) = memchr::memrchr(b'\n', part) {
            end = from + at as u64 + 1;
            break;
        }
        end = from;
    }
    if end < length {
        file.set_len(end).map_err(failed)?;
    }
    Ok(end)
}

fn line(record: ReadRecord<'_>, prev: Option<Id>) -> String {
    let ReadRecord { ts, actor, action, environment, secrets, reason } = record;
    let body = Body { prev, ts, actor, action, environment, secrets, reason };
    let mut text = serde_json::to_string(&body).unwrap_or_default();
    let id = id_of(&text);
    text.pop();
    text.push_str(&format!(",\"id\":\"{id}\"}}\n"));
    text
}

/// The id at the end of what was set aside; `None` where nothing was.
fn last_of_earlier(path: &Path, owners: Owners) -> Result<Option<Id>, JournalError> {
    let path = earlier(path);
    if !path.exists() {
        return Ok(None);
    }
    let (file, metadata) = private::open_own(&path, u64::MAX, owners)?;
    last_id(file, metadata.len()).map_err(|source| JournalError::Io { path, source })
}

/// The id at the end of the file; `None` where no whole line ends there.
fn last_id(mut file: File, length: u64) -> io::Result<Option<Id>> {
    if length < TAIL as u64 {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(length - TAIL as u64))?;
    let mut tail = [0; TAIL];
    file.read_exact(&mut tail)?;
    let text = std::str::from_utf8(&tail).ok();
    let id = text.and_then(|text| text.strip_prefix("\"id\":\"")?.strip_suffix("\"}\n"));
    Ok(id.and_then(|id| Id::parse(id).ok()))
}

#[cfg(test)]
pub(crate) mod tests;
