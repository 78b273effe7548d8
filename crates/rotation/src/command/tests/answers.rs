//! What a program says, by which it is believed or not.

use super::{VALUE, ask, told};
use crate::contract::Verb;

/// What a script does, and what that means for a verb that changes nothing and for one that does.
const CASES: &[(&str, &str, &str, &str)] = &[
    (r#"echo '{"ok":true,"state":"active"}'"#, "ok", "ok", ""),
    (r#"echo '{"ok":true,"state":"active","why":"fine"}'"#, "ok", "ok", "fine"),
    (r#"echo '{"ok":false,"error":"refused","why":"no"}'"#, "refused", "refused", "no"),
    (r#"echo '{"ok":false,"error":"fenced","why":"no"}'"#, "fenced", "fenced", "no"),
    (r#"echo '{"ok":false,"error":"unclear"}'; echo e >&2"#, "unclear", "unclear", "e"),
    (r#"echo '{"ok":false,"error":"again"}'; exit 75"#, "again", "again", "it does not say why"),
    ("echo busy >&2; exit 75", "again", "again", "busy"),
    (
        r#"echo '{"ok":true}'; exit 75"#,
        "refused",
        "unclear",
        "it ends with 75, and says something else",
    ),
    (r#"echo '{"ok":true,"state":"active"}'; exit 1"#, "refused", "unclear", "it ends with 1"),
    (r#"echo '{"ok":false,"error":"again"}'; exit 1"#, "refused", "unclear", "it ends with 1"),
    ("echo broken >&2; exit 3", "refused", "unclear", "it ends with 3: broken"),
    ("kill -9 $$", "refused", "unclear", "a signal ended it"),
    (":", "refused", "unclear", "it says nothing"),
    ("echo hello", "refused", "unclear", "it does not say one JSON object"),
    (r"printf '\377'", "refused", "unclear", "it says something that is no UTF-8"),
    (r#"echo '{"ok":true,"ok":true}'"#, "refused", "unclear", "a field stands twice in its answer"),
    (r#"echo '{"ok":7}'"#, "refused", "unclear", "'ok' is not true or false"),
    (
        "head -c 65537 /dev/zero | tr '\\0' ' '",
        "refused",
        "unclear",
        "it says more than 65536 bytes",
    ),
    ("yes", "refused", "unclear", "it says more than 65536 bytes"),
    ("head -c 10485760 /dev/zero", "refused", "unclear", "it says more than 65536 bytes"),
];

#[test]
fn each_end_is_judged_by_what_it_may_have_changed() {
    for (text, harmless, changing, why) in CASES {
        for (verb, expected) in [(Verb::Validate, harmless), (Verb::Set, changing)] {
            let Some(answer) = ask(verb, &format!("cat >/dev/null\n{text}")) else { return };
            assert_eq!(told(answer), (*expected, (*why).to_owned()), "{verb} {text}");
        }
    }
}

#[test]
fn nothing_that_was_sent_comes_back() {
    let print = [
        "printf '%s' \"$v\" >&2",
        "printf '%s' \"$v\" | base64 >&2",
        "printf 'admin:%s' \"$v\" | base64 -w 7 >&2",
        "printf '%s' \"$v\" | od -An -tx1 >&2",
        "printf '%s' \"$v\" | fold -w 5 >&2",
        "cat request >&2",
    ];
    for print in print {
        let value = "v=$(sed 's/.*\"credential\":{[^}]*\"value\":\"\\([^\"]*\\)\".*/\\1/')";
        let text = match print.contains("request") {
            true => "cat >&2; exit 1".to_owned(),
            false => format!("{value}\n[ \"$v\" = {VALUE} ] || exit 9\n{print}\nexit 1"),
        };
        let Some(answer) = ask(Verb::Set, &text) else { return };
        let (kind, why) = told(answer);
        assert_eq!(kind, "unclear");
        assert!(why.starts_with("it ends with 1: ") && why.contains("[value]"), "{why}");
        assert!(
            !why.contains("correct") && !why.contains("staple") && !why.contains("pass"),
            "{why}"
        );
        assert!(!why.contains("Y29ycmV") && !why.contains("63 6f"), "{why}");
    }
}

#[test]
fn a_value_that_was_made_is_not_in_the_words_either() {
    let text =
        r#"echo '{"ok":true,"value":"made-by-provider","why":"made made-by-provider, for [31m"}'"#;
    let Some(answer) = ask(Verb::Set, text) else { return };
    let answer = answer.unwrap();
    assert_eq!(answer.value.unwrap().expose_str(), Some("made-by-provider"));
    assert_eq!(answer.why.unwrap(), "made [value], for [31m");
}
