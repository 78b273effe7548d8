//! The journal of reads: which values this device gave out, to whom and why. One hash-linked line
//! a read, in the state folder, never in a tracked file.
//!
//! It tells what honest programs did. Whoever holds a key can read without it
//! (`docs/threat-model.md`), and whoever owns the file can replace it whole.

use super::owners::Owners;
use super::place::Place;
use super::private::{self, PrivateError};
use crate::crypto::bytes::Id;
use crate::crypto::digest::{self, Context};
use crate::name::{Name, SecretName};
use serde::Serialize;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const FOLDER: &str = "reads";
/// A journal that has grown to this is set aside, and the one set aside before is dropped.
const RETAINED: u64 = 8 << 20;
/// `"id":"` and 43 characters, `"}` and the line end.
const TAIL: usize = 6 + 43 + 3;

/// Why a read was not written down.
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
    pub ts: u64,
    pub actor: &'a Name,
    /// `get`, `exec`, `export` or `inject`.
    pub action: &'a str,
    pub environment: &'a str,
    pub secrets: &'a [SecretName],
    pub reason: &'a str,
}

#[derive(Serialize)]
struct Body<'a> {
    prev: Option<Id>,
    ts: u64,
    actor: &'a Name,
    action: &'a str,
    environment: &'a str,
    secrets: &'a [SecretName],
    reason: &'a str,
}

/// Appends a record. A line is `{"prev":…,…,"id":…}`; `id` is the hash of the line without it, and
/// `prev` the id of the line before, null in the first.
pub fn append(
    state: Option<&Path>,
    owners: Owners,
    place: &Place,
    record: ReadRecord<'_>,
) -> Result<(), JournalError> {
    let state = state.ok_or(JournalError::NoState)?;
    let folder = state.join(FOLDER);
    private::ensure_folder(state, owners)?;
    private::ensure_folder(&folder, owners)?;
    let path = folder.join(format!("{}.jsonl", place.id()));
    let failed = |source| JournalError::Io { path: path.clone(), source };
    let mut file = private::open_append(&path, owners)?;
    file.lock().map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let last = match length {
        0 => None,
        _ => last_id(private::open_own(&path, u64::MAX, owners)?.0, length).map_err(failed)?,
    };
    let line = line(record, last);
    file.write_all(line.as_bytes()).map_err(failed)?;
    if length > RETAINED {
        set_aside(&path).map_err(failed)?;
    }
    Ok(())
}

fn line(record: ReadRecord<'_>, prev: Option<Id>) -> String {
    let ReadRecord { ts, actor, action, environment, secrets, reason } = record;
    let body = Body { prev, ts, actor, action, environment, secrets, reason };
    let mut text = serde_json::to_string(&body).unwrap_or_default();
    let id = digest::hash(Context::ReadRecord, &[text.as_bytes()]);
    text.pop();
    text.push_str(&format!(",\"id\":\"{id}\"}}\n"));
    text
}

/// The id at the end of the file; `None` for an empty file or a last line that was torn.
fn last_id(mut file: File, length: u64) -> io::Result<Option<Id>> {
    if length < TAIL as u64 {
        return Ok(None);
    }
    file.seek(SeekFrom::End(-(TAIL as i64)))?;
    let mut tail = [0; TAIL];
    file.read_exact(&mut tail)?;
    let text = std::str::from_utf8(&tail).ok();
    let id = text.and_then(|text| text.strip_prefix("\"id\":\"")?.strip_suffix("\"}\n"));
    Ok(id.and_then(|id| Id::parse(id).ok()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "an old journal gives way whole: no content is written"
)]
fn set_aside(path: &Path) -> io::Result<()> {
    std::fs::rename(path, path.with_extension("jsonl.1"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::find::Location;

    fn record<'a>(actor: &'a Name, secrets: &'a [SecretName], ts: u64) -> ReadRecord<'a> {
        ReadRecord { ts, actor, action: "get", environment: "prod", secrets, reason: "it's needed" }
    }

    fn lines(state: &Path, place: &Place) -> Vec<serde_json::Value> {
        let path = state.join(FOLDER).join(format!("{}.jsonl", place.id()));
        let mut text = String::new();
        File::open(path).unwrap().read_to_string(&mut text).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn each_line_names_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        std::fs::create_dir_all(folder.path().join("p/.v-secure")).unwrap();
        let place = Place::of(&Location::in_project(&folder.path().join("p")).unwrap());
        let (actor, secret) = (Name::new("ann").unwrap(), SecretName::parse("prod/A").unwrap());
        for ts in 1..=3 {
            let secrets = [secret.clone()];
            append(Some(&state), Owners::current(None), &place, record(&actor, &secrets, ts))
                .unwrap();
        }
        let lines = lines(&state, &place);
        assert!(lines[0]["prev"].is_null());
        assert_eq!(lines[1]["prev"], lines[0]["id"]);
        assert_eq!(lines[2]["prev"], lines[1]["id"]);
        assert_eq!(lines[2]["reason"], "it's needed");
    }

    #[test]
    fn without_a_state_folder_there_is_no_journal() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("p/.v-secure")).unwrap();
        let place = Place::of(&Location::in_project(&folder.path().join("p")).unwrap());
        let actor = Name::new("ann").unwrap();
        let result = append(None, Owners::current(None), &place, record(&actor, &[], 1));
        assert!(matches!(result, Err(JournalError::NoState)));
    }
}
