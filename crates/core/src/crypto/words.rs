//! An X25519 identity as 24 words, to be kept on paper: its 32 bytes, most significant first, and
//! eight bits of checksum in the English BIP 39 list. Nothing is derived: words and text are two
//! spellings of one key.

use super::identity::{self, Identity, IdentityError};
use crate::secret_value::SecretValue;
use bech32::{FromBase32, ToBase32, Variant};
use bip39::{Error, Language, Mnemonic};
use zeroize::{Zeroize, Zeroizing};

const COUNT: usize = 24;
const PREFIX: &str = "age-secret-key-";

/// Why words give no identity. No word is repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    #[error("a recovery identity has {COUNT} words, and here are {found}")]
    Count { found: usize },
    #[error("word {position} is not in the list of words: it is mistyped")]
    Unknown { position: usize },
    #[error("the words do not fit together: one of them is wrong, or two are swapped")]
    Checksum,
    #[error("the words are not text")]
    NotText,
    #[error("the words do not spell an identity")]
    Identity(#[source] IdentityError),
}

/// The words of an identity, with a space between; `None` for one that is not X25519.
pub fn to_words(identity: &Identity) -> Option<SecretValue> {
    let text = identity.text();
    let (prefix, digits, variant) = bech32::decode(text.expose_str()?).ok()?;
    if prefix != PREFIX || variant != Variant::Bech32 {
        return None;
    }
    let key = Zeroizing::new(Vec::<u8>::from_base32(&digits).ok()?);
    let mnemonic = Zeroizing::new(Mnemonic::from_entropy(&key).ok()?);
    // Nine characters and a space at most, so that no copy is left behind by growing.
    let mut words = Vec::with_capacity(COUNT * 10);
    for word in mnemonic.words() {
        if !words.is_empty() {
            words.push(b' ');
        }
        words.extend_from_slice(word.as_bytes());
    }
    Some(SecretValue::new(words))
}

/// The identity that words spell. Case, line ends and the numbers of a numbered list do not matter.
pub fn from_words(text: &SecretValue) -> Result<Identity, WordsError> {
    let text = text.expose_str().ok_or(WordsError::NotText)?;
    let is_number = |word: &&str| word.trim_end_matches(['.', ')', ':']).parse::<u8>().is_ok();
    let words = || text.split_whitespace().filter(|word| !is_number(word));
    let found = words().count();
    if found != COUNT {
        return Err(WordsError::Count { found });
    }
    let mut line = Zeroizing::new(String::with_capacity(text.len() + COUNT));
    for word in words() {
        line.extend(word.chars().map(|c| c.to_ascii_lowercase()));
        line.push(' ');
    }
    let mnemonic =
        Mnemonic::parse_in_normalized(Language::English, &line).map_err(|error| match error {
            Error::UnknownWord(index) => WordsError::Unknown { position: index + 1 },
            _ => WordsError::Checksum,
        })?;
    let (mut entropy, length) = Zeroizing::new(mnemonic).to_entropy_array();
    let spelt = spelling(&entropy[..length]);
    entropy.zeroize();
    identity::parse_identity(&spelt).map_err(WordsError::Identity)
}

/// The bytes of a key as age writes it.
fn spelling(key: &[u8]) -> SecretValue {
    let text = bech32::encode(PREFIX, key.to_base32(), Variant::Bech32).unwrap_or_default();
    let mut text = text.into_bytes();
    text.make_ascii_uppercase();
    SecretValue::new(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::identity::{generate_identity, parse_identity};

    const KEY: &str = "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33";

    fn secret(text: &str) -> SecretValue {
        SecretValue::from(text.to_owned())
    }

    fn words_of(text: &str) -> String {
        let words = to_words(&parse_identity(&secret(text)).unwrap()).unwrap();
        words.expose_str().unwrap().to_owned()
    }

    #[test]
    fn words_give_the_identity_back() {
        for _ in 0..20 {
            let new = generate_identity();
            let words = words_of(new.text.expose_str().unwrap());
            assert_eq!(words.split(' ').count(), 24);
            assert!(from_words(&secret(&words)).unwrap().text().same_as(&new.text));
        }
    }

    #[test]
    fn the_words_of_a_known_key_are_those_of_bip_39() {
        // The bytes 400bef1d… of age's own test key, by another implementation of both encodings.
        assert_eq!(words_of(KEY), EXPECTED);
    }

    const EXPECTED: &str = "divorce garage shuffle about hunt nasty need black pizza cousin dish client \
                            unfair depth immense list manual bread state other slide august door bottom";

    #[test]
    fn a_numbered_list_in_capitals_is_read_too() {
        let words = words_of(KEY);
        let listed: Vec<String> = words
            .split(' ')
            .enumerate()
            .map(|(index, word)| format!("{}. {}\n", index + 1, word.to_uppercase()))
            .collect();
        assert!(from_words(&secret(&listed.concat())).unwrap().text().same_as(&secret(KEY)));
    }

    #[test]
    fn what_is_wrong_is_said_and_no_word_repeated() {
        let words = words_of(KEY);
        let mut list: Vec<&str> = words.split(' ').collect();
        let error = |list: &[&str]| from_words(&secret(&list.join(" "))).unwrap_err();
        assert_eq!(error(&list[1..]), WordsError::Count { found: 23 });
        list.swap(0, 1);
        assert_eq!(error(&list), WordsError::Checksum);
        list[4] = "hunter2";
        assert_eq!(error(&list), WordsError::Unknown { position: 5 });
        assert!(!error(&list).to_string().contains("hunter2"));
    }
}
