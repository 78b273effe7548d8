//! Hashing: BLAKE3 in `derive_key` mode over length-prefixed fields, one context string a purpose
//! (`docs/format.md`, Notation).

use super::bytes::{Fixed, Id};
use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};
use std::sync::OnceLock;

/// What is hashed. Each purpose has its own context string, so that no hash of one kind can stand
/// for one of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashContext {
    PolicyEntry,
    LogEntry,
    EntryParents,
    /// The block of what is closed.
    Closed,
    /// The entries that a checkpoint closes.
    Segment,
    /// A rotation, of what begins it.
    Rotation,
    /// Which instances are given what is pending.
    Rollout,
    SecretUid,
    VersionBody,
    VersionObject,
    ValueAad,
    ValueKey,
    Wrap,
    WrapAad,
    WrapKey,
    KekCommitment,
    Envelope,
    KeyId,
    KeyProof,
    Slot,
    SlotAad,
    SlotKey,
    Request,
    Recipient,
    Access,
    Credentials,
    RoleAccess,
    /// A line of this device's journal of reads: no part of the vault's format.
    ReadRecord,
    /// This device's keyring slots: no part of the vault's format either.
    KeyringSlotAad,
    KeyringSlotKey,
    /// What the maker of a backup signs: no part of the vault's format either.
    Backup,
    /// What this device keeps of values, to find them in other files: no part of the vault's format either.
    Prints,
    PrintsAad,
}

impl HashContext {
    const COUNT: usize = Self::PrintsAad as usize + 1;

    pub const fn text(self) -> &'static str {
        match self {
            Self::PolicyEntry => "v-secure 2026-11 v1 policy entry",
            Self::LogEntry => "v-secure 2026-11 v1 log entry",
            Self::EntryParents => "v-secure 2026-11 v1 entry parents",
            Self::Closed => "v-secure 2026-11 v1 closed",
            Self::Segment => "v-secure 2026-11 v1 segment",
            Self::Rotation => "v-secure 2026-11 v1 rotation",
            Self::Rollout => "v-secure 2026-11 v1 rollout",
            Self::SecretUid => "v-secure 2026-11 v1 secret uid",
            Self::VersionBody => "v-secure 2026-11 v1 version body",
            Self::VersionObject => "v-secure 2026-11 v1 version object",
            Self::ValueAad => "v-secure 2026-11 v1 value aad",
            Self::ValueKey => "v-secure 2026-11 v1 value key",
            Self::Wrap => "v-secure 2026-11 v1 wrap",
            Self::WrapAad => "v-secure 2026-11 v1 wrap aad",
            Self::WrapKey => "v-secure 2026-11 v1 wrap key",
            Self::KekCommitment => "v-secure 2026-11 v1 kek commitment",
            Self::Envelope => "v-secure 2026-11 v1 envelope",
            Self::KeyId => "v-secure 2026-11 v1 key id",
            Self::KeyProof => "v-secure 2026-11 v1 key proof",
            Self::Slot => "v-secure 2026-11 v1 slot",
            Self::SlotAad => "v-secure 2026-11 v1 slot aad",
            Self::SlotKey => "v-secure 2026-11 v1 slot key",
            Self::Request => "v-secure 2026-11 v1 request",
            Self::Recipient => "v-secure 2026-11 v1 recipient",
            Self::Access => "v-secure 2026-11 v1 access",
            Self::Credentials => "v-secure 2026-11 v1 credentials",
            Self::RoleAccess => "v-secure 2026-11 v1 role access",
            Self::ReadRecord => "v-secure 2026-11 v1 read record",
            Self::KeyringSlotAad => "v-secure 2026-11 v1 keyring slot aad",
            Self::KeyringSlotKey => "v-secure 2026-11 v1 keyring slot key",
            Self::Backup => "v-secure 2026-11 v1 backup",
            Self::Prints => "v-secure 2026-11 v1 prints of values",
            Self::PrintsAad => "v-secure 2026-11 v1 prints of values aad",
        }
    }
}

/// The contexts' keys, each derived once in a process: it would be a third of a short hash.
static KEYS: [OnceLock<ContextKey>; HashContext::COUNT] =
    [const { OnceLock::new() }; HashContext::COUNT];

/// BLAKE3 in `derive_key` mode, before any key material.
pub(super) fn hasher(context: HashContext) -> blake3::Hasher {
    let key = KEYS[context as usize].get_or_init(|| hash_derive_key_context(context.text()));
    blake3::Hasher::new_from_context_key(key)
}

/// What is hashed at once; longer inputs are hashed field by field.
const GATHERED: usize = 512;

/// `H(context, fields…)` of `docs/format.md`, of fields that are public: they are copied together,
/// since BLAKE3 takes one piece faster than ten. Keys go through [`Digest`].
pub fn hash(context: HashContext, fields: &[&[u8]]) -> Id {
    let mut gathered = [0; GATHERED];
    match gather(&mut gathered, fields) {
        Some(all) => Fixed(*hasher(context).update(all).finalize().as_bytes()),
        None => Digest::new(context).hash(fields),
    }
}

/// `H(context, public…, key)`. No copy of the key is kept; what is before it is hashed as one piece where it is short.
pub(super) fn hash_key(context: HashContext, public: &[&[u8]], key: &[u8]) -> Id {
    let mut hasher = hasher(context);
    let mut gathered = [0; GATHERED];
    match gather(&mut gathered, public) {
        Some(before) => _ = hasher.update(before),
        None => public.iter().for_each(|field| update(&mut hasher, field)),
    }
    update(&mut hasher, key);
    Fixed(*hasher.finalize().as_bytes())
}

/// The fields with their lengths, one behind the other; `None` if they are longer than the room for them.
fn gather<'a>(room: &'a mut [u8; GATHERED], fields: &[&[u8]]) -> Option<&'a [u8]> {
    let mut length = 0;
    for field in fields {
        for piece in [&(field.len() as u64).to_le_bytes(), *field] {
            room.get_mut(length..length + piece.len())?.copy_from_slice(piece);
            length += piece.len();
        }
    }
    room.get(..length)
}

/// Hashes field by field and keeps no copy of what it hashed.
#[derive(Clone, Copy)]
pub struct Digest(HashContext);

impl Digest {
    pub const fn new(context: HashContext) -> Self {
        Self(context)
    }

    /// `H(context, fields…)`.
    pub fn hash(&self, fields: &[&[u8]]) -> Id {
        let mut hasher = hasher(self.0);
        fields.iter().for_each(|field| update(&mut hasher, field));
        Fixed(*hasher.finalize().as_bytes())
    }

    /// Hashes the first fields of what [`Started::finish`] gives the last one of.
    pub fn start(&self, fields: &[&[u8]]) -> Started {
        let mut hasher = hasher(self.0);
        fields.iter().for_each(|field| update(&mut hasher, field));
        Started(hasher)
    }
}

/// A hash whose first fields are done. Of public fields only: it is not wiped.
pub struct Started(blake3::Hasher);

impl Started {
    /// `H(context, fields…, last)`.
    pub fn finish(&self, last: &[u8]) -> Id {
        let mut hasher = self.0.clone();
        update(&mut hasher, last);
        Fixed(*hasher.finalize().as_bytes())
    }
}

fn update(hasher: &mut blake3::Hasher, field: &[u8]) {
    hasher.update(&(field.len() as u64).to_le_bytes());
    hasher.update(field);
}

/// From this many bytes on, threads save more than starting them costs.
const PARALLEL_FROM: usize = 4 << 20;

/// [`file_hash`] of a file that is read piece by piece.
#[derive(Default)]
pub struct FileHasher(blake3::Hasher);

impl FileHasher {
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    pub fn finish(&self) -> Id {
        Fixed(*self.0.finalize().as_bytes())
    }
}

/// The hash of a whole file, unkeyed: names cache records, nothing in the format.
pub fn file_hash(bytes: &[u8]) -> Id {
    let mut hasher = blake3::Hasher::new();
    if bytes.len() < PARALLEL_FROM {
        hasher.update(bytes);
    } else {
        hasher.update_rayon(bytes);
    }
    Fixed(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_cannot_shift_into_each_other() {
        let a = hash(HashContext::Wrap, &[b"ab", b"c"]);
        assert_ne!(a, hash(HashContext::Wrap, &[b"a", b"bc"]));
        assert_ne!(a, hash(HashContext::WrapAad, &[b"ab", b"c"]));
        assert_eq!(a, Digest::new(HashContext::Wrap).hash(&[b"ab", b"c"]));
        assert_eq!(a, Digest::new(HashContext::Wrap).start(&[b"ab"]).finish(b"c"));
    }

    #[test]
    fn gathering_changes_no_hash() {
        let long = [7; GATHERED + 1];
        for length in [0, 1, GATHERED - 9, GATHERED - 8, GATHERED - 7, GATHERED, GATHERED + 1] {
            let fields: [&[u8]; 2] = [b"", &long[..length]];
            let mut whole = blake3::Hasher::new_derive_key(HashContext::Wrap.text());
            for field in fields {
                whole.update(&(field.len() as u64).to_le_bytes()).update(field);
            }
            let expected = Fixed(*whole.finalize().as_bytes());
            assert_eq!(hash(HashContext::Wrap, &fields), expected, "{length}");
            assert_eq!(Digest::new(HashContext::Wrap).hash(&fields), expected, "{length}");
            let key = hash_key(HashContext::Wrap, &fields[..1], fields[1]);
            assert_eq!(key, expected, "{length}");
            let fields = [fields[1], b"key"];
            let expected = Digest::new(HashContext::Wrap).hash(&fields);
            assert_eq!(hash_key(HashContext::Wrap, &fields[..1], b"key"), expected, "{length}");
        }
    }
}
