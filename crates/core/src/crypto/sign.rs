//! Ed25519 (RFC 8032), verified strictly (`docs/format.md` section 1, Signatures).
//!
//! What is signed is always a purpose's tag and an id, so that a signature made for one kind of
//! record can never stand for one of another. Batch verification is not offered: it accepts
//! signatures that strict verification refuses.

use super::bytes::{Fixed, SignatureBytes};
use super::digest::{self, HashContext};
use crate::crypto::id::KeyId;
use crate::host::{Random, random};
use crate::secret_value::SecretValue;
use ed25519_dalek::Signer;
use zeroize::Zeroizing;

/// What a signature is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    PolicyEntry,
    LogEntry,
    KeyProof,
    Slot,
    /// Who made a backup (`docs/recovery.md`): no part of the vault's format.
    Backup,
}

impl Tag {
    pub const fn text(self) -> &'static str {
        match self {
            Self::PolicyEntry => "v-secure/1 policy-entry",
            Self::LogEntry => "v-secure/1 log-entry",
            Self::KeyProof => "v-secure/1 key-proof",
            Self::Slot => "v-secure/1 slot",
            Self::Backup => "v-secure/1 backup",
        }
    }

    fn message(self, id: &[u8; 32]) -> Vec<u8> {
        let mut message = Vec::with_capacity(self.text().len() + 33);
        message.extend_from_slice(self.text().as_bytes());
        message.push(0);
        message.extend_from_slice(id);
        message
    }
}

/// Why bytes are no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    #[error("the bytes are not a point on the curve")]
    NotAPoint,
    #[error("the public key is not in its canonical encoding")]
    NotCanonical,
    #[error("the public key is of small order, so that signatures by it prove nothing")]
    SmallOrder,
    #[error("a signing key is 32 bytes")]
    SeedLength,
}

/// The id of a public key.
pub fn key_id(public: &Fixed<32>) -> KeyId {
    digest::hash(HashContext::KeyId, &[b"ed25519", &public.0]).into()
}

/// A public key that has passed the checks of [`VerifyingKey::parse`].
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    key: ed25519_dalek::VerifyingKey,
    id: KeyId,
}

impl VerifyingKey {
    /// Refuses what is no point, not canonical or of small order.
    pub fn parse(public: &Fixed<32>) -> Result<Self, SignError> {
        let key =
            ed25519_dalek::VerifyingKey::from_bytes(&public.0).map_err(|_| SignError::NotAPoint)?;
        if key.is_weak() {
            return Err(SignError::SmallOrder);
        }
        // Decoding reduces y modulo the field's prime, so two texts could name one point.
        if key.to_edwards().compress().to_bytes() != public.0 {
            return Err(SignError::NotCanonical);
        }
        Ok(Self { key, id: key_id(public) })
    }

    pub fn public(&self) -> Fixed<32> {
        Fixed(self.key.to_bytes())
    }

    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The key's u-coordinate: the X25519 key that files to it are sealed to.
    pub(super) fn montgomery(&self) -> [u8; 32] {
        self.key.to_montgomery().to_bytes()
    }

    /// Whether `signature` is this key's over `id` for the purpose `tag`.
    pub fn verify(&self, tag: Tag, id: &impl AsRef<[u8; 32]>, signature: &SignatureBytes) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.key.verify_strict(&tag.message(id.as_ref()), &signature).is_ok()
    }
}

impl std::fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerifyingKey({})", self.id)
    }
}

/// A device's private key; wiped on drop.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    pub fn generate(source: &dyn Random) -> Self {
        let seed = Zeroizing::new(random::<32>(source));
        Self(ed25519_dalek::SigningKey::from_bytes(&seed))
    }

    /// The key whose RFC 8032 seed is these 32 bytes.
    pub fn from_seed(seed: &SecretValue) -> Result<Self, SignError> {
        let seed: &[u8; 32] = seed.expose().try_into().map_err(|_| SignError::SeedLength)?;
        Ok(Self(ed25519_dalek::SigningKey::from_bytes(seed)))
    }

    /// The 32 bytes that [`SigningKey::from_seed`] takes.
    pub fn seed(&self) -> SecretValue {
        SecretValue::new(self.0.as_bytes().to_vec())
    }

    pub fn sign(&self, tag: Tag, id: &impl AsRef<[u8; 32]>) -> SignatureBytes {
        Fixed(self.0.sign(&tag.message(id.as_ref())).to_bytes())
    }

    pub fn public(&self) -> Fixed<32> {
        Fixed(self.0.verifying_key().to_bytes())
    }

    pub fn id(&self) -> KeyId {
        key_id(&self.public())
    }

    /// The other half, which needs no checks: it comes of a seed.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey { key: self.0.verifying_key(), id: self.id() }
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_seed(&SecretValue::new(vec![byte; 32])).unwrap()
    }

    #[test]
    fn a_signature_holds_for_its_key_purpose_and_id_alone() {
        let (signer, id) = (key(1), Fixed([9; 32]));
        let signature = signer.sign(Tag::LogEntry, &id);
        let public = VerifyingKey::parse(&signer.public()).unwrap();
        assert!(public.verify(Tag::LogEntry, &id, &signature));
        assert!(!public.verify(Tag::PolicyEntry, &id, &signature));
        assert!(!public.verify(Tag::LogEntry, &Fixed([8; 32]), &signature));
        assert!(!key(2).verifying_key().verify(Tag::LogEntry, &id, &signature));
        for bit in 0..512 {
            let mut forged = signature;
            forged.0[bit / 8] ^= 1 << (bit % 8);
            assert!(!public.verify(Tag::LogEntry, &id, &forged), "bit {bit}");
        }
    }

    #[test]
    fn public_keys_that_prove_nothing_are_refused() {
        let mut identity = Fixed([0; 32]);
        identity.0[0] = 1;
        assert_eq!(VerifyingKey::parse(&identity), Err(SignError::SmallOrder));
        // y = p + 3: a point of large order in a second spelling.
        let mut respelled = Fixed([0xff; 32]);
        (respelled.0[0], respelled.0[31]) = (0xf0, 0x7f);
        let mut canonical = Fixed([0; 32]);
        canonical.0[0] = 3;
        assert!(VerifyingKey::parse(&canonical).is_ok());
        assert_eq!(VerifyingKey::parse(&respelled), Err(SignError::NotCanonical));
        let mut off_curve = Fixed([0; 32]);
        off_curve.0[0] = 2;
        assert_eq!(VerifyingKey::parse(&off_curve), Err(SignError::NotAPoint));
    }

    #[test]
    fn a_seed_has_32_bytes_and_comes_back() {
        assert!(SigningKey::from_seed(&SecretValue::new(vec![0; 31])).is_err());
        assert_eq!(key(7).seed().expose(), [7; 32]);
        assert!(!format!("{:?}", key(7)).contains("7, 7"));
    }
}
