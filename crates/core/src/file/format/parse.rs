//! The whole file, section by section in their order.

use super::cursor::Cursor;
use super::error::{Cause, Fault, FormatError};
use super::read_back::ReadPolicy;
use super::section::{Section, follows};
use super::{ReadScope, Trust, armor, block, closed, header, secrets, write};
use crate::crypto::bytes::ShortId;
use crate::crypto::id::VaultId;
use crate::file::model::{AudienceSection, Header, VaultFile};
use crate::file::slot::SlotRecord;
use crate::name::audience::AudienceName;
use crate::policy::entry::PolicyEntry;
use crate::policy::op::PolicyOp;
use crate::record::rule::Counted;
use std::collections::BTreeMap;

/// Reads a vault file.
///
/// # Errors
/// The first thing that is wrong, in order of the file; bytes that no reader could make text of,
/// and what needs a newer program, come before anything else.
pub fn parse(bytes: &[u8], trust: Trust, scope: ReadScope<'_>) -> Result<VaultFile, FormatError> {
    let text = header::text(bytes, trust)?;
    sections(&mut Cursor::new(text), trust, scope, None).map_err(|fault| fault.into_error(bytes))
}

/// [`parse`] of what was written, for what may be wrong with it alone.
pub(super) fn read_back(text: &str, known: Option<&ReadPolicy>) -> Result<(), FormatError> {
    let file = sections(&mut Cursor::new(text), Trust::Written, ReadScope::All, known);
    file.map(drop).map_err(|fault| fault.into_error(text.as_bytes()))
}

/// Where the policy's section, and that of what is closed, are those that are `known`, the file comes without them.
fn sections(
    cursor: &mut Cursor<'_>,
    trust: Trust,
    scope: ReadScope<'_>,
    known: Option<&ReadPolicy>,
) -> Result<VaultFile, Fault> {
    let (header, is_closed) = header::parse(cursor)?;
    enter(cursor, Section::Policy, "policy")?;
    let policy = cursor.at();
    let passed = known.filter(|known| pass(cursor, known));
    let (chain, vault, closes) = match passed {
        Some(known) => (Vec::new(), Some(known.vault), known.has_checkpoint),
        None => {
            let chain = block::chain(cursor, trust)?;
            let (vault, closes) = (stated(&chain), has_checkpoint(&chain));
            (chain, vault, closes)
        }
    };
    if closes != is_closed {
        return Err(Cause::Checkpoint.at(policy));
    }
    let closed = match is_closed && passed.is_none() {
        true => {
            enter(cursor, Section::Closed, "closed")?;
            Some(closed::parse(cursor, trust, scope)?)
        }
        false => None,
    };
    let audiences = audiences(cursor, trust)?;
    let slots = slots(cursor, trust)?;
    let form = secrets::Form { vault: &header.vault, trust };
    let secrets = secrets::parse(cursor, scope, form)
        .map_err(|fault| is_of(&header, vault).err().map_or(fault, |cause| cause.at(0)))?;
    enter(cursor, Section::Log, "log")?;
    let entries = block::log(cursor, trust, scope, &header.vault)?;
    if !cursor.at_end() {
        return Err(Cause::TrailingBytes.at(cursor.at()));
    }
    Ok(VaultFile { header, chain, closed, audiences, slots, secrets, entries })
}

/// Goes past the policy, and what is closed, if they are those that are known, and says so.
fn pass(cursor: &mut Cursor<'_>, known: &ReadPolicy) -> bool {
    let start = cursor.at();
    let length = known.length_in(&cursor.text()[start..]);
    cursor.skip_to(start + length.unwrap_or(0));
    length.is_some()
}

/// Whether the header's vault is that of genesis. Of another one every id in the secrets is wrong, and that they stand in
/// wrong places would be told; what is wrong with genesis itself is for the chain to say.
pub(super) fn is_of(header: &Header, stated: Option<VaultId>) -> Result<(), Cause> {
    if stated.is_none_or(|id| id == header.vault) { Ok(()) } else { Err(Cause::HeaderVault) }
}

/// The vault that a chain is of.
pub(super) fn stated(chain: &[PolicyEntry]) -> Option<VaultId> {
    chain.first().map(|genesis| VaultId(genesis.id().0))
}

/// Whether the chain closes the log: the file has a block about that exactly then.
pub(super) fn has_checkpoint(chain: &[PolicyEntry]) -> bool {
    let mut ops = chain.iter().flat_map(|entry| &entry.ops);
    ops.any(|op| matches!(op, PolicyOp::Checkpoint(_)))
}

/// Goes past the header of the section that must come now.
fn enter(cursor: &mut Cursor<'_>, wanted: Section<'_>, name: &'static str) -> Result<(), Fault> {
    match cursor.peek_section()? {
        Some((_, section)) if section == wanted => cursor.enter_section(),
        Some((at, section)) => Err(section.misplaced(wanted).at(at)),
        None => Err(Cause::SectionMissing { name }.at(cursor.at())),
    }
}

fn audiences(
    cursor: &mut Cursor<'_>,
    trust: Trust,
) -> Result<BTreeMap<AudienceName, AudienceSection>, Fault> {
    let mut audiences: BTreeMap<AudienceName, AudienceSection> = BTreeMap::new();
    while let Some((at, section @ Section::Audience(name))) = cursor.peek_section()? {
        follows(audiences.last_key_value().map(|(name, _)| &**name), name, at, section)?;
        audiences.insert(AudienceName::new(name), audience(cursor, name, trust)?);
    }
    Ok(audiences)
}

fn audience(cursor: &mut Cursor<'_>, name: &str, trust: Trust) -> Result<AudienceSection, Fault> {
    let start = cursor.at();
    cursor.enter_section()?;
    let section = audience_content(cursor)?;
    if trust == Trust::Strict {
        let mut again = String::with_capacity(cursor.at() - start);
        write::audience(&mut again, name, &section);
        if again != cursor.since(start) {
            return Err(Cause::NotCanonical.at(start + 1));
        }
    }
    Ok(section)
}

/// What stands behind the header of an audience's section.
pub(super) fn audience_content(cursor: &mut Cursor<'_>) -> Result<AudienceSection, Fault> {
    let epoch = cursor.quoted("epoch")?.id()?;
    let armored = cursor.at();
    let block = cursor.block("envelope")?;
    let mut reader = armor::Reader::with_room_for(cursor.to_block_end());
    while let Some(line) = cursor.block_line(&block)? {
        reader.line(line.text).map_err(|cause| cause.at(line.at))?;
    }
    let envelope = reader.finish().map_err(|cause| cause.at(armored))?;
    Ok(AudienceSection { epoch, envelope })
}

fn slots(cursor: &mut Cursor<'_>, trust: Trust) -> Result<BTreeMap<ShortId, SlotRecord>, Fault> {
    let mut slots = BTreeMap::new();
    while let Some((at, section @ Section::Slot(id))) = cursor.peek_section()? {
        follows(slots.last_key_value().map(|(id, _)| *id), id, at, section)?;
        Counted::Slots.check(slots.len() + 1).map_err(|rule| Cause::Rule(rule).at(at))?;
        cursor.enter_section()?;
        slots.insert(id, block::slot(cursor, &id, trust)?);
    }
    Ok(slots)
}
