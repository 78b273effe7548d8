//! The grammar's round trip, its limits, and what is drawn.

use super::*;
use crate::host::Random;
use proptest::prelude::*;
use std::cell::Cell;

/// Gives 0, 1 ... 255, 0 ...: every byte equally often.
struct Cycle(Cell<u8>);

impl Random for Cycle {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.0.replace(self.0.get().wrapping_add(1)));
    }
}

fn drawn(spec: &str) -> String {
    let value = generate(&spec.parse().unwrap(), &Cycle(Cell::new(0)));
    value.expose_str().unwrap().to_owned()
}

#[test]
fn short_forms_stand_for_the_full_ones() {
    for (short, full) in [
        ("", "alnum:32"),
        ("20", "alnum:20"),
        ("hex", "hex:32"),
        ("safe", "safe:32"),
        ("passphrase", "passphrase:6"),
        ("uuid", "uuid"),
        ("chars:9:a:b", "chars:9:a:b"),
    ] {
        assert_eq!(short.parse::<Spec>().unwrap().to_string(), full);
    }
}

#[test]
fn texts_that_are_no_spec_say_why() {
    let range = |least, most| SpecError::Range { least, most };
    for (text, expected) in [
        ("hunter2", SpecError::Kind),
        ("ALNUM:8", SpecError::Kind),
        ("alnum:", SpecError::Size),
        ("alnum:+9", SpecError::Size),
        ("8x", SpecError::Size),
        ("7", range(8, 4096)),
        ("hex:4097", range(8, 4096)),
        ("99999999999999999999999", range(8, 4096)),
        ("passphrase:3", range(4, 64)),
        ("uuid:4", SpecError::UuidSize),
        ("chars", SpecError::CustomForm),
        ("chars:8", SpecError::CustomForm),
        ("chars:8:a", SpecError::CustomCharacter),
        ("chars:8:aé", SpecError::CustomCharacter),
        ("chars:8:aba", SpecError::CustomRepeated),
    ] {
        assert_eq!(text.parse::<Spec>(), Err(expected), "{text:?}");
    }
}

#[test]
fn sizes_count_what_the_kind_says() {
    for (spec, length) in [
        ("alnum:8", 8),
        ("ascii:4096", 4096),
        ("hex:16", 32),
        ("base64:32", 44),
        ("base64url:32", 43),
        ("uuid", 36),
    ] {
        assert_eq!(drawn(spec).len(), length, "{spec}");
    }
    assert_eq!(drawn("passphrase:7").split('-').count(), 7);
}

#[test]
fn a_uuid_has_its_version_and_variant() {
    assert_eq!(drawn("uuid"), "00010203-0405-4607-8809-0a0b0c0d0e0f");
}

#[test]
fn passphrases_are_of_the_word_list() {
    // The words at 0x0100, 0x0302, 0x0504 and 0x0706, each modulo 2048.
    assert_eq!(drawn("passphrase:4"), "cactus-gate-party-this");
}

#[test]
fn every_character_is_drawn_equally_often() {
    // 62 divides 248 of the 256 bytes; the other 8 must be thrown away, not wrapped round.
    let text = drawn("alnum:2480");
    for c in Alphabet::Alnum.characters().chars() {
        assert_eq!(text.matches(c).count(), 40, "{c}");
    }
}

#[test]
fn alphabets_have_no_character_twice() {
    for (alphabet, size) in [
        (Alphabet::Alnum, 62),
        (Alphabet::Lower, 36),
        (Alphabet::Digits, 10),
        (Alphabet::Ascii, 94),
        (Alphabet::Safe, 72),
    ] {
        let mut characters: Vec<char> = alphabet.characters().chars().collect();
        characters.sort_unstable();
        characters.dedup();
        assert_eq!(characters.len(), size, "{alphabet:?}");
    }
}

proptest! {
    #[test]
    fn the_text_form_is_read_back(
        kind in prop::sample::select(vec!["alnum", "lower", "digits", "ascii", "safe", "hex",
            "base64", "base64url", "passphrase"]),
        size in 8u16..=64,
    ) {
        let text = format!("{kind}:{size}");
        prop_assert_eq!(text.parse::<Spec>().unwrap().to_string(), text);
    }

    #[test]
    fn any_text_is_a_spec_that_generates_or_an_error(text in "[a-z0-9:]{0,12}|chars:[0-9]{1,3}:.*") {
        if let Ok(spec) = text.parse::<Spec>() {
            prop_assert_eq!(spec.to_string().parse::<Spec>(), Ok(spec.clone()));
            prop_assert!(generate(&spec, &Cycle(Cell::new(0))).len() >= 8);
        }
    }
}
