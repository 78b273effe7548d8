//! What stands beside the vault: the closed part of its log, and the versions that only that part needs
//! (`docs/format.md` section 11).

use super::block::Parse;
use super::cursor::Cursor;
use super::error::{Cause, FormatError};
use super::{MAX_FILE, Trust, header, loose, write};
use crate::crypto::bytes::Id;
use crate::crypto::digest::{self, Digest, HashContext};
use crate::crypto::id::{EntryId, SecretId, VaultId};
use crate::file::model::SecretSection;
use crate::log::entry::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// The entries of a segment, in its order.
pub type Segment = Vec<(EntryId, Entry)>;

/// The id of a segment with these bytes.
pub fn segment_id(bytes: &[u8]) -> Id {
    digest::hash(HashContext::Segment, &[bytes])
}

/// Reads a segment; `trust` says whether exactly these bytes were read strictly before.
///
/// # Errors
/// The first line that is no entry, or out of order.
pub fn parse_segment(bytes: &[u8], vault: &VaultId, trust: Trust) -> Result<Segment, FormatError> {
    let read = || {
        let mut cursor = Cursor::new(header::text(bytes, trust).map_err(Read::Bytes)?);
        let parse = Parse::of_segment(vault, trust);
        let mut entries: Segment = Vec::new();
        while let Some(line) = cursor.line().map_err(Read::Fault)? {
            let read = parse.entry(line.text).map_err(|cause| Read::Fault(cause.at(line.at)))?;
            if entries.last().is_some_and(|before| place(before) >= place(&read)) {
                return Err(Read::Fault(Cause::EntryOrder.at(line.at)));
            }
            entries.push(read);
        }
        Ok(entries)
    };
    read().map_err(|error| error.into_error(bytes))
}

fn place((id, entry): &(EntryId, Entry)) -> (u64, EntryId) {
    (entry.lamport, *id)
}

enum Read {
    Bytes(FormatError),
    Fault(super::error::Fault),
}

impl Read {
    fn into_error(self, bytes: &[u8]) -> FormatError {
        match self {
            Self::Bytes(error) => error,
            Self::Fault(fault) => fault.into_error(bytes),
        }
    }
}

/// The ids of a segment's lines, whatever else is in them.
pub fn segment_entries(bytes: &[u8]) -> impl Iterator<Item = EntryId> {
    let digest = Digest::new(HashContext::LogEntry);
    let lines =
        bytes.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
    let lines = lines.filter(|line| !line.is_empty());
    lines.map(move |line| Entry::id_of_line(line, &digest))
}

/// The ids of the segments that a file's policy names: where to look, nothing to believe.
pub fn stated_segments(bytes: &[u8]) -> BTreeSet<Id> {
    const KEY: &[u8] = b"\"segment\":\"";
    let policy = &bytes[..memchr::memmem::find(bytes, b"\n'''\n").unwrap_or(bytes.len())];
    let id = |at: usize| {
        let text = policy[at + KEY.len()..].split(|byte| *byte == b'"').next()?;
        Id::parse(std::str::from_utf8(text).ok()?).ok()
    };
    memchr::memmem::find_iter(policy, KEY).filter_map(id).collect()
}

/// The bytes of a segment; entries are in its order.
pub fn write_segment<'a>(entries: impl Iterator<Item = &'a Entry>) -> String {
    entries.flat_map(|entry| [entry.line(), "\n".to_owned()]).collect()
}

/// Reads the versions and wraps that were left out of a file: nothing signs them, and git may have merged two copies
/// line by line. Whether an entry names one is for the caller.
pub fn parse_versions(bytes: &[u8], vault: &VaultId) -> BTreeMap<SecretId, SecretSection> {
    let mut text = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_FILE)]).into_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    loose::secrets_beside(&mut Cursor::new(&text), vault)
}

/// The text of versions that are left out of a file.
pub fn write_versions(secrets: &BTreeMap<SecretId, SecretSection>) -> String {
    let mut out = String::new();
    secrets.values().for_each(|section| write::secret_beside(&mut out, section));
    out
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    /// Sections as they are left out of a file: nothing in them is active.
    fn sections() -> BTreeMap<SecretId, SecretSection> {
        let mut sections = sample::file().secrets;
        sections.values_mut().for_each(|section| section.active.clear());
        sections
    }

    /// Whoever may push can write in there what they like: before what is right, or behind it.
    #[test]
    fn nothing_foreign_shuts_out_what_is_what_its_id_says() {
        let right = sections();
        let text = write_versions(&right);
        let (head, body) = text.split_at(text.find("commitment").unwrap());
        let read = |text: &str| parse_versions(text.as_bytes(), &sample::VAULT);
        assert!(!right.is_empty() && read(&text) == right);
        // A version that is cut off, lines of nothing, and wraps in the form that they have in a vault.
        for foreign in [head, "x\n\n[log]\n", "\n[[secret.\"prod/DATABASE_URL\".version.wrap]]\n"] {
            for text in [format!("{foreign}\n{text}"), format!("{text}{foreign}")] {
                assert_eq!(read(&text), right, "{foreign}");
            }
        }
        assert_eq!(read(&format!("{head}{head}{body}")), right);
    }

    /// A wrap goes with the version that it names, wherever that is.
    #[test]
    fn what_is_changed_there_is_something_else_and_hides_nothing() {
        let right = sections();
        let text = write_versions(&right);
        for (from, to) in
            [("prod/DATABASE_URL", "prod/OTHER"), ("\"ERER", "\"EBER"), ("\"EhIS", "\"EBIS")]
        {
            let wrong = text.replace(from, to);
            assert_ne!(wrong, text, "{from}");
            for both in [format!("{wrong}{text}"), format!("{text}{wrong}")] {
                let read = parse_versions(both.as_bytes(), &sample::VAULT);
                for (uid, section) in &right {
                    let all = &read[uid];
                    assert!(section.versions.keys().all(|id| all.versions.contains_key(id)));
                    assert!(section.wraps.keys().all(|id| all.wraps.contains_key(id)));
                }
                let count = |all: &BTreeMap<SecretId, SecretSection>| -> usize {
                    all.values().map(|one| one.versions.len() + one.wraps.len()).sum()
                };
                assert!(count(&read) > count(&right), "{from}");
            }
        }
    }

    #[test]
    fn the_segments_that_a_policy_names_are_found_before_it_is_judged() {
        let id = Id::parse(&"A".repeat(43)).unwrap();
        let policy =
            |text: &str| format!("[policy]\nchain = '''\n{text}\n'''\n{{\"segment\":\"{id}\"}}\n");
        let found = |text: &str| stated_segments(policy(text).as_bytes());
        assert_eq!(found(&format!("{{\"segment\":\"{id}\",\"entries\":1}}")), [id].into());
        for none in [
            "{}",
            "{\"segment\":\"",
            "{\"segment\":\"x\"}",
            "{\"reason\":\"\\\"segment\\\":\\\"x\"}",
        ] {
            assert!(found(none).is_empty(), "{none}");
        }
        assert!(stated_segments(b"").is_empty());
    }
}
