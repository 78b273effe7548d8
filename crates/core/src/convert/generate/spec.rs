//! The grammar of a [`Spec`]: text to value and back.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// How many characters or random bytes a value may have.
pub(super) const SIZES: RangeInclusive<u16> = 8..=4096;

/// How many words a passphrase may have.
pub(super) const WORDS: RangeInclusive<u16> = 4..=64;

const DEFAULT_SIZE: u16 = 32;
const DEFAULT_WORDS: u16 = 6;

/// What to generate. Its text form (`Display`, `FromStr`) is the one grammar of the module's docs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spec {
    /// `size` characters of an alphabet.
    Characters { alphabet: Alphabet, size: u16 },
    /// `size` random bytes, encoded.
    Bytes { encoding: Encoding, size: u16 },
    /// A number of words joined by `-`.
    Passphrase { words: u16 },
    /// A version 4 UUID.
    Uuid,
}

/// The characters that a value is drawn from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alphabet {
    Alnum,
    Lower,
    Digits,
    Ascii,
    Safe,
    Custom(Custom),
}

/// A checked custom alphabet: 2 or more printable ASCII characters, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Custom(String);

/// How random bytes become text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Hex,
    Base64,
    Base64Url,
}

/// Why a text is no [`Spec`]. The text is not repeated: it may be a value given by mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    #[error(
        "a generator is SIZE, uuid, or one of alnum, lower, digits, ascii, safe, hex, base64, \
         base64url, passphrase, chars, with :SIZE"
    )]
    Kind,
    #[error("the size is not a number: KIND:SIZE, or chars:SIZE:CHARACTERS")]
    Size,
    #[error("the size must be {least} to {most}")]
    Range { least: u16, most: u16 },
    #[error("uuid has no size")]
    UuidSize,
    #[error("custom characters are given as chars:SIZE:CHARACTERS")]
    CustomForm,
    #[error("custom characters must be two or more printable ASCII characters")]
    CustomCharacter,
    #[error("a custom character is given twice, which would make it more likely")]
    CustomRepeated,
}

impl Default for Spec {
    fn default() -> Self {
        Self::Characters { alphabet: Alphabet::Alnum, size: DEFAULT_SIZE }
    }
}

impl Alphabet {
    /// The distinct ASCII characters, in a fixed order.
    pub fn characters(&self) -> &str {
        match self {
            Self::Alnum => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
            Self::Lower => "abcdefghijklmnopqrstuvwxyz0123456789",
            Self::Digits => "0123456789",
            Self::Ascii => {
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789\
                 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
            }
            Self::Safe => {
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:@%+=,/"
            }
            Self::Custom(Custom(characters)) => characters,
        }
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "alnum" => Self::Alnum,
            "lower" => Self::Lower,
            "digits" => Self::Digits,
            "ascii" => Self::Ascii,
            "safe" => Self::Safe,
            _ => return None,
        })
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Alnum => "alnum",
            Self::Lower => "lower",
            Self::Digits => "digits",
            Self::Ascii => "ascii",
            Self::Safe => "safe",
            Self::Custom(_) => "chars",
        }
    }
}

impl Custom {
    fn new(characters: &str) -> Result<Self, SpecError> {
        let bytes = characters.as_bytes();
        if bytes.len() < 2 || !bytes.iter().all(|b| matches!(b, b' '..=b'~')) {
            return Err(SpecError::CustomCharacter);
        }
        let mut sorted = bytes.to_vec();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(SpecError::CustomRepeated);
        }
        Ok(Self(characters.to_owned()))
    }
}

impl Encoding {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "hex" => Self::Hex,
            "base64" => Self::Base64,
            "base64url" => Self::Base64Url,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
        }
    }
}

impl FromStr for Spec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            let size = number(text, SIZES)?;
            return Ok(Self::Characters { alphabet: Alphabet::Alnum, size });
        }
        match text.split_once(':') {
            Some((kind, rest)) => parse_kind(kind, Some(rest)),
            None => parse_kind(text, None),
        }
    }
}

fn parse_kind(kind: &str, rest: Option<&str>) -> Result<Spec, SpecError> {
    let sized = || rest.map_or(Ok(DEFAULT_SIZE), |rest| number(rest, SIZES));
    if let Some(alphabet) = Alphabet::named(kind) {
        return Ok(Spec::Characters { alphabet, size: sized()? });
    }
    if let Some(encoding) = Encoding::named(kind) {
        return Ok(Spec::Bytes { encoding, size: sized()? });
    }
    match (kind, rest) {
        ("passphrase", rest) => {
            let words = rest.map_or(Ok(DEFAULT_WORDS), |rest| number(rest, WORDS))?;
            Ok(Spec::Passphrase { words })
        }
        ("uuid", None) => Ok(Spec::Uuid),
        ("uuid", Some(_)) => Err(SpecError::UuidSize),
        ("chars", rest) => {
            let (size, characters) =
                rest.and_then(|rest| rest.split_once(':')).ok_or(SpecError::CustomForm)?;
            let size = number(size, SIZES)?;
            let alphabet = Alphabet::Custom(Custom::new(characters)?);
            Ok(Spec::Characters { alphabet, size })
        }
        _ => Err(SpecError::Kind),
    }
}

/// A plain decimal number in `range`.
fn number(text: &str, range: RangeInclusive<u16>) -> Result<u16, SpecError> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(SpecError::Size);
    }
    let out_of_range = SpecError::Range { least: *range.start(), most: *range.end() };
    // All digits, so a failure to parse is a number too great.
    text.parse().ok().filter(|size| range.contains(size)).ok_or(out_of_range)
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Characters { alphabet: Alphabet::Custom(Custom(characters)), size } => {
                write!(f, "chars:{size}:{characters}")
            }
            Self::Characters { alphabet, size } => write!(f, "{}:{size}", alphabet.name()),
            Self::Bytes { encoding, size } => write!(f, "{}:{size}", encoding.name()),
            Self::Passphrase { words } => write!(f, "passphrase:{words}"),
            Self::Uuid => f.write_str("uuid"),
        }
    }
}
