//! What is a reference, what is text, and what is put in.

use super::*;
use crate::secret_value::SecretValue;
use proptest::prelude::*;

fn render(text: &str, value: &[u8]) -> String {
    let template = Template::parse(text.as_bytes()).unwrap();
    let value = SecretValue::new(value.to_vec());
    let values = vec![&value; template.references().len()];
    String::from_utf8(template.render(&values).unwrap().into_bytes()).unwrap()
}

fn fault(text: &str) -> (usize, usize, Fault) {
    let SyntaxError { place, fault } = Template::parse(text.as_bytes()).unwrap_err();
    (place.line, place.column, fault)
}

#[test]
fn references_are_replaced_and_all_else_stays() {
    for (text, expected) in [
        ("a {{ v-secure:A }} b", "a V b"),
        ("{{v-secure:prod/A}}{{\tv-secure:A\t}}", "VV"),
        ("{{{ v-secure:A }}}", "{V}"),
        ("{{ .Values.x }} {{ v-secure }} {% x %} {{", "{{ .Values.x }} {{ v-secure }} {% x %} {{"),
        ("{{ V-SECURE:A }} {{ x v-secure:A }}", "{{ V-SECURE:A }} {{ x v-secure:A }}"),
        ("", ""),
        ("\u{feff}ä\r\n{{ v-secure:A }}\r\n", "\u{feff}ä\r\nV\r\n"),
    ] {
        assert_eq!(render(text, b"V"), expected, "{text}");
    }
}

#[test]
fn a_backslash_takes_the_meaning_away_and_two_are_one() {
    for (text, expected) in [
        (r"\{{ v-secure:A }}", "{{ v-secure:A }}"),
        (r"\\{{ v-secure:A }}", r"\V"),
        (r"\\\{{ v-secure:A }}", r"\{{ v-secure:A }}"),
        (r"\\\\{{ v-secure:A }}", r"\\V"),
        (r"\{{- v-secure:A }}", "{{- v-secure:A }}"),
        (r"\ {{ v-secure:A }} \{{ x }}", r"\ V \{{ x }}"),
        (r"\{{ v-secure:not a name", "{{ v-secure:not a name"),
        (r"{{ v-secure:A }}\{{ v-secure:A }}", "V{{ v-secure:A }}"),
    ] {
        assert_eq!(render(text, b"V"), expected, "{text}");
    }
}

#[test]
fn what_begins_as_a_reference_must_be_one() {
    use crate::name::NameError;
    for (text, line, column, expected) in [
        ("a\nbä {{ v-secure:A\n}}", 2, 4, Fault::Open),
        ("{{ v-secure:A }", 1, 1, Fault::Open),
        ("{{ v-secure: }}", 1, 13, Fault::Name(NameError::Empty)),
        ("{{ v-secure: A }}", 1, 13, Fault::Name(NameError::Character)),
        ("{{ v-secure:a/b/c }}", 1, 13, Fault::Name(NameError::Character)),
        ("{{ v-secure:a/ }}", 1, 13, Fault::Name(NameError::Empty)),
        ("{{ v-secure:A | upper }}", 1, 17, Fault::Filter),
        ("{{ v-secure:A | json | }}", 1, 24, Fault::Filter),
        ("{{ v-secure:A | JSON }}", 1, 17, Fault::Filter),
        ("x {{- v-secure:A }}", 1, 3, Fault::Trim),
    ] {
        assert_eq!(fault(text), (line, column, expected), "{text}");
    }
}

#[test]
fn filters_make_what_their_place_needs() {
    let value = "it's \"ä\"\n\u{1}/?&=";
    let json: String =
        serde_json::from_str(&render("{{ v-secure:A | json }}", value.as_bytes())).unwrap();
    assert_eq!(json, value);
    assert_eq!(render("{{ v-secure:A|base64 }}", b"\xff\0"), "/wA=");
    assert_eq!(render("{{ v-secure:A | url }}", "a b/ä~".as_bytes()), "a%20b%2F%C3%A4~");
    assert_eq!(render("{{ v-secure:A | base64 | json }}", b"\xff"), "\"/w==\"");
    let long = vec![7; 5000];
    use base64::Engine;
    let expected = base64::engine::general_purpose::STANDARD.encode(&long);
    assert_eq!(render("{{ v-secure:A | base64 }}", &long), expected);
}

#[test]
fn bytes_that_are_no_text_need_base64() {
    let value = SecretValue::new(vec![0xff]);
    for text in ["{{ v-secure:A }}", "{{ v-secure:A | json }}", "{{ v-secure:A | url }}"] {
        let template = Template::parse(text.as_bytes()).unwrap();
        let place = TextPosition { line: 1, column: 1 };
        assert_eq!(
            template.render(&[&value]).unwrap_err(),
            RenderError::NotText { place },
            "{text}"
        );
    }
}

#[test]
fn sizes_are_bounded() {
    let row = |filters: usize| format!("{{{{v-secure:A{}}}}}", "|base64".repeat(filters));
    assert!(Template::parse(row(MAX_FILTERS).as_bytes()).is_ok());
    let long = Template::parse(row(MAX_FILTERS + 1).as_bytes()).unwrap_err();
    assert_eq!(long.fault, Fault::Filters);
    // More than any machine has, if all of it were made before it is counted.
    let filtered = "{{v-secure:A|base64}}".repeat(MAX_REFERENCES);
    let value = SecretValue::new(vec![b'x'; 1 << 20]);
    let values = vec![&value; MAX_REFERENCES];
    let template = Template::parse(filtered.as_bytes()).unwrap();
    assert_eq!(template.render(&values).unwrap_err(), RenderError::TooLarge);
    let large = vec![b' '; MAX_TEMPLATE + 1];
    assert_eq!(Template::parse(&large).unwrap_err().fault, Fault::TooLarge);
    assert!(Template::parse(&large[1..]).is_ok());
    let many = "{{v-secure:A}}".repeat(MAX_REFERENCES);
    let template = Template::parse(many.as_bytes()).unwrap();
    let value = SecretValue::new(vec![b'x'; MAX_OUTPUT / MAX_REFERENCES + 1]);
    let values = vec![&value; MAX_REFERENCES];
    assert_eq!(template.render(&values).unwrap_err(), RenderError::TooLarge);
    let more = format!("{many}{{{{v-secure:A}}}}");
    assert_eq!(Template::parse(more.as_bytes()).unwrap_err().fault, Fault::TooMany);
}

/// A template that renders to `text` itself: the documented escape, applied to everything.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    let mut backslashes = 0;
    for (at, c) in text.char_indices() {
        let inside = text[at..].strip_prefix("{{");
        let inside = inside.map(|rest| rest.strip_prefix('-').unwrap_or(rest));
        let begins = inside
            .is_some_and(|rest| rest.trim_start_matches([' ', '\t']).starts_with("v-secure:"));
        if begins {
            out.push_str(&"\\".repeat(backslashes + 1));
        }
        backslashes = if c == '\\' { backslashes + 1 } else { 0 };
        out.push(c);
    }
    out
}

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{{",
        "}}",
        "{",
        "}",
        " ",
        "v-secure:",
        "A",
        "env/A",
        "|",
        "json",
        "base64",
        "\\",
        "\n",
        "ä",
        "-",
        "\t",
        "\r",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_can_be_written_as_a_template(text in pieces()) {
        let template = escaped(&text);
        let parsed = Template::parse(template.as_bytes()).unwrap();
        prop_assert!(parsed.references().is_empty());
        let rendered = parsed.render(&[]).unwrap();
        prop_assert_eq!(rendered.expose(), text.as_bytes());
    }

    #[test]
    fn no_text_makes_it_panic_and_places_are_inside(text in pieces()) {
        match Template::parse(text.as_bytes()) {
            Ok(template) => {
                let value = SecretValue::new(b"V".to_vec());
                let values = vec![&value; template.references().len()];
                template.render(&values).unwrap();
            }
            Err(error) => prop_assert!(error.place.line <= text.matches('\n').count() + 1),
        }
    }
}
