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
    let parts = value.chunk_by(|a, b| is_of_word(*a) == is_of_word(*b));
    let parts = parts.flat_map(|part| part.chunks(JUDGED));
    let (mut guesses, mut known) = (0.0, BTreeSet::new());
    !parts.filter(|part| known.insert(*part)).any(|part| {
        guesses += match part[0] {
            byte if is_of_word(byte) => strength::guesses_log10(part),
            byte if JOINTS.contains(&byte) => 0.0,
            _ => 1.0,
        };
        guesses >= GUESSABLE
    })
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
    changes.len() >= CHANGES && pairs.len() >= PAIRS
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
