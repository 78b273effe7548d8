//! Signatures that need not be checked again, because who asks has seen each of them hold.
//!
//! What counts as known is the caller's to answer for: an answer without ground forges an entry. So one is about
//! everything that a check is about: what for, by which key, over which id, and the signature's own bytes.

use super::bytes::{Id, SignatureBytes};
use super::sign::{Tag, VerifyingKey};
use crate::crypto::id::KeyId;

/// One signature, and what it is of. The key's id is the hash of the key, so that no other key fits it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignatureOf {
    pub tag: Tag,
    pub key: KeyId,
    pub id: Id,
    pub signature: SignatureBytes,
}

impl SignatureOf {
    /// All that makes it this one, for a check value.
    pub fn fields(&self) -> [&[u8]; 4] {
        [self.tag.text().as_bytes(), self.key.as_ref(), &self.id.0, &self.signature.0]
    }

    /// Whether it is `key`'s and holds.
    pub(crate) fn holds(&self, key: &VerifyingKey, known: &dyn KnownSignatures) -> bool {
        key.id() == self.key && (known.has(self) || key.verify(self.tag, &self.id, &self.signature))
    }
}

/// Signatures that were seen to hold.
pub trait KnownSignatures: Sync {
    fn has(&self, signature: &SignatureOf) -> bool;
}

/// Nothing is known: every signature is checked.
#[derive(Debug, Clone, Copy)]
pub struct NoneKnown;

impl KnownSignatures for NoneKnown {
    fn has(&self, _: &SignatureOf) -> bool {
        false
    }
}
