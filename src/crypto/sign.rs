//! Ed25519 signatures over a tag and an id, verified strictly (`docs/format.md`, Signatures).

use super::bytes::{Fixed, Id, SignatureBytes};
use super::digest::{self, Context};
use crate::host::{self, Random};
use crate::secret_value::SecretValue;
use ed25519_dalek::Signer;
use zeroize::Zeroizing;

/// Why bytes are no usable key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    #[error("the public key is no point of the curve in its canonical form")]
    NotCanonical,
    #[error("the public key is of small order")]
    Weak,
    #[error("a signing key has 32 bytes")]
    SeedLength,
}

/// What a signature is for; it is part of what is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    PolicyEntry,
    LogEntry,
    KeyProof,
    Slot,
}

impl Tag {
    const fn text(self) -> &'static str {
        match self {
            Self::PolicyEntry => "v-secure/1 policy-entry",
            Self::LogEntry => "v-secure/1 log-entry",
            Self::KeyProof => "v-secure/1 key-proof",
            Self::Slot => "v-secure/1 slot",
        }
    }

    fn message(self, id: &Id) -> Vec<u8> {
        [self.text().as_bytes(), &[0], id.as_bytes()].concat()
    }
}

/// The id of a public key.
pub fn key_id(public: &Fixed<32>) -> Id {
    digest::hash(Context::KeyId, &[b"ed25519", public.as_bytes()])
}

/// A device's private key; wiped on drop.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    pub fn generate(random: &dyn Random) -> Self {
        let seed = Zeroizing::new(host::random::<32>(random));
        Self(ed25519_dalek::SigningKey::from_bytes(&seed))
    }

    pub fn from_seed(seed: &SecretValue) -> Result<Self, SignError> {
        let seed: &[u8; 32] = seed.expose().try_into().map_err(|_| SignError::SeedLength)?;
        Ok(Self(ed25519_dalek::SigningKey::from_bytes(seed)))
    }

    pub fn sign(&self, tag: Tag, id: &Id) -> SignatureBytes {
        Fixed(self.0.sign(&tag.message(id)).to_bytes())
    }

    pub fn public(&self) -> Fixed<32> {
        Fixed(self.0.verifying_key().to_bytes())
    }

    pub fn id(&self) -> Id {
        key_id(&self.public())
    }
}

/// A public key that decodes canonically and is not of small order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyingKey(ed25519_dalek::VerifyingKey);

impl VerifyingKey {
    pub fn parse(public: &Fixed<32>) -> Result<Self, SignError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(&public.0)
            .map_err(|_| SignError::NotCanonical)?;
        if key.to_edwards().compress().to_bytes() != public.0 {
            return Err(SignError::NotCanonical);
        }
        if key.is_weak() { Err(SignError::Weak) } else { Ok(Self(key)) }
    }

    pub fn verify(&self, tag: Tag, id: &Id, signature: &SignatureBytes) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.0.verify_strict(&tag.message(id), &signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_tag_and_id_alone() {
        let key = SigningKey::from_seed(&SecretValue::new(vec![7; 32])).unwrap();
        let public = VerifyingKey::parse(&key.public()).unwrap();
        let signature = key.sign(Tag::PolicyEntry, &Fixed([1; 32]));
        assert!(public.verify(Tag::PolicyEntry, &Fixed([1; 32]), &signature));
        assert!(!public.verify(Tag::LogEntry, &Fixed([1; 32]), &signature));
        assert!(!public.verify(Tag::PolicyEntry, &Fixed([2; 32]), &signature));
    }

    #[test]
    fn weak_and_non_canonical_keys_are_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(VerifyingKey::parse(&Fixed(identity)), Err(SignError::Weak));
        let mut loose = [0xff; 32];
        loose[0] = 0xee;
        loose[31] = 0x7f;
        assert_eq!(VerifyingKey::parse(&Fixed(loose)), Err(SignError::NotCanonical));
    }
}
