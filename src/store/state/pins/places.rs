//! Which vault was accepted at each place, one file a place.

use super::error::{PinDamage, PinError};
use super::stored::{self, Unread};
use super::{FORMAT, Home};
use crate::store::file::lock::Lock;
use crate::store::file::owners::Owners;
use crate::store::state::place::{Marks, VaultPlace};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use v_secure_core::crypto::id::{EntryId, VaultId};
use v_secure_core::vault::pin::Neighbour;

const EXTENSION: &str = "json";

/// A place's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recorded {
    /// With replacement characters, where the path is not Unicode.
    pub path: String,
    pub name: String,
    pub marks: Marks,
    pub vault: VaultId,
    pub heads: Vec<EntryId>,
    pub counted: u64,
    pub roots: Option<Vec<String>>,
    pub born: Option<String>,
}

impl Recorded {
    /// Whether this says what `other` does. Not by the path: two worktrees would write it in turn.
    pub fn says(&self, other: &Self) -> bool {
        let Self { path: _, name, marks, vault, heads, counted, roots, born } = other;
        (&self.name, &self.marks, &self.vault, &self.heads) == (name, marks, vault, heads)
            && self.counted >= *counted
            && (roots.is_none() || self.roots == *roots)
            && self.born == *born
    }
}

/// Key order is the field order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    format: u32,
    path: String,
    name: String,
    marks: Marks,
    vault: VaultId,
    heads: Vec<EntryId>,
    counted: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    roots: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    born: Option<String>,
}

impl From<Stored> for Recorded {
    fn from(stored: Stored) -> Self {
        let Stored { format: _, path, name, marks, vault, heads, counted, roots, born } = stored;
        Self { path, name, marks, vault, heads, counted, roots, born }
    }
}

pub(super) fn load(
    folder: &Path,
    place: &VaultPlace,
    owners: Owners,
) -> Result<Option<Recorded>, PinError> {
    let file = folder.join(file_name(place));
    let found = stored::read::<Stored>(&file, owners);
    Ok(found.map_err(|unread| stored::error(unread, &file, place.vault()))?.map(Into::into))
}

/// The vaults accepted at other places of the project of `place`, each once.
pub(super) fn around(
    folder: &Path,
    place: &VaultPlace,
    owners: Owners,
) -> Result<Vec<Neighbour>, PinError> {
    let mut found: Vec<Neighbour> = Vec::new();
    let mut above: Option<Neighbour> = None;
    for file in files(folder)?.into_iter().filter(|file| *file != folder.join(file_name(place))) {
        let record = stored::read::<Stored>(&file, owners);
        let Some(record) = record.map_err(|unread| unknown(unread, &file, place))? else {
            continue;
        };
        let Recorded { vault, name, path, marks, .. } = record.into();
        // A folder that became a repository, or is none any more, is the same project.
        if !place.belongs_to(&marks) && Path::new(&path) != place.vault() {
            continue;
        }
        let one = Neighbour { vault, name, path };
        if is_above(&one.path, place) {
            // The longest path is the nearest: of two projects around, the inner one says what is here.
            above = above
                .take()
                .filter(|known| known.path.len() >= one.path.len())
                .or(Some(one.clone()));
        }
        if !found.iter().any(|known| known.vault == vault) {
            found.push(one);
        }
    }
    Ok(above.map_or(found, |nearest| vec![nearest]))
}

/// The places where `vault` was accepted, each path once: of a folder that became a repository, what
/// its history began with.
pub(super) fn homes(
    folder: &Path,
    place: &VaultPlace,
    vault: &VaultId,
    owners: Owners,
) -> Result<Vec<Home>, PinError> {
    let own = records(folder, place, owners)?.into_iter().filter(|record| record.vault == *vault);
    let mut found: Vec<Home> = own
        .map(|Recorded { path, marks, roots, born, .. }| Home {
            path: path.into(),
            is_in_repository: place.is_in_repository(&marks),
            roots,
            born,
        })
        .collect();
    found.sort_by(|a, b| (&a.path, a.roots.is_none()).cmp(&(&b.path, b.roots.is_none())));
    found.dedup_by(|later, first| later.path == first.path && later.roots.is_none());
    Ok(found)
}

/// The log heads that `vault` had at its other places: at those of the same repository, or else at any.
pub(super) fn heads_elsewhere(
    folder: &Path,
    place: &VaultPlace,
    vault: &VaultId,
    owners: Owners,
) -> Result<Vec<EntryId>, PinError> {
    let (mut near, mut far) = (BTreeSet::new(), BTreeSet::new());
    for record in records(folder, place, owners)? {
        if record.vault == *vault {
            let found = if place.is_in_repository(&record.marks) { &mut near } else { &mut far };
            found.extend(record.heads);
        }
    }
    Ok(if near.is_empty() { far } else { near }.into_iter().collect())
}

/// What is recorded of all places.
fn records(folder: &Path, place: &VaultPlace, owners: Owners) -> Result<Vec<Recorded>, PinError> {
    let read = |file: PathBuf| {
        let record = stored::read::<Stored>(&file, owners);
        record.map_err(|unread| unknown(unread, &file, place)).transpose()
    };
    files(folder)?.into_iter().filter_map(read).map(|found| found.map(Into::into)).collect()
}

/// Whether the vault that stood at `path` is that of a folder around the place, or of the same one.
fn is_above(path: &str, place: &VaultPlace) -> bool {
    let project = |vault: &Path| vault.parent().and_then(Path::parent).map(Path::to_path_buf);
    let around = project(Path::new(path)).filter(|around| !around.as_os_str().is_empty());
    around.zip(project(place.vault())).is_some_and(|(around, own)| own.starts_with(around))
}

/// The error of another place's file: which project it is about cannot be told.
fn unknown(unread: Unread, file: &Path, place: &VaultPlace) -> PinError {
    let about = |path: Option<String>| path.map(|path| format!(" ({path})")).unwrap_or_default();
    let error = |about, source| PinError::Around {
        file: file.into(),
        vault: place.vault().into(),
        about,
        source,
    };
    match unread {
        Unread::Damage(source) => error(String::new(), source),
        Unread::Format(format, path) => error(about(path), PinDamage::Format { format }),
        Unread::Other(error) => error,
    }
}

/// The files of all places, in order.
#[expect(clippy::disallowed_methods, reason = "the places of a project are found here")]
fn files(folder: &Path) -> Result<Vec<PathBuf>, PinError> {
    let failed = |source| PinError::List { path: folder.into(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

pub(super) fn write(lock: &Lock, place: &VaultPlace, record: &Recorded) -> Result<(), PinError> {
    let Recorded { path, name, marks, vault, heads, counted, roots, born } = record.clone();
    let record = Stored { format: FORMAT, path, name, marks, vault, heads, counted, roots, born };
    stored::write(lock, &file_name(place), &record)
}

pub(super) fn differs(folder: &Path, place: &VaultPlace) -> PinError {
    PinError::Differs { file: folder.join(file_name(place)), vault: place.vault().into() }
}

pub(super) fn file_name(place: &VaultPlace) -> String {
    format!("{}.{EXTENSION}", place.id())
}
