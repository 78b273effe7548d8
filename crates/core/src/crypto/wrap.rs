//! Wrapping a version's DEK: under an epoch's KEK, or to its recipient (`docs/format.md` section 5,
//! Wrap).

use super::bytes::{self, Fixed, Id};
use super::digest::{self, HashContext};
use super::envelope::{self, EnvelopeError};
use super::identity::Identity;
use super::seal::{Dek, ONE_MESSAGE, SealError, TAG, cipher};
use crate::crypto::id::{EpochId, SecretId, VaultId};
use crate::crypto::identity::recipient_text::RecipientText;
use crate::host::{Random, random};
use crate::name::audience::AudienceName;
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

const KEY: usize = 32;
/// The bytes of a wrap under a KEK.
pub(crate) const WRAP_LENGTH: usize = KEY + TAG;
const SEALED_PLAINTEXT: usize = 2 * KEY;

/// Why a DEK was not unwrapped.
#[derive(Debug, thiserror::Error)]
pub enum WrapError {
    #[error("a wrap has {WRAP_LENGTH} bytes")]
    Length,
    #[error("the wrap does not open under this epoch's key")]
    Kek(#[source] SealError),
    #[error("the sealed wrap does not open")]
    Envelope(#[source] EnvelopeError),
    #[error("the sealed wrap belongs to another version, audience or vault")]
    Binding,
}

/// What a wrap is bound to.
#[derive(Debug, Clone, Copy)]
pub struct WrapBinding<'a> {
    pub vault: &'a VaultId,
    pub audience: &'a AudienceName,
    pub epoch: &'a EpochId,
    pub secret_uid: &'a SecretId,
    /// Of the version: no other one has it.
    pub commitment: &'a Fixed<32>,
}

impl WrapBinding<'_> {
    fn aad(&self) -> Id {
        digest::hash(
            HashContext::WrapAad,
            &[
                &self.vault.0,
                self.audience.as_bytes(),
                &self.epoch.0,
                &self.secret_uid.0,
                &self.commitment.0,
            ],
        )
    }
}

/// A key encryption key: one for each epoch of an audience.
pub struct Kek(Zeroizing<[u8; KEY]>);

impl Kek {
    pub fn generate(source: &dyn Random) -> Self {
        Self(Zeroizing::new(random(source)))
    }

    /// Of its text in an envelope; `None` unless that is 32 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let mut key = Zeroizing::new([0; KEY]);
        bytes::decode_to(text, key.as_mut_slice()).ok()?;
        Some(Self(key))
    }

    /// The 32 bytes, for the envelope's plaintext.
    pub fn expose(&self) -> &[u8; KEY] {
        &self.0
    }

    /// What the policy states of this key: hides it, and binds it to its vault, audience and epoch.
    pub fn commitment(&self, vault: &VaultId, audience: &AudienceName, epoch: &EpochId) -> Id {
        let public: [&[u8]; 3] = [&vault.0, audience.as_bytes(), &epoch.0];
        digest::hash_key(HashContext::KekCommitment, &public, self.0.as_slice())
    }
}

impl std::fmt::Debug for Kek {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kek(..)")
    }
}

/// Wraps `dek` under `kek`: ciphertext ‖ tag, [`WRAP_LENGTH`] bytes, the same each time.
pub fn wrap_dek(kek: &Kek, binding: &WrapBinding<'_>, dek: &Dek) -> Result<Vec<u8>, WrapError> {
    let (aad, failed) = (binding.aad(), || WrapError::Kek(SealError::Authentication));
    let mut key = Zeroizing::new(Vec::with_capacity(WRAP_LENGTH));
    key.extend_from_slice(dek.0.as_slice());
    of_one_wrap(kek, &aad)
        .ok_or_else(failed)?
        .encrypt_in_place(&XNonce::from(ONE_MESSAGE.0), &aad.0, &mut *key)
        .map_err(|_| failed())?;
    Ok(std::mem::take(&mut *key))
}

/// The cipher of one wrap. What is bound names the version by its commitment, so that a writer puts one DEK alone
/// under this key and [`ONE_MESSAGE`]. Who has the KEK can put another one there, and can read all that it keeps anyway.
fn of_one_wrap(kek: &Kek, aad: &Id) -> Option<XChaCha20Poly1305> {
    let mut key = Zeroizing::new([0; KEY]);
    let mut hasher = digest::hasher(HashContext::WrapKey);
    hasher.update(kek.0.as_slice()).update(&aad.0);
    let mut output = hasher.finalize_xof();
    output.fill(key.as_mut_slice());
    hasher.zeroize();
    output.zeroize();
    cipher(key.as_slice())
}

/// Opens what [`wrap_dek`] made.
pub(crate) fn unwrap_dek(
    kek: &Kek,
    binding: &WrapBinding<'_>,
    wrap: &[u8],
) -> Result<Dek, WrapError> {
    let failed = || WrapError::Kek(SealError::Authentication);
    if wrap.len() != WRAP_LENGTH {
        return Err(WrapError::Length);
    }
    let (aad, mut key) = (binding.aad(), Zeroizing::new(wrap.to_vec()));
    of_one_wrap(kek, &aad)
        .ok_or_else(failed)?
        .decrypt_in_place(&XNonce::from(ONE_MESSAGE.0), &aad.0, &mut *key)
        .map_err(|_| failed())?;
    Dek::from_slice(&key).ok_or(WrapError::Length)
}

/// Seals `dek` to an epoch's recipient, for a writer who may not read; a binary age file.
pub fn seal_dek(
    recipient: &RecipientText,
    binding: &WrapBinding<'_>,
    dek: &Dek,
) -> Result<Vec<u8>, WrapError> {
    let mut plaintext = Zeroizing::new(Vec::with_capacity(SEALED_PLAINTEXT));
    plaintext.extend_from_slice(dek.0.as_slice());
    plaintext.extend_from_slice(&binding.aad().0);
    envelope::encrypt(&[recipient.to_owned()], &plaintext).map_err(WrapError::Envelope)
}

/// Opens what [`seal_dek`] made, with the epoch's identity.
pub fn open_sealed_dek(
    identity: &Identity,
    binding: &WrapBinding<'_>,
    file: &[u8],
) -> Result<Dek, WrapError> {
    let plaintext = envelope::decrypt(std::slice::from_ref(identity), file, SEALED_PLAINTEXT)
        .map_err(WrapError::Envelope)?;
    // An age file authenticates nobody: the binding is what ties the DEK to this version.
    let (key, bound) = plaintext.expose().split_at_checked(KEY).ok_or(WrapError::Binding)?;
    if !bool::from(bound.ct_eq(&binding.aad().0)) {
        return Err(WrapError::Binding);
    }
    Dek::from_slice(key).ok_or(WrapError::Binding)
}

#[cfg(test)]
mod tests {
    use super::super::seal::FreshDek;
    use super::*;
    use crate::crypto::identity::{generate_identity, parse_identity};
    use crate::host::testing::TestHost;
    use std::sync::LazyLock;

    const VAULT: VaultId = VaultId([1; 32]);
    const SECRET: SecretId = SecretId([2; 32]);
    const EPOCH: EpochId = EpochId([3; 16]);
    const VERSION: Fixed<32> = Fixed([4; 32]);
    const OTHER: SecretId = SecretId([9; 32]);
    const OTHER_EPOCH: EpochId = EpochId([9; 16]);
    const OTHER_VERSION: Fixed<32> = Fixed([9; 32]);

    static OWNERS: LazyLock<AudienceName> = LazyLock::new(|| AudienceName::new("owner"));
    static OTHERS: LazyLock<AudienceName> = LazyLock::new(|| AudienceName::new("ci+owner"));

    fn binding() -> WrapBinding<'static> {
        WrapBinding {
            vault: &VAULT,
            audience: &OWNERS,
            epoch: &EPOCH,
            secret_uid: &SECRET,
            commitment: &VERSION,
        }
    }

    fn elsewhere() -> [WrapBinding<'static>; 5] {
        [
            WrapBinding { vault: &VaultId(OTHER.0), ..binding() },
            WrapBinding { audience: &OTHERS, ..binding() },
            WrapBinding { epoch: &OTHER_EPOCH, ..binding() },
            WrapBinding { secret_uid: &OTHER, ..binding() },
            WrapBinding { commitment: &OTHER_VERSION, ..binding() },
        ]
    }

    fn dek() -> Dek {
        FreshDek::generate(&TestHost).into()
    }

    /// Of each place and KEK another key: one nonce serves for all.
    #[test]
    fn no_two_wraps_are_under_one_key() {
        let (kek, dek) = (Kek::generate(&TestHost), dek());
        let own = wrap_dek(&kek, &binding(), &dek).unwrap();
        let mut all: Vec<Vec<u8>> =
            elsewhere().iter().map(|at| wrap_dek(&kek, at, &dek).unwrap()).collect();
        all.push(wrap_dek(&Kek::generate(&TestHost), &binding(), &dek).unwrap());
        assert!(all.iter().all(|other| other[..32] != own[..32]), "the stream is another one");
    }

    #[test]
    fn a_wrap_opens_under_its_kek_and_binding_alone() {
        let (kek, dek) = (Kek::generate(&TestHost), dek());
        let wrap = wrap_dek(&kek, &binding(), &dek).unwrap();
        assert_eq!(wrap.len(), 48);
        assert_eq!(wrap_dek(&kek, &binding(), &dek).unwrap(), wrap);
        assert_eq!(unwrap_dek(&kek, &binding(), &wrap).unwrap().0, dek.0);
        assert!(unwrap_dek(&Kek::generate(&TestHost), &binding(), &wrap).is_err());
        for other in elsewhere() {
            assert!(unwrap_dek(&kek, &other, &wrap).is_err(), "{other:?}");
        }
        for bit in 0..wrap.len() * 8 {
            let mut changed = wrap.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(unwrap_dek(&kek, &binding(), &changed).is_err(), "bit {bit}");
        }
        assert!(matches!(unwrap_dek(&kek, &binding(), &wrap[..47]), Err(WrapError::Length)));
    }

    #[test]
    fn a_sealed_wrap_opens_with_the_epochs_identity_and_binding_alone() {
        let (epoch, dek) = (generate_identity(), dek());
        let identity = parse_identity(&epoch.text).unwrap();
        let file = seal_dek(&epoch.recipient, &binding(), &dek).unwrap();
        assert_eq!(open_sealed_dek(&identity, &binding(), &file).unwrap().0, dek.0);
        for other in elsewhere() {
            let error = open_sealed_dek(&identity, &other, &file).unwrap_err();
            assert!(matches!(error, WrapError::Binding));
        }
        let stranger = parse_identity(&generate_identity().text).unwrap();
        assert!(open_sealed_dek(&stranger, &binding(), &file).is_err());
        let short = envelope::encrypt(&[epoch.recipient], &[0; 31]).unwrap();
        let error = open_sealed_dek(&identity, &binding(), &short).unwrap_err();
        assert!(matches!(error, WrapError::Binding));
    }

    #[test]
    fn a_commitment_binds_vault_audience_and_epoch() {
        let kek = Kek::generate(&TestHost);
        let own = kek.commitment(&VAULT, &OWNERS, &EPOCH);
        assert_ne!(own, kek.commitment(&VaultId(OTHER.0), &OWNERS, &EPOCH));
        assert_ne!(own, kek.commitment(&VAULT, &OTHERS, &EPOCH));
        assert_ne!(own, kek.commitment(&VAULT, &OWNERS, &OTHER_EPOCH));
        assert_ne!(own, Kek::generate(&TestHost).commitment(&VAULT, &OWNERS, &EPOCH));
    }
}
