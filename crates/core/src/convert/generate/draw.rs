//! Randomness to text, without a bias.

use super::spec::{Encoding, Spec};
use crate::host::Random;
use crate::secret_value::SecretValue;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// Random bytes drawn at a time where some are thrown away.
const BATCH: usize = 64;

/// A fresh value. With a `random` that never gives a usable byte it would not return.
pub fn generate(spec: &Spec, random: &(impl Random + ?Sized)) -> SecretValue {
    match spec {
        Spec::Characters { alphabet, size } => {
            characters(alphabet.characters().as_bytes(), usize::from(*size), random)
        }
        Spec::Bytes { encoding, size } => encode(*encoding, &bytes(usize::from(*size), random)),
        Spec::Passphrase { words } => passphrase(usize::from(*words), random),
        Spec::Uuid => uuid(random),
    }
}

fn bytes(count: usize, random: &(impl Random + ?Sized)) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(vec![0; count]);
    random.fill(&mut bytes);
    bytes
}

fn characters(alphabet: &[u8], size: usize, random: &(impl Random + ?Sized)) -> SecretValue {
    // The greatest multiple of the alphabet's size: above it, the first characters would be drawn
    // once more often than the rest.
    let limit = 256 - 256 % alphabet.len();
    let mut out = Vec::with_capacity(size);
    while out.len() < size {
        let batch = bytes(BATCH, random);
        let usable = batch.iter().map(|&b| usize::from(b)).filter(|&b| b < limit);
        let missing = size - out.len();
        out.extend(usable.take(missing).map(|b| alphabet[b % alphabet.len()]));
    }
    SecretValue::new(out)
}

fn encode(encoding: Encoding, bytes: &[u8]) -> SecretValue {
    match encoding {
        Encoding::Hex => hex(bytes),
        Encoding::Base64 => BASE64_STANDARD.encode(bytes).into(),
        Encoding::Base64Url => BASE64_URL_SAFE_NO_PAD.encode(bytes).into(),
    }
}

fn hex(bytes: &[u8]) -> SecretValue {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = Vec::with_capacity(2 * bytes.len());
    for &byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
    SecretValue::new(out)
}

fn passphrase(count: usize, random: &(impl Random + ?Sized)) -> SecretValue {
    let list = bip39::Language::English.word_list();
    // 2048 words divide the range of a u16, so the remainder favours none.
    let chosen: Zeroizing<Vec<usize>> = Zeroizing::new(
        bytes(2 * count, random)
            .chunks_exact(2)
            .map(|pair| usize::from(u16::from_le_bytes([pair[0], pair[1]])) % list.len())
            .collect(),
    );
    let length: usize = chosen.iter().map(|&word| list[word].len() + 1).sum();
    let mut out = Vec::with_capacity(length);
    for (index, &word) in chosen.iter().enumerate() {
        if index > 0 {
            out.push(b'-');
        }
        out.extend_from_slice(list[word].as_bytes());
    }
    SecretValue::new(out)
}

/// RFC 9562, version 4.
fn uuid(random: &(impl Random + ?Sized)) -> SecretValue {
    let mut bytes = bytes(16, random);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let digits = hex(&bytes);
    let mut out = Vec::with_capacity(36);
    for (index, &digit) in digits.expose().iter().enumerate() {
        if matches!(index, 8 | 12 | 16 | 20) {
            out.push(b'-');
        }
        out.push(digit);
    }
    SecretValue::new(out)
}
