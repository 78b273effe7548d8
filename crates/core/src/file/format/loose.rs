//! A file's records wherever they stand, as git leaves them where it merged two copies as text: out of
//! order, doubled, with empty or separating lines too many or too few.
//!
//! Each record is read as strictly as in [`super::parse()`]; only its place is not looked at. So what comes
//! out has no canonical text that was read, and nobody may take it for a vault: [`crate::merge`] writes it
//! anew and verifies the whole.
//!
//! git tells two versions' heads apart by nothing, and so puts a wrap of one side behind a version of the other. The log
//! says whose it is.

use super::cursor::{Cursor, Piece};
use super::error::{Cause, Fault, FormatError};
use super::section::Section;
use super::{ReadScope, Trust, block, closed, header, parse, secrets, wrapping};
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
/// What is wrong with a record, and two records where there can be one: of an audience's envelope, of a place of
/// the chain.
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

/// The versions and wraps that stand beside a vault; whatever else is there is passed over line by line.
pub(super) fn secrets_beside(
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
        if !matches!(found.beside(cursor, vault), Ok(true)) {
            cursor.skip_to(start);
            if cursor.pass_line().is_none() {
                break;
            }
        }
    }
    found.sections()
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
    above: Above,
    under: Vec<Under>,
}

/// A wrap as it stands in a vault: of the version above it, unless the log says another one.
struct Under {
    name: SecretName,
    /// None where what is above is of another secret.
    above: Option<ObjectId>,
    wrap: Wrap,
    at: usize,
}

struct FoundSecret {
    name: SecretName,
    active: BTreeSet<ObjectId>,
    // Not [`Records`] yet, which take long to fill in any other order than their own.
    versions: BTreeMap<ObjectId, VersionObject>,
    wraps: BTreeMap<WrapId, Wrap>,
}

/// What a wrap is read with that stands under no version of its secret.
const NO_VERSION: ObjectId = ObjectId([0; 32]);

/// The version that a wrap behind it is of.
type Above = Option<(SecretName, ObjectId)>;

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
            Section::Version(name) => {
                let (name, id) = named(name, &header.vault, at)?;
                self.version(cursor, name, id)
            }
            Section::Wrap(name) => {
                let (name, _) = named(name, &header.vault, at)?;
                let above = self.above.as_ref().filter(|(above, _)| *above == name);
                let above = above.map(|(_, version)| *version);
                let wrap = secrets::wrap(cursor, above.unwrap_or(NO_VERSION))?;
                self.under.push(Under { name, above, wrap, at });
                Ok(())
            }
            Section::WrapBeside(_) => Err(unexpected(section, at)),
        }
    }

    /// Takes a version or a wrap as it stands beside a vault; whether it was one. What is said there of being active says
    /// nothing: the log is elsewhere.
    fn beside(&mut self, cursor: &mut Cursor<'_>, vault: &VaultId) -> Result<bool, Fault> {
        let Some((at, section)) = next_section(cursor)? else { return Ok(false) };
        match section {
            Section::Version(name) => {
                let (name, id) = named(name, vault, at)?;
                self.version(cursor, name, id)?;
                if let Some(secret) = self.secrets.get_mut(&id) {
                    secret.active.clear();
                }
            }
            Section::WrapBeside(name) => {
                let (name, id) = named(name, vault, at)?;
                let read = secrets::wrap_beside(cursor)?;
                self.wrap(name, id, read);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What stands twice is the same: it is kept under the id that follows from it.
    fn version(
        &mut self,
        cursor: &mut Cursor<'_>,
        name: SecretName,
        id: SecretId,
    ) -> Result<(), Fault> {
        let (is_active, read) = secrets::version(cursor)?;
        let object = read.id(&id);
        let secret = self.secret(&name, id);
        secret.active.extend(is_active.then_some(object));
        secret.versions.insert(object, read);
        self.above = Some((name, object));
        Ok(())
    }

    fn wrap(&mut self, name: SecretName, id: SecretId, read: Wrap) {
        self.secret(&name, id).wraps.insert(read.id(), read);
    }

    fn secret(&mut self, name: &SecretName, id: SecretId) -> &mut FoundSecret {
        self.secrets.entry(id).or_insert_with(|| FoundSecret {
            name: name.clone(),
            active: BTreeSet::new(),
            versions: BTreeMap::new(),
            wraps: BTreeMap::new(),
        })
    }

    fn sections(self) -> BTreeMap<SecretId, SecretSection> {
        self.secrets.into_iter().map(|(id, found)| (id, found.section())).collect()
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
        let Self { chain, closed, audiences, slots, mut secrets, entries, under, .. } = self;
        place(under, &mut secrets, &entries, &header.vault)?;
        if chain.is_empty() {
            return Err(Cause::SectionMissing { name: "policy" }.at(end));
        }
        let chain: Vec<PolicyEntry> = chain.into_values().collect();
        parse::is_of(&header, parse::stated(&chain)).map_err(|cause| cause.at(0))?;
        if parse::has_checkpoint(&chain) != is_closed || closed.is_some() != is_closed {
            return Err(Cause::Checkpoint.at(0));
        }
        let secrets = secrets.into_iter().map(|(id, found)| (id, found.section())).collect();
        Ok(VaultFile { header, chain, closed, audiences, slots, secrets, entries })
    }
}

/// Puts each wrap with its version. That of a version which is not there opens nothing: its side pruned it.
fn place(
    under: Vec<Under>,
    secrets: &mut BTreeMap<SecretId, FoundSecret>,
    entries: &BTreeMap<EntryId, Entry>,
    vault: &VaultId,
) -> Result<(), Fault> {
    let named = wrapping::Named::by(entries);
    let mut left = wrapping::MOST_HASHED;
    for Under { name, above, wrap, at } in under {
        let mut of = named.versions_of(&name, above, &wrap, &mut left);
        if of.is_empty() {
            of.push(above.ok_or_else(|| unexpected(Section::Wrap(name.as_str()), at))?);
        }
        let Some(own) = secrets.get_mut(&ids::secret_uid(vault, &name)) else { continue };
        for version in of.into_iter().filter(|of| own.versions.contains_key(of)) {
            let wrap = Wrap { version, ..wrap.clone() };
            own.wraps.insert(wrap.id(), wrap);
        }
    }
    Ok(())
}

fn records<K: Ord, T>(found: BTreeMap<K, T>) -> Records<K, T> {
    let mut records = Records::new();
    records.extend(found);
    records
}

fn named(name: &str, vault: &VaultId, at: usize) -> Result<(SecretName, SecretId), Fault> {
    let name = SecretName::parse(name).map_err(|_| Cause::Name.at(at))?;
    let id = ids::secret_uid(vault, &name);
    Ok((name, id))
}

fn unexpected(section: Section<'_>, at: usize) -> Fault {
    Cause::SectionUnexpected { name: section.name() }.at(at)
}

impl FoundSecret {
    fn section(self) -> SecretSection {
        let Self { name, active, versions, wraps } = self;
        let active = active.into_iter().collect();
        SecretSection { name, active, versions: records(versions), wraps: records(wraps) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{sample, write};
    use super::*;
    use crate::crypto::bytes::{Blob, Fixed};
    use crate::file::model::WrapKey;
    use crate::log::op::Op;

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
    fn two_envelopes_that_differ_are_refused_whichever_comes_first() {
        let (file, mut other) = (sample::file(), sample::file());
        other.audiences.values_mut().for_each(|audience| audience.envelope[0] ^= 1);
        for (one, other) in [(&file, &other), (&other, &file)] {
            assert_eq!(together(one, other).unwrap_err().code(), "section-duplicate");
        }
    }

    /// Of what is changed the id is another one: both are there, for verification to refuse what nobody named.
    #[test]
    fn what_is_changed_in_a_secret_is_something_else() {
        let changes: [fn(&mut SecretSection, &SecretId); 2] = [
            |section, uid| {
                let versions =
                    std::mem::take(&mut section.versions).into_values().map(|mut one| {
                        one.commitment = Fixed([9; 32]);
                        (one.id(uid), one)
                    });
                section.versions = versions.collect();
                section.wraps.clear();
            },
            |section, _| {
                let wraps = std::mem::take(&mut section.wraps).into_values().map(|mut wrap| {
                    wrap.audience = AudienceName::new("owner");
                    (wrap.id(), wrap)
                });
                section.wraps = wraps.collect();
            },
        ];
        for change in changes {
            let (file, mut other) = (sample::file(), sample::file());
            other.secrets.iter_mut().for_each(|(uid, section)| change(section, uid));
            let (one, two) = (together(&file, &other).unwrap(), together(&other, &file).unwrap());
            for (uid, section) in &file.secrets {
                let all = &one.secrets[uid];
                assert_eq!(all, &two.secrets[uid]);
                assert!(section.versions.keys().all(|id| all.versions.contains_key(id)));
                assert!(section.wraps.keys().all(|id| all.wraps.contains_key(id)));
                let grew = all.versions.len() + all.wraps.len();
                assert!(grew > section.versions.len() + section.wraps.len());
            }
        }
    }

    #[test]
    fn a_wrap_that_follows_no_version_of_its_secret_is_refused() {
        let file = sample::file();
        let (text, first) = (write(&file), file.secrets.values().next().unwrap());
        let wrap = text.find(&format!("\n[[secret.\"{}\".version.wrap]]", first.name)).unwrap();
        let end = wrap + text[wrap..].find("\n# ").unwrap();
        let moved = |to: &str| {
            let rest = [&text[..wrap], &text[end..]].concat();
            let moved = rest.replacen(to, &format!("{}{to}", &text[wrap..end]), 1);
            parse_loose(moved.as_bytes()).unwrap_err().code()
        };
        assert_eq!(moved("\n[log]\n"), "section-unexpected", "behind another secret's version");
        assert_eq!(moved("\n[audience."), "section-unexpected");
    }

    /// git puts lines of one side behind those of the other, as heads of a secret are all alike.
    #[test]
    fn a_wrap_behind_another_version_goes_with_the_one_that_an_entry_names() {
        let mut file = sample::file();
        let (uid, mut section) = sample::secret(7, "dev/SEVERAL", 3);
        let wraps = std::mem::take(&mut section.wraps).into_values().zip(1_u8..);
        let wraps =
            wraps.map(|(wrap, byte)| Wrap { key: WrapKey::Kek(Blob(vec![byte; 48])), ..wrap });
        section.wraps = wraps.map(|wrap| (wrap.id(), wrap)).collect();
        let ops = section.wraps.iter().map(|(id, wrap)| Op::Rewrap {
            secret: section.name.clone(),
            object: wrap.version,
            wrap: *id,
        });
        file.entries.extend(sample::entries([sample::entry(7, ops.collect())]));
        file.secrets.insert(uid, section);
        let text = write(&file);
        let start = text.find("\n[[secret.\"dev/SEVERAL\".version]]").unwrap();
        let end = start + text[start..].find("\n# ").unwrap();
        let head = "\n[[secret.\"dev/SEVERAL\".version.wrap]]\n";
        let mut versions: Vec<&str> =
            text[start..end].split("\n[[secret.\"dev/SEVERAL\".version]]\n").collect();
        versions.remove(0);
        let (mut bodies, mut wraps) = (Vec::new(), Vec::new());
        for version in versions {
            let (body, wrap) = version.split_once(head).unwrap();
            bodies.push(format!("\n[[secret.\"dev/SEVERAL\".version]]\n{body}"));
            wraps.push(format!("{head}{wrap}"));
        }
        let read = |records: String| {
            parse_loose([&text[..start], &records, &text[end..]].concat().as_bytes()).unwrap()
        };
        wraps.rotate_left(1);
        let one_on: String = bodies.iter().zip(&wraps).flat_map(|(b, w)| [&**b, &**w]).collect();
        assert_eq!(read(one_on), file);
        assert_eq!(read([bodies.concat(), wraps.concat()].concat()), file);
        assert_eq!(read([wraps.concat(), bodies.concat()].concat()), file, "above all of them");
        // Of a version that is not there any more, which its side has pruned.
        let section = &read([&bodies[1..], &wraps[..]].concat().concat()).secrets[&uid];
        assert_eq!((section.versions.len(), section.wraps.len()), (2, 2));
    }
}
