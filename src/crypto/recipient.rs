//! age recipients as text: which texts may stand in a policy, and which of them this version can
//! encrypt to.

use super::{plugin, ssh};
use age::x25519;

const MAX_RECIPIENT: usize = 4096;
const X25519_PREFIX: &str = "age1";
const X25519_LENGTH: usize = 62;

/// Why a text is no recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecipientError {
    #[error("a recipient has 1 to {MAX_RECIPIENT} characters")]
    Length,
    #[error(
        "a recipient has printable ASCII characters only, without quotes and backslashes, and no \
         space at its ends"
    )]
    Character,
    #[error("the recipient is mistyped: its checksum does not hold")]
    Checksum,
    #[error("the recipient's key is of low order or not canonical: nothing can be sealed to it")]
    WeakKey,
    #[error("the SSH public key is damaged, or no ssh-ed25519 key")]
    Ssh,
    #[error(
        "ssh-rsa keys need a build with the feature ssh-rsa: RUSTSEC-2023-0071 has no fix; use \
         ssh-ed25519"
    )]
    SshRsa,
    #[error("this version cannot encrypt to a recipient of this kind")]
    Unsupported,
}

/// What kind of recipient a well-formed text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecipientKind {
    X25519,
    /// A text that the format allows: an SSH key, a plugin's recipient, or what this version cannot
    /// encrypt to. [`check_usable`] tells.
    Other,
}

/// Checks a recipient's form; an X25519 recipient must also decode to a usable key.
pub fn check_recipient(text: &str) -> Result<RecipientKind, RecipientError> {
    if text.is_empty() || text.len() > MAX_RECIPIENT {
        return Err(RecipientError::Length);
    }
    // SSH recipients hold spaces, between the kind, the key and the comment.
    let allowed = |b: u8| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\'' | b'\\');
    if !text.bytes().all(allowed) || text.starts_with(' ') || text.ends_with(' ') {
        return Err(RecipientError::Character);
    }
    if !is_x25519(text) {
        return Ok(RecipientKind::Other);
    }
    parse_x25519(text).map(|_| RecipientKind::X25519)
}

fn is_x25519(text: &str) -> bool {
    // A plugin's recipient of that length has a second `1`, which no X25519 key's spelling has.
    text.len() == X25519_LENGTH
        && text.strip_prefix(X25519_PREFIX).is_some_and(|digits| !digits.contains('1'))
}

/// A recipient that this version can encrypt to, as age's own types.
pub(super) enum Usable {
    X25519(x25519::Recipient),
    Ssh(age::ssh::Recipient),
    Plugin(age::plugin::Recipient),
}

pub(super) fn parse(text: &str) -> Result<Usable, RecipientError> {
    match check_recipient(text)? {
        RecipientKind::X25519 => parse_x25519(text).map(Usable::X25519),
        RecipientKind::Other if ssh::is_recipient(text) => {
            ssh::parse_recipient(text).map(Usable::Ssh)
        }
        RecipientKind::Other => plugin::parse_recipient(text).map(Usable::Plugin),
    }
}

/// Whether this version can encrypt to a recipient; a plugin's needs its program besides.
pub fn check_usable(text: &str) -> Result<(), RecipientError> {
    parse(text).map(|_| ())
}

/// A recipient as it is compared and stored: an SSH key without its comment.
pub fn canonical(text: &str) -> &str {
    ssh::without_comment(text)
}

/// Whether a recipient is an SSH key.
pub fn is_ssh(text: &str) -> bool {
    ssh::is_recipient(text)
}

/// The program that a recipient needs on `PATH`, if it is a plugin's.
pub fn program(text: &str) -> Option<String> {
    match check_recipient(text) {
        Ok(RecipientKind::Other) => plugin::program(text),
        _ => None,
    }
}

fn parse_x25519(text: &str) -> Result<x25519::Recipient, RecipientError> {
    let recipient: x25519::Recipient = text.parse().map_err(|_| RecipientError::Checksum)?;
    if recipient.to_string() != text {
        return Err(RecipientError::Checksum);
    }
    let key = bech32_key(text).ok_or(RecipientError::Checksum)?;
    if is_weak(&key) { Err(RecipientError::WeakKey) } else { Ok(recipient) }
}

/// The 32 bytes of a Bech32 text whose checksum age has verified; age does not give them out.
fn bech32_key(text: &str) -> Option<[u8; 32]> {
    const CHARSET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let digits = &text.as_bytes()[X25519_PREFIX.len()..X25519_LENGTH - 6];
    let (mut key, mut filled) = ([0u8; 32], 0);
    let (mut buffer, mut bits) = (0u32, 0);
    for digit in digits {
        let value = CHARSET.iter().position(|c| c == digit)?;
        buffer = (buffer << 5 | value as u32) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            *key.get_mut(filled)? = (buffer >> bits) as u8;
            filled += 1;
        }
    }
    (filled == key.len()).then_some(key)
}

/// Whether the u-coordinate is of low order, or not below the field's prime 2²⁵⁵ − 19.
///
/// age panics on encrypting to a low-order key, so this check is what keeps a hostile request from
/// ending the process. A file to a second spelling of a key cannot be opened with its identity.
fn is_weak(key: &[u8; 32]) -> bool {
    // The points of order 4, 1 or 2, 8, 8, 2 in their canonical form; see RFC 7748 section 6.1 and
    // Bernstein's list at https://cr.yp.to/ecdh.html#validate.
    const ORDER_8_A: [u8; 32] = [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4,
        0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
        0xb8, 0x00,
    ];
    const ORDER_8_B: [u8; 32] = [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef,
        0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f,
        0x11, 0x57,
    ];
    let top = (key[31] >= 0x7f) && key[1..31].iter().all(|b| *b == 0xff);
    let not_canonical = key[31] > 0x7f || (top && key[0] >= 0xed);
    let minus_one = top && key[0] == 0xec;
    let zero_or_one = key[0] <= 1 && key[1..].iter().all(|b| *b == 0);
    not_canonical || minus_one || zero_or_one || *key == ORDER_8_A || *key == ORDER_8_B
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

    #[test]
    fn x25519_recipients_must_decode() {
        assert_eq!(check_recipient(GOOD), Ok(RecipientKind::X25519));
        assert_eq!(check_recipient(&GOOD.replace("7pa", "7pq")), Err(RecipientError::Checksum));
        assert_eq!(check_recipient(&GOOD.to_uppercase()), Ok(RecipientKind::Other));
    }

    #[test]
    fn other_kinds_are_well_formed_but_not_encryptable() {
        assert_eq!(check_recipient("age1yubikey1qwt50"), Ok(RecipientKind::Other));
        assert!(matches!(parse("age1yubikey1qwt50"), Err(RecipientError::Unsupported)));
        for good in ["ssh-ed25519 AAAAC3NzaC1lZDI1 ada@desk", "a  b"] {
            assert_eq!(check_recipient(good), Ok(RecipientKind::Other), "{good}");
        }
        let plugin = format!("age1tpm1{}", "q".repeat(54));
        assert_eq!((plugin.len(), check_recipient(&plugin)), (62, Ok(RecipientKind::Other)));
        for bad in ["", " a", "a ", " ", "a\tb", "a\"b", "a'b", "a\\b", "ä", "a\n"] {
            assert!(check_recipient(bad).is_err(), "{bad:?}");
        }
        assert_eq!(check_recipient(&"x".repeat(4097)), Err(RecipientError::Length));
    }

    #[test]
    fn keys_that_age_would_panic_on_are_refused() {
        // Checksums hold. 0, 1, both of order 8, p - 1; not canonical: p, p + 1, p + 9, 2^255 + 9.
        for weak in [
            "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z",
            "age1qyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqj7vrya",
            "age1ur4h5lpmgxu2u9jku0a0r87ydtdqnr0tnsetrlvxvgz3vh6fhqqqzyt4v9",
            "age1t7wft09r2zxzfvwsk92eeql0tvzyghxytqwgapkcyf8dm5ylz9ts6wm9s8",
            "age1anlllllllllllllllllllllllllllllllllllllllllllllllals4n2t7m",
            "age1ahlllllllllllllllllllllllllllllllllllllllllllllllalsn46ayy",
            "age1amlllllllllllllllllllllllllllllllllllllllllllllllalselrwrv",
            "age17mlllllllllllllllllllllllllllllllllllllllllllllllalsxajvgg",
            "age1pyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqzqqyr3apl",
        ] {
            assert_eq!(check_recipient(weak), Err(RecipientError::WeakKey), "{weak}");
        }
    }

    #[test]
    fn the_key_is_read_as_bech32_spells_it() {
        let key = bech32_key(GOOD).unwrap();
        assert_eq!(key[..4], [0x5f, 0x86, 0x62, 0x65]);
        assert!(!is_weak(&key));
    }
}
