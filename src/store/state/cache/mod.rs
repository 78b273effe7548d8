//! Which files have passed full verification, by the hash of their exact bytes.
//!
//! A cache and nothing more: whatever is wrong with a record, the file is verified again, and a
//! record that cannot be written is none. A record is believed because only this user can have made
//! it: its check value needs a key that is in a file of this user's alone.

use super::check_key::CheckKey;
use crate::store::file::owners::Owners;
use crate::store::file::private;
use crate::store::file::temp;
use crate::store::sys::Folder;
use std::cmp::Reverse;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use v_secure_core::crypto::bytes::Id;

const FOLDER: &str = "verified";

/// Names the version: another one may verify more than this one.
const FIRST_LINE: &str = concat!("v-secure-verified 4 ", env!("CARGO_PKG_VERSION"));

/// The longest record, in bytes.
const LIMIT: u64 = 1 << 20;

/// How many records are kept, those that were used last. A device meets one for each state of each vault
/// that it reads: a dozen projects with some branches and worktrees each are well within.
const KEPT: usize = 512;

/// So many more may gather before the oldest are looked for, which asks for the date of each.
const SLACK: usize = 64;

/// The records of verified files.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    state: Option<PathBuf>,
    owners: Owners,
}

impl Cache {
    /// Records in `state/verified`; without a state folder there are none and none are kept.
    pub fn new(state: Option<&Path>, owners: Owners) -> Self {
        Self { state: state.map(Path::to_path_buf), owners }
    }

    /// The report on the file with this [`digest::file_hash`], if it passed before.
    ///
    /// [`digest::file_hash`]: v_secure_core::crypto::digest::file_hash
    pub fn get(&self, file: &Id) -> Option<String> {
        let state = self.state.as_ref()?;
        let folder = private::existing_inner(state, FOLDER, self.owners).ok()??;
        let path = state.join(FOLDER).join(file.to_string());
        let bytes = private::read_own_in(&folder, &path, LIMIT, self.owners).ok()?;
        let mut text = String::from_utf8(bytes).ok()?;
        let (check, report) =
            text.strip_prefix(FIRST_LINE)?.strip_prefix('\n')?.split_once('\n')?;
        let check = Id::parse(check).ok()?;
        let holds = self.key().get()?.verifies(&check, &checked(file, report));
        if holds {
            // What is read every day must outlive what was written once. A disk that takes no date keeps
            // the order in which records were made.
            let _ = folder.touch(path.file_name()?);
        }
        let start = text.len() - report.len();
        // In its place: the ids of a long chain are a long text.
        holds.then(|| {
            text.drain(..start);
            text
        })
    }

    /// Records the `report` on a file that passed; whether it was recorded. A failure is no error:
    /// reading must work with a state folder that cannot be written.
    pub fn put(&self, file: &Id, report: &str) -> bool {
        self.record(file, report).is_some()
    }

    fn record(&self, file: &Id, report: &str) -> Option<()> {
        let state = self.state.as_ref()?;
        let folder = private::ensure_inner(state, FOLDER, self.owners).ok()?;
        let check = self.key().get_or_make()?.of(&checked(file, report));
        let text = format!("{FIRST_LINE}\n{check}\n{report}");
        if text.len() as u64 > LIMIT {
            return None;
        }
        let name = OsString::from(file.to_string());
        // Needs no lock, two processes having the same to say; the check value tells a record that was cut short.
        let written = temp::replace_unsynced(&folder, &name, text.as_bytes(), private::FILE_MODE);
        prune(&folder, &name);
        written.ok()
    }

    fn key(&self) -> CheckKey<'_> {
        CheckKey::new(self.state.as_deref(), self.owners)
    }
}

/// What the check value of a record is of.
fn checked<'a>(file: &'a Id, report: &'a str) -> [&'a [u8]; 3] {
    [FIRST_LINE.as_bytes(), file.as_bytes(), report.as_bytes()]
}

/// Removes all but the records that were used last, temporary ones of killed writers among them; `newest`,
/// just written, stays even if the clock was set back.
fn prune(folder: &Folder, newest: &OsStr) {
    let mut records: Vec<_> = folder.names().unwrap_or_default();
    records.retain(|name| is_ours(name));
    if records.len() <= KEPT + SLACK {
        return;
    }
    let mut dated: Vec<_> = records.into_iter().filter_map(|name| dated(folder, name)).collect();
    date_anew(folder, newest, &mut dated);
    dated.sort_unstable_by_key(|(modified, name)| (name != newest, Reverse(*modified)));
    for (_, name) in dated.iter().skip(KEPT) {
        // Another process may have removed it already.
        let _ = folder.remove(name);
    }
}

/// A file's date, in seconds and nanoseconds, and its name.
type Dated = ((i64, i64), OsString);

/// What is dated after `newest`, which was written just now, is of a clock that was wrong: it would outlive everything
/// that is used until then. It counts as used now, and ages from now on.
fn date_anew(folder: &Folder, newest: &OsStr, dated: &mut Vec<Dated>) {
    let now = dated.iter().find(|(_, name)| name == newest).map(|(modified, _)| *modified);
    let Some(now) = now else { return };
    let is_later = |(modified, _): &Dated| *modified > now;
    let (mut later, rest): (Vec<_>, Vec<_>) = dated.drain(..).partition(is_later);
    // In their order, which their new dates keep where the file system tells them apart.
    later.sort_unstable();
    later.retain(|(_, name)| folder.touch(name).is_ok() || folder.remove(name).is_err());
    *dated = rest;
    dated.extend(later.into_iter().map(|(_, name)| (now, name)));
}

/// Whether a name is a record's, or that of one that was not finished.
fn is_ours(name: &OsStr) -> bool {
    let name = temp::target_of(name).unwrap_or(name.as_encoded_bytes());
    std::str::from_utf8(name).is_ok_and(|name| Id::parse(name).is_ok())
}

fn dated(folder: &Folder, name: OsString) -> Option<Dated> {
    let seen = folder.look(&name).ok().filter(|seen| seen.is_file())?;
    Some((seen.modified(), name))
}

#[cfg(test)]
mod tests;
