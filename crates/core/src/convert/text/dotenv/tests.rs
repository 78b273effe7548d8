//! Round trips, and the forms that the writer chooses. Reading is tested by `fixtures/dotenv`.

use super::*;
use crate::convert::text::{ExportError, MAX_ENTRIES, TextError, WarningKind};
use crate::secret_value::SecretValue;
use proptest::prelude::*;

fn written(value: &[u8]) -> Result<String, ExportError> {
    let value = SecretValue::new(value.to_vec());
    write(&[("A", &value)]).map(|text| text.expose_str().unwrap().to_owned())
}

#[test]
fn each_value_is_written_in_the_first_form_that_carries_it() {
    for (value, line) in [
        ("", "A=\n"),
        ("x1+/=", "A=x1+/=\n"),
        ("two words", "A='two words'\n"),
        ("a\nb", "A='a\nb'\n"),
        ("$HOME", "A='$HOME'\n"),
        ("{\"a\":1}", "A='{\"a\":1}'\n"),
        ("it's", "A=\"it's\"\n"),
        ("it's\n#1 \\d", "A=\"it's\n#1 \\d\"\n"),
        ("`id` $(id)", "A='`id` $(id)'\n"),
    ] {
        assert_eq!(written(value.as_bytes()).unwrap(), line, "{value:?}");
    }
}

#[test]
fn what_no_form_carries_is_an_error() {
    for value in [
        "'\"",
        "a'\"#",
        "a\"\r",
        "'\n\"",
        " \\",
        "a'\\n ",
        "\\\\\n",
        "'\\\r",
        "a\rb",
        "a\\\\b",
        "it's $A",
        "it's $(id)",
        "it's `id`",
        "'\\\n",
    ] {
        let result = written(value.as_bytes());
        assert!(matches!(result, Err(ExportError::Quoting { .. })), "{value:?}");
    }
    assert!(matches!(written(b"a\0"), Err(ExportError::Nul { .. })));
    assert!(matches!(written(b"\xff"), Err(ExportError::NotUtf8 { .. })));
}

#[test]
fn what_python_dotenv_expands_is_literal_for_all_others_or_an_error() {
    for value in ["${A}", "x${}y", "${A:-b}", "${a${b}", "${:x${y}", "${A:-:}", "}${\n}"] {
        assert_eq!(written(value.as_bytes()).unwrap(), format!("A='{value}'\n"));
        let quoted = written(format!("{value}'").as_bytes());
        assert!(matches!(quoted, Err(ExportError::Reference { .. })), "{value:?}");
        let value = SecretValue::from(value.to_owned());
        assert_eq!(expanded(&[("A", &value)]), ["A"]);
    }
    for value in ["$A", "${", "${A", "}${", "${A:b}", "${A:}", "$ {A}", "${A:+b}"] {
        assert!(written(value.as_bytes()).is_ok(), "{value:?}");
    }
}

#[test]
fn errors_and_warnings_do_not_repeat_the_text() {
    let error = written(b"hunter2'\"#").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    for input in ["hunter2", "hunter2!=1", "A='hunter2", "A='x'hunter2"] {
        let error = read(input.as_bytes()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{input:?}");
    }
}

#[test]
fn a_later_value_replaces_an_earlier_one_in_its_place() {
    let import = read(b"A=1\nB=2\nA=3\n").unwrap();
    let entries: Vec<_> =
        import.entries.iter().map(|e| (e.name.as_str(), e.value.expose(), e.line)).collect();
    assert_eq!(entries, [("A", b"3".as_slice(), 3), ("B", b"2", 2)]);
    assert_eq!(import.warnings[0].kind, WarningKind::Duplicate { first: 1 });
}

#[test]
fn a_backtick_that_nothing_closes_is_a_character() {
    let values = |text: &str| -> Vec<String> {
        let import = read(text.as_bytes()).unwrap();
        assert!(import.warnings.is_empty(), "{text:?}");
        import.entries.iter().map(|e| e.value.expose_str().unwrap().to_owned()).collect()
    };
    assert_eq!(values("A=`x # c\nB=1\n"), ["`x", "1"]);
    assert_eq!(values("A=`"), ["`"]);
    let closed_later = read(b"A=`x\nB=`y\n");
    assert!(matches!(closed_later, Err(TextError::AfterQuote { line: 2 })), "{closed_later:?}");
}

#[test]
fn bindings_are_counted_repeated_ones_too() {
    assert!(read("A=\n".repeat(MAX_ENTRIES).as_bytes()).is_ok());
    let result = read("A=\n".repeat(MAX_ENTRIES + 1).as_bytes());
    assert!(matches!(result, Err(TextError::TooMany)));
}

#[test]
fn long_inputs_of_one_kind_end() {
    // Each would take minutes if some step looked at the rest of the input again.
    let size = 1 << 18;
    for part in ["'", "\"\\", "`\\", "# ", " #", "$", "${", "\\", "\n", "\r", "A=' ", "A #"] {
        let text = part.repeat(size / part.len());
        let _ = read(text.as_bytes());
        let _ = read(format!("A={text}").as_bytes());
        let _ = written(text.as_bytes());
        let _ = written(format!("{text}:}}").as_bytes());
    }
}

/// Text in which what the formats treat specially is frequent.
fn tricky() -> impl Strategy<Value = String> {
    let special = prop::sample::select(
        "'\"`\\#$={}:- \t\n\rnrtabx\u{85}\u{a0}\u{2028}\u{feff}é😀".chars().collect::<Vec<_>>(),
    );
    prop::collection::vec(prop_oneof![9 => special, 1 => any::<char>()], 0..12)
        .prop_map(|chars| chars.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_written_is_read_back(values in prop::collection::vec(tricky(), 1..4)) {
        let values: Vec<_> = values
            .into_iter()
            .filter(|value| written(value.as_bytes()).is_ok())
            .enumerate()
            .map(|(index, value)| (format!("V{index}"), SecretValue::from(value)))
            .collect();
        let dump: Vec<_> = values.iter().map(|(name, value)| (name.as_str(), value)).collect();
        let import = read(write(&dump).unwrap().expose()).unwrap();
        prop_assert_eq!(import.entries.len(), values.len());
        for (entry, (name, value)) in import.entries.iter().zip(&values) {
            prop_assert_eq!(&entry.name, name);
            prop_assert_eq!(entry.value.expose(), value.expose());
        }
    }

    #[test]
    fn one_line_of_printable_text_is_always_carried(value in "[ -~&&[^'\\\\]]{0,40}") {
        prop_assume!(!value.contains("${"));
        prop_assert!(written(value.as_bytes()).is_ok());
    }

    #[test]
    fn any_text_is_read_or_refused(text in tricky(), name in "(export )?[A-Z =]{0,4}") {
        if let Ok(import) = read(format!("{name}={text}").as_bytes()) {
            prop_assert!(import.entries.iter().all(|entry| entry.line >= 1));
        }
    }
}
