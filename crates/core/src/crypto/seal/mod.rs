//! Sealing under a derived, committing key: a value under its DEK, a slot under its passphrase
//! (`docs/format.md` section 5).
//!
//! XChaCha20-Poly1305 alone lets one ciphertext open to two values under two keys. The commitment
//! comes out of the same derivation as the key and is compared, in constant time, before anything
//! is decrypted. Nonces are chosen here and by no caller: a slot's is drawn, a value's is [`ONE_MESSAGE`].

use super::bytes::{Blob, Fixed, Id};
use super::digest::{self, HashContext};
use super::padding::padded_length;
use crate::crypto::id::{KeyId, SecretId, VaultId};
use crate::host::{Random, random};
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// The most bytes of a value, before padding.
pub const MAX_VALUE: usize = 10 << 20;

const PADDING: &[u8] = b"padme-64";
const LENGTH_PREFIX: usize = 4;
pub(super) const TAG: usize = 16;

/// The nonce under a key that encrypts one message alone: a value's, derived of a DEK that is drawn for one
/// version, and a wrap's, derived of what it wraps. age has its keys of one message so too. A drawn nonce would be
/// 24 bytes more in each state of a vault that git keeps whole, and would tell apart what cannot meet.
pub(super) const ONE_MESSAGE: Fixed<24> = Fixed([0; 24]);

/// Why something was not sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("a value has at most {MAX_VALUE} bytes")]
    TooLong,
    #[error("the key is not the one that this was sealed with, or the commitment is forged")]
    Commitment,
    #[error("the sealed bytes were changed, or belong elsewhere")]
    Authentication,
    #[error("the padding is not the one that its length calls for")]
    Padding,
}

/// What a value's ciphertext is bound to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ValueBinding<'a> {
    pub suite: &'a str,
    pub vault: &'a VaultId,
    pub secret_uid: &'a SecretId,
    /// The key of whoever puts the value.
    pub author: &'a KeyId,
    /// From when on it is not served, in seconds since the Unix epoch.
    pub expires: Option<UnixTime>,
}

impl ValueBinding<'_> {
    fn aad(&self) -> Id {
        let expires = self.expires.map(|at| at.as_secs().to_le_bytes());
        digest::hash(
            HashContext::ValueAad,
            &[
                self.suite.as_bytes(),
                &self.vault.0,
                &self.secret_uid.0,
                &self.author.0,
                expires.as_ref().map_or(&[][..], <[u8; 8]>::as_slice),
                PADDING,
            ],
        )
    }
}

/// A data encryption key: one for each version of a secret. It opens a value, and never seals another one.
pub struct Dek(pub(super) Zeroizing<[u8; 32]>);

/// A [`Dek`] that has sealed nothing yet. Sealing takes it away: the nonce is always the same, so that a second value
/// under one key would give both away.
#[derive(Debug)]
pub struct FreshDek(Dek);

impl FreshDek {
    pub fn generate(source: &dyn Random) -> Self {
        Self(Dek(Zeroizing::new(random(source))))
    }
}

/// Gives up sealing.
impl From<FreshDek> for Dek {
    fn from(fresh: FreshDek) -> Self {
        fresh.0
    }
}

impl Dek {
    pub(super) fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }
}

impl std::fmt::Debug for Dek {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dek(..)")
    }
}

/// What sealing leaves under a key that may seal more: all of it is public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedContent {
    pub nonce: Fixed<24>,
    pub commitment: Fixed<32>,
    pub ciphertext: Blob,
}

/// What sealing a value leaves, all of it public too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueContent {
    pub commitment: Fixed<32>,
    pub ciphertext: Blob,
}

/// Pads and seals a value of at most [`MAX_VALUE`] bytes, and gives the key back for wrapping.
pub(crate) fn seal_value(
    FreshDek(dek): FreshDek,
    binding: &ValueBinding<'_>,
    value: &SecretValue,
) -> Result<(ValueContent, Dek), SealError> {
    let value = value.expose();
    if value.len() > MAX_VALUE {
        return Err(SealError::TooLong);
    }
    let length = u32::try_from(value.len()).map_err(|_| SealError::TooLong)?;
    let padded = padded_length(LENGTH_PREFIX + value.len());
    // With room for the tag: growing would leave a copy of the plaintext behind.
    let mut buffer = Zeroizing::new(Vec::with_capacity(padded + TAG));
    buffer.extend_from_slice(&length.to_le_bytes());
    buffer.extend_from_slice(value);
    buffer.resize(padded, 0);
    let aad = binding.aad();
    let derived = derive(HashContext::ValueKey, dek.0.as_slice(), &aad);
    let ciphertext = derived.seal(ONE_MESSAGE, &aad, buffer)?;
    Ok((ValueContent { commitment: derived.stated(), ciphertext }, dek))
}

/// Opens what [`seal_value`] made, and checks the padding.
pub(crate) fn open_value(
    dek: &Dek,
    binding: &ValueBinding<'_>,
    ValueContent { commitment, ciphertext }: ValueContent,
) -> Result<SecretValue, SealError> {
    let aad = binding.aad();
    let sealed = SealedContent { nonce: ONE_MESSAGE, commitment, ciphertext };
    let mut plaintext = derive(HashContext::ValueKey, dek.0.as_slice(), &aad).open(&aad, sealed)?;
    let length = unpadded(&plaintext)?;
    // In place: a copy would be one more allocation to wipe. What stays behind the value, in the
    // buffer's capacity, is wiped with it.
    plaintext.copy_within(LENGTH_PREFIX..LENGTH_PREFIX + length, 0);
    plaintext.truncate(length);
    Ok(SecretValue::new(std::mem::take(&mut *plaintext)))
}

/// The value's length in a padded plaintext.
fn unpadded(plaintext: &[u8]) -> Result<usize, SealError> {
    let (prefix, rest) =
        plaintext.split_first_chunk::<LENGTH_PREFIX>().ok_or(SealError::Padding)?;
    let length = u32::from_le_bytes(*prefix) as usize;
    if length > MAX_VALUE {
        return Err(SealError::TooLong);
    }
    if padded_length(LENGTH_PREFIX + length) != plaintext.len() {
        return Err(SealError::Padding);
    }
    let padding = rest.get(length..).ok_or(SealError::Padding)?;
    if padding.iter().all(|b| *b == 0) { Ok(length) } else { Err(SealError::Padding) }
}

/// Whether `dek` is the key that `commitment` commits to, without decrypting.
pub(crate) fn is_committed(dek: &Dek, binding: &ValueBinding<'_>, commitment: &Fixed<32>) -> bool {
    derive(HashContext::ValueKey, dek.0.as_slice(), &binding.aad()).committed(commitment)
}

/// Seals `plaintext` under key material of its own, unpadded: a slot's identity.
pub(crate) fn seal_bytes(
    source: &dyn Random,
    context: HashContext,
    material: &SecretValue,
    aad: &Id,
    plaintext: &SecretValue,
) -> Result<SealedContent, SealError> {
    let mut buffer = Zeroizing::new(Vec::with_capacity(plaintext.len() + TAG));
    buffer.extend_from_slice(plaintext.expose());
    let (nonce, derived) = (Fixed(random(source)), derive(context, material.expose(), aad));
    let ciphertext = derived.seal(nonce, aad, buffer)?;
    Ok(SealedContent { nonce, commitment: derived.stated(), ciphertext })
}

/// Opens what [`seal_bytes`] made.
pub fn open_bytes(
    context: HashContext,
    material: &SecretValue,
    aad: &Id,
    sealed: &SealedContent,
) -> Result<SecretValue, SealError> {
    let sealed = sealed.clone();
    let mut plaintext = derive(context, material.expose(), aad).open(aad, sealed)?;
    Ok(SecretValue::new(std::mem::take(&mut *plaintext)))
}

/// `key ‖ commitment`.
struct Derived(Zeroizing<[u8; 64]>);

/// BLAKE3 `derive_key` over the material and the hash of what is bound, 64 bytes.
fn derive(context: HashContext, material: &[u8], aad: &Id) -> Derived {
    let mut derived = Derived(Zeroizing::new([0; 64]));
    let mut hasher = digest::hasher(context);
    hasher.update(material).update(&aad.0);
    let mut output = hasher.finalize_xof();
    output.fill(derived.0.as_mut_slice());
    hasher.zeroize();
    output.zeroize();
    derived
}

impl Derived {
    fn commitment(&self) -> &[u8] {
        &self.0[32..]
    }

    fn committed(&self, commitment: &Fixed<32>) -> bool {
        self.commitment().ct_eq(&commitment.0).into()
    }

    fn cipher(&self) -> Option<XChaCha20Poly1305> {
        cipher(&self.0[..32])
    }

    /// The commitment as it is written down.
    fn stated(&self) -> Fixed<32> {
        let mut commitment = Fixed([0; 32]);
        commitment.0.copy_from_slice(self.commitment());
        commitment
    }

    fn seal(
        &self,
        nonce: Fixed<24>,
        aad: &Id,
        mut buffer: Zeroizing<Vec<u8>>,
    ) -> Result<Blob, SealError> {
        self.cipher()
            .ok_or(SealError::Authentication)?
            .encrypt_in_place(&XNonce::from(nonce.0), &aad.0, &mut *buffer)
            .map_err(|_| SealError::TooLong)?;
        Ok(Blob(std::mem::take(&mut *buffer)))
    }

    fn open(&self, aad: &Id, sealed: SealedContent) -> Result<Zeroizing<Vec<u8>>, SealError> {
        if !self.committed(&sealed.commitment) {
            return Err(SealError::Commitment);
        }
        let mut buffer = Zeroizing::new(sealed.ciphertext.0);
        self.cipher()
            .ok_or(SealError::Authentication)?
            .decrypt_in_place(&XNonce::from(sealed.nonce.0), &aad.0, &mut *buffer)
            .map_err(|_| SealError::Authentication)?;
        Ok(buffer)
    }
}

/// The cipher for a key of 32 bytes.
pub(super) fn cipher(key: &[u8]) -> Option<XChaCha20Poly1305> {
    Key::try_from(key).ok().map(|mut key| {
        let cipher = XChaCha20Poly1305::new(&key);
        key.as_mut_slice().zeroize();
        cipher
    })
}

#[cfg(test)]
mod tests;
