//! What a vault file holds, parsed: the counterpart of `docs/format.md` section 2.
//!
//! These are plain records. Nothing here has been verified; [`crate::verify`] does that.

use crate::crypto::bytes::{Blob, Fixed, Id, ShortId};
use crate::crypto::digest::{self, HashContext};
use crate::log::closed::Closed;
use crate::log::entry::Entry;
use crate::name::audience::AudienceName;
use crate::name::{Name, SecretName};
use crate::policy::entry::PolicyEntry;
use std::collections::BTreeMap;

use super::records::Records;
use super::slot::SlotRecord;
use crate::crypto::id::{EntryId, EpochId, KeyId, ObjectId, SecretId, VaultId, WrapId};
use crate::record::ids;
use crate::record::ids::Putting;
use crate::time::UnixTime;

/// A whole vault file. Maps are in the file's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultFile {
    /// Copies of what genesis says, compared by verify.
    pub header: Header,
    /// The policy chain, genesis first.
    pub chain: Vec<PolicyEntry>,
    /// What is kept of the part of the log that is closed, exactly if the chain has a checkpoint.
    pub closed: Option<Closed>,
    pub audiences: BTreeMap<AudienceName, AudienceSection>,
    pub slots: BTreeMap<ShortId, SlotRecord>,
    /// By secret uid.
    pub secrets: BTreeMap<SecretId, SecretSection>,
    /// By entry id.
    pub entries: BTreeMap<EntryId, Entry>,
}

impl VaultFile {
    /// The section of a secret, made empty if there is none.
    pub fn secret_section(&mut self, uid: SecretId, name: &SecretName) -> &mut SecretSection {
        self.secrets.entry(uid).or_insert_with(|| SecretSection::of(name.clone()))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub suite: String,
    pub vault: VaultId,
    pub name: Name,
}

/// The envelope of an audience's current epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudienceSection {
    pub epoch: EpochId,
    /// A binary age file (armored in the vault's text).
    pub envelope: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretSection {
    pub name: SecretName,
    /// Readable copy of the fold's candidates, in order of id: the text says it of each version.
    pub active: Vec<ObjectId>,
    pub versions: Records<ObjectId, VersionObject>,
    pub wraps: Records<WrapId, Wrap>,
}

impl VaultFile {
    /// The file with each record under the id that follows from it, as a reader has it of the text: for who changes
    /// records where they are. What comes under the id of another record takes its place.
    pub fn rekeyed(self) -> Self {
        let vault = self.header.vault;
        let mut file = Self { secrets: BTreeMap::new(), ..self };
        for section in self.secrets.into_values() {
            let uid = ids::secret_uid(&vault, &section.name);
            let section = section.rekeyed(&uid);
            let own = file.secret_section(uid, &section.name);
            own.active.extend(section.active);
            own.active.sort_unstable();
            own.active.dedup();
            own.versions.extend(section.versions);
            own.wraps.extend(section.wraps);
        }
        file
    }
}

impl SecretSection {
    fn rekeyed(self, uid: &SecretId) -> Self {
        let ids: BTreeMap<ObjectId, ObjectId> =
            self.versions.iter().map(|(id, version)| (*id, version.id(uid))).collect();
        let new = |id: ObjectId| ids.get(&id).copied().unwrap_or(id);
        let versions = self.versions.into_values().map(|version| (version.id(uid), version));
        let wraps = self.wraps.into_values().map(|mut wrap| {
            wrap.version = new(wrap.version);
            (wrap.id(), wrap)
        });
        Self {
            // What the text says of active versions it says in them.
            active: self.active.iter().filter_map(|id| ids.get(id).copied()).collect(),
            versions: versions.collect(),
            wraps: wraps.collect(),
            name: self.name,
        }
    }

    /// Of a secret of which nothing is held yet.
    pub const fn of(name: SecretName) -> Self {
        Self { name, active: Vec::new(), versions: Records::new(), wraps: Records::new() }
    }
}

/// One immutable version of a secret; its id is the hash of these and the secret's uid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionObject {
    /// The key of the entry that puts it.
    pub author: KeyId,
    /// [`ids::origin`] of that entry's parents.
    pub origin: Id,
    /// What that put states, in seconds since the Unix epoch.
    pub expires: Option<UnixTime>,
    pub commitment: Fixed<32>,
    pub ciphertext: Blob,
}

/// A version's DEK, wrapped for one epoch of one audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrap {
    pub version: ObjectId,
    pub audience: AudienceName,
    pub epoch: EpochId,
    pub key: WrapKey,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrapKey {
    /// XChaCha20-Poly1305 under a key of the KEK, 48 bytes.
    Kek(Blob),
    /// A binary age file to the epoch's recipient: written without the right to read.
    Sealed(Blob),
}

impl WrapKey {
    /// The kind as it stands in the file and in the wrap's hash.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Kek(_) => "key",
            Self::Sealed(_) => "sealed",
        }
    }

    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Kek(blob) | Self::Sealed(blob) => &blob.0,
        }
    }
}

impl VersionObject {
    /// The id of what the object holds, whoever puts it: what a `put` states.
    pub fn body_id(&self) -> Id {
        let Self { commitment, ciphertext, .. } = self;
        digest::hash(HashContext::VersionBody, &[&commitment.0, &ciphertext.0])
    }

    /// The object's id as one of the secret `uid`, by what it states itself.
    pub fn id(&self, uid: &SecretId) -> ObjectId {
        let Self { author, origin, expires, .. } = self;
        ids::put_object_id(uid, Putting { author, origin, expires: *expires }, &self.body_id())
    }
}

impl Wrap {
    pub fn id(&self) -> WrapId {
        let (kind, bytes) = (self.key.kind().as_bytes(), self.key.bytes());
        let fields = [&self.version.0[..], self.audience.as_bytes(), &self.epoch.0, kind, bytes];
        digest::hash(HashContext::Wrap, &fields).into()
    }
}
