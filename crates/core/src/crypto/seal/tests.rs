//! What sealing promises: binding, commitment, lengths, damage.

use super::*;
use crate::crypto::id::{KeyId, SecretId, VaultId};
use crate::host::testing::TestHost;
use crate::time::UnixTime;
use proptest::prelude::*;

const VAULT: VaultId = VaultId([1; 32]);
const SECRET: SecretId = SecretId([2; 32]);
const AUTHOR: KeyId = KeyId([4; 32]);

fn binding() -> ValueBinding<'static> {
    ValueBinding { suite: "s", vault: &VAULT, secret_uid: &SECRET, author: &AUTHOR, expires: None }
}

fn seal(value: &[u8]) -> (Dek, ValueContent) {
    let value = SecretValue::new(value.to_vec());
    let (sealed, dek) = seal_value(FreshDek::generate(&TestHost), &binding(), &value).unwrap();
    (dek, sealed)
}

fn dek() -> Dek {
    FreshDek::generate(&TestHost).into()
}

/// Seals plaintext that is padded otherwise than the rules say.
fn seal_unruly(dek: &Dek, plaintext: &[u8]) -> ValueContent {
    let aad = binding().aad();
    let derived = derive(HashContext::ValueKey, dek.0.as_slice(), &aad);
    let ciphertext = derived.seal(ONE_MESSAGE, &aad, Zeroizing::new(plaintext.to_vec())).unwrap();
    ValueContent { commitment: derived.stated(), ciphertext }
}

#[test]
fn every_single_bit_flip_is_noticed() {
    let (dek, sealed) = seal(b"hunter2");
    for bit in 0..32 * 8 {
        let mut changed = sealed.clone();
        changed.commitment.0[bit / 8] ^= 1 << (bit % 8);
        let error = open_value(&dek, &binding(), changed.clone()).unwrap_err();
        assert_eq!(error, SealError::Commitment);
    }
    for bit in 0..sealed.ciphertext.0.len() * 8 {
        let mut changed = sealed.clone();
        changed.ciphertext.0[bit / 8] ^= 1 << (bit % 8);
        let error = open_value(&dek, &binding(), changed.clone()).unwrap_err();
        assert_eq!(error, SealError::Authentication);
    }
}

#[test]
fn a_value_opens_only_where_it_was_sealed_for() {
    let (dek, sealed) = seal(b"hunter2");
    for elsewhere in [
        ValueBinding { suite: "t", ..binding() },
        ValueBinding { vault: &VaultId([9; 32]), ..binding() },
        ValueBinding { secret_uid: &SecretId([9; 32]), ..binding() },
        ValueBinding { author: &KeyId([9; 32]), ..binding() },
        ValueBinding { expires: Some(UnixTime::from_secs(0)), ..binding() },
    ] {
        assert!(open_value(&dek, &elsewhere, sealed.clone()).is_err());
        assert!(!is_committed(&dek, &elsewhere, &sealed.commitment));
    }
    assert!(is_committed(&dek, &binding(), &sealed.commitment));
    let wrong = self::dek();
    assert_eq!(open_value(&wrong, &binding(), sealed.clone()).unwrap_err(), SealError::Commitment);
}

#[test]
fn padding_other_than_the_rules_say_is_refused() {
    let dek = dek();
    let open = |plaintext: &[u8]| open_value(&dek, &binding(), seal_unruly(&dek, plaintext));
    let mut plaintext = vec![0; 64];
    plaintext[0] = 2;
    plaintext[4..6].copy_from_slice(b"ok");
    assert_eq!(open(&plaintext).unwrap().expose(), b"ok");
    for (what, bad) in [
        ("not zero", [&plaintext[..63], &[1]].concat()),
        ("too long", [&plaintext[..], &[0; 8]].concat()),
        ("too short", plaintext[..63].to_vec()),
        ("length beyond the end", [&[61, 0, 0, 0], &plaintext[4..]].concat()),
        ("no length", vec![0; 3]),
    ] {
        assert_eq!(open(&bad).unwrap_err(), SealError::Padding, "{what}");
    }
}

#[test]
fn values_have_a_greatest_length() {
    let seal = |length| {
        let value = SecretValue::new(vec![1; length]);
        seal_value(FreshDek::generate(&TestHost), &binding(), &value)
    };
    let (greatest, dek) = seal(MAX_VALUE).unwrap();
    assert_eq!(open_value(&dek, &binding(), greatest).unwrap().len(), MAX_VALUE);
    assert_eq!(seal(MAX_VALUE + 1).unwrap_err(), SealError::TooLong);
}

/// Values that the greatest ciphertext has room for and the limit does not allow.
#[test]
fn a_value_over_the_greatest_length_is_refused_as_too_long_when_it_is_opened() {
    let dek = dek();
    for length in [MAX_VALUE + 1, padded_length(LENGTH_PREFIX + MAX_VALUE) - LENGTH_PREFIX] {
        let mut plaintext = vec![7; padded_length(LENGTH_PREFIX + length)];
        assert_eq!(plaintext.len(), padded_length(LENGTH_PREFIX + MAX_VALUE), "{length}");
        plaintext[..4].copy_from_slice(&u32::try_from(length).unwrap().to_le_bytes());
        plaintext[LENGTH_PREFIX + length..].fill(0);
        let sealed = seal_unruly(&dek, &plaintext);
        assert_eq!(open_value(&dek, &binding(), sealed).unwrap_err(), SealError::TooLong);
    }
    let short = seal_unruly(&dek, &[&[255; 4][..], &[0; 60]].concat());
    assert_eq!(open_value(&dek, &binding(), short).unwrap_err(), SealError::TooLong);
}

#[test]
fn short_values_all_have_one_length() {
    let lengths = [0, 1, 30, 60].map(|length| seal(&vec![7; length]).1.ciphertext.0.len());
    assert_eq!(lengths, [80; 4]);
    assert_eq!(seal(&[7; 69]).1.ciphertext.0.len(), seal(&[7; 73]).1.ciphertext.0.len());
}

proptest! {
    #[test]
    fn what_is_sealed_opens(value in proptest::collection::vec(any::<u8>(), 0..5000)) {
        let (dek, sealed) = seal(&value);
        let opened = open_value(&dek, &binding(), sealed.clone()).unwrap();
        prop_assert_eq!(opened.expose(), &value[..]);
        prop_assert_eq!(sealed.ciphertext.0.len(), padded_length(value.len() + 4) + 16);
    }
}
