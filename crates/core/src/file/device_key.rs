//! Device keys: made by their holder alone, sealed to one of its recipients, proved by a signature
//! (`docs/format.md` section 4, Key proof).

use crate::crypto::bytes::{Blob, Fixed};
use crate::crypto::envelope::{self, EnvelopeError};
use crate::crypto::id::VaultId;
use crate::crypto::identity::Identity;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::crypto::sign::{SignError, SigningKey, Tag, VerifyingKey};
use crate::host::Random;
use crate::name::Name;
use crate::policy::gives::UNSTATED;
use crate::policy::op::KeyAdd;
use crate::record::ids;

const SEED: usize = 32;

/// Why a device key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DeviceKeyError {
    #[error("the device's signing key cannot be sealed or opened")]
    Envelope(#[source] EnvelopeError),
    #[error("the sealed signing key is not a key")]
    Seed(#[source] SignError),
    #[error("the sealed signing key belongs to another public key")]
    OtherKey,
}

/// Makes a device's key and the op that adds it; `vault` is `None` in genesis.
pub fn new_device_key(
    source: &dyn Random,
    vault: Option<&VaultId>,
    member: &Name,
    device: &Name,
    recipient: &RecipientText,
) -> Result<(KeyAdd, SigningKey), DeviceKeyError> {
    let signing = SigningKey::generate(source);
    let sealed = seal_signing_key(&signing, recipient)?;
    let key = signing.public();
    let id = ids::key_proof_id(vault, member, device, recipient, &key, &sealed.0);
    let op = KeyAdd {
        member: member.clone(),
        device: device.clone(),
        key,
        recipient: recipient.clone(),
        sealed,
        proof: signing.sign(Tag::KeyProof, &id),
        gives: UNSTATED,
    };
    Ok((op, signing))
}

/// The public key that an op adds, if it is usable and signed the proof.
pub(crate) fn check_proof(vault: Option<&VaultId>, op: &KeyAdd) -> Option<VerifyingKey> {
    let key = VerifyingKey::parse(&op.key).ok()?;
    let id = ids::key_proof_id(vault, &op.member, &op.device, &op.recipient, &op.key, &op.sealed.0);
    key.verify(Tag::KeyProof, &id, &op.proof).then_some(key)
}

/// Seals a device's seed to its recipient; a binary age file.
pub(crate) fn seal_signing_key(
    key: &SigningKey,
    recipient: &RecipientText,
) -> Result<Blob, DeviceKeyError> {
    envelope::encrypt(std::slice::from_ref(recipient), key.seed().expose())
        .map(Blob)
        .map_err(DeviceKeyError::Envelope)
}

/// Opens what [`seal_signing_key`] made, if it is the key that the policy states as `public`.
pub(crate) fn open_signing_key(
    identities: &[Identity],
    sealed: &Blob,
    public: &Fixed<32>,
) -> Result<SigningKey, DeviceKeyError> {
    let seed = envelope::decrypt(identities, &sealed.0, SEED).map_err(DeviceKeyError::Envelope)?;
    let key = SigningKey::from_seed(&seed).map_err(DeviceKeyError::Seed)?;
    if key.public() == *public { Ok(key) } else { Err(DeviceKeyError::OtherKey) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::identity::{generate_identity, parse_identities};
    use crate::host::testing::TestHost;

    const VAULT: VaultId = VaultId([1; 32]);

    fn name(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    fn made(vault: Option<&VaultId>) -> (Vec<Identity>, KeyAdd, SigningKey) {
        let new = generate_identity();
        let (op, key) =
            new_device_key(&TestHost, vault, &name("ada"), &name("laptop"), &new.recipient)
                .unwrap();
        (parse_identities(&new.text).unwrap(), op, key)
    }

    #[test]
    fn a_proof_holds_for_exactly_what_it_names() {
        let (_, op, key) = made(Some(&VAULT));
        assert_eq!(check_proof(Some(&VAULT), &op).unwrap().id(), key.id());
        assert!(check_proof(None, &op).is_none());
        assert!(check_proof(Some(&VaultId([2; 32])), &op).is_none());
        for change in [
            |op: &mut KeyAdd| op.member = name("eve"),
            |op: &mut KeyAdd| op.device = name("desktop"),
            |op: &mut KeyAdd| op.recipient = RecipientText::new(format!("{}x", op.recipient)),
            |op: &mut KeyAdd| op.sealed.0[0] ^= 1,
            |op: &mut KeyAdd| op.key = made(None).1.key,
            |op: &mut KeyAdd| op.proof.0[0] ^= 1,
        ] {
            let mut changed = op.clone();
            change(&mut changed);
            assert!(check_proof(Some(&VAULT), &changed).is_none());
        }
        assert!(check_proof(None, &made(None).1).is_some());
    }

    #[test]
    fn the_holder_gets_its_key_back_and_nobody_else_does() {
        let (identities, op, key) = made(None);
        let opened = open_signing_key(&identities, &op.sealed, &op.key).unwrap();
        assert_eq!(opened.id(), key.id());
        let (strangers, other, _) = made(None);
        let error = open_signing_key(&strangers, &op.sealed, &op.key).unwrap_err();
        assert!(matches!(error, DeviceKeyError::Envelope(EnvelopeError::NoMatch)));
        let error = open_signing_key(&identities, &op.sealed, &other.key).unwrap_err();
        assert!(matches!(error, DeviceKeyError::OtherKey));
        let short = envelope::encrypt(&[op.recipient], &[0; 31]).unwrap();
        let error = open_signing_key(&identities, &Blob(short), &op.key).unwrap_err();
        assert!(matches!(error, DeviceKeyError::Seed(SignError::SeedLength)));
    }
}
