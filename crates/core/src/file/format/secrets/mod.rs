//! The sections of secrets: all of them, or only those asked for, found without parsing the rest.

mod runs;

use super::bucket::{Buckets, Parted};
use super::cursor::Cursor;
use super::error::{Cause, Fault};
use super::section::{Section, follows};
use super::{MAX_CIPHERTEXT, ReadScope, Trust, write};
use crate::crypto::bytes::Blob;
use crate::crypto::id::{ObjectId, SecretId, VaultId, WrapId};
use crate::file::model::{SecretSection, VersionObject, Wrap, WrapKey};
use crate::name::SecretName;
use crate::name::audience::AudienceName;
use crate::record::{ids, rule};
use crate::time::UnixTime;
use memchr::memmem;
use std::collections::{BTreeMap, BTreeSet, HashSet};

type Secrets = BTreeMap<SecretId, SecretSection>;

/// Bytes of a wrap under a KEK: DEK, tag.
const KEK_WRAP: usize = 48;
const HEADER: &str = "\n\n[[secret.\"";
/// What stands in a version that the log leads to.
pub(super) const ACTIVE: &str = "active = true";
const VERSION: &str = ".version]]\n";
const LOG_HEADER: &str = "\n\n[log]\n";

/// Of which vault the ids are that are computed of what stands there, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form<'a> {
    pub vault: &'a VaultId,
    pub trust: Trust,
}

/// Reads the first bucket's line and the sections that `scope` wants, and leaves the cursor before
/// the next other section.
pub(super) fn parse(
    cursor: &mut Cursor<'_>,
    scope: ReadScope<'_>,
    form: Form<'_>,
) -> Result<Secrets, Fault> {
    let buckets = first(cursor)?;
    match scope {
        ReadScope::All => all(cursor, buckets, form),
        ReadScope::Secrets(wanted) | ReadScope::Naming(wanted) => some(cursor, wanted, form),
        ReadScope::NoSecrets => some(cursor, &BTreeSet::new(), form),
    }
}

/// Goes past the line of the first bucket.
fn first(cursor: &mut Cursor<'_>) -> Result<Buckets, Fault> {
    let mut buckets = Buckets::of(Parted::Secrets);
    match cursor.peek_section()? {
        Some((at, Section::Bucket(bucket))) => {
            buckets.pass(bucket, at, cursor.text())?;
            cursor.enter_section()?;
            Ok(buckets)
        }
        None | Some((_, Section::Version(_) | Section::Log)) => {
            Err(buckets.lacking(cursor.at(), cursor.text()))
        }
        Some((at, section)) => Err(section.misplaced(Section::Bucket(0)).at(at)),
    }
}

fn all(cursor: &mut Cursor<'_>, buckets: Buckets, form: Form<'_>) -> Result<Secrets, Fault> {
    let mut read = Read { sections: Vec::new(), buckets };
    runs::parse(cursor, form, &mut read)?;
    in_turn(cursor, usize::MAX, form, &mut read)?;
    if let None | Some((_, Section::Log)) = cursor.peek_section()? {
        read.buckets.end(cursor.at(), cursor.text())?;
    }
    // Sorted already, which the map's bulk construction makes use of.
    Ok(read.sections.into_iter().collect())
}

/// The sections that were read, and the bucket that the next one would stand in.
#[derive(Debug)]
struct Read {
    sections: Vec<(SecretId, SecretSection)>,
    buckets: Buckets,
}

/// Reads the buckets' lines and the sections that begin before `end`.
fn in_turn(
    cursor: &mut Cursor<'_>,
    end: usize,
    form: Form<'_>,
    read: &mut Read,
) -> Result<(), Fault> {
    while cursor.at() < end {
        match cursor.peek_section()? {
            Some((at, Section::Bucket(bucket))) => {
                read.buckets.pass(bucket, at, cursor.text())?;
                cursor.enter_section()?;
            }
            Some((at, section @ Section::Version(name))) => {
                let name = SecretName::parse(name).map_err(|_| Cause::Name.at(at))?;
                let id = ids::secret_uid(form.vault, &name);
                in_bucket(read.buckets, &id, section).map_err(|cause| cause.at(at))?;
                follows(read.sections.last().map(|(id, _)| *id), id, at, section)?;
                read.sections.push((id, secret(cursor, &id, name, form.trust)?));
            }
            _ => break,
        }
    }
    Ok(())
}

fn in_bucket(buckets: Buckets, id: &SecretId, section: Section<'_>) -> Result<(), Cause> {
    let own = Parted::Secrets.bucket(id);
    if buckets.current() == Some(own) {
        return Ok(());
    }
    let (name, line) = (section.name(), Parted::Secrets.line(own));
    Err(Cause::SectionBucket { name, line })
}

/// Everything from the first `[log]` on is read strictly as the log, so nothing that a full reader
/// takes for a log entry can be skipped here.
fn some(
    cursor: &mut Cursor<'_>,
    wanted: &BTreeSet<SecretName>,
    form: Form<'_>,
) -> Result<Secrets, Fault> {
    let bytes = cursor.text().as_bytes();
    // The header's empty line begins with the line end before the cursor.
    let start = cursor.at().saturating_sub(1);
    let length = memmem::find(&bytes[start..], LOG_HEADER.as_bytes())
        .ok_or_else(|| Cause::SectionMissing { name: "log" }.at(bytes.len()))?;
    let log = start + length + 1;
    let mut secrets = Secrets::new();
    let mut left: HashSet<&str> = wanted.iter().map(SecretName::as_str).collect();
    let finder = memmem::Finder::new(HEADER);
    while !left.is_empty()
        && let Some((at, text)) = find(cursor, log, &left, &finder)
    {
        cursor.skip_to(at);
        left.remove(text);
        let name = SecretName::parse(text).map_err(|_| Cause::Name.at(at))?;
        let id = ids::secret_uid(form.vault, &name);
        secrets.insert(id, secret(cursor, &id, name, form.trust)?);
    }
    cursor.skip_to(log);
    Ok(secrets)
}

/// The first version of the next wanted secret at or after the cursor and before `end`: its empty line, and the name.
fn find<'a>(
    cursor: &Cursor<'a>,
    end: usize,
    wanted: &HashSet<&str>,
    finder: &memmem::Finder<'_>,
) -> Option<(usize, &'a str)> {
    let text = cursor.text();
    let start = cursor.at().saturating_sub(1);
    let region = text.get(start..end)?;
    finder.find_iter(region.as_bytes()).find_map(|hit| {
        let (name, rest) = region[hit + HEADER.len()..].split_once('"')?;
        let is_wanted = wanted.contains(name) && rest.starts_with(VERSION);
        is_wanted.then_some((start + hit + 1, name))
    })
}

fn secret(
    cursor: &mut Cursor<'_>,
    id: &SecretId,
    name: SecretName,
    trust: Trust,
) -> Result<SecretSection, Fault> {
    let start = cursor.at();
    let section = versions(cursor, id, name)?;
    if trust == Trust::Strict {
        let mut again = String::with_capacity(cursor.at() - start);
        write::secret(&mut again, &section);
        if again != cursor.since(start) {
            return Err(Cause::NotCanonical.at(start + 1));
        }
    }
    Ok(section)
}

/// The versions of the secret, those that are active first, and behind each its wraps.
fn versions(
    cursor: &mut Cursor<'_>,
    id: &SecretId,
    name: SecretName,
) -> Result<SecretSection, Fault> {
    let mut section = SecretSection::of(name);
    // Sorted at the end: they come in two rows, and each that is put into the other one would move all behind it.
    let mut versions: Vec<(ObjectId, VersionObject)> = Vec::with_capacity(1);
    let mut wraps: Vec<(WrapId, Wrap)> = Vec::with_capacity(1);
    let mut last: Option<(bool, ObjectId)> = None;
    while let Some((at, header)) = cursor.peek_section()? {
        match (header, last) {
            (Section::Version(of), _) if of == section.name.as_str() => {
                cursor.enter_section()?;
                let (is_active, read) = version(cursor)?;
                let object = read.id(id);
                let is_doubled = !is_active && section.active.binary_search(&object).is_ok();
                let before = if is_doubled { Some((true, object)) } else { last };
                follows(before, (!is_active, object), at, header)?;
                if is_active && section.active.is_empty() {
                    section.active.reserve_exact(1);
                }
                section.active.extend(is_active.then_some(object));
                versions.push((object, read));
                last = Some((!is_active, object));
            }
            (Section::Wrap(of), Some((_, object))) if of == section.name.as_str() => {
                cursor.enter_section()?;
                let read = wrap(cursor, object)?;
                let id = read.id();
                let before = wraps.last().filter(|(_, wrap)| wrap.version == object);
                follows(before.map(|(id, _)| *id), id, at, header)?;
                wraps.push((id, read));
            }
            // It is no section of a vault, wherever reading stops.
            (Section::WrapBeside(_), _) => {
                return Err(Cause::SectionUnexpected { name: header.name() }.at(at));
            }
            _ => break,
        }
    }
    versions.sort_unstable_by_key(|(id, _)| *id);
    wraps.sort_unstable_by_key(|(id, _)| *id);
    section.versions = versions.into_iter().collect();
    section.wraps = wraps.into_iter().collect();
    Ok(section)
}

/// What stands behind the header of a version, and whether it is said to be active.
pub(super) fn version(cursor: &mut Cursor<'_>) -> Result<(bool, VersionObject), Fault> {
    let is_active = cursor.is_at_line(ACTIVE);
    if is_active {
        cursor.line()?;
    }
    let author = cursor.quoted("author")?.id()?;
    let origin = cursor.quoted("origin")?.id()?;
    let expires = match cursor.is_at_key("expires") {
        true => Some(UnixTime::from_secs(cursor.integer("expires")?)),
        false => None,
    };
    let commitment = cursor.quoted("commitment")?.id()?;
    let text = cursor.quoted("ciphertext")?;
    let ciphertext = text.blob()?;
    if ciphertext.0.len() > MAX_CIPHERTEXT {
        return Err(Cause::CiphertextTooLarge.at(text.at));
    }
    Ok((is_active, VersionObject { author, origin, expires, commitment, ciphertext }))
}

/// What stands behind the header of a wrap beside the vault.
pub(super) fn wrap_beside(cursor: &mut Cursor<'_>) -> Result<Wrap, Fault> {
    let version = cursor.quoted("version")?.id()?;
    wrap(cursor, version)
}

/// What stands behind the header of a wrap of this version.
pub(super) fn wrap(cursor: &mut Cursor<'_>, version: ObjectId) -> Result<Wrap, Fault> {
    let audience = cursor.quoted("audience")?;
    rule::audience(audience.text).map_err(|rule| Cause::Rule(rule).at(audience.at))?;
    let epoch = cursor.quoted("epoch")?.id()?;
    let key = wrap_key(cursor)?;
    Ok(Wrap { version, audience: AudienceName::new(audience.text), epoch, key })
}

fn wrap_key(cursor: &mut Cursor<'_>) -> Result<WrapKey, Fault> {
    if cursor.is_at_key("sealed") {
        return cursor.quoted("sealed")?.blob().map(WrapKey::Sealed);
    }
    let text = cursor.quoted("key")?;
    match text.blob()? {
        blob @ Blob(_) if blob.0.len() == KEK_WRAP => Ok(WrapKey::Kek(blob)),
        _ => Err(Cause::BytesSyntax.at(text.at)),
    }
}
