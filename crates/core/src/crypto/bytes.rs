//! Bytes as text: base64url without padding, canonical (RFC 4648 §5), and the fixed-size types that
//! use it in JSON and TOML.

use super::digits::URL_SAFE;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use std::fmt;
use std::str::FromStr;

/// The text is not canonical unpadded base64url, or has the wrong length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not unpadded base64url of the expected length")]
pub struct BytesError;

pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes canonical text; padding, other alphabets and non-zero trailing bits are errors.
pub fn decode(text: &str) -> Result<Vec<u8>, BytesError> {
    let digits = text.as_bytes();
    let mut bytes = vec![0; length(digits)?];
    read(digits, &mut bytes)?;
    Ok(bytes)
}

/// The same into `bytes`, which are as many.
pub(super) fn decode_to(text: &str, bytes: &mut [u8]) -> Result<(), BytesError> {
    let digits = text.as_bytes();
    if length(digits)? != bytes.len() {
        return Err(BytesError);
    }
    read(digits, bytes)
}

/// How many bytes so many digits are.
const fn length(digits: &[u8]) -> Result<usize, BytesError> {
    match digits.len() % 4 {
        1 => Err(BytesError),
        rest => Ok(digits.len() / 4 * 3 + rest.saturating_sub(1)),
    }
}

/// `bytes` are as many as the digits have.
fn read(digits: &[u8], bytes: &mut [u8]) -> Result<(), BytesError> {
    let ((fours, rest), (threes, last)) = (digits.as_chunks(), bytes.as_chunks_mut());
    // Digits of zero in the place of those that are missing: what they leave of a byte is none of the text's.
    let (mut four, mut three) = ([b'A'; 4], [[0; 3]]);
    four[..rest.len()].copy_from_slice(rest);
    if !URL_SAFE.read(fours, threes) || !URL_SAFE.read(&[four], &mut three) {
        return Err(BytesError);
    }
    let (own, beyond) = three[0].split_at(last.len());
    last.copy_from_slice(own);
    if beyond.iter().all(|byte| *byte == 0) { Ok(()) } else { Err(BytesError) }
}

fn decode_fixed<const N: usize>(text: &str) -> Result<[u8; N], BytesError> {
    let mut bytes = [0; N];
    decode_to(text, &mut bytes)?;
    Ok(bytes)
}

/// `N` public bytes whose text form is unpadded base64url. Ordered as bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fixed<const N: usize>(pub [u8; N]);

/// 32 bytes: the id of an entry, an object, a wrap, a key, a vault.
pub type Id = Fixed<32>;
/// 16 random bytes: an epoch, a slot, a version's uid.
pub type ShortId = Fixed<16>;
/// An Ed25519 signature.
pub(crate) type SignatureBytes = Fixed<64>;

impl<const N: usize> Fixed<N> {
    pub fn parse(text: &str) -> Result<Self, BytesError> {
        decode_fixed(text).map(Self)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text form, in `room`; `None` where that is too small.
    fn text<'a>(&self, room: &'a mut [u8; ROOM]) -> Option<&'a str> {
        let length = URL_SAFE_NO_PAD.encode_slice(self.0, room).ok()?;
        std::str::from_utf8(&room[..length]).ok()
    }
}

/// More than the longest text form has.
const ROOM: usize = 96;

impl<const N: usize> AsRef<[u8; N]> for Fixed<N> {
    fn as_ref(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> FromStr for Fixed<N> {
    type Err = BytesError;

    fn from_str(text: &str) -> Result<Self, BytesError> {
        Self::parse(text)
    }
}

impl<const N: usize> fmt::Display for Fixed<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text(&mut [0; ROOM]).ok_or(fmt::Error)?)
    }
}

impl<const N: usize> fmt::Debug for Fixed<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const N: usize> Serialize for Fixed<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Not `collect_str`: formatting takes twice as long as the text does, and a log is full of ids.
        let mut room = [0; ROOM];
        match self.text(&mut room) {
            Some(text) => serializer.serialize_str(text),
            None => Err(ser::Error::custom("bytes without a text form")),
        }
    }
}

impl<'de, const N: usize> Deserialize<'de> for Fixed<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<const N: usize>;
        impl<const N: usize> de::Visitor<'_> for Visitor<N> {
            type Value = Fixed<N>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{N} bytes as unpadded base64url")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Fixed<N>, E> {
                Fixed::parse(text)
                    .map_err(|_| E::invalid_value(de::Unexpected::Other("text"), &self))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// Public bytes of any length, as unpadded base64url.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Blob(pub Vec<u8>);

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} bytes)", self.0.len())
    }
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        decode(&text).map(Self).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips_and_is_canonical() {
        let id = Fixed([0xffu8; 32]);
        let text = id.to_string();
        assert_eq!(text.len(), 43);
        assert_eq!(Id::parse(&text), Ok(id));
        let mut loose = text.clone();
        loose.replace_range(42..43, "9");
        assert_eq!(Id::parse(&loose), Err(BytesError), "trailing bits must be zero");
        assert!(Id::parse(&format!("{text}=")).is_err());
        assert!(Id::parse(&text[..42]).is_err());
        assert!(Id::parse(&"A".repeat(200)).is_err());
        for (place, digit) in [(0, "="), (5, "+"), (42, "B"), (42, "\u{7f}")] {
            let mut bad = text.clone();
            bad.replace_range(place..=place, digit);
            assert_eq!(Id::parse(&bad), Err(BytesError), "{bad}");
        }
        assert_eq!(Id::parse(&"é".repeat(21)), Err(BytesError));
        assert_eq!(ShortId::parse(&Fixed([9u8; 16]).to_string()), Ok(Fixed([9u8; 16])));
        assert_eq!(Fixed::<3>::parse("AAEC"), Ok(Fixed([0, 1, 2])));
        assert_eq!(SignatureBytes::parse(&Fixed([7u8; 64]).to_string()), Ok(Fixed([7u8; 64])));
    }
}
