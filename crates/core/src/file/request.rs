//! The line by which a member asks for a device key: made by the holder, sent by any channel, added
//! by somebody with the right. It is public; what it needs is to arrive unchanged, which two people
//! check by comparing [`fingerprint_words`].
//!
//! The line is `v-secure-request-1.` and the base64url of a JSON line in canonical form.

use super::device_key::{self, DeviceKeyError};
use crate::crypto::bytes::{self, Blob, Fixed, Id, SignatureBytes};
use crate::crypto::digest::{self, HashContext};
use crate::crypto::id::VaultId;
use crate::crypto::identity::recipient::{RecipientError, check_recipient};
use crate::crypto::identity::recipient_text::RecipientText;
use crate::crypto::sign::SigningKey;
use crate::host::Random;
use crate::name::Name;
use crate::policy::gives::UNSTATED;
use crate::policy::op::KeyAdd;
use crate::record::line;
use crate::record::line::LineError;
use serde::{Deserialize, Serialize};

const PREFIX: &str = "v-secure-request-1.";
/// The longest line: room for a post-quantum recipient and what is sealed to it.
pub const MAX_LINE: usize = 64 * 1024;

/// Why a line is no request.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    #[error("a request begins with {PREFIX}")]
    Prefix,
    #[error("a request has at most {MAX_LINE} characters")]
    TooLong,
    #[error("the request is cut off or changed: it is not base64url")]
    Encoding,
    #[error("the request is not in the form of this version")]
    Form(#[source] LineError),
    #[error("the request's recipient cannot be used")]
    Recipient(#[source] RecipientError),
    #[error("the request's signing key is refused, or does not prove that its holder made it")]
    Proof,
}

/// A device key that waits to be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub vault: VaultId,
    pub member: Name,
    pub device: Name,
    pub recipient: RecipientText,
    pub key: Fixed<32>,
    /// The signing key's seed, sealed to `recipient`.
    pub sealed: Blob,
    pub proof: SignatureBytes,
}

impl Request {
    /// Makes a key for `device`; the signing key stays with its holder.
    pub fn new(
        source: &dyn Random,
        vault: &VaultId,
        member: &Name,
        device: &Name,
        recipient: &RecipientText,
    ) -> Result<(Self, SigningKey), DeviceKeyError> {
        let (op, signing) =
            device_key::new_device_key(source, Some(vault), member, device, recipient)?;
        let KeyAdd { member, device, key, recipient, sealed, proof, gives: _ } = op;
        Ok((Self { vault: *vault, member, device, recipient, key, sealed, proof }, signing))
    }

    /// Parses a line without its end, and checks the proof.
    pub fn parse(text: &str) -> Result<Self, RequestError> {
        if text.len() > MAX_LINE {
            return Err(RequestError::TooLong);
        }
        let encoded = text.strip_prefix(PREFIX).ok_or(RequestError::Prefix)?;
        let json = bytes::decode(encoded).map_err(|_| RequestError::Encoding)?;
        let json = String::from_utf8(json).map_err(|_| RequestError::Encoding)?;
        let request: Self = line::parse(&json).map_err(RequestError::Form)?;
        check_recipient(&request.recipient).map_err(RequestError::Recipient)?;
        device_key::check_proof(Some(&request.vault), &request.key_add())
            .ok_or(RequestError::Proof)?;
        Ok(request)
    }

    /// The line, without its end.
    pub fn line(&self) -> String {
        format!("{PREFIX}{}", bytes::encode(line::write(self).as_bytes()))
    }

    /// The hash that two people compare, as [`fingerprint_words`].
    pub fn fingerprint(&self) -> Id {
        digest::hash(HashContext::Request, &[line::write(self).as_bytes()])
    }

    /// The op that grants the request.
    pub fn key_add(&self) -> KeyAdd {
        KeyAdd {
            member: self.member.clone(),
            device: self.device.clone(),
            key: self.key,
            recipient: self.recipient.clone(),
            sealed: self.sealed.clone(),
            proof: self.proof,
            gives: UNSTATED,
        }
    }
}

/// The first 88 bits of an id as eight words of the English BIP 39 list, to be read aloud.
pub fn fingerprint_words(id: &impl AsRef<[u8; 32]>) -> String {
    const WORDS: usize = 8;
    const BITS: u32 = 11;
    let list = bip39::Language::English.word_list();
    let (mut buffer, mut filled) = (0u32, 0);
    let mut words = Vec::with_capacity(WORDS);
    for byte in &id.as_ref()[..WORDS * BITS as usize / 8] {
        buffer = (buffer << 8 | u32::from(*byte)) & 0x7_ffff;
        filled += 8;
        if filled >= BITS {
            filled -= BITS;
            words.push(list[(buffer >> filled & 0x7ff) as usize]);
        }
    }
    words.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::identity::generate_identity;
    use crate::host::testing::TestHost;

    fn request() -> Request {
        let name = |text: &str| Name::new(text).unwrap();
        let recipient = generate_identity().recipient;
        Request::new(&TestHost, &VaultId([1; 32]), &name("ada"), &name("laptop"), &recipient)
            .unwrap()
            .0
    }

    fn encoded(json: &str) -> String {
        format!("{PREFIX}{}", bytes::encode(json.as_bytes()))
    }

    #[test]
    fn a_request_arrives_as_it_was_sent() {
        let sent = request();
        let received = Request::parse(&sent.line()).unwrap();
        assert_eq!(received, sent);
        assert_eq!(received.fingerprint(), sent.fingerprint());
        assert_ne!(request().fingerprint(), sent.fingerprint());
    }

    #[test]
    fn a_request_altered_on_its_way_is_refused() {
        let json = line::write(&request());
        assert!(Request::parse(&encoded(&json)).is_ok());
        let other_name = encoded(&json.replace("ada", "eve"));
        assert!(matches!(Request::parse(&other_name), Err(RequestError::Proof)));
        let spaced = encoded(&json.replace(':', ": "));
        assert!(matches!(Request::parse(&spaced), Err(RequestError::Form(_))));
        let more = encoded(&json.replacen('{', "{\"x\":1,", 1));
        assert!(matches!(Request::parse(&more), Err(RequestError::Form(_))));
        let good = encoded(&json);
        assert!(Request::parse(&good[..good.len() - 1]).is_err());
        assert!(matches!(Request::parse(&good[1..]), Err(RequestError::Prefix)));
        assert!(Request::parse(&format!("{good}\n")).is_err());
        let long = "x".repeat(MAX_LINE + 1);
        assert!(matches!(Request::parse(&long), Err(RequestError::TooLong)));
    }

    #[test]
    fn a_request_for_a_recipient_nothing_can_be_sealed_to_is_refused() {
        let mut weak = request();
        weak.recipient =
            RecipientText::new("age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z");
        assert!(matches!(Request::parse(&weak.line()), Err(RequestError::Recipient(_))));
    }

    #[test]
    fn fingerprints_spell_eleven_bits_a_word() {
        assert_eq!(fingerprint_words(&Fixed([0; 32])), ["abandon"; 8].join("-"));
        assert_eq!(fingerprint_words(&Fixed([0xff; 32])), ["zoo"; 8].join("-"));
        let mut id = Fixed([0; 32]);
        (id.0[1], id.0[10]) = (0b0010_0000, 3);
        let spelt = fingerprint_words(&id);
        assert_eq!(spelt.split('-').next(), Some("ability"), "bit 10 is the first word's last");
        assert_eq!(spelt.split('-').next_back(), Some("about"));
    }
}
