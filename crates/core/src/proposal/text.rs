//! The files of a proposal (`docs/format.md`, section 9). Each has one spelling, as everything that is signed.

use super::Proposal;
use crate::crypto::bytes::Blob;
use crate::crypto::id::{EpochId, PolicyId};
use crate::file::model::AudienceSection;
use crate::name::audience::AudienceName;
use crate::policy;
use crate::policy::entry::{PolicyEntry, PolicySignature};
use crate::policy::op::{EpochReseal, EpochStart, PolicyOp};
use crate::record::ids;
use crate::record::line::{self, LineError};
use crate::record::rule::{Counted, RuleError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The file with what is signed.
pub const ENTRY: &str = "entry";
/// The file with the envelopes that it names.
pub const ENVELOPES: &str = "envelopes";
/// The most bytes of each file.
pub const MAX_ENTRY: u64 = 2 << 20;
pub const MAX_ENVELOPES: u64 = 8 << 20;
pub const MAX_SIGNATURE: u64 = 1 << 10;

/// Why the files of a proposal are refused by themselves.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    #[error("{file} is not text that ends with a line end")]
    Text { file: String },
    #[error("{file}, line {line}")]
    Line { file: String, line: usize, source: LineError },
    #[error("the entry breaks a rule")]
    Rule(#[from] RuleError),
    #[error("the entry is another one than its folder says: it was changed after it was proposed")]
    Renamed { found: PolicyId },
    #[error("the first entry of a vault cannot be proposed")]
    Genesis,
    #[error("a rebase cannot be proposed: devices follow it to another policy")]
    Rebase,
    #[error("nobody has signed it")]
    Unsigned,
    #[error("there are more than {most} signatures")]
    TooMany { most: usize },
    #[error("{file} holds the signature of another key")]
    OtherKey { file: String },
    #[error("the envelopes are not ordered by audience, or one is there twice")]
    Order,
    #[error("the envelope of {audience} is not there")]
    Missing { audience: AudienceName },
    #[error("the envelope of {audience} is not the one that the entry names")]
    OtherEnvelope { audience: AudienceName },
}

/// A signature, and the file that it stands in.
#[derive(Debug, Clone, Copy)]
pub struct SignatureFile<'a> {
    pub name: &'a str,
    pub bytes: &'a [u8],
}

/// What lies in the folder of a proposal.
#[derive(Debug, Clone)]
pub struct Files<'a> {
    /// The folder's name.
    pub id: PolicyId,
    pub entry: &'a [u8],
    pub envelopes: &'a [u8],
    pub signatures: Vec<SignatureFile<'a>>,
}

/// One line of the envelopes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeLine {
    audience: AudienceName,
    epoch: EpochId,
    envelope: Blob,
}

impl Files<'_> {
    /// The proposal, if all of it is as it was written. Whose the signatures are, and whether they hold, is
    /// the vault's to say.
    ///
    /// # Errors
    /// The first thing that is not.
    pub fn read(&self) -> Result<Proposal, FileError> {
        let mut entry = unsigned(self.entry)?;
        let found = entry.id();
        if found != self.id {
            return Err(FileError::Renamed { found });
        }
        if entry.prev.is_none() {
            return Err(FileError::Genesis);
        }
        if entry.ops.iter().any(|op| matches!(op, PolicyOp::Rebase { .. })) {
            return Err(FileError::Rebase);
        }
        entry.sigs = self.sigs()?;
        policy::check::entry(&entry)?;
        let envelopes = envelopes(self.envelopes)?;
        match_envelopes(&entry, &envelopes)?;
        Ok(Proposal { entry, envelopes })
    }

    fn sigs(&self) -> Result<Vec<PolicySignature>, FileError> {
        let most = Counted::Signatures.max();
        if self.signatures.len() > most {
            return Err(FileError::TooMany { most });
        }
        let sigs: Result<Vec<_>, _> = self.signatures.iter().map(one_signature).collect();
        let mut sigs = sigs?;
        if sigs.is_empty() {
            return Err(FileError::Unsigned);
        }
        sigs.sort_by_key(|sig| sig.key);
        Ok(sigs)
    }
}

fn one_signature(file: &SignatureFile<'_>) -> Result<PolicySignature, FileError> {
    let sig: PolicySignature = record(file.name, 1, single(file.name, file.bytes)?)?;
    match sig.key.to_string() == file.name {
        true => Ok(sig),
        false => Err(FileError::OtherKey { file: file.name.to_owned() }),
    }
}

fn record<T: Serialize + serde::de::DeserializeOwned>(
    file: &str,
    number: usize,
    text: &str,
) -> Result<T, FileError> {
    let at = |source| FileError::Line { file: file.to_owned(), line: number, source };
    line::parse(text).map_err(at)
}

fn text<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, FileError> {
    std::str::from_utf8(bytes).map_err(|_| FileError::Text { file: file.to_owned() })
}

/// The one line of a file.
fn single<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, FileError> {
    let line = text(file, bytes)?.strip_suffix('\n').filter(|line| !line.contains('\n'));
    line.ok_or_else(|| FileError::Text { file: file.to_owned() })
}

/// The entry of a body, without signatures.
fn unsigned(bytes: &[u8]) -> Result<PolicyEntry, FileError> {
    let body = single(ENTRY, bytes)?;
    let Some(open) = body.strip_suffix('}') else {
        return Err(FileError::Text { file: ENTRY.to_owned() });
    };
    record(ENTRY, 1, &format!("{open},\"sigs\":[]}}"))
}

fn body(entry: &PolicyEntry) -> String {
    line::body(&entry.line(), ",\"sigs\":", "}")
}

fn envelopes(bytes: &[u8]) -> Result<BTreeMap<AudienceName, AudienceSection>, FileError> {
    let text = text(ENVELOPES, bytes)?;
    let Some(whole) = text.strip_suffix('\n') else {
        return match text.is_empty() {
            true => Ok(BTreeMap::new()),
            false => Err(FileError::Text { file: ENVELOPES.to_owned() }),
        };
    };
    let mut found: BTreeMap<AudienceName, AudienceSection> = BTreeMap::new();
    for (number, line) in whole.split('\n').enumerate() {
        let EnvelopeLine { audience, epoch, envelope } = record(ENVELOPES, number + 1, line)?;
        if found.last_key_value().is_some_and(|(last, _)| *last >= audience) {
            return Err(FileError::Order);
        }
        found.insert(audience, AudienceSection { epoch, envelope: envelope.0 });
    }
    Ok(found)
}

/// Just the envelopes that are in force after the entry: the last of each audience.
fn match_envelopes(
    entry: &PolicyEntry,
    envelopes: &BTreeMap<AudienceName, AudienceSection>,
) -> Result<(), FileError> {
    let mut named = BTreeMap::new();
    for op in &entry.ops {
        if let PolicyOp::Epoch(EpochStart { audience, epoch, envelope, .. })
        | PolicyOp::Reseal(EpochReseal { audience, epoch, envelope, .. }) = op
        {
            named.insert(audience, (*epoch, *envelope));
        }
    }
    if let Some(audience) = named.keys().find(|audience| !envelopes.contains_key(**audience)) {
        return Err(FileError::Missing { audience: (*audience).clone() });
    }
    let is_named = |(audience, section): &(&AudienceName, &AudienceSection)| {
        named.get(audience) == Some(&(section.epoch, ids::envelope_id(&section.envelope)))
    };
    match envelopes.iter().find(|found| !is_named(found)) {
        Some((audience, _)) => Err(FileError::OtherEnvelope { audience: audience.clone() }),
        None => Ok(()),
    }
}

/// The files of a proposal, each with its name.
pub fn write(
    entry: &PolicyEntry,
    envelopes: &BTreeMap<AudienceName, AudienceSection>,
) -> Vec<(String, String)> {
    let lines = envelopes.iter().map(|(audience, section)| {
        let (audience, envelope) = (audience.clone(), Blob(section.envelope.clone()));
        line::write(&EnvelopeLine { audience, epoch: section.epoch, envelope }) + "\n"
    });
    let mut files = vec![
        (ENTRY.to_owned(), body(entry) + "\n"),
        (ENVELOPES.to_owned(), lines.collect::<String>()),
    ];
    files.extend(entry.sigs.iter().map(signature));
    files
}

/// The file of one signature: its name and text.
pub fn signature(sig: &PolicySignature) -> (String, String) {
    (sig.key.to_string(), line::write(sig) + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rebase_is_no_proposal() {
        let id = "A".repeat(43);
        let body = format!(
            "{{\"seq\":3,\"prev\":\"{id}\",\"ts\":1,\"heads\":[],\"ops\":[{{\"rebase\":{{\"head\":\"{id}\"}}}}],\"reason\":\"\"}}\n"
        );
        let id = unsigned(body.as_bytes()).unwrap().id();
        let files = Files { id, entry: body.as_bytes(), envelopes: b"", signatures: Vec::new() };
        assert!(matches!(files.read(), Err(FileError::Rebase)));
    }
}
