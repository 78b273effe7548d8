//! The block of what is kept of a closed log.

use super::cursor::Cursor;
use super::error::{Cause, Fault};
use super::record;
use super::{ReadScope, Trust};
use crate::crypto::id::EntryId;
use crate::log::closed::{Closed, ClosedSecret};
use crate::name::SecretName;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Reads the block, the cursor being behind its header. Of bytes that were verified before, lines about secrets
/// that are not asked for are passed over.
pub(super) fn parse(
    cursor: &mut Cursor<'_>,
    trust: Trust,
    scope: ReadScope<'_>,
) -> Result<Closed, Fault> {
    let entries = entries(cursor)?;
    let wanted: Option<BTreeSet<&str>> = match scope {
        ReadScope::Naming(names) => Some(names.iter().map(SecretName::as_str).collect()),
        _ => None,
    };
    let block = cursor.block("secrets")?;
    let mut secrets: Vec<ClosedSecret> = Vec::new();
    while let Some(line) = cursor.block_line(&block)? {
        if wanted.as_ref().is_some_and(|wanted| !wanted.contains(named(line.text))) {
            continue;
        }
        let read = secret(line.text, trust).map_err(|cause| cause.at(line.at))?;
        let before = secrets.last().map(|before| before.secret.as_str());
        ordered(before, read.secret.as_str()).map_err(|cause| cause.at(line.at))?;
        secrets.push(read);
    }
    Ok(Closed { entries, secrets })
}

fn entries(cursor: &mut Cursor<'_>) -> Result<Vec<EntryId>, Fault> {
    let block = cursor.block("entries")?;
    let mut entries: Vec<EntryId> = Vec::new();
    while let Some(line) = cursor.block_line(&block)? {
        let id: EntryId = line.id()?;
        ordered(entries.last(), &id).map_err(|cause| cause.at(line.at))?;
        entries.push(id);
    }
    Ok(entries)
}

fn ordered<T: Ord>(before: Option<T>, next: T) -> Result<(), Cause> {
    match before.map(|before| before.cmp(&next)) {
        None | Some(Ordering::Less) => Ok(()),
        Some(Ordering::Equal) => Err(Cause::EntryDuplicate),
        Some(Ordering::Greater) => Err(Cause::EntryOrder),
    }
}

fn secret(text: &str, trust: Trust) -> Result<ClosedSecret, Cause> {
    let secret: ClosedSecret = record::parse(text, trust)?;
    secret.check()?;
    Ok(secret)
}

/// The name that a line of a verified file is about.
fn named(line: &str) -> &str {
    let name = line.strip_prefix("{\"secret\":\"").unwrap_or_default();
    name.split('"').next().unwrap_or_default()
}
