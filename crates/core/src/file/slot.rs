//! Slot records: a member's identity sealed by a passphrase, self-signed, outside the policy chain
//! (`docs/format.md` section 5, Slot).

use crate::crypto::bytes::{Blob, Fixed, ShortId, SignatureBytes};
use crate::crypto::id::KeyId;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::name::Name;
use serde::{Deserialize, Serialize};

/// One slot's line. A removal stays in the file so that a merge cannot bring the slot back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum SlotRecord {
    Seal(SlotSeal),
    Removed(SlotRemoved),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotSeal {
    pub slot: ShortId,
    pub member: Name,
    pub label: String,
    pub kind: SlotKind,
    pub recipient: RecipientText,
    /// Argon2id memory in KiB, passes and lanes.
    pub m: u32,
    pub t: u32,
    pub p: u32,
    pub salt: Fixed<16>,
    pub nonce: Fixed<24>,
    pub commitment: Fixed<32>,
    pub ciphertext: Blob,
    pub key: KeyId,
    pub sig: SignatureBytes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SlotKind {
    Passphrase,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotRemoved {
    pub slot: ShortId,
    pub member: Name,
    pub key: KeyId,
    pub sig: SignatureBytes,
}
