//! A file's records wherever they stand, as git leaves them where it merged two copies as text: out of
//! order, doubled, with empty or separating lines too many or too few.
//!
//! Each record is read as strictly as in [`super::parse()`]; only its place is not looked at. So what comes
//! out has no canonical text that was read, and nobody may take it for a vault: [`crate::merge`] writes it
//! anew and verifies the whole.

use super::cursor::{Cursor, Piece};
use super::error::{Cause, Fault, FormatError};
use super::section::Section;
use super::{ReadScope, Trust, block, closed, header, parse, secrets};
use crate::crypto::bytes::ShortId;
use crate::crypto::id::{EntryId, ObjectId, SecretId, VaultId, WrapId};
use crate::file::doubles;
use crate::file::model::{AudienceSection, Header, SecretSection, VaultFile, VersionObject, Wrap};
use crate::file::records::Records;
use crate::file::slot::SlotRecord;
use crate::log::closed::Closed;
use crate::log::entry::Entry;
use crate::name::SecretName;
use crate::name::audience::AudienceName;
use crate::policy::entry::PolicyEntry;
use crate::record::ids;
use std::collections::{BTreeMap, BTreeSet, btree_map};

/// Reads a file's records in any order.
///
/// # Errors
/// What is wrong with a record, and two records where there can be one: of a secret's name, of an
/// audience's envelope, of a place of the chain.
pub fn parse_loose(bytes: &[u8]) -> Result<VaultFile, FormatError> {
    let mut cursor = Cursor::new(header::text(bytes, Trust::Strict)?);
    read(&mut cursor).map_err(|fault| fault.into_error(bytes))
}

fn read(cursor: &mut Cursor<'_>) -> Result<VaultFile, Fault> {
    let (header, is_closed) = header::parse(cursor)?;
    let mut found = Found::default();
    while let Some((at, section)) = next_section(cursor)? {
        found.section(cursor, &header, section, at)?;
    }
    found.file(header, is_closed, cursor.at())
}

/// The sections of secrets that are what their ids say; whatever else is there is passed over line by line.
pub(super) fn secrets_alone(
    cursor: &mut Cursor<'_>,
    vault: &VaultId,
) -> BTreeMap<SecretId, SecretSection> {
    let mut found = Found::default();
    while !cursor.at_end() {
        let start = cursor.at();
        let is_between = matches!(cursor.line(), Ok(Some(line)) if is_separator(line.text));
        if is_between {
            continue;
        }
        cursor.skip_to(start);
        // Back to behind the line that began it: what follows may be whole, and no line is read more than a few times.
        if !matches!(found.own_section(cursor, vault), Ok(true)) {
            cursor.skip_to(start);
            if cursor.pass_line().is_none() {
                break;
            }
        }
    }
    let sections = found.secrets.into_iter();
    sections.filter_map(|(id, found)| Some((id, found.section(id).ok()?))).collect()
}

fn next_section<'a>(cursor: &mut Cursor<'a>) -> Result<Option<(usize, Section<'a>)>, Fault> {
    while let Some(line) = cursor.line()? {
        if !is_separator(line.text) {
            return cursor.section_of(line).map(|section| Some((line.at, section)));
        }
    }
    Ok(None)
}

/// Whether a line only keeps others apart: an empty one, or a mark of either kind. Where these stand follows
/// from the records.
fn is_separator(line: &str) -> bool {
    let Some(mark) = line.strip_prefix('#') else { return line.is_empty() };
    let (digits, length) = match mark.strip_prefix(' ') {
        Some(digits) => (digits, 2),
        None => (mark, 3),
    };
    digits.len() == length && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[derive(Default)]
struct Found {
    chain: BTreeMap<u64, PolicyEntry>,
    closed: Option<Closed>,
    audiences: BTreeMap<AudienceName, AudienceSection>,
    slots: BTreeMap<ShortId, SlotRecord>,
    secrets: BTreeMap<SecretId, FoundSecret>,
    entries: BTreeMap<EntryId, Entry>,
}

#[derive(Default)]
struct FoundSecret {
    /// Where the first of its sections stands.
    at: usize,
    name: Option<SecretName>,
    active: BTreeSet<ObjectId>,
    // Not [`Records`] yet, which take long to fill in any other order than their own.
    versions: BTreeMap<ObjectId, VersionObject>,
    wraps: BTreeMap<WrapId, Wrap>,
}

impl Found {
    fn section(
        &mut self,
        cursor: &mut Cursor<'_>,
        header: &Header,
        section: Section<'_>,
        at: usize,
    ) -> Result<(), Fault> {
        let twice = || Cause::SectionDuplicate { name: section.name() }.at(at);
        match section {
            // A mark, which is passed over before.
            Section::Bucket(_) => Ok(()),
            Section::Policy => self.policy(cursor),
            Section::Closed => {
                let read = closed::parse(cursor, Trust::Strict, ReadScope::All)?;
                if *self.closed.get_or_insert_with(|| read.clone()) == read {
                    Ok(())
                } else {
                    Err(twice())
                }
            }
            Section::Log => self.log(cursor, &header.vault),
            Section::Audience(name) => {
                let read = parse::audience_content(cursor)?;
                let name = AudienceName::new(name);
                let kept = self.audiences.entry(name).or_insert_with(|| read.clone());
                if *kept == read { Ok(()) } else { Err(twice()) }
            }
            Section::Slot(id) => self.slot(cursor, id),
            Section::Secret(_) | Section::Version { .. } | Section::Wrap { .. } => {
                self.of_secret(cursor, section, at)
            }
        }
    }

    /// Takes a section of a secret that is what its id says: nobody signs where it stands, so that one which is not
    /// must not shut out one which is.
    fn own_section(&mut self, cursor: &mut Cursor<'_>, vault: &VaultId) -> Result<bool, Fault> {
        let Some((at, section)) = next_section(cursor)? else { return Ok(false) };
        let is_own = match section {
            Section::Secret(id) => {
                let (name, _) = secrets::copies(cursor)?;
                let is_own = ids::secret_uid(vault, &name) == id;
                if is_own {
                    self.secret(id, at).name = Some(name);
                }
                is_own
            }
            Section::Version { secret, object } => {
                let read = secrets::version(cursor)?;
                read.id(&secret) == object
                    && once(&mut self.secret(secret, at).versions, object, read).is_some()
            }
            Section::Wrap { secret, wrap } => {
                let read = secrets::wrap(cursor, None)?;
                read.id() == wrap && once(&mut self.secret(secret, at).wraps, wrap, read).is_some()
            }
            _ => false,
        };
        let foreign = || Cause::SectionUnexpected { name: section.name() }.at(at);
        if is_own { Ok(true) } else { Err(foreign()) }
    }

    fn of_secret(
        &mut self,
        cursor: &mut Cursor<'_>,
        section: Section<'_>,
        at: usize,
    ) -> Result<(), Fault> {
        let twice = || Cause::SectionDuplicate { name: section.name() }.at(at);
        match section {
            Section::Secret(id) => {
                if self.secret(id, at).copies(cursor)? {
                    Ok(())
                } else {
                    Err(twice())
                }
            }
            // Of two that differ one is not what its id says, and which one stays would hang on their order.
            Section::Version { secret, object } => {
                let read = secrets::version(cursor)?;
                once(&mut self.secret(secret, at).versions, object, read).ok_or_else(twice)
            }
            Section::Wrap { secret, wrap } => {
                let read = secrets::wrap(cursor, None)?;
                once(&mut self.secret(secret, at).wraps, wrap, read).ok_or_else(twice)
            }
            _ => Ok(()),
        }
    }

    fn secret(&mut self, id: SecretId, at: usize) -> &mut FoundSecret {
        self.secrets.entry(id).or_insert_with(|| FoundSecret { at, ..FoundSecret::default() })
    }

    fn slot(&mut self, cursor: &mut Cursor<'_>, id: ShortId) -> Result<(), Fault> {
        let read = block::slot(cursor, &id, Trust::Strict)?;
        match self.slots.entry(id) {
            btree_map::Entry::Vacant(place) => drop(place.insert(read)),
            btree_map::Entry::Occupied(kept) => doubles::slot(kept.into_mut(), read),
        }
        Ok(())
    }

    fn policy(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        let block = cursor.block("chain")?;
        while let Some(line) = cursor.block_line(&block)? {
            if !is_separator(line.text) {
                self.policy_entry(line).map_err(|cause| cause.at(line.at))?;
            }
        }
        Ok(())
    }

    fn policy_entry(&mut self, line: Piece<'_>) -> Result<(), Cause> {
        let read = block::policy_entry(line.text, self.chain.len(), Trust::Strict)?;
        match self.chain.entry(read.seq) {
            btree_map::Entry::Vacant(place) => drop(place.insert(read)),
            btree_map::Entry::Occupied(kept) if kept.get().id() == read.id() => {
                doubles::policy(kept.into_mut(), read);
            }
            btree_map::Entry::Occupied(kept) => {
                return Err(Cause::ChainForked { seq: *kept.key() });
            }
        }
        Ok(())
    }

    fn log(&mut self, cursor: &mut Cursor<'_>, vault: &VaultId) -> Result<(), Fault> {
        let block = cursor.block("entries")?;
        let parse = block::Parse::of_all(vault);
        while let Some(line) = cursor.block_line(&block)? {
            if is_separator(line.text) {
                continue;
            }
            let (id, read) = parse.entry(line.text).map_err(|cause| cause.at(line.at))?;
            match self.entries.entry(id) {
                btree_map::Entry::Vacant(place) => drop(place.insert(read)),
                btree_map::Entry::Occupied(kept) => doubles::entry(kept.into_mut(), read),
            }
        }
        Ok(())
    }

    fn file(self, header: Header, is_closed: bool, end: usize) -> Result<VaultFile, Fault> {
        let Self { chain, closed, audiences, slots, secrets, entries } = self;
        if chain.is_empty() {
            return Err(Cause::SectionMissing { name: "policy" }.at(end));
        }
        let chain: Vec<PolicyEntry> = chain.into_values().collect();
        if parse::has_checkpoint(&chain) != is_closed || closed.is_some() != is_closed {
            return Err(Cause::Checkpoint.at(0));
        }
        let secrets = secrets.into_iter().map(|(id, found)| Ok((id, found.section(id)?)));
        let secrets = secrets.collect::<Result<_, Fault>>()?;
        Ok(VaultFile { header, chain, closed, audiences, slots, secrets, entries })
    }
}

fn records<K: Ord, T>(found: BTreeMap<K, T>) -> Records<K, T> {
    let mut records = Records::new();
    records.extend(found);
    records
}

/// Keeps what was read; `None` if something else stands under its id.
fn once<K: Ord, T: PartialEq>(records: &mut BTreeMap<K, T>, id: K, read: T) -> Option<()> {
    match records.get(&id) {
        Some(kept) => (*kept == read).then_some(()),
        None => {
            records.insert(id, read);
            Some(())
        }
    }
}

impl FoundSecret {
    /// Reads the copies of a secret's section; whether its name is that of an earlier section of it.
    fn copies(&mut self, cursor: &mut Cursor<'_>) -> Result<bool, Fault> {
        let (name, active) = secrets::copies(cursor)?;
        self.active.extend(active);
        Ok(*self.name.get_or_insert_with(|| name.clone()) == name)
    }

    fn section(self, id: SecretId) -> Result<SecretSection, Fault> {
        let Self { at, name, active, versions, wraps } = self;
        // A version or a wrap without its secret's section before it.
        let alone = || Cause::SectionUnexpected { name: Section::Secret(id).name() }.at(at);
        let (name, active) = (name.ok_or_else(alone)?, active.into_iter().collect());
        Ok(SecretSection { name, active, versions: records(versions), wraps: records(wraps) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{sample, write};
    use super::*;
    use crate::crypto::bytes::Fixed;

    /// The records of both files, one behind the other.
    fn together(one: &VaultFile, other: &VaultFile) -> Result<VaultFile, FormatError> {
        let [mut text, other] = [one, other].map(write);
        text.push_str(&other[other.find("\n\n").unwrap()..]);
        parse_loose(text.as_bytes())
    }

    #[test]
    fn a_section_that_stands_there_twice_is_one() {
        let file = sample::file();
        assert_eq!(together(&file, &file).unwrap(), file);
    }

    #[test]
    fn two_sections_that_differ_are_refused_whichever_comes_first() {
        let changes: [fn(&mut VaultFile); 4] = [
            |file| file.audiences.values_mut().for_each(|audience| audience.envelope[0] ^= 1),
            |file| {
                let name = SecretName::parse("prod/OTHER").unwrap();
                file.secrets.values_mut().for_each(|section| section.name = name.clone());
            },
            |file| {
                let versions = file.secrets.values_mut().flat_map(|s| s.versions.values_mut());
                versions.for_each(|version| version.nonce = Fixed([9; 24]));
            },
            |file| {
                let wraps = file.secrets.values_mut().flat_map(|s| s.wraps.values_mut());
                wraps.for_each(|wrap| wrap.audience = AudienceName::new("owner"));
            },
        ];
        for change in changes {
            let (file, mut other) = (sample::file(), sample::file());
            change(&mut other);
            for (one, other) in [(&file, &other), (&other, &file)] {
                assert_eq!(together(one, other).unwrap_err().code(), "section-duplicate");
            }
        }
    }
}
