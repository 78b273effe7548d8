//! What is found in a text, and what is left of it.

use super::*;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

fn secret(text: impl AsRef<[u8]>) -> SecretValue {
    SecretValue::new(text.as_ref().to_vec())
}

fn line(value: &str, text: &str) -> String {
    Redactor::new([&secret(value)]).line(text.as_bytes(), false)
}

fn percent(value: &[u8]) -> String {
    value.iter().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn a_value_is_found_in_every_spelling() {
    let value = "s3cr\"et\\pä ss/word";
    let json = serde_json::to_string(value).unwrap();
    let twice = serde_json::to_string(&json).unwrap();
    let ascii: String = value.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    let spellings = [
        value.to_owned(),
        STANDARD.encode(value),
        URL_SAFE_NO_PAD.encode(value),
        value.bytes().map(|byte| format!("{byte:02x}")).collect(),
        value.bytes().map(|byte| format!("{byte:02X}")).collect(),
        percent(value.as_bytes()),
        percent(value.as_bytes()).to_lowercase(),
        "s3cr%22et%5Cp%C3%A4%20ss/word".to_owned(),
        json,
        twice,
        ascii,
        format!("{value:?}"),
        "s3cr\"et\\\\p\\xc3\\xa4 ss/word".to_owned(),
        "s3cr\"et\\\npä\u{200b} ss\r\n  /word".to_owned(),
    ];
    for spelling in spellings {
        let shown = line(value, &format!("before {spelling} after"));
        assert!(shown.starts_with("before ") && shown.ends_with(" after"), "{spelling}: {shown}");
        let left = shown.replace("[value]", "").replace(['"', '=', '\\'], "");
        assert_eq!(left.split_whitespace().collect::<Vec<_>>(), ["before", "after"], "{spelling}");
    }
}

#[test]
fn base64_of_a_longer_text_gives_no_value_away() {
    let value = "correct-horse-battery";
    for before in ["", "u", "us", "user", "user:"] {
        let header = STANDARD.encode(format!("{before}{value}\n"));
        let shown = line(value, &header);
        assert!(shown.contains("[value]") && shown.len() < 20, "{header} {shown}");
    }
}

#[test]
fn lines_and_the_password_of_a_url_are_values_too() {
    let key = "first-line\nsecond-line\nend";
    assert_eq!(line(key, "at second-line: bad"), "at [value]: bad");
    assert_eq!(line(key, "the end"), "the end", "short lines are words");
    let url = "postgres://shop:p%40ssw0rd@db:5432/shop";
    assert_eq!(line(url, "bad p%40ssw0rd or p@ssw0rd"), "bad [value] or [value]");
    assert_eq!(line(url, "of shop"), "of shop");
}

#[test]
fn what_was_cut_shows_no_part_of_a_value() {
    let redactor = Redactor::new([&secret("hunter2-hunter2")]);
    assert_eq!(redactor.line(b"it is hunter2-hu", true), "it is [value]");
    assert_eq!(redactor.line(b"it is hunter2-hu", false), "it is hunter2-hu");
    assert_eq!(redactor.line(b"it is hunter2%2dhunt%6", true), "it is [value]");
    let long = format!("{}hunter2-hunter2", "x ".repeat(MOST_READ / 2 - 4));
    assert!(!redactor.line(long.as_bytes(), false).contains("hunter"));
}

#[test]
fn a_line_has_no_control_characters_and_an_end() {
    let redactor = Redactor::default();
    assert_eq!(redactor.line(b"a\x1b[31m\r\n\tb\x00\xffc\xe2\x80\xae", false), "a[31m b\u{fffd}c");
    let long = redactor.line("ä".repeat(2000).as_bytes(), false);
    assert_eq!((long.chars().count(), long.chars().last()), (MOST_SHOWN, Some('…')));
}

proptest! {
    #[test]
    fn no_spelling_of_any_value_is_left(
        value in proptest::collection::vec(any::<u8>(), 6..80),
        (before, after) in ("[a-z ]{0,20}", "[a-z ]{0,20}"),
        every in 1_usize..40,
    ) {
        let redactor = Redactor::new([&secret(&value)]);
        let whole = [before.as_bytes(), b"|", &value, b"|", after.as_bytes()].concat();
        let spellings = [
            whole.clone(),
            format!("{before}|{}|{after}", percent(&value)).into_bytes(),
            format!("{before}|{}|{after}", STANDARD.encode(&value)).into_bytes(),
            format!("{before}|{}|{after}", folded(&STANDARD.encode(&value), every)).into_bytes(),
            format!("{before}|{}|{after}", hex(&value)).into_bytes(),
        ];
        let is_blank = View::plain(&value).bytes().is_empty();
        prop_assume!(!is_blank);
        for spelling in spellings {
            let shown = redactor.line(&spelling, false);
            prop_assert!(shown.contains(MARK), "{shown}");
            prop_assert!(!shown.contains(&hex(&value)) && !shown.contains(&STANDARD.encode(&value)));
        }
    }

    #[test]
    fn any_text_is_taken(
        value in proptest::collection::vec(any::<u8>(), 0..40),
        text in proptest::collection::vec(any::<u8>(), 0..6000),
        is_cut in any::<bool>(),
    ) {
        let shown = Redactor::new([&secret(&value)]).line(&text, is_cut);
        prop_assert!(shown.chars().count() <= MOST_SHOWN);
        prop_assert!(!shown.chars().any(is_hidden));
    }
}

fn hex(value: &[u8]) -> String {
    value.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn folded(text: &str, every: usize) -> String {
    let parts: Vec<&[u8]> = text.as_bytes().chunks(every).collect();
    String::from_utf8(parts.join(&b'\n')).unwrap()
}
