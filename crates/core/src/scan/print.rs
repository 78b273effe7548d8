//! What a device keeps of a value: forty bits under a key of its own.
//!
//! So few that one of 10,000 usual commits with 1,000 secrets meets another text of these bits, and that they
//! tell a value from others only where somebody can list the others: no value that could be listed is kept.

use super::noted::Noted;
use super::rolling::Rolling;
use super::{LONGEST, SHORTEST, encodings};
use crate::crypto::bytes::Id;
use crate::crypto::id::VaultId;
use crate::crypto::mac::MacKey;
use crate::crypto::strength;
use crate::host::Random;
use crate::name::SecretName;
use crate::secret_value::SecretValue;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Guesses, as a power of ten, below which nothing of a value is kept. Forty bits tell 10¹² texts apart, so that
/// whoever has the key and makes all these guesses is left with 10,000 of them.
const GUESSABLE: f64 = 16.0;
/// Changes between capitals, small letters and digits, and pairs of bytes, from which on a value is nobody's words:
/// most are told by this, which costs nothing.
const CHANGES: usize = 12;
const PAIRS: usize = 16;
/// Of these, changes between a digit and a letter that do alone: words have no digits, so that there are as many
/// words and numbers in turn.
const DIGIT_CHANGES: usize = 10;
/// The same of hexadecimal digits, in which hardly a word can be written, with so many pairs that nothing is repeated.
const HEX_CHANGES: usize = 8;
const HEX_PAIRS: usize = 20;
/// So much of a value is judged at once: the estimate's cost grows faster than the text.
const JUDGED: usize = 32;

/// What is kept of a value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Print {
    pub secret: SecretName,
    pub mark: Id,
    /// The rolling hash of its first bytes.
    pub(super) rolling: u16,
    /// Of a keyed hash of all that counts.
    pub(super) check: u32,
    /// How many bytes count.
    pub(super) length: u16,
}

/// The key of a device.
pub struct ScanKey {
    material: SecretValue,
    mac: MacKey,
    pub(super) rolling: Rolling,
}

impl ScanKey {
    /// Its bytes where it is kept.
    pub const SIZE: u64 = MacKey::SIZE;

    pub fn generate(source: &dyn Random) -> Self {
        let mac = MacKey::generate(source);
        Self::of(SecretValue::new(mac.expose().to_vec()), mac)
    }

    pub fn parse(material: SecretValue) -> Option<Self> {
        let mac = MacKey::parse(material.expose())?;
        Some(Self::of(material, mac))
    }

    fn of(material: SecretValue, mac: MacKey) -> Self {
        let rolling = Rolling::new(&mac);
        Self { material, mac, rolling }
    }

    /// For where it is kept.
    pub fn expose(&self) -> &SecretValue {
        &self.material
    }

    /// What is kept of a vault's values, by a key of that vault's alone: equal values of two vaults do not show.
    pub(super) fn of_vault(&self, vault: &VaultId) -> Checks {
        Checks(self.mac.of(&[b"vault", vault.as_bytes()]))
    }

    /// What is to be kept of a value; `None` if that would tell too much of it.
    pub fn print(&self, vault: &VaultId, noted: &Noted) -> Option<Print> {
        let value = counting(noted.beginning.expose())?;
        let value = value.expose();
        if is_guessable(value) {
            return None;
        }
        Some(Print {
            secret: noted.secret.clone(),
            mark: noted.mark,
            rolling: self.rolling.of(value),
            check: self.of_vault(vault).check(value),
            length: u16::try_from(value.len()).ok()?,
        })
    }
}

/// The keyed hash of a vault's values.
pub(super) struct Checks(Id);

impl Checks {
    /// Twenty-four bits.
    pub fn check(&self, text: &[u8]) -> u32 {
        let Some(key) = MacKey::parse(self.0.as_bytes()) else { return 0 };
        let [a, b, c, ..] = key.of(&[b"value", text]).0;
        u32::from_le_bytes([a, b, c, 0])
    }
}

/// What counts of a value, if it is enough.
pub(super) fn counting(value: &[u8]) -> Option<SecretValue> {
    let mut bare = Vec::with_capacity(value.len());
    encodings::bare(value, &mut bare);
    bare.truncate(LONGEST);
    let bare = SecretValue::new(bare);
    (bare.len() >= SHORTEST).then_some(bare)
}

/// Whether a list of guesses may have the value: an address, words, a pattern on a keyboard. Each part counts
/// once, and by itself: what joins them is a form that whoever guesses knows.
fn is_guessable(value: &[u8]) -> bool {
    if is_mixed(value) {
        return false;
    }
    if std::str::from_utf8(value).is_err() {
        let distinct: BTreeSet<u8> = value.iter().copied().collect();
        return (distinct.len() as f64) < GUESSABLE;
    }
    let parts: BTreeSet<&[u8]> = parts(value).collect();
    // What fills a field up is told before anything is estimated.
    let most: f64 = parts.iter().map(|part| guesses(part, at_most)).sum();
    if most < GUESSABLE {
        return true;
    }
    let mut sum = 0.0;
    !parts.iter().any(|part| {
        sum += guesses(part, strength::guesses_log10);
        sum >= GUESSABLE
    })
}

fn parts(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let parts = value.chunk_by(|a, b| is_of_word(*a) == is_of_word(*b));
    parts.flat_map(|part| part.chunks(JUDGED))
}

/// What a part of a value adds; `of_word` judges what is of a word.
fn guesses(part: &[u8], of_word: impl Fn(&[u8]) -> f64) -> f64 {
    match part[0] {
        byte if is_of_word(byte) => of_word(part),
        byte if JOINTS.contains(&byte) => 0.0,
        _ => 1.0,
    }
}

/// More than zxcvbn says, which takes a thousand times as long: ten guesses for each character, and of a run of
/// equal ones, as before a number, no more than for three or four, as there are a few parts to put in order.
fn at_most(part: &[u8]) -> f64 {
    let runs = part.chunk_by(|a, b| a == b);
    let longest = runs.map(<[u8]>::len).max().unwrap_or_default();
    let rest = part.len() - longest;
    let with_run = if rest == 0 { 3.0 } else { f64::max(8.1, rest as f64 + 4.0) };
    with_run.min(part.len() as f64 + 0.1)
}

/// What joins the parts of addresses and names.
const JOINTS: &[u8] = b"-_.:/?=&@,;";

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

fn is_mixed(value: &[u8]) -> bool {
    let kind = |byte: u8| match byte {
        b'0'..=b'9' => Some(0),
        b'a'..=b'z' => Some(1),
        b'A'..=b'Z' => Some(2),
        _ => None,
    };
    let is_change = |pair: &&[u8; 2]| match pair.map(kind) {
        [Some(one), Some(other)] => one != other,
        _ => false,
    };
    let changes: BTreeSet<&[u8; 2]> = value.array_windows().filter(is_change).collect();
    let pairs: BTreeSet<&[u8; 2]> = value.array_windows().take(2 * PAIRS).collect();
    let of_digits = changes.iter().filter(|pair| pair.iter().any(u8::is_ascii_digit)).count();
    let is_hex = || value.iter().all(|byte| byte.is_ascii_hexdigit() || JOINTS.contains(byte));
    (pairs.len() >= PAIRS && (changes.len() >= CHANGES || of_digits >= DIGIT_CHANGES))
        || (pairs.len() >= HEX_PAIRS && of_digits >= HEX_CHANGES && is_hex())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::testing::TestHost;

    const VAULT: VaultId = VaultId([1; 32]);
    const MARK: Id = crate::crypto::bytes::Fixed([1; 32]);

    fn print(key: &ScanKey, vault: &VaultId, value: &str) -> Option<Print> {
        let secret = SecretName::parse("prod/A").unwrap();
        let noted = Noted::of(&secret, MARK, &SecretValue::from(value.to_owned()))?;
        key.print(vault, &noted)
    }

    #[test]
    fn what_can_be_guessed_or_is_short_is_not_kept() {
        let key = ScanKey::generate(&TestHost);
        for bad in [
            "x9$Lq2vRt7Pw4z-K1m0",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "00000000-0000-0000-0000-000000000000",
            "correct horse battery staple",
            "passwordpasswordpassword",
            "Summer2026!Summer2026!",
            "http://localhost:8080/",
            "https://api.stripe.com/v1",
            "a1a1a1a1a1a1a1a1a1a1a1a1a1",
            "12345678901234567890",
            "qwertyuiopasdfghjklzxcvbnm",
            "x \n y \n                                     ",
        ] {
            assert!(print(&key, &VAULT, bad).is_none(), "{bad}");
        }
        for good in [
            "x9$Lq2vRt7Pw4z-K1m0T",
            "sk_live_51H8xkQ2eZvKYlo2C0aB3d9",
            "AKIAIOSFODNN7EXAMPLE/wJalrXUtnFEMI/K7MDENG",
            "postgres://app:t7Qz0vLp2sXk@db.internal/app",
            "8b1f0c52-9c0e-4a57-b1d4-6f0b7f9e2a11",
            "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAA\nXz8qLm\n",
        ] {
            assert!(print(&key, &VAULT, good).is_some(), "{good}");
        }
    }

    #[test]
    fn what_is_told_without_an_estimate_is_what_the_estimate_would_say() {
        let mut random = 7u64;
        let mut next = |below: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 33) as usize % below
        };
        for _ in 0..300 {
            let (letters, length, run) = (1 + next(16), 1 + next(12), next(24));
            let letter = |at: usize| b"0123456789abcdef"[at % 16];
            let mut part: Vec<u8> = (0..length).map(|_| letter(next(letters))).collect();
            let at = next(length + 1);
            part.splice(at..at, vec![letter(next(letters)); run]);
            part.truncate(JUDGED);
            let (most, said) = (at_most(&part), strength::guesses_log10(&part));
            assert!(said <= most, "{}: {said} and {most}", String::from_utf8_lossy(&part));
        }
        for filled in ["00000000000000000000000000000042", "xxxxxxxxxxxxxxxxxxxxxxxx"] {
            assert!(at_most(filled.as_bytes()) < GUESSABLE && is_guessable(filled.as_bytes()));
        }
        for known in ["8b1f0c52-9c0e-4a57-b1d4-6f0b7f9e2a11", "e6dbbd705f986d692b8bf4cc1b7727f3"] {
            assert!(is_mixed(known.as_bytes()), "{known}");
        }
        for not in [
            "dead2026beef2026cafe2026babe2026",
            "a1b2c3a1b2c3a1b2c3a1b2c3a1b2c3",
            "0123456789abcdef0123456789abcdef",
        ] {
            assert!(!is_mixed(not.as_bytes()), "{not}");
        }
    }

    #[test]
    fn prints_are_of_one_device_and_one_vault() {
        let value = "x9$Lq2vRt7Pw4z-K1m0T";
        let (key, other) = (ScanKey::generate(&TestHost), ScanKey::generate(&TestHost));
        let check = |key: &ScanKey, vault: &VaultId| print(key, vault, value).unwrap().check;
        let again = ScanKey::parse(SecretValue::new(key.expose().expose().to_vec())).unwrap();
        assert_eq!(check(&key, &VAULT), check(&again, &VAULT));
        assert_ne!(check(&key, &VAULT), check(&other, &VAULT));
        assert_ne!(check(&key, &VAULT), check(&key, &VaultId([2; 32])));
        assert!(check(&key, &VAULT) < 1 << 24);
    }
}
