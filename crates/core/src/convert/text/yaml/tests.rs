//! Round trips, scalars as they stand, and inputs made to cost time.

use super::*;
use proptest::prelude::*;

fn entries(text: &str) -> Vec<(String, String, u32)> {
    let import = read(text.as_bytes()).unwrap();
    let text = |value: &SecretValue| value.expose_str().unwrap().to_owned();
    import.entries.iter().map(|e| (e.name.clone(), text(&e.value), e.line)).collect()
}

#[test]
fn plain_values_are_the_text_that_stands_there() {
    for plain in ["yes", "NO", "0755", "1.10", "1_000", "0x1F", "2026-03-01", "1e3", ".inf", "a b"]
    {
        assert_eq!(entries(&format!("A: {plain}\n"))[0].1, plain);
    }
}

#[test]
fn values_of_all_styles_keep_their_lines() {
    let text = "\u{feff}# comment\n---\nA: 'it''s'\nB: \"a\\nb\\u00e9\"\nC: |\n  x\n  y\nD: >-\n  x\n  y\nE: ''\n...\n";
    let expected =
        [("A", "it's", 3), ("B", "a\nbé", 4), ("C", "x\ny\n", 5), ("D", "x y", 8), ("E", "", 11)];
    let found = entries(text);
    assert_eq!(found.len(), expected.len());
    for ((name, value, line), entry) in expected.into_iter().zip(&found) {
        assert_eq!((name, value, line), (entry.0.as_str(), entry.1.as_str(), entry.2));
    }
}

#[test]
fn flow_mappings_and_known_tags_are_read() {
    let found = entries("{A: 1, \"B\": !!str null, C: !!int 7, D: !!str ''}");
    let values: Vec<_> = found.iter().map(|e| e.1.as_str()).collect();
    assert_eq!(values, ["1", "null", "7", ""]);
    assert_eq!(entries("{}"), []);
    assert_eq!(entries("A: \"null\"\nB: '~'\n")[0].1, "null");
}

#[test]
fn output_quotes_names_and_values() {
    let value = SecretValue::from("a: \"b\"\n\u{7f}\u{2028}\u{1fffe}é😀".to_owned());
    let out = write(&[("NO", &value)]).unwrap();
    let expected = "\"NO\": \"a: \\\"b\\\"\\n\\x7f\\u2028\\U0001fffeé😀\"\n";
    assert_eq!(out.expose_str(), Some(expected));
    assert_eq!(write(&[]).unwrap().expose_str(), Some("{}\n"));
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let error = write(&[("A", &SecretValue::new(vec![0xff]))]).unwrap_err();
    assert!(matches!(error, ExportError::NotUtf8 { name } if name == "A"));
}

#[test]
fn errors_do_not_repeat_the_text() {
    for text in
        ["hunter2", "A: *hunter2", "A: !hunter2 x", "hunter2!: x", "A: \"hunter2", "A: @hunter2"]
    {
        let error = read(text.as_bytes()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{text:?}");
    }
}

#[test]
fn long_inputs_of_one_kind_end() {
    // Each would take minutes if some step looked at the rest of the input again.
    for part in
        ["[", "{", "A: ", "? ", "- ", "&a ", "*a ", "!!str ", "\"\\", "'", "#\n", "\n", "x\n", "x "]
    {
        let text = part.repeat((1 << 20) / part.len());
        let _ = read(text.as_bytes());
        let _ = read(format!("A: {text}").as_bytes());
        let _ = read(format!("A: |\n  {text}").as_bytes());
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in any::<String>(), other in "[\\x00-\\x7f]{0,20}") {
        let (one, two) = (SecretValue::from(value.clone()), SecretValue::from(other.clone()));
        let out = write(&[("null", &one), ("B", &two)]).unwrap();
        let found = entries(out.expose_str().unwrap());
        prop_assert_eq!(&found[1].1, &value);
        prop_assert_eq!(&found[0].1, &other);
    }

    /// The typed reader of the same crate agrees on what quoted text means.
    #[test]
    fn a_typed_reader_reads_the_same(value in any::<String>()) {
        let secret = SecretValue::from(value.clone());
        let out = write(&[("A", &secret)]).unwrap();
        let theirs: std::collections::BTreeMap<String, String> =
            serde_saphyr::from_str(out.expose_str().unwrap()).unwrap();
        prop_assert_eq!(&theirs["A"], &value);
    }
}
