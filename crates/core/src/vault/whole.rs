//! The whole vault of a file whose log is closed up to some entry: with what stands beside it, and parted again to
//! be written (`docs/format.md` section 11).

use super::verified_vault::OpenError;
use crate::crypto::bytes::Id;
use crate::crypto::digest;
use crate::crypto::id::{EntryId, ObjectId, SecretId, WrapId};
use crate::file::doubles;
use crate::file::format::{self, FormatError, Trust};
use crate::file::model::{SecretSection, VaultFile, VersionObject, Wrap};
use crate::file::records::Records;
use crate::log::closed::Closed;
use crate::log::closed::closing::{ClosingError, WholeLog, close};
use crate::log::graph::Graph;
use crate::name::SecretName;
use crate::policy::op::Checkpoint;
use crate::verify::checkpoints;
use crate::verify::checkpoints::of_chain;
use crate::verify::{Holding, Named};
use std::collections::btree_map::Entry as Place;
use std::collections::{BTreeMap, BTreeSet};

/// What stands beside a vault. Whether it is the right thing is found out from its bytes.
pub trait History: Sync {
    /// The segment with this id; `None` if it is not there.
    fn segment(&self, id: &Id) -> Option<Vec<u8>>;
    /// The versions that were left out with it; `None` if there is no such file.
    fn versions(&self, id: &Id) -> Option<Vec<u8>>;
}

/// Why there is no whole vault.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    #[error("there is no {name} in the folder history beside the vault")]
    Missing { name: String },
    #[error("the file {name} of the vault's history is not the one that owners signed")]
    Other { name: String },
    #[error("the file {name} of the vault's history cannot be read")]
    Format {
        name: String,
        #[source]
        source: FormatError,
    },
}

impl HistoryError {
    /// Of the file that is missing, or is another one.
    pub fn name(&self) -> &str {
        match self {
            Self::Missing { name } | Self::Other { name } | Self::Format { name, .. } => name,
        }
    }
}

/// The name of a segment's file.
pub fn segment_name(id: &Id) -> String {
    format!("{}.log", hex(id))
}

/// The name of the file with the versions that were left out with a segment.
pub fn versions_name(id: &Id) -> String {
    format!("{}.versions", hex(id))
}

/// Capital letters tell some ids apart, and on some file systems no names.
fn hex(id: &Id) -> String {
    id.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

type Sections = BTreeMap<SecretId, SecretSection>;

/// What a vault that was made whole leaves out of its file.
#[derive(Debug, Clone)]
pub(crate) struct Away {
    pub closed: Closed,
    /// The entries of each segment, in its order.
    pub segments: BTreeMap<Id, Vec<EntryId>>,
    /// By segment, as it was read.
    versions: BTreeMap<Id, Sections>,
    /// Of each file that was read, by name, [`digest::file_hash`]: what is remembered as verified is what was judged, though
    /// another file may stand there by now.
    pub read: BTreeMap<String, Id>,
    /// A segment that is in no file yet.
    unwritten: Option<Id>,
    /// Whether the file tells of everything by itself.
    pub alone: bool,
}

/// What is written of a vault.
#[derive(Debug)]
pub struct Texts {
    pub vault: String,
    /// By name in the folder of the history, what differs from what was read there.
    pub beside: BTreeMap<String, Beside>,
}

/// A file beside the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    pub text: String,
    /// The same with what it held before and holds no more.
    with_old: Option<String>,
}

impl Beside {
    const fn new(text: String) -> Self {
        Self { text, with_old: None }
    }

    /// With what the vault as it stands may still need.
    pub fn with_old(&self) -> &str {
        self.with_old.as_deref().unwrap_or(&self.text)
    }

    /// Whether something goes.
    pub const fn loses(&self) -> bool {
        self.with_old.is_some()
    }
}

/// The file with everything that stands beside it, and what that is.
pub(crate) fn assemble(
    mut file: VaultFile,
    history: &dyn History,
    trust: Trust,
) -> Result<(VaultFile, Away), OpenError> {
    let closed = file.closed.take().unwrap_or_default();
    let mut away = Away::of(closed);
    let ids: Vec<Id> = of_chain(&file.chain).map(|(_, checkpoint)| checkpoint.segment).collect();
    for id in ids {
        let (entries, hash) = segment(&id, &file, history, trust)?;
        away.read.insert(segment_name(&id), hash);
        away.segments.insert(id, entries.iter().map(|(id, _)| *id).collect());
        for (id, entry) in entries {
            match file.entries.entry(id) {
                Place::Vacant(place) => drop(place.insert(entry)),
                Place::Occupied(kept) => doubles::entry(kept.into_mut(), entry),
            }
        }
        if let Some(bytes) = history.versions(&id) {
            let versions = format::parse_versions(&bytes, &file.header.vault);
            away.read.insert(versions_name(&id), digest::file_hash(&bytes));
            away.versions.insert(id, versions);
        }
    }
    let named = Named::by_any(&file);
    let found = gathered(away.versions.values(), &named);
    for ((uid, name), Gathered { versions, wraps }) in found {
        if versions.is_empty() && wraps.is_empty() {
            continue;
        }
        put_into(&mut file, (uid, &name), versions, wraps);
    }
    Ok((file, away))
}

fn segment(
    id: &Id,
    file: &VaultFile,
    history: &dyn History,
    trust: Trust,
) -> Result<(format::Segment, Id), HistoryError> {
    let name = segment_name(id);
    let missing = || HistoryError::Missing { name: name.clone() };
    let bytes = history.segment(id).ok_or_else(missing)?;
    if format::segment_id(&bytes) != *id {
        return Err(HistoryError::Other { name });
    }
    let entries = format::parse_segment(&bytes, &file.header.vault, trust)
        .map_err(|source| HistoryError::Format { name, source })?;
    Ok((entries, digest::file_hash(&bytes)))
}

/// A secret's records, as they come. [`Records`] take long to fill in any other order than their own.
#[derive(Default)]
struct Gathered {
    versions: BTreeMap<ObjectId, VersionObject>,
    wraps: BTreeMap<WrapId, Wrap>,
}

/// The records of these sections that an entry names. All of a secret come together, as a wrap may stand in another
/// file than its version.
fn gathered<'a>(
    all: impl Iterator<Item = &'a Sections>,
    named: &Holding,
) -> BTreeMap<(SecretId, SecretName), Gathered> {
    let mut found: BTreeMap<_, Gathered> = BTreeMap::new();
    for (uid, SecretSection { name, versions, wraps, .. }) in all.flatten() {
        let into = found.entry((*uid, name.clone())).or_default();
        let versions = versions.iter().filter(|(id, _)| named.has_version(name, id));
        let wraps = wraps.iter().filter(|(id, _)| named.has_wrap(name, id));
        into.versions.extend(versions.map(|(id, version)| (*id, version.clone())));
        into.wraps.extend(wraps.map(|(id, wrap)| (*id, wrap.clone())));
    }
    found
}

fn empty(name: &SecretName) -> SecretSection {
    let (versions, wraps) = (Records::new(), Records::new());
    SecretSection { name: name.clone(), active: Vec::new(), versions, wraps }
}

/// Adds to a file what it lacks of a secret.
fn put_into(
    file: &mut VaultFile,
    (uid, name): (SecretId, &SecretName),
    versions: impl IntoIterator<Item = (ObjectId, VersionObject)>,
    wraps: impl IntoIterator<Item = (WrapId, Wrap)>,
) {
    let section = file.secret_section(uid, name);
    section.versions.add_missing(versions);
    // One without its version would open nothing.
    let versions = &section.versions;
    section
        .wraps
        .add_missing(wraps.into_iter().filter(|(_, wrap)| versions.contains_key(&wrap.version)));
    if section.versions.is_empty() {
        file.secrets.remove(&uid);
    }
}

impl Away {
    fn of(closed: Closed) -> Self {
        Self {
            closed,
            segments: BTreeMap::new(),
            versions: BTreeMap::new(),
            read: BTreeMap::new(),
            unwritten: None,
            alone: false,
        }
    }

    /// What follows where a log is closed anew: `before` is what was away until then.
    pub fn anew(before: Option<Self>, closed: Closed, segment: (Id, Vec<EntryId>)) -> Self {
        let mut away = before.unwrap_or_else(|| Self::of(Closed::default()));
        away.closed = closed;
        away.unwritten = Some(segment.0);
        away.segments.insert(segment.0, segment.1);
        away
    }

    /// Of a file that has everything and no block: by what its checkpoints close.
    ///
    /// # Errors
    /// The log cannot be closed as one of them says.
    pub fn of_whole(
        file: &VaultFile,
        log: WholeLog<'_>,
        history: Option<&dyn History>,
    ) -> Result<Self, ClosingError> {
        let mut away = Self::of(Closed::default());
        let mut before: Option<EntryId> = None;
        for (position, checkpoint) in of_chain(&file.chain) {
            let closing = close(log, &checkpoint.entry, position, before.as_ref())?;
            let known: BTreeSet<&EntryId> = away.entries().collect();
            let new = closing.entries.iter().filter(|id| !known.contains(id)).copied().collect();
            away.segments.insert(checkpoint.segment, new);
            away.closed = closing.closed;
            before = Some(checkpoint.entry);
            let bytes = history.and_then(|history| history.versions(&checkpoint.segment));
            if let Some(bytes) = bytes {
                let versions = format::parse_versions(&bytes, &file.header.vault);
                away.versions.insert(checkpoint.segment, versions);
            }
        }
        Ok(away)
    }

    pub fn beside(&self) -> checkpoints::Beside<'_> {
        checkpoints::Beside { closed: &self.closed, segments: &self.segments }
    }

    /// The entries that are in some segment.
    pub fn entries(&self) -> impl Iterator<Item = &EntryId> {
        self.segments.values().flatten()
    }

    /// The file without what it leaves out, where nothing is written beside it: versions and wraps that nothing there
    /// has stay in it.
    pub fn text_alone(&self, whole: &VaultFile, checkpoint: &Checkpoint) -> String {
        let (mut file, left) = self.parted(whole, checkpoint);
        for (uid, mut section) in left {
            for there in self.versions.values().filter_map(|sections| sections.get(&uid)) {
                section.versions.retain(|id, _| !there.versions.contains_key(id));
            }
            let versions: BTreeSet<ObjectId> = section.versions.keys().copied().collect();
            section.wraps.retain(|id, wrap| {
                let is_beside = |sections: &Sections| {
                    sections.get(&uid).is_some_and(|there| there.wraps.contains_key(id))
                };
                versions.contains(&wrap.version) || !self.versions.values().any(is_beside)
            });
            if !section.versions.is_empty() || !section.wraps.is_empty() {
                put_into(&mut file, (uid, &section.name), section.versions, section.wraps);
            }
        }
        format::write(&file)
    }

    /// The file without what it leaves out, and what that changes beside it.
    pub fn texts(&self, whole: &VaultFile, checkpoint: &Checkpoint) -> Texts {
        let (file, left) = self.parted(whole, checkpoint);
        let mut beside = self.versions_beside(whole, left, checkpoint);
        if let Some(id) = &self.unwritten {
            let entries = self.segments.get(id).into_iter().flatten();
            let lines = entries.filter_map(|id| whole.entries.get(id));
            beside.insert(segment_name(id), Beside::new(format::write_segment(lines)));
        }
        Texts { vault: format::write(&file), beside }
    }

    /// The file without what it may leave out, and the versions and wraps of that.
    fn parted(&self, whole: &VaultFile, checkpoint: &Checkpoint) -> (VaultFile, Sections) {
        let mut file = whole.clone();
        for id in self.entries() {
            if self.closed.entries.binary_search(id).is_err() {
                file.entries.remove(id);
            }
        }
        file.closed = Some(self.closed.clone());
        let last = Some((&self.closed, &checkpoint.entry));
        let graph = Graph::inspect_upon(&file.entries, last);
        let named = Named::upon(&file, &graph);
        let left = part(&mut file, &named);
        (file, left)
    }

    /// What the files of versions have of the whole.
    fn held(&self, whole: &VaultFile) -> BTreeMap<Id, Sections> {
        let mut files = self.versions.clone();
        for sections in files.values_mut() {
            sections.retain(|uid, section| {
                let there = whole.secrets.get(uid);
                retain(&mut section.versions, there.map(|there| &there.versions));
                retain(&mut section.wraps, there.map(|there| &there.wraps));
                !section.versions.is_empty() || !section.wraps.is_empty()
            });
        }
        files
    }

    /// The same as texts, by name in the folder of the history.
    pub fn versions_held(&self, whole: &VaultFile) -> BTreeMap<String, String> {
        let held = self.held(whole).into_iter().filter(|(_, sections)| !sections.is_empty());
        held.map(|(id, sections)| (versions_name(&id), format::write_versions(&sections))).collect()
    }

    /// The files of versions that are other ones than were read.
    fn versions_beside(
        &self,
        whole: &VaultFile,
        left: Sections,
        checkpoint: &Checkpoint,
    ) -> BTreeMap<String, Beside> {
        let mut files = self.held(whole);
        for (uid, section) in left {
            let has = |sections: &Sections, id: &ObjectId| {
                sections.get(&uid).is_some_and(|found| found.versions.contains_key(id))
            };
            let has_wrap = |sections: &Sections, id: &WrapId| {
                sections.get(&uid).is_some_and(|found| found.wraps.contains_key(id))
            };
            let SecretSection { name, versions, wraps, .. } = section;
            let versions: Vec<_> = versions
                .into_iter()
                .filter(|(id, _)| !files.values().any(|sections| has(sections, id)))
                .collect();
            let wraps: Vec<_> = wraps
                .into_iter()
                .filter(|(id, _)| !files.values().any(|sections| has_wrap(sections, id)))
                .collect();
            if versions.is_empty() && wraps.is_empty() {
                continue;
            }
            let last = files.entry(checkpoint.segment).or_default();
            let into = last.entry(uid).or_insert_with(|| empty(&name));
            into.versions.extend(versions);
            into.wraps.extend(wraps);
        }
        let changed = files.iter().filter(|(id, now)| self.versions.get(*id) != Some(*now));
        changed.map(|(id, now)| (versions_name(id), self.beside_of(id, now))).collect()
    }

    fn beside_of(&self, id: &Id, now: &Sections) -> Beside {
        let text = format::write_versions(now);
        let Some(before) = self.versions.get(id) else { return Beside::new(text) };
        let mut both = now.clone();
        for (uid, section) in before {
            let into = both.entry(*uid).or_insert_with(|| section.clone());
            into.versions.add_missing(section.versions.iter().map(|(id, one)| (*id, one.clone())));
            into.wraps.add_missing(section.wraps.iter().map(|(id, one)| (*id, one.clone())));
        }
        let with_old = format::write_versions(&both);
        let with_old = (with_old != text).then_some(with_old);
        Beside { text, with_old }
    }
}

fn retain<K: Ord, T>(records: &mut Records<K, T>, there: Option<&Records<K, T>>) {
    records.retain(|id, _| there.is_some_and(|there| there.contains_key(id)));
}

/// Takes out of the file what nothing in it names, and returns that.
fn part(file: &mut VaultFile, named: &Holding) -> Sections {
    let mut left = Sections::new();
    for (uid, section) in &mut file.secrets {
        let mut out = empty(&section.name);
        let name = section.name.clone();
        let (kept, gone): (Vec<_>, Vec<_>) = std::mem::take(&mut section.versions)
            .into_iter()
            .partition(|(id, _)| named.has_version(&name, id));
        section.versions.extend(kept);
        out.versions.extend(gone);
        let versions = &section.versions;
        let (kept, gone): (Vec<_>, Vec<_>) =
            std::mem::take(&mut section.wraps).into_iter().partition(|(id, wrap)| {
                named.has_wrap(&name, id) && versions.contains_key(&wrap.version)
            });
        section.wraps.extend(kept);
        out.wraps.extend(gone);
        if !out.versions.is_empty() || !out.wraps.is_empty() {
            left.insert(*uid, out);
        }
    }
    file.secrets.retain(|_, section| !section.versions.is_empty());
    left
}
