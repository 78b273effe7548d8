//! SSH keys as age recipients and identities (C2SP age specification, "ssh-ed25519 recipient stanza").
//!
//! RSA keys work in builds with the feature `ssh-rsa` alone: RUSTSEC-2023-0071 (the time of a
//! private-key operation tells of the key) has no fix in the crate that age uses.

use super::IdentityError;
use super::recipient::RecipientError;
use crate::crypto::bytes::Fixed;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::crypto::sign::{SignError, VerifyingKey};
use crate::secret_value::SecretValue;
use age::secrecy::SecretString;
use age::ssh;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const ED25519: &str = "ssh-ed25519";
const RSA: &str = "ssh-rsa";
/// How long a modulus may be.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;

/// Whether a text is meant as an SSH public key.
pub(in crate::crypto) fn is_recipient(text: &str) -> bool {
    matches!(text.split(' ').next(), Some(ED25519 | RSA)) && text.contains(' ')
}

/// The kind and the key, without the comment that people keep behind them.
pub(in crate::crypto) fn without_comment(text: &str) -> &str {
    let mut spaces = text.match_indices(' ');
    match (is_recipient(text), spaces.nth(1)) {
        (true, Some((end, _))) => &text[..end],
        _ => text,
    }
}

/// A public key in canonical form.
pub(in crate::crypto) enum PublicKey {
    Ed25519(VerifyingKey),
    /// The modulus as a big-endian number without leading zeros. Keys that share it are opened by
    /// one private key.
    Rsa {
        modulus: Vec<u8>,
    },
}

/// Reads `KIND KEY`: two fields, one space, no comment, and of each encoding the one spelling. `None`
/// for what is no SSH key.
pub(in crate::crypto) fn read(text: &str) -> Result<Option<PublicKey>, RecipientError> {
    let Some((kind, key)) = text.split_once(' ').filter(|_| is_recipient(text)) else {
        return Ok(None);
    };
    let blob = STANDARD.decode(key).map_err(|_| RecipientError::Ssh)?;
    let mut rest = blob.as_slice();
    if string(&mut rest)? != kind.as_bytes() {
        return Err(RecipientError::Ssh);
    }
    let key = if kind == RSA { read_rsa(&mut rest)? } else { read_ed25519(&mut rest)? };
    if rest.is_empty() { Ok(Some(key)) } else { Err(RecipientError::Ssh) }
}

/// A key of small order would be a lock that everybody opens; age does not look.
fn read_ed25519(rest: &mut &[u8]) -> Result<PublicKey, RecipientError> {
    let key: [u8; 32] = string(rest)?.try_into().map_err(|_| RecipientError::Ssh)?;
    let key = VerifyingKey::parse(&Fixed(key)).map_err(|error| match error {
        SignError::NotAPoint => RecipientError::Ssh,
        _ => RecipientError::WeakKey,
    })?;
    Ok(PublicKey::Ed25519(key))
}

fn read_rsa(rest: &mut &[u8]) -> Result<PublicKey, RecipientError> {
    let (exponent, modulus) = (positive(rest)?, positive(rest)?);
    let bits = 8 * modulus.len() - modulus.first().map_or(0, |b| b.leading_zeros() as usize);
    let is_odd = |number: &[u8]| number.last().is_some_and(|b| b & 1 == 1);
    let exponent_fits = exponent.len() <= 4 && exponent != [1] && is_odd(exponent);
    if !exponent_fits || !RSA_BITS.contains(&bits) {
        return Err(RecipientError::RsaSize);
    }
    // An even modulus is no product of two odd primes.
    if is_odd(modulus) {
        Ok(PublicKey::Rsa { modulus: modulus.to_vec() })
    } else {
        Err(RecipientError::Ssh)
    }
}

/// The next string of RFC 4253: its length, then its bytes.
fn string<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], RecipientError> {
    let (length, behind) = rest.split_first_chunk::<4>().ok_or(RecipientError::Ssh)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| RecipientError::Ssh)?;
    let (string, behind) = behind.split_at_checked(length).ok_or(RecipientError::Ssh)?;
    *rest = behind;
    Ok(string)
}

/// The next mpint of RFC 4253, positive and as short as it can be, without the zero before a first
/// bit that is set.
fn positive<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], RecipientError> {
    match string(rest)? {
        [0, number @ ..] if number.first().is_some_and(|b| b & 0x80 != 0) => Ok(number),
        number @ [first, ..] if (1..0x80).contains(first) => Ok(number),
        _ => Err(RecipientError::Ssh),
    }
}

/// The recipient as age's own type.
pub(in crate::crypto) fn parse_recipient(text: &str) -> Result<ssh::Recipient, RecipientError> {
    let key = without_comment(text);
    let read = read(key)?.ok_or(RecipientError::Ssh)?;
    if matches!(read, PublicKey::Rsa { .. }) && !cfg!(feature = "ssh-rsa") {
        return Err(RecipientError::SshRsa);
    }
    key.parse().map_err(|_| RecipientError::Ssh)
}

/// An SSH private key, and the recipient that it belongs to.
pub(in crate::crypto) struct Key {
    pub identity: ssh::Identity,
    pub recipient: RecipientText,
}

/// Whether a file's text is an SSH private key, or another PEM.
pub(in crate::crypto) fn is_private_key(text: &str) -> bool {
    text.trim_start().starts_with("-----BEGIN ") && text.contains(" PRIVATE KEY-----")
}

/// Reads a private key as `ssh-keygen` writes it. One with a passphrase stays closed, and says
/// whose it is all the same: the public half is beside it in the clear.
pub(in crate::crypto) fn parse_private_key(text: &str) -> Result<Key, IdentityError> {
    if text.trim().lines().count() == 1 {
        return Err(IdentityError::SshOnOneLine);
    }
    let identity = ssh::Identity::from_buffer(text.trim_start().as_bytes(), None);
    let identity = identity.map_err(|_| IdentityError::Ssh)?;
    let recipient = ssh::Recipient::try_from(identity.clone()).map_err(|_| IdentityError::Ssh)?;
    if matches!(recipient, ssh::Recipient::SshRsa(..)) && !cfg!(feature = "ssh-rsa") {
        return Err(IdentityError::SshRsa);
    }
    Ok(Key { identity, recipient: RecipientText::new(recipient.to_string()) })
}

/// Opens a key with its passphrase.
pub(in crate::crypto) fn decrypt(
    key: &ssh::EncryptedKey,
    passphrase: &SecretValue,
) -> Result<ssh::Identity, IdentityError> {
    let text = passphrase.expose_str().ok_or(IdentityError::SshPassphrase)?;
    key.decrypt(SecretString::from(text.to_owned()))
        .map(ssh::Identity::from)
        .map_err(|_| IdentityError::SshPassphrase)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The length field and the name, then the length field of the key.
    const ED25519_HEAD: &[u8] = b"\0\0\0\x0bssh-ed25519\0\0\0\x20";

    fn encoded(blob: &[u8]) -> String {
        STANDARD.encode(blob)
    }

    /// Made with `ssh-keygen -t ed25519` for this test.
    const PUBLIC: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN";

    #[test]
    fn a_comment_is_no_part_of_the_key() {
        assert_eq!(without_comment(&format!("{PUBLIC} owner@laptop at work")), PUBLIC);
        assert_eq!(without_comment(PUBLIC), PUBLIC);
        assert_eq!(without_comment("age1x y z"), "age1x y z");
        assert!(parse_recipient(&format!("{PUBLIC} owner@laptop")).is_ok());
    }

    #[test]
    fn what_is_no_ed25519_key_is_refused() {
        let short = format!("{ED25519} {}", encoded(b"\0\0\0\x0bssh-ed25519"));
        for bad in [short.as_str(), "ssh-ed25519 AAAA", "ssh-ed25519 !", "ssh-ed25519  x"] {
            assert_eq!(parse_recipient(bad).err(), Some(RecipientError::Ssh), "{bad}");
        }
    }

    #[test]
    fn keys_of_low_order_are_refused() {
        // The neutral element, and the point of order two.
        for point in [[1u8].as_slice(), &[0xec]] {
            let fill = if point == [1] { 0 } else { 0xff };
            let mut key = [fill; 32];
            key[0] = point[0];
            if fill == 0xff {
                key[31] = 0x7f;
            }
            let blob = [ED25519_HEAD, &key].concat();
            let text = format!("{ED25519} {}", encoded(&blob));
            assert_eq!(parse_recipient(&text).err(), Some(RecipientError::WeakKey));
        }
    }

    #[test]
    fn a_point_has_one_spelling() {
        // y = p + 3.
        let mut key = [0xff; 32];
        (key[0], key[31]) = (0xf0, 0x7f);
        let text = format!("{ED25519} {}", encoded(&[ED25519_HEAD, &key].concat()));
        assert_eq!(read(&text).err(), Some(RecipientError::WeakKey));
        let longer = format!("{ED25519} {}", encoded(&[ED25519_HEAD, &[9; 32], &[0]].concat()));
        assert_eq!(read(&longer).err(), Some(RecipientError::Ssh));
    }

    fn field(bytes: &[u8]) -> Vec<u8> {
        [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
    }

    fn rsa(exponent: &[u8], modulus: &[u8]) -> String {
        let blob = [field(RSA.as_bytes()), field(exponent), field(modulus)].concat();
        format!("{RSA} {}", encoded(&blob))
    }

    /// A positive number of so many bits.
    fn modulus(bits: usize) -> Vec<u8> {
        let mut bytes = vec![0xc1; bits / 8];
        match bits % 8 {
            0 => bytes.insert(0, 0),
            more => bytes.insert(0, 1 << (more - 1)),
        }
        bytes
    }

    fn fault(text: &str) -> Option<RecipientError> {
        read(text).err()
    }

    #[test]
    fn rsa_keys_have_sizes_and_one_spelling() {
        let usual = [1, 0, 1];
        for bits in [2_048, 2_049, 4_096, 8_191, 8_192] {
            assert_eq!(fault(&rsa(&usual, &modulus(bits))), None, "{bits}");
        }
        for bits in [1_024, 2_047, 8_193] {
            assert_eq!(
                fault(&rsa(&usual, &modulus(bits))),
                Some(RecipientError::RsaSize),
                "{bits}"
            );
        }
        for good in [&[3][..], &[0, 0xff, 0xff, 0xff, 0xff]] {
            assert_eq!(fault(&rsa(good, &modulus(2_048))), None);
        }
        for bad in [&[1][..], &[2], &[4], &[1, 0, 0, 0, 1]] {
            let text = rsa(bad, &modulus(2_048));
            assert_eq!(fault(&text), Some(RecipientError::RsaSize), "{bad:?}");
        }
        let negative = modulus(2_048)[1..].to_vec();
        let padded = [&[0, 0][..], &modulus(2_048)[1..]].concat();
        let mut even = modulus(2_048);
        *even.last_mut().unwrap() = 0xc0;
        for bad in [negative, padded, even, vec![], vec![0]] {
            assert_eq!(fault(&rsa(&usual, &bad)), Some(RecipientError::Ssh));
        }
        assert_eq!(fault(&rsa(&[0, 3], &modulus(2_048))), Some(RecipientError::Ssh));
        let swapped = rsa(&usual, &modulus(2_048)).replacen(RSA, ED25519, 1);
        assert_eq!(fault(&swapped), Some(RecipientError::Ssh));
    }

    #[test]
    fn an_rsa_key_is_its_modulus() {
        let of = |exponent: &[u8]| match read(&rsa(exponent, &modulus(2_048))).unwrap() {
            Some(PublicKey::Rsa { modulus }) => modulus,
            _ => Vec::new(),
        };
        assert_eq!((of(&[3]), of(&[3]).len()), (of(&[1, 0, 1]), 256));
    }

    #[cfg(not(feature = "ssh-rsa"))]
    #[test]
    fn rsa_needs_its_feature() {
        let text = rsa(&[1, 0, 1], &modulus(2_048));
        assert_eq!(parse_recipient(&text).err(), Some(RecipientError::SshRsa));
    }
}
