//! age recipients as text: which texts may stand in a policy, which key each of them is, and which
//! of them this version can encrypt to (`docs/format.md`, Recipients).

use super::{plugin, ssh};
use crate::crypto::bytes::Id;
use crate::crypto::digest::{self, HashContext};
use age::x25519;
use curve25519_dalek::montgomery::MontgomeryPoint;

const MAX_RECIPIENT: usize = 4096;
const X25519_PREFIX: &str = "age1";
const X25519_LENGTH: usize = 62;

/// Why a text is no recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
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
    #[error("the SSH public key is damaged, or not 'KIND KEY' in the one spelling that keys have")]
    Ssh,
    #[error("an RSA key has 2048 to 8192 bits and an odd exponent from 3 to 4294967295")]
    RsaSize,
    #[error(
        "ssh-rsa keys need a build with the feature ssh-rsa: RUSTSEC-2023-0071 has no fix; use \
         ssh-ed25519"
    )]
    SshRsa,
    #[error("the name of a plugin has the letters a-z, digits and '-' only")]
    PluginName,
    #[error("this version cannot encrypt to a recipient of this kind")]
    Unsupported,
}

/// What kind of recipient a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecipientKind {
    X25519,
    SshEd25519,
    SshRsa,
    Plugin,
}

/// A recipient in its canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipient<'a> {
    pub kind: RecipientKind,
    /// The key that it is, whatever its spelling: an SSH key and the age key that `ssh-to-age` makes
    /// of it are one.
    pub id: Id,
    /// The plugin that it needs.
    pub plugin: Option<&'a str>,
}

/// Reads a recipient in canonical form.
///
/// # Errors
/// Why the text is none.
pub fn read(text: &str) -> Result<Recipient<'_>, RecipientError> {
    check_characters(text)?;
    if is_x25519(text) {
        let (_, key) = parse_x25519(text)?;
        let id = curve_id(key);
        return Ok(Recipient { kind: RecipientKind::X25519, id, plugin: None });
    }
    match ssh::read(text)? {
        Some(ssh::PublicKey::Ed25519(key)) => {
            let id = curve_id(key.montgomery());
            Ok(Recipient { kind: RecipientKind::SshEd25519, id, plugin: None })
        }
        Some(ssh::PublicKey::Rsa { modulus }) => {
            let id = digest::hash(HashContext::Recipient, &[b"rsa", &modulus]);
            Ok(Recipient { kind: RecipientKind::SshRsa, id, plugin: None })
        }
        None => {
            let name = plugin::name(text)?;
            let id = digest::hash(HashContext::Recipient, &[b"plugin", text.as_bytes()]);
            Ok(Recipient { kind: RecipientKind::Plugin, id, plugin: Some(name) })
        }
    }
}

/// The id of a key of Curve25519, by its u-coordinate.
///
/// It is that of eight times the point: points that differ by one of small order are opened by one
/// private key, since these are multiples of eight.
fn curve_id(u: [u8; 32]) -> Id {
    let eight = [true, false, false, false];
    let cleared = MontgomeryPoint(u).mul_bits_be(eight.into_iter());
    digest::hash(HashContext::Recipient, &[b"x25519", cleared.as_bytes()])
}

/// Checks that a recipient is in its canonical form.
pub fn check_recipient(text: &str) -> Result<RecipientKind, RecipientError> {
    read(text).map(|recipient| recipient.kind)
}

/// Checks what a record's own form asks of a recipient, before anything is known of the policy: its
/// characters, and that an X25519 recipient decodes to a usable key.
pub fn check_text(text: &str) -> Result<(), RecipientError> {
    check_characters(text)?;
    if is_x25519(text) { parse_x25519(text).map(|_| ()) } else { Ok(()) }
}

fn check_characters(text: &str) -> Result<(), RecipientError> {
    if text.is_empty() || text.len() > MAX_RECIPIENT {
        return Err(RecipientError::Length);
    }
    // SSH recipients hold a space, between the kind and the key.
    let allowed = |b: u8| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\'' | b'\\');
    if !text.bytes().all(allowed) || text.starts_with(' ') || text.ends_with(' ') {
        return Err(RecipientError::Character);
    }
    Ok(())
}

fn is_x25519(text: &str) -> bool {
    // A plugin's recipient of that length has a second `1`, which no X25519 key's spelling has.
    text.len() == X25519_LENGTH
        && text.strip_prefix(X25519_PREFIX).is_some_and(|digits| !digits.contains('1'))
}

/// A recipient that this version can encrypt to, as age's own types.
pub(in crate::crypto) enum Usable {
    X25519(x25519::Recipient),
    Ssh(age::ssh::Recipient),
    Plugin(age::plugin::Recipient),
}

pub(in crate::crypto) fn parse(text: &str) -> Result<Usable, RecipientError> {
    let text = canonical(text);
    match check_recipient(text)? {
        RecipientKind::X25519 => parse_x25519(text).map(|(key, _)| Usable::X25519(key)),
        RecipientKind::SshEd25519 | RecipientKind::SshRsa => {
            ssh::parse_recipient(text).map(Usable::Ssh)
        }
        RecipientKind::Plugin => plugin::parse_recipient(text).map(Usable::Plugin),
    }
}

/// Whether this version can encrypt to a recipient; a plugin's needs its program besides.
pub(crate) fn check_usable(text: &str) -> Result<(), RecipientError> {
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

/// The plugin that a recipient needs, if it is a plugin's.
pub fn plugin(text: &str) -> Option<&str> {
    read(text).ok()?.plugin
}

/// The program that a recipient needs on `PATH`, if it is a plugin's.
pub fn program(text: &str) -> Option<String> {
    plugin(text).map(plugin::program_of)
}

/// age's own type, and the u-coordinate that it does not give out.
fn parse_x25519(text: &str) -> Result<(x25519::Recipient, [u8; 32]), RecipientError> {
    let recipient: x25519::Recipient = text.parse().map_err(|_| RecipientError::Checksum)?;
    if recipient.to_string() != text {
        return Err(RecipientError::Checksum);
    }
    let key = bech32_key(text).ok_or(RecipientError::Checksum)?;
    if is_weak(&key) { Err(RecipientError::WeakKey) } else { Ok((recipient, key)) }
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
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use bech32::{ToBase32, Variant};
    use curve25519_dalek::constants::EIGHT_TORSION;
    use curve25519_dalek::edwards::EdwardsPoint;
    use curve25519_dalek::scalar::Scalar;

    const GOOD: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

    const SSH: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN";

    fn age_text(u: [u8; 32]) -> String {
        bech32::encode("age", u.to_base32(), Variant::Bech32).unwrap()
    }

    fn ssh_text(point: EdwardsPoint) -> String {
        let blob = [b"\0\0\0\x0bssh-ed25519\0\0\0\x20", &point.compress().0[..]].concat();
        format!("ssh-ed25519 {}", STANDARD.encode(blob))
    }

    fn point() -> EdwardsPoint {
        EdwardsPoint::mul_base(&Scalar::from(123_456_789_u64))
    }

    fn id(text: &str) -> Id {
        read(text).unwrap().id
    }

    #[test]
    fn x25519_recipients_must_decode() {
        assert_eq!(check_recipient(GOOD), Ok(RecipientKind::X25519));
        assert_eq!(check_recipient(&GOOD.replace("7pa", "7pq")), Err(RecipientError::Checksum));
        assert_eq!(check_text(&GOOD.replace("7pa", "7pq")), Err(RecipientError::Checksum));
        assert_eq!(check_recipient(&GOOD.to_uppercase()), Err(RecipientError::Unsupported));
    }

    #[test]
    fn one_key_has_one_id_as_ssh_key_and_as_age_key() {
        let ssh = ssh_text(point());
        assert_eq!(check_recipient(&ssh), Ok(RecipientKind::SshEd25519));
        assert_eq!(id(&ssh), id(&age_text(point().to_montgomery().0)));
        assert_ne!(id(&ssh), id(SSH));
        assert_ne!(id(GOOD), id(SSH));
    }

    #[test]
    fn a_point_and_one_that_differs_by_a_small_order_are_one_key() {
        for torsion in EIGHT_TORSION {
            let other = point() + torsion;
            assert_eq!(id(&ssh_text(other)), id(&ssh_text(point())));
            assert_eq!(id(&age_text(other.to_montgomery().0)), id(&ssh_text(point())));
        }
        let negated = -point();
        assert_eq!(id(&ssh_text(negated)), id(&ssh_text(point())), "one u, one private key");
    }

    #[test]
    fn a_point_of_the_twist_has_an_id_too() {
        let on_twist = |u: &u8| MontgomeryPoint([&[*u][..], &[0; 31]].concat().try_into().unwrap());
        let u = (2..).find(|u| on_twist(u).to_edwards(0).is_none()).unwrap();
        let text = age_text(on_twist(&u).0);
        assert_eq!(check_recipient(&text), Ok(RecipientKind::X25519));
        assert_ne!(id(&text), id(GOOD));
    }

    #[test]
    fn each_kind_has_one_spelling() {
        let upper = SSH.replace("ssh-ed25519", "SSH-ED25519");
        for bad in [
            "",
            " a",
            "a ",
            " ",
            "a\tb",
            "a\"b",
            "a'b",
            "a\\b",
            "ä",
            "a\n",
            "a  b",
            "age1",
            "age1x",
            "age11qqqqqq",
            "ssh-ed25519",
            "ssh-dss AAAAB3NzaC1kc3M=",
            &upper,
            &format!("{SSH} a comment"),
            &SSH.replace(' ', "  "),
            &SSH.to_lowercase(),
            &format!("{SSH}="),
            &SSH.replace("+uOb", "-uOb"),
            &SSH.replace("GN", "GO"),
        ] {
            assert!(check_recipient(bad).is_err(), "{bad:?}");
        }
        assert_eq!(check_recipient(&"x".repeat(4097)), Err(RecipientError::Length));
        assert!(
            check_text(&format!("{SSH} a comment")).is_ok(),
            "the policy refuses it, not the form"
        );
    }

    #[test]
    fn plugins_are_known_by_name_and_whole_text() {
        let encode =
            |hrp: &str, variant| bech32::encode(hrp, [7u8; 33].to_base32(), variant).unwrap();
        let good = encode("age1tpm", Variant::Bech32);
        let read_good = read(&good).unwrap();
        assert_eq!((read_good.kind, read_good.plugin), (RecipientKind::Plugin, Some("tpm")));
        assert_eq!(program(&good).as_deref(), Some("age-plugin-tpm"));
        assert_eq!(read(&encode("age1a1b-2", Variant::Bech32)).unwrap().plugin, Some("a1b-2"));
        let long = bech32::encode("age1pq", vec![7u8; 2000].to_base32(), Variant::Bech32).unwrap();
        assert_eq!(check_recipient(&long), Ok(RecipientKind::Plugin));
        assert_eq!(
            check_recipient(&encode("age1tpm", Variant::Bech32m)),
            Err(RecipientError::Checksum)
        );
        assert_eq!(check_recipient(&good.replace("tpm", "tpn")), Err(RecipientError::Checksum));
        assert_eq!(check_recipient(&good.to_uppercase()), Err(RecipientError::Unsupported));
        for name in ["age1a_b", "age1a.b", "age1a+b"] {
            let text = encode(name, Variant::Bech32);
            assert_eq!(check_recipient(&text), Err(RecipientError::PluginName), "{name}");
        }
        assert_ne!(id(&good), id(&encode("age1tpm2", Variant::Bech32)));
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
