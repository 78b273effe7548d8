//! Which files have passed full verification, by the hash of their exact bytes.
//!
//! A cache and nothing more: whatever is wrong with a record, the file is verified again, and a
//! record that cannot be written is none. A record is believed because only this user can have
//! written it; its check value tells damage, not forgery.

use super::owners::Owners;
use super::private;
use super::sys::{self, Folder};
use super::temp;
use crate::crypto::bytes::Id;
use crate::crypto::digest;
use std::cmp::Reverse;
use std::fs::{self, DirEntry};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const FOLDER: &str = "verified";

/// Names the version: another one may verify more than this one.
const FIRST_LINE: &str = concat!("v-secure-verified 2 ", env!("CARGO_PKG_VERSION"));

/// The longest record, in bytes.
const LIMIT: u64 = 1 << 20;

/// How many records are kept, the newest ones.
const KEPT: usize = 64;

/// The records of verified files.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: Option<PathBuf>,
    owners: Owners,
}

impl Cache {
    /// Records in `state/verified`; without a state folder there are none and none are kept.
    pub fn new(state: Option<&Path>, owners: Owners) -> Self {
        Self { folder: state.map(|state| state.join(FOLDER)), owners }
    }

    /// The report on the file with this [`digest::file_hash`], if it passed before.
    ///
    /// The folder is not looked at: a record of another owner is refused by itself, and one of
    /// this user's under another name by its check value.
    pub fn get(&self, file: &Id) -> Option<String> {
        let path = self.folder.as_ref()?.join(file.to_string());
        let bytes = private::read_own(&path, LIMIT, self.owners).ok()?;
        let text = std::str::from_utf8(&bytes).ok()?;
        let (check, report) =
            text.strip_prefix(FIRST_LINE)?.strip_prefix('\n')?.split_once('\n')?;
        (check == check_value(file, report)).then(|| report.to_owned())
    }

    /// Records the `report` on a file that passed; whether it was recorded. A failure is no error:
    /// reading must work with a state folder that cannot be written.
    pub fn put(&self, file: &Id, report: &str) -> bool {
        let Some(folder) = &self.folder else { return false };
        let text = format!("{FIRST_LINE}\n{}\n{report}", check_value(file, report));
        if text.len() as u64 > LIMIT || private::ensure_folder(folder, self.owners).is_err() {
            return false;
        }
        let target = folder.join(file.to_string());
        let written = write(&target, text.as_bytes()).is_ok();
        prune(folder, &target);
        written
    }
}

fn check_value(file: &Id, report: &str) -> String {
    digest::file_hash(&[file.as_bytes(), report.as_bytes()].concat()).to_string()
}

/// Replaces whatever record is there. Needs no lock, two processes having the same to say, and no
/// sync: the check value tells a record that a power failure cut short.
fn write(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut new = temp::create(target, private::FILE_MODE)?;
    new.write_all(bytes)?;
    sys::hand_over(new.as_file(), &Folder::open(temp::folder(target))?.metadata()?)?;
    new.persist(target)?;
    Ok(())
}

/// Removes all but the newest files, temporary ones of killed writers among them; `target`, just
/// written, stays even if the clock was set back.
#[expect(clippy::disallowed_methods, reason = "old records of the cache are removed here")]
fn prune(folder: &Path, target: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut files: Vec<_> = entries.flatten().filter_map(dated).collect();
    if files.len() <= KEPT {
        return;
    }
    files.sort_unstable_by_key(|(modified, path)| (path != target, Reverse(*modified)));
    for (_, path) in &files[KEPT..] {
        // Another process may have removed it already.
        let _ = fs::remove_file(path);
    }
}

fn dated(entry: DirEntry) -> Option<(std::time::SystemTime, PathBuf)> {
    let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
    Some((metadata.modified().ok()?, entry.path()))
}

#[cfg(test)]
mod tests;
