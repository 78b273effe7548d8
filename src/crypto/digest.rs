//! Hashing: BLAKE3 in `derive_key` mode over length-prefixed fields, one context string a purpose
//! (`docs/format.md`, Notation).

use super::bytes::{Fixed, Id};

/// What is hashed. Each purpose has its own context string, so that no hash of one kind can stand
/// for one of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    PolicyEntry,
    LogEntry,
    SecretUid,
    VersionObject,
    ValueAad,
    ValueKey,
    Wrap,
    WrapAad,
    KekCommitment,
    Envelope,
    KeyId,
    KeyProof,
    Slot,
    SlotAad,
    SlotKey,
    Request,
    /// A line of this device's journal of reads: no part of the vault's format.
    ReadRecord,
}

impl Context {
    pub const fn text(self) -> &'static str {
        match self {
            Self::PolicyEntry => "v-secure 2026-11 v1 policy entry",
            Self::LogEntry => "v-secure 2026-11 v1 log entry",
            Self::SecretUid => "v-secure 2026-11 v1 secret uid",
            Self::VersionObject => "v-secure 2026-11 v1 version object",
            Self::ValueAad => "v-secure 2026-11 v1 value aad",
            Self::ValueKey => "v-secure 2026-11 v1 value key",
            Self::Wrap => "v-secure 2026-11 v1 wrap",
            Self::WrapAad => "v-secure 2026-11 v1 wrap aad",
            Self::KekCommitment => "v-secure 2026-11 v1 kek commitment",
            Self::Envelope => "v-secure 2026-11 v1 envelope",
            Self::KeyId => "v-secure 2026-11 v1 key id",
            Self::KeyProof => "v-secure 2026-11 v1 key proof",
            Self::Slot => "v-secure 2026-11 v1 slot",
            Self::SlotAad => "v-secure 2026-11 v1 slot aad",
            Self::SlotKey => "v-secure 2026-11 v1 slot key",
            Self::Request => "v-secure 2026-11 v1 request",
            Self::ReadRecord => "v-secure 2026-11 v1 read record",
        }
    }
}

/// `H(context, fields…)` of `docs/format.md`.
pub fn hash(context: Context, fields: &[&[u8]]) -> Id {
    let mut hasher = blake3::Hasher::new_derive_key(context.text());
    for field in fields {
        hasher.update(&(field.len() as u64).to_le_bytes());
        hasher.update(field);
    }
    Fixed(*hasher.finalize().as_bytes())
}

/// Hashes many one-field inputs under one context without deriving the context's key each time.
#[derive(Clone)]
pub struct Digest(blake3::Hasher);

impl Digest {
    pub fn new(context: Context) -> Self {
        Self(blake3::Hasher::new_derive_key(context.text()))
    }

    /// `H(context, fields…)`.
    pub fn hash(&self, fields: &[&[u8]]) -> Id {
        let mut hasher = self.0.clone();
        for field in fields {
            hasher.update(&(field.len() as u64).to_le_bytes());
            hasher.update(field);
        }
        Fixed(*hasher.finalize().as_bytes())
    }
}

/// The hash of a whole file, unkeyed, over all cores: names cache records, nothing in the format.
pub fn file_hash(bytes: &[u8]) -> Id {
    Fixed(*blake3::Hasher::new().update_rayon(bytes).finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_cannot_shift_into_each_other() {
        let a = hash(Context::Wrap, &[b"ab", b"c"]);
        assert_ne!(a, hash(Context::Wrap, &[b"a", b"bc"]));
        assert_ne!(a, hash(Context::WrapAad, &[b"ab", b"c"]));
        assert_eq!(a, Digest::new(Context::Wrap).hash(&[b"ab", b"c"]));
    }
}
