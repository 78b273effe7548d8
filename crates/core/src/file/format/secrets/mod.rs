//! The sections of secrets: all of them, or only those asked for, found without parsing the rest.

mod runs;

use super::bucket::{Buckets, Parted};
use super::cursor::{Cursor, ids};
use super::error::{Cause, Fault};
use super::section::{Section, follows};
use super::{MAX_CIPHERTEXT, ReadScope, Trust, write};
use crate::crypto::bytes::Blob;
use crate::crypto::id::{ObjectId, SecretId, WrapId};
use crate::file::model::{SecretSection, VersionObject, Wrap, WrapKey};
use crate::file::records::Records;
use crate::name::SecretName;
use crate::name::audience::AudienceName;
use crate::record::rule;
use crate::time::UnixTime;
use memchr::memmem;
use std::collections::{BTreeMap, BTreeSet};

type Secrets = BTreeMap<SecretId, SecretSection>;

/// Bytes of a wrap under a KEK: nonce, DEK, tag.
const KEK_WRAP: usize = 72;
const HEADER: &str = "\n\n[secret.";
/// Ends a secret's header and begins its first line; no other section has it.
const HEADER_END: &str = "]\nname = \"";
const ID_LENGTH: usize = 43;
const LOG_HEADER: &str = "\n\n[log]\n";

/// Reads the first bucket's line and the sections that `scope` wants, and leaves the cursor before
/// the next other section.
pub(super) fn parse(
    cursor: &mut Cursor<'_>,
    scope: ReadScope<'_>,
    trust: Trust,
) -> Result<Secrets, Fault> {
    let buckets = first(cursor)?;
    match scope {
        ReadScope::All => all(cursor, buckets, trust),
        ReadScope::Secrets(wanted) | ReadScope::Naming { uids: wanted, .. } => {
            some(cursor, wanted, trust)
        }
        ReadScope::NoSecrets => some(cursor, &BTreeSet::new(), trust),
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
        None | Some((_, Section::Secret(_) | Section::Log)) => {
            Err(buckets.lacking(cursor.at(), cursor.text()))
        }
        Some((at, section)) => Err(section.misplaced(Section::Bucket(0)).at(at)),
    }
}

fn all(cursor: &mut Cursor<'_>, buckets: Buckets, trust: Trust) -> Result<Secrets, Fault> {
    let mut read = Read { sections: Vec::new(), buckets };
    runs::parse(cursor, trust, &mut read)?;
    in_turn(cursor, usize::MAX, trust, &mut read)?;
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
    trust: Trust,
    read: &mut Read,
) -> Result<(), Fault> {
    while cursor.at() < end {
        match cursor.peek_section()? {
            Some((at, Section::Bucket(bucket))) => {
                read.buckets.pass(bucket, at, cursor.text())?;
                cursor.enter_section()?;
            }
            Some((at, section @ Section::Secret(id))) => {
                in_bucket(read.buckets, &id).map_err(|cause| cause.at(at))?;
                follows(read.sections.last().map(|(id, _)| *id), id, at, section)?;
                read.sections.push((id, secret(cursor, &id, trust)?));
            }
            _ => break,
        }
    }
    Ok(())
}

fn in_bucket(buckets: Buckets, id: &SecretId) -> Result<(), Cause> {
    let own = Parted::Secrets.bucket(id);
    if buckets.current() == Some(own) {
        return Ok(());
    }
    let (name, line) = (Section::Secret(*id).name(), Parted::Secrets.line(own));
    Err(Cause::SectionBucket { name, line })
}

/// Everything from the first `[log]` on is read strictly as the log, so nothing that a full reader
/// takes for a log entry can be skipped here.
fn some(
    cursor: &mut Cursor<'_>,
    wanted: &BTreeSet<SecretId>,
    trust: Trust,
) -> Result<Secrets, Fault> {
    let bytes = cursor.text().as_bytes();
    // The header's empty line begins with the line end before the cursor.
    let start = cursor.at().saturating_sub(1);
    let length = memmem::find(&bytes[start..], LOG_HEADER.as_bytes())
        .ok_or_else(|| Cause::SectionMissing { name: "log" }.at(bytes.len()))?;
    let log = start + length + 1;
    let mut secrets = Secrets::new();
    if !wanted.is_empty() {
        let finder = memmem::Finder::new(HEADER_END);
        while secrets.len() < wanted.len()
            && let Some((at, id)) =
                find(cursor, log, |id| wanted.contains(id) && !secrets.contains_key(id), &finder)
        {
            cursor.skip_to(at);
            secrets.insert(id, secret(cursor, &id, trust)?);
        }
    }
    cursor.skip_to(log);
    Ok(secrets)
}

/// The next wanted section at or after the cursor and before `end`: its empty line, and its uid.
fn find(
    cursor: &Cursor<'_>,
    end: usize,
    is_wanted: impl Fn(&SecretId) -> bool,
    finder: &memmem::Finder<'_>,
) -> Option<(usize, SecretId)> {
    let text = cursor.text();
    let start = cursor.at().saturating_sub(1);
    let region = text.as_bytes().get(start..end)?;
    finder.find_iter(region).find_map(|hit| {
        let at = hit.checked_sub(HEADER.len() + ID_LENGTH)?;
        let header = std::str::from_utf8(&region[at..hit]).ok()?;
        let id = SecretId::parse(header.strip_prefix(HEADER)?).ok()?;
        is_wanted(&id).then_some((start + at + 1, id))
    })
}

fn secret(cursor: &mut Cursor<'_>, id: &SecretId, trust: Trust) -> Result<SecretSection, Fault> {
    let start = cursor.at();
    cursor.enter_section()?;
    let (name, active) = copies(cursor)?;
    let versions = versions(cursor, id)?;
    if versions.is_empty() {
        return Err(Cause::SecretEmpty.at(start + 1));
    }
    let wraps = wraps(cursor, id, &versions)?;
    let section = SecretSection { name, active, versions, wraps };
    if trust == Trust::Strict {
        let mut again = String::with_capacity(cursor.at() - start);
        write::secret(&mut again, id, &section);
        if again != cursor.since(start) {
            return Err(Cause::NotCanonical.at(start + 1));
        }
    }
    Ok(section)
}

/// The readable copies behind the header of a secret's section: its name, and which versions are active.
pub(super) fn copies(cursor: &mut Cursor<'_>) -> Result<(SecretName, Vec<ObjectId>), Fault> {
    let name = cursor.quoted("name")?;
    let name = SecretName::parse(name.text).map_err(|_| Cause::Name.at(name.at))?;
    Ok((name, ids("active", &cursor.quoted_list("active")?)?))
}

fn versions(
    cursor: &mut Cursor<'_>,
    id: &SecretId,
) -> Result<Records<ObjectId, VersionObject>, Fault> {
    let mut versions = Records::new();
    while let Some((at, section @ Section::Version { secret, object })) = cursor.peek_section()? {
        if secret != *id {
            break;
        }
        follows(versions.last_key_value().map(|(id, _)| *id), object, at, section)?;
        cursor.enter_section()?;
        versions.insert(object, version(cursor)?);
    }
    Ok(versions)
}

pub(super) fn version(cursor: &mut Cursor<'_>) -> Result<VersionObject, Fault> {
    let author = cursor.quoted("author")?.id()?;
    let origin = cursor.quoted("origin")?.id()?;
    let expires = match cursor.is_at_key("expires") {
        true => Some(UnixTime::from_secs(cursor.integer("expires")?)),
        false => None,
    };
    let uid = cursor.quoted("uid")?.id()?;
    let nonce = cursor.quoted("nonce")?.id()?;
    let commitment = cursor.quoted("commitment")?.id()?;
    let text = cursor.quoted("ciphertext")?;
    let ciphertext = text.blob()?;
    if ciphertext.0.len() > MAX_CIPHERTEXT {
        return Err(Cause::CiphertextTooLarge.at(text.at));
    }
    Ok(VersionObject { author, origin, expires, uid, nonce, commitment, ciphertext })
}

fn wraps(
    cursor: &mut Cursor<'_>,
    id: &SecretId,
    versions: &Records<ObjectId, VersionObject>,
) -> Result<Records<WrapId, Wrap>, Fault> {
    let mut wraps = Records::new();
    while let Some((at, section)) = cursor.peek_section()? {
        match section {
            Section::Wrap { secret, wrap } if secret == *id => {
                follows(wraps.last_key_value().map(|(id, _)| *id), wrap, at, section)?;
                cursor.enter_section()?;
                wraps.insert(wrap, self::wrap(cursor, Some(versions))?);
            }
            Section::Version { secret, .. } if secret == *id => {
                return Err(Cause::SectionOrder { name: section.name() }.at(at));
            }
            _ => break,
        }
    }
    Ok(wraps)
}

/// What stands behind the header of a wrap's section; `versions` are those that it may be of, where they are
/// known already.
pub(super) fn wrap(
    cursor: &mut Cursor<'_>,
    versions: Option<&Records<ObjectId, VersionObject>>,
) -> Result<Wrap, Fault> {
    let text = cursor.quoted("version")?;
    let version = text.id()?;
    if versions.is_some_and(|versions| !versions.contains_key(&version)) {
        return Err(Cause::WrapVersion.at(text.at));
    }
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
