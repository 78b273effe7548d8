//! Round trips, agreement with `serde_json`, and what the writer writes.

use super::*;
use proptest::prelude::*;

fn entries(text: &str) -> Vec<(String, String, u32)> {
    let import = read(text.as_bytes()).unwrap();
    let text = |value: &SecretValue| value.expose_str().unwrap().to_owned();
    import.entries.iter().map(|e| (e.name.clone(), text(&e.value), e.line)).collect()
}

#[test]
fn numbers_and_booleans_are_read_as_spelled() {
    let text =
        "\u{feff}{\"A\": 1.10, \"B\": -0e+5,\r\n\"C\": true, \"D\": 12345678901234567890123}";
    let expected = [("A", "1.10", 1), ("B", "-0e+5", 1), ("C", "true", 2)];
    let found = entries(text);
    for ((name, value, line), entry) in expected.into_iter().zip(&found) {
        assert_eq!((name, value, line), (entry.0.as_str(), entry.1.as_str(), entry.2));
    }
    assert_eq!(found[3].1, "12345678901234567890123");
}

#[test]
fn escapes_are_decoded() {
    let found = entries(r#"{"A": "\"\\\/\b\f\n\r\té\ud83d\ude00\u0000"}"#);
    assert_eq!(found[0].1, "\"\\/\u{8}\u{c}\n\r\té😀\0");
    assert_eq!(entries("{ }"), []);
}

#[test]
fn output_is_sorted_with_one_pair_a_line() {
    let value = |text: &str| SecretValue::from(text.to_owned());
    let (a, b) = (value("x\u{1}\"\n"), value(""));
    let out = write(&[("B", &b), ("A", &a)]).unwrap();
    let expected = "{\n  \"A\": \"x\\u0001\\\"\\n\",\n  \"B\": \"\"\n}\n";
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
    for text in ["{\"A\": hunter2}", "{\"hunter2!\": 1}", "hunter2", "{\"A\": \"x\" hunter2"] {
        let error = read(text.as_bytes()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{text:?}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in any::<String>()) {
        let secret = SecretValue::from(value.clone());
        let out = write(&[("A", &secret)]).unwrap();
        let found = entries(out.expose_str().unwrap());
        prop_assert_eq!(&found[0].1, &value);
        let theirs: serde_json::Value = serde_json::from_slice(out.expose()).unwrap();
        prop_assert_eq!(theirs["A"].as_str(), Some(value.as_str()));
    }

    /// `serde_json` is the judge of what is JSON and of what it means.
    #[test]
    fn scalars_are_read_as_a_full_parser_reads_them(
        value in "(\\\\u(d[8-f]|00)[0-9a-f]{2}|[-0-9.eE+]|\\\\[nrtbfu/\"\\\\x]|[ !#-~]){0,6}",
        quote in "\"?",
    ) {
        let text = format!("{{\"A\": {quote}{value}{quote}}}");
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        if theirs.as_ref().is_err_and(|error| error.to_string().contains("out of range")) {
            // Spelled as JSON asks, and too great for a double; the spelling is all that counts.
            prop_assert!(read(text.as_bytes()).is_ok());
            return Ok(());
        }
        let theirs = theirs.ok().map(|object| object["A"].clone());
        let scalar = theirs.filter(|v| v.is_string() || v.is_number() || v.is_boolean());
        let ours = read(text.as_bytes()).ok();
        prop_assert_eq!(ours.is_some(), scalar.is_some(), "{}", text);
        if let (Some(ours), Some(serde_json::Value::String(theirs))) = (ours, scalar) {
            prop_assert_eq!(ours.entries[0].value.expose_str(), Some(theirs.as_str()));
        }
    }
}
