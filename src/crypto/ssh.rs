//! SSH keys as age recipients and identities (C2SP age specification, "ssh-ed25519 recipient stanza").
//!
//! RSA keys work in builds with the feature `ssh-rsa` alone: RUSTSEC-2023-0071 (the time of a
//! private-key operation tells of the key) has no fix in the crate that age uses.

use super::identity::IdentityError;
use super::recipient::RecipientError;
use super::sign::VerifyingKey;
use crate::crypto::bytes::Fixed;
use crate::secret_value::SecretValue;
use age::secrecy::SecretString;
use age::ssh;

const ED25519: &str = "ssh-ed25519";
const RSA: &str = "ssh-rsa";
/// The length field and the name, then the length field of the key.
const ED25519_HEAD: &[u8] = b"\0\0\0\x0bssh-ed25519\0\0\0\x20";

/// Whether a text is meant as an SSH public key.
pub(super) fn is_recipient(text: &str) -> bool {
    matches!(text.split(' ').next(), Some(ED25519 | RSA)) && text.contains(' ')
}

/// The kind and the key, without the comment that people keep behind them.
pub(super) fn without_comment(text: &str) -> &str {
    let mut spaces = text.match_indices(' ');
    match (is_recipient(text), spaces.nth(1)) {
        (true, Some((end, _))) => &text[..end],
        _ => text,
    }
}

/// The recipient as age's own type.
pub(super) fn parse_recipient(text: &str) -> Result<ssh::Recipient, RecipientError> {
    let key = without_comment(text);
    let parsed: ssh::Recipient = key.parse().map_err(|_| RecipientError::Ssh)?;
    match &parsed {
        ssh::Recipient::SshRsa(..) if !cfg!(feature = "ssh-rsa") => Err(RecipientError::SshRsa),
        _ if parsed.to_string() != key => Err(RecipientError::Ssh),
        ssh::Recipient::SshEd25519(blob, _) => usable_ed25519(blob).map(|()| parsed),
        ssh::Recipient::SshRsa(..) => Ok(parsed),
    }
}

/// A key of low order would be a lock that everybody opens; age does not look.
fn usable_ed25519(blob: &[u8]) -> Result<(), RecipientError> {
    let key = blob.strip_prefix(ED25519_HEAD).ok_or(RecipientError::Ssh)?;
    let key: [u8; 32] = key.try_into().map_err(|_| RecipientError::Ssh)?;
    VerifyingKey::parse(&Fixed(key)).map(|_| ()).map_err(|_| RecipientError::WeakKey)
}

/// An SSH private key, and the recipient that it belongs to.
pub(super) struct Key {
    pub identity: ssh::Identity,
    pub recipient: String,
}

/// Whether a file's text is an SSH private key, or another PEM.
pub(super) fn is_private_key(text: &str) -> bool {
    text.trim_start().starts_with("-----BEGIN ") && text.contains(" PRIVATE KEY-----")
}

/// Reads a private key as `ssh-keygen` writes it. One with a passphrase stays closed, and says
/// whose it is all the same: the public half is beside it in the clear.
pub(super) fn parse_private_key(text: &str) -> Result<Key, IdentityError> {
    let identity = ssh::Identity::from_buffer(text.trim_start().as_bytes(), None);
    let identity = identity.map_err(|_| IdentityError::Ssh)?;
    let recipient = ssh::Recipient::try_from(identity.clone()).map_err(|_| IdentityError::Ssh)?;
    if matches!(recipient, ssh::Recipient::SshRsa(..)) && !cfg!(feature = "ssh-rsa") {
        return Err(IdentityError::SshRsa);
    }
    Ok(Key { identity, recipient: recipient.to_string() })
}

/// Opens a key with its passphrase.
pub(super) fn decrypt(
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
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

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

    #[cfg(not(feature = "ssh-rsa"))]
    #[test]
    fn rsa_needs_its_feature() {
        let mut blob = b"\0\0\0\x07ssh-rsa\0\0\0\x03\x01\0\x01\0\0\x01\x01\0".to_vec();
        blob.extend([0xc1; 256]);
        let text = format!("{RSA} {}", encoded(&blob));
        assert_eq!(parse_recipient(&text).err(), Some(RecipientError::SshRsa));
    }
}
