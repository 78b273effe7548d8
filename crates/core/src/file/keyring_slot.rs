//! Keyring slots: a member's identity in two halves, one in the operating system's keyring, one in
//! this device's state folder (`docs/unlocking.md`). Neither opens anything alone.
//!
//! The half in the keyring is a random share and no key of the vault, so that a keyring that is
//! copied, synced or backed up by its maker gives nobody an identity.

use crate::crypto::bytes::{Blob, Fixed, Id, ShortId};
use crate::crypto::digest::{self, HashContext};
use crate::crypto::id::VaultId;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::crypto::identity::{self, Identity, IdentityError};
use crate::crypto::seal::{self, SealError, SealedContent};
use crate::host::{Random, random};
use crate::name::Name;
use crate::secret_value::SecretValue;
use serde::{Deserialize, Serialize};

const FORMAT: u32 = 1;
const SHARE: usize = 32;

/// Why a keyring slot was not read or opened.
#[derive(Debug, thiserror::Error)]
pub enum KeyringSlotError {
    #[error("the sealed half is not in the form of format {FORMAT}")]
    Form(#[source] serde_json::Error),
    #[error("the sealed half was written by a newer v-secure (format {format})")]
    Newer { format: u32 },
    #[error("the share in the keyring has not {SHARE} bytes")]
    ShareLength,
    #[error("the share in the keyring is not this slot's, or the sealed half was changed")]
    Share,
    #[error("the sealed half is damaged")]
    Damaged(#[source] SealError),
    #[error("the slot holds no usable identity")]
    Identity(#[source] IdentityError),
    #[error("the slot holds the identity of another recipient than it says")]
    OtherRecipient,
}

/// The half in the state folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedHalf {
    format: u32,
    pub vault: VaultId,
    pub slot: ShortId,
    pub member: Name,
    pub recipient: RecipientText,
    nonce: Fixed<24>,
    commitment: Fixed<32>,
    ciphertext: Blob,
}

/// Both halves of a new slot.
pub struct NewKeyringSlot {
    pub half: SealedHalf,
    pub share: SecretValue,
}

/// Seals `identity` under a fresh share.
pub fn seal(
    source: &dyn Random,
    vault: &VaultId,
    member: &Name,
    identity: &Identity,
) -> Result<NewKeyringSlot, KeyringSlotError> {
    let share = SecretValue::new(random::<SHARE>(source).to_vec());
    let mut half = SealedHalf {
        format: FORMAT,
        vault: *vault,
        slot: Fixed(random(source)),
        member: member.clone(),
        recipient: identity.recipient(),
        nonce: Fixed([0; 24]),
        commitment: Fixed([0; 32]),
        ciphertext: Blob(Vec::new()),
    };
    let context = HashContext::KeyringSlotKey;
    let sealed = seal::seal_bytes(source, context, &share, &half.aad(), &identity.text())
        .map_err(KeyringSlotError::Damaged)?;
    (half.nonce, half.commitment, half.ciphertext) =
        (sealed.nonce, sealed.commitment, sealed.ciphertext);
    Ok(NewKeyringSlot { half, share })
}

impl SealedHalf {
    pub fn parse(text: &[u8]) -> Result<Self, KeyringSlotError> {
        let half: Self = serde_json::from_slice(text).map_err(KeyringSlotError::Form)?;
        match half.format {
            FORMAT => Ok(half),
            format => Err(KeyringSlotError::Newer { format }),
        }
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Puts the halves together.
    pub fn open(&self, share: &SecretValue) -> Result<Identity, KeyringSlotError> {
        if share.len() != SHARE {
            return Err(KeyringSlotError::ShareLength);
        }
        let sealed = SealedContent {
            nonce: self.nonce,
            commitment: self.commitment,
            ciphertext: self.ciphertext.clone(),
        };
        let text = seal::open_bytes(HashContext::KeyringSlotKey, share, &self.aad(), &sealed)
            .map_err(|error| match error {
                SealError::Commitment => KeyringSlotError::Share,
                other => KeyringSlotError::Damaged(other),
            })?;
        let identity = identity::parse_identities(&text)
            .map_err(KeyringSlotError::Identity)?
            .pop()
            .ok_or(KeyringSlotError::Identity(IdentityError::Empty))?;
        if identity.recipient() == self.recipient {
            Ok(identity)
        } else {
            Err(KeyringSlotError::OtherRecipient)
        }
    }

    fn aad(&self) -> Id {
        digest::hash(
            HashContext::KeyringSlotAad,
            &[
                &self.vault.0,
                &self.slot.0,
                self.member.as_str().as_bytes(),
                self.recipient.as_bytes(),
            ],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::identity::{generate_identity, parse_identity};
    use crate::host::testing::TestHost;

    const VAULT: VaultId = VaultId([1; 32]);

    fn made() -> NewKeyringSlot {
        let identity = parse_identity(&generate_identity().text).unwrap();
        seal(&TestHost, &VAULT, &Name::new("owner").unwrap(), &identity).unwrap()
    }

    #[test]
    fn the_halves_give_the_identity_back_and_survive_the_file() {
        let NewKeyringSlot { half, share } = made();
        let read = SealedHalf::parse(half.to_json().as_bytes()).unwrap();
        assert_eq!(read, half);
        assert_eq!(read.open(&share).unwrap().recipient(), half.recipient);
        assert!(!half.to_json().contains("AGE-SECRET-KEY"));
    }

    #[test]
    fn another_share_opens_nothing() {
        let (one, other) = (made(), made());
        let error = one.half.open(&other.share).unwrap_err();
        assert!(matches!(error, KeyringSlotError::Share), "{error}");
        let error = one.half.open(&SecretValue::new(vec![0; 31])).unwrap_err();
        assert!(matches!(error, KeyringSlotError::ShareLength), "{error}");
    }

    #[test]
    fn what_is_bound_cannot_be_changed() {
        let NewKeyringSlot { half, share } = made();
        for change in [
            |half: &mut SealedHalf| half.vault.0[0] ^= 1,
            |half: &mut SealedHalf| half.slot.0[0] ^= 1,
            |half: &mut SealedHalf| half.member = Name::new("eve").unwrap(),
            |half: &mut SealedHalf| half.recipient = generate_identity().recipient,
            |half: &mut SealedHalf| half.nonce.0[0] ^= 1,
            |half: &mut SealedHalf| half.commitment.0[0] ^= 1,
            |half: &mut SealedHalf| half.ciphertext.0[0] ^= 1,
        ] {
            let mut changed = half.clone();
            change(&mut changed);
            assert!(changed.open(&share).is_err());
        }
    }

    #[test]
    fn a_newer_file_says_so() {
        let text = made().half.to_json().replace("\"format\":1", "\"format\":2");
        let error = SealedHalf::parse(text.as_bytes()).unwrap_err();
        assert!(matches!(error, KeyringSlotError::Newer { format: 2 }), "{error}");
    }
}
