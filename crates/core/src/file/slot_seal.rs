//! Slots: a member's identity sealed by a passphrase (`docs/format.md` section 5, Slot).
//!
//! The record's signature is checked before the KDF runs, so that a file which somebody pushed
//! cannot spend this machine's memory.

use super::slot::{SlotKind, SlotRecord, SlotRemoved, SlotSeal};
use crate::crypto::bytes::{Blob, Fixed, Id, ShortId};
use crate::crypto::digest::{self, HashContext};
use crate::crypto::id::VaultId;
use crate::crypto::identity::{self, Identity, IdentityError};
use crate::crypto::kdf::{self, KdfError, Params};
use crate::crypto::seal::{self, SealError, SealedContent};
use crate::crypto::sign::{SigningKey, Tag, VerifyingKey};
use crate::host::{Random, random};
use crate::name::Name;
use crate::record::line;
use crate::secret_value::SecretValue;
use unicode_normalization::UnicodeNormalization;

const MAX_CIPHERTEXT: usize = 64 * 1024;

/// Why a slot was not made or opened.
#[derive(Debug, thiserror::Error)]
pub enum SlotError {
    #[error("the slot is not signed by the key it names")]
    Signature,
    #[error("the cost of the slot's passphrase is refused")]
    Cost(#[source] KdfError),
    #[error("the slot's sealed identity has more than {MAX_CIPHERTEXT} bytes")]
    TooLong,
    #[error("the passphrase is not the slot's")]
    Passphrase,
    #[error("the slot is damaged")]
    Damaged(#[source] SealError),
    #[error("the slot holds no usable identity")]
    Identity(#[source] IdentityError),
    #[error("the slot holds the identity of another recipient than it says")]
    OtherRecipient,
}

/// What a new slot says of itself.
#[derive(Debug, Clone, Copy)]
pub struct NewSlot<'a> {
    pub vault: &'a VaultId,
    pub member: &'a Name,
    /// For people, such as the device's name.
    pub label: &'a str,
    pub params: Params,
}

/// Seals `identity` under `passphrase`; the record is signed by `signer`, a key of the member.
pub fn create(
    source: &dyn Random,
    new: NewSlot<'_>,
    identity: &Identity,
    passphrase: &SecretValue,
    signer: &SigningKey,
) -> Result<SlotSeal, SlotError> {
    let mut record = SlotSeal {
        slot: new_id(source),
        member: new.member.clone(),
        label: new.label.to_owned(),
        kind: SlotKind::Passphrase,
        recipient: identity.recipient(),
        m: new.params.m(),
        t: new.params.t(),
        p: new.params.p(),
        salt: Fixed(random(source)),
        nonce: Fixed([0; 24]),
        commitment: Fixed([0; 32]),
        ciphertext: Blob(Vec::new()),
        key: signer.id(),
        sig: Fixed([0; 64]),
    };
    let material = derive(new.params, passphrase, &record.salt)?;
    let aad = aad(new.vault, &record);
    let sealed = seal::seal_bytes(source, HashContext::SlotKey, &material, &aad, &identity.text())
        .map_err(SlotError::Damaged)?;
    (record.nonce, record.commitment, record.ciphertext) =
        (sealed.nonce, sealed.commitment, sealed.ciphertext);
    record.sig = signer.sign(Tag::Slot, &slot_id(&SlotRecord::Seal(record.clone())));
    Ok(record)
}

/// An id that no command line takes for an option.
fn new_id(source: &dyn Random) -> ShortId {
    loop {
        let id: ShortId = Fixed(random(source));
        if !id.to_string().starts_with('-') {
            return id;
        }
    }
}

/// The record that takes a slot away for good.
pub fn remove(slot: ShortId, member: &Name, signer: &SigningKey) -> SlotRemoved {
    let mut removed =
        SlotRemoved { slot, member: member.clone(), key: signer.id(), sig: Fixed([0; 64]) };
    removed.sig = signer.sign(Tag::Slot, &slot_id(&SlotRecord::Removed(removed.clone())));
    removed
}

/// What a slot record's signature is over: the hash of its line without the signature.
pub fn slot_id(record: &SlotRecord) -> Id {
    let body = line::body(&line::write(record), ",\"sig\":", "}}");
    digest::hash(HashContext::Slot, &[body.as_bytes()])
}

/// Whether `key` is the one that the record names, and signed it. That the key is the member's is
/// for the policy to say.
pub fn verify(record: &SlotRecord, key: &VerifyingKey) -> bool {
    let (named, sig) = match record {
        SlotRecord::Seal(seal) => (seal.key, &seal.sig),
        SlotRecord::Removed(removed) => (removed.key, &removed.sig),
    };
    named == key.id() && key.verify(Tag::Slot, &slot_id(record), sig)
}

/// The key material of a passphrase in normalization form C: keyboards spell `ü` in two ways, and
/// nobody sees which.
fn derive(
    params: Params,
    passphrase: &SecretValue,
    salt: &Fixed<16>,
) -> Result<SecretValue, SlotError> {
    let normal = passphrase.expose_str().map(|text| {
        // A composed text is at most three times as long, so that nothing is left behind by growth.
        let mut normal = String::with_capacity(3 * text.len());
        normal.extend(text.nfc());
        SecretValue::from(normal)
    });
    kdf::argon2id(params, normal.as_ref().unwrap_or(passphrase), salt).map_err(SlotError::Cost)
}

/// Opens a slot: signature, bounds of the cost, KDF, commitment, decryption, in this order.
pub fn open(
    vault: &VaultId,
    record: &SlotSeal,
    key: &VerifyingKey,
    passphrase: &SecretValue,
) -> Result<Identity, SlotError> {
    if !verify(&SlotRecord::Seal(record.clone()), key) {
        return Err(SlotError::Signature);
    }
    if record.ciphertext.0.len() > MAX_CIPHERTEXT {
        return Err(SlotError::TooLong);
    }
    let params = Params::new(record.m, record.t, record.p).map_err(SlotError::Cost)?;
    let material = derive(params, passphrase, &record.salt)?;
    let sealed = SealedContent {
        nonce: record.nonce,
        commitment: record.commitment,
        ciphertext: record.ciphertext.clone(),
    };
    let text = seal::open_bytes(HashContext::SlotKey, &material, &aad(vault, record), &sealed)
        .map_err(|error| match error {
            // A wrong passphrase derives another commitment, as a slot of another vault does.
            SealError::Commitment => SlotError::Passphrase,
            other => SlotError::Damaged(other),
        })?;
    let identity = identity::parse_identity(&text).map_err(SlotError::Identity)?;
    if identity.recipient() == record.recipient {
        Ok(identity)
    } else {
        Err(SlotError::OtherRecipient)
    }
}

fn aad(vault: &VaultId, record: &SlotSeal) -> Id {
    digest::hash(
        HashContext::SlotAad,
        &[
            &vault.0,
            &record.slot.0,
            record.member.as_str().as_bytes(),
            record.recipient.as_bytes(),
            b"argon2id",
            &u64::from(record.m).to_le_bytes(),
            &u64::from(record.t).to_le_bytes(),
            &u64::from(record.p).to_le_bytes(),
            &record.salt.0,
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::identity::{generate_identity, parse_identity};
    use crate::host::testing::TestHost;

    const VAULT: VaultId = VaultId([1; 32]);

    fn pass(text: &str) -> SecretValue {
        SecretValue::from(text.to_owned())
    }

    fn made(signer: &SigningKey) -> SlotSeal {
        let identity = parse_identity(&generate_identity().text).unwrap();
        let member = Name::new("ada").unwrap();
        let new =
            NewSlot { vault: &VAULT, member: &member, label: "laptop", params: Params::LEAST };
        create(&TestHost, new, &identity, &pass("correct horse"), signer).unwrap()
    }

    fn resigned(mut record: SlotSeal, signer: &SigningKey) -> SlotSeal {
        record.sig = signer.sign(Tag::Slot, &slot_id(&SlotRecord::Seal(record.clone())));
        record
    }

    #[test]
    fn the_passphrase_gives_the_identity_back() {
        let signer = SigningKey::generate(&TestHost);
        let (record, key) = (made(&signer), signer.verifying_key());
        let opened = open(&VAULT, &record, &key, &pass("correct horse")).unwrap();
        assert_eq!(opened.recipient(), record.recipient);
        let wrong = open(&VAULT, &record, &key, &pass("wrong horse")).unwrap_err();
        assert!(matches!(wrong, SlotError::Passphrase));
        let elsewhere = open(&VaultId([2; 32]), &record, &key, &pass("correct horse"));
        assert!(matches!(elsewhere, Err(SlotError::Passphrase)));
    }

    #[test]
    fn a_passphrase_opens_however_its_letters_are_composed() {
        let signer = SigningKey::generate(&TestHost);
        let identity = parse_identity(&generate_identity().text).unwrap();
        let member = Name::new("ada").unwrap();
        let new = NewSlot { vault: &VAULT, member: &member, label: "", params: Params::LEAST };
        let record = create(&TestHost, new, &identity, &pass("Zu\u{308}rich"), &signer).unwrap();
        let key = signer.verifying_key();
        assert!(open(&VAULT, &record, &key, &pass("Z\u{fc}rich")).is_ok());
        assert!(open(&VAULT, &record, &key, &pass("Zurich")).is_err());
    }

    #[test]
    fn an_unsigned_change_is_refused_before_the_kdf() {
        let signer = SigningKey::generate(&TestHost);
        let (record, key) = (made(&signer), signer.verifying_key());
        let stranger = SigningKey::generate(&TestHost).verifying_key();
        let error = open(&VAULT, &record, &stranger, &pass("correct horse")).unwrap_err();
        assert!(matches!(error, SlotError::Signature));
        for change in [
            // Were the KDF to run first, this cost would fail as such.
            |record: &mut SlotSeal| record.m = u32::MAX,
            |record: &mut SlotSeal| record.label.push('x'),
            |record: &mut SlotSeal| record.salt.0[0] ^= 1,
            |record: &mut SlotSeal| record.sig.0[0] ^= 1,
        ] {
            let mut changed = record.clone();
            change(&mut changed);
            let error = open(&VAULT, &changed, &key, &pass("correct horse")).unwrap_err();
            assert!(matches!(error, SlotError::Signature), "{error}");
        }
    }

    #[test]
    fn a_signed_cost_outside_of_the_bounds_is_refused() {
        let signer = SigningKey::generate(&TestHost);
        let mut record = made(&signer);
        record.m = 1_048_577;
        let record = resigned(record, &signer);
        let error =
            open(&VAULT, &record, &signer.verifying_key(), &pass("correct horse")).unwrap_err();
        assert!(matches!(error, SlotError::Cost(KdfError::Memory { .. })), "{error}");
    }

    #[test]
    fn what_is_bound_cannot_be_changed_even_by_the_signer() {
        let signer = SigningKey::generate(&TestHost);
        for change in [
            |record: &mut SlotSeal| record.slot.0[0] ^= 1,
            |record: &mut SlotSeal| record.member = Name::new("eve").unwrap(),
            |record: &mut SlotSeal| record.recipient = generate_identity().recipient,
            |record: &mut SlotSeal| record.t += 1,
            |record: &mut SlotSeal| record.ciphertext.0[0] ^= 1,
        ] {
            let mut record = made(&signer);
            change(&mut record);
            let record = resigned(record, &signer);
            assert!(
                open(&VAULT, &record, &signer.verifying_key(), &pass("correct horse")).is_err()
            );
        }
    }

    #[test]
    fn a_removal_is_signed_too() {
        let signer = SigningKey::generate(&TestHost);
        let member = Name::new("ada").unwrap();
        let removed = remove(Fixed([3; 16]), &member, &signer);
        let record = SlotRecord::Removed(removed.clone());
        assert!(verify(&record, &signer.verifying_key()));
        assert!(!verify(&record, &SigningKey::generate(&TestHost).verifying_key()));
        let other = SlotRecord::Removed(SlotRemoved { slot: Fixed([4; 16]), ..removed });
        assert!(!verify(&other, &signer.verifying_key()));
    }
}
