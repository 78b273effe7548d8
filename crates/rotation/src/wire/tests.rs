//! What is asked word for word, and each way an answer can be bad.

use super::*;
use crate::contract::{Call, Credential, Finds, Maker, State, Verb};
use proptest::prelude::*;
use v_secure_core::crypto::id::{ObjectId, RotationId};
use v_secure_core::name::SecretName;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;

fn asked(call: Option<&Call<'_>>, admin: Option<&SecretValue>) -> serde_json::Value {
    let verb = call.map_or(Verb::Describe, |call| call.verb);
    let deadline = UnixTime::from_secs(60);
    let endpoint = call.map(|_| "db:5432");
    let asked = Asked { verb, call, provider: "db", endpoint, admin, deadline };
    let text = request(&asked).unwrap();
    assert_eq!(text.capacity(), text.len(), "it never grew");
    assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), 1, "it is a line");
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn what_there_is_none_of_is_left_out() {
    let expected = serde_json::json!({
        "contract": 1, "verb": "describe", "provider": "db", "deadline": 60
    });
    assert_eq!(asked(None, None), expected);
}

#[test]
fn a_request_has_what_the_contract_says() {
    let (base, new) = (ObjectId([1; 32]), ObjectId([2; 32]));
    let (secret, rotation) = (SecretName::parse("prod/DB").unwrap(), RotationId([3; 16]));
    let (old, odd) = (SecretValue::from("a\"\n".to_owned()), SecretValue::new(vec![0xff, 0]));
    let call = Call {
        rotation: Some(&rotation),
        base: Some(Credential { id: &base, value: &old }),
        credential: Some(Credential { id: &new, value: &odd }),
        handle: Some("h"),
        is_forced: true,
        ..Call::new(Verb::Set, &secret)
    };
    let expected = serde_json::json!({
        "contract": 1, "verb": "set", "secret": "prod/DB", "provider": "db", "endpoint": "db:5432",
        "rotation": rotation.to_string(), "deadline": 60, "admin_base64": "/wA=",
        "base": {"id": base.to_string(), "value": "a\"\n"},
        "credential": {"id": new.to_string(), "value_base64": "/wA="},
        "handle": "h", "forced": true
    });
    assert_eq!(asked(Some(&call), Some(&odd)), expected);
}

/// An answer, to which verb, and why it is none.
const BAD: &[(&str, Verb, AnswerError)] = {
    use AnswerError::*;
    use Verb::*;
    const fn field(name: &'static str, wanted: &'static str) -> AnswerError {
        Field { name, wanted }
    }
    const STATE: AnswerError = field("state", "'active', 'inactive' or 'unknown'");
    const ERROR: AnswerError = field("error", "'again', 'refused', 'fenced' or 'unclear'");
    const TIME: &str = "seconds since 1970, as a whole number";
    &[
        ("", Set, Empty),
        (" \n\t", Set, Empty),
        ("ok", Set, NoObject),
        ("[]", Set, NoObject),
        ("null", Set, NoObject),
        (r#""ok""#, Set, NoObject),
        (r#"{"ok":true"#, Set, NoObject),
        (r#"{"ok":true} {"ok":true}"#, Set, NoObject),
        (r#"{"ok":true,}"#, Set, NoObject),
        ("{'ok':true}", Set, NoObject),
        ("\u{feff}{\"ok\":true}", Set, NoObject),
        (r#"{"ok":NaN}"#, Set, NoObject),
        (r#"{"ok":true,"ok":true}"#, Set, Twice),
        (r#"{"ok":true,"o\u006b":false}"#, Set, Twice),
        (r#"{"ok":true,"new":1,"new":2}"#, Set, Twice),
        (r#"{"ok":true,"credentials":[{"handle":"a","handle":"b"}]}"#, List, Twice),
        ("{}", Set, Missing { name: "ok" }),
        (r#"{"ok":null}"#, Set, Missing { name: "ok" }),
        (r#"{"ok":"true"}"#, Set, field("ok", "true or false")),
        (r#"{"ok":1}"#, Set, field("ok", "true or false")),
        (r#"{"ok":true,"error":"again"}"#, Set, Both),
        (r#"{"ok":false}"#, Set, Missing { name: "error" }),
        (r#"{"ok":false,"error":"other"}"#, Set, ERROR),
        (r#"{"ok":false,"error":7}"#, Set, field("error", "a text")),
        (r#"{"ok":true}"#, Validate, Missing { name: "state" }),
        (r#"{"ok":true}"#, Test, Missing { name: "state" }),
        (r#"{"ok":true,"state":"fine"}"#, Test, STATE),
        (r#"{"ok":true,"state":true}"#, Test, field("state", "a text")),
        (r#"{"ok":true}"#, Generate, Missing { name: "value" }),
        (r#"{"ok":true,"value":""}"#, Set, field("value", "a text of some length")),
        (r#"{"ok":true,"value":["a"]}"#, Set, field("value", "a text")),
        (r#"{"ok":true,"value":"\ud83d"}"#, Set, field("value", "a text")),
        (r#"{"ok":true,"value":"\ud83d\u0041"}"#, Set, field("value", "a text")),
        (r#"{"ok":true,"last_used":-1}"#, LastUsed, field("last_used", TIME)),
        (r#"{"ok":true,"last_used":1.5}"#, LastUsed, field("last_used", TIME)),
        (r#"{"ok":true,"time":"now"}"#, Set, field("time", TIME)),
        (r#"{"ok":true,"time":99999999999999999999}"#, Set, field("time", TIME)),
        (r#"{"ok":true,"why":{}}"#, Set, field("why", "a text")),
        (r#"{"ok":true,"credentials":{}}"#, List, field("credentials", "a list of objects")),
        (r#"{"ok":true,"credentials":["a"]}"#, List, NoObject),
        (r#"{"ok":true,"credentials":[{}]}"#, List, Missing { name: "handle" }),
        (r#"{"ok":true,"credentials":[{"handle":""}]}"#, List, Handle),
        (r#"{"ok":true,"credentials":[{"handle":"a\nb"}]}"#, List, Handle),
        (r#"{"ok":true}"#, Describe, Contract),
        (r#"{"ok":true,"contract":2,"verbs":[]}"#, Describe, Contract),
        (r#"{"ok":true,"contract":1,"verbs":["sing"]}"#, Describe, NoVerb),
        (r#"{"ok":true,"contract":1,"verbs":"set"}"#, Describe, field("verbs", "a list of texts")),
        (r#"{"ok":true,"contract":1,"holds":3}"#, Describe, field("holds", "1 or 2")),
        (
            r#"{"ok":true,"contract":1,"makes":"me"}"#,
            Describe,
            field("makes", "'here' or 'provider'"),
        ),
        (
            r#"{"ok":true,"contract":1,"finds":"all"}"#,
            Describe,
            field("finds", "'nothing', 'label' or 'idempotency'"),
        ),
        (r#"{"ok":true,"contract":1,"fences":"no"}"#, Describe, field("fences", "true or false")),
    ]
};

fn error(bytes: &[u8], verb: Verb) -> Option<AnswerError> {
    match verb {
        Verb::Describe => read_abilities(bytes).err(),
        verb => read(bytes, verb).err(),
    }
}

#[test]
fn each_way_an_answer_can_be_bad_is_told() {
    for (text, verb, expected) in BAD {
        assert_eq!(error(text.as_bytes(), *verb), Some(*expected), "{text}");
    }
    assert_eq!(error(b"{\"ok\":true,\"why\":\"\xff\"}", Verb::Set), Some(AnswerError::NotUtf8));
    let long = format!("{{\"ok\":true,\"why\":\"{}\"}}", "a".repeat(MOST_ANSWER));
    assert_eq!(error(long.as_bytes(), Verb::Set), Some(AnswerError::TooLong));
    let deep = |name: &str, open: &str| {
        format!("{{\"ok\":true,\"{name}\":{}", open.repeat(MOST_ANSWER / open.len() - 40))
    };
    for open in ["[", "{\"a\":", "[{\"a\":["] {
        assert!(error(deep("other", open).as_bytes(), Verb::Set).is_some());
    }
    let nested = format!("{}{}", "[".repeat(9000), "]".repeat(9000));
    let listed = format!("{{\"ok\":true,\"credentials\":{nested},\"other\":{nested}}}");
    assert_eq!(error(listed.as_bytes(), Verb::List), Some(AnswerError::NoObject));
}

#[test]
fn no_message_repeats_what_was_answered() {
    for (text, verb, _) in BAD {
        let text = text.replace("true", "\"hunter2\"").replace("fine", "hunter2");
        let said = error(text.as_bytes(), *verb).map(|error| error.to_string());
        assert!(!said.unwrap_or_default().contains("hunter2"), "{text}");
    }
}

#[test]
fn an_answer_is_read_as_it_is_meant() {
    let text = r#" {"ok":true,"state":"inactive","value":"\u00e4\ud83d\ude00\"\\\/\b\f\n\r\tz","last_used":5,
        "credentials":[{"handle":"a","more":[1]},{"handle":"b"}],"time":7,"why":"so","later":{"a":[]}}
        "#;
    let Told { reply: Reply::Done(answer), why } = read(text.as_bytes(), Verb::Set).unwrap() else {
        panic!("it is done");
    };
    assert_eq!(answer.value.unwrap().expose_str(), Some("ä😀\"\\/\u{8}\u{c}\n\r\tz"));
    assert_eq!(answer.state, Some(State::Inactive));
    assert_eq!(
        (answer.last_used, answer.time),
        (Some(UnixTime::from_secs(5)), Some(UnixTime::from_secs(7)))
    );
    let handles: Vec<&str> = answer.listed.iter().map(|listed| listed.handle.as_str()).collect();
    assert_eq!((handles, why.unwrap().expose_str()), (vec!["a", "b"], Some("so")));
}

#[test]
fn null_is_as_good_as_nothing() {
    let text = br#"{"ok":true,"state":null,"value":null,"last_used":null,"credentials":null}"#;
    let told = read(text, Verb::LastUsed).unwrap();
    let Reply::Done(answer) = told.reply else { panic!("it is done") };
    assert!(answer.last_used.is_none() && answer.value.is_none() && answer.listed.is_empty());
}

#[test]
fn each_refusal_is_its_own() {
    let refused = |word: &str| {
        let text = format!("{{\"ok\":false,\"error\":\"{word}\",\"state\":7}}");
        read(text.as_bytes(), Verb::Set).unwrap().reply
    };
    assert!(matches!(refused("again"), Reply::Again));
    assert!(matches!(refused("refused"), Reply::Refused));
    assert!(matches!(refused("fenced"), Reply::Fenced));
    assert!(matches!(refused("unclear"), Reply::Unclear));
}

#[test]
fn what_a_provider_does_not_say_of_itself_is_the_least() {
    let read = |text: &str| match read_abilities(text.as_bytes()).unwrap().reply {
        Reply::Done(abilities) => abilities,
        _ => panic!("it is done"),
    };
    let least = read(r#"{"ok":true,"contract":1,"verbs":["set"]}"#);
    assert!(!least.holds_two && !least.fences && least.can(Verb::Set) && !least.can(Verb::Revoke));
    assert_eq!((least.maker, least.finds), (Maker::Here, Finds::Nothing));
    let most = r#"{"ok":true,"contract":1,"verbs":["set","list"],"makes":"provider","finds":"label","holds":2,"fences":true}"#;
    let most = read(most);
    assert!(most.holds_two && most.fences && most.can(Verb::List));
    assert_eq!((most.maker, most.finds), (Maker::Provider, Finds::Label));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for verb in Verb::ALL {
            let _ = error(&bytes, verb);
        }
    }

    #[test]
    fn no_text_like_an_answer_makes_it_panic(
        text in r#"\{"(ok|value|why|verbs|credentials)":(true|false|"[a-z\\u0-9d"]{0,12}"|\[.{0,9}\])(,"[a-z]{1,3}":.{0,9})?\}"#,
    ) {
        for verb in Verb::ALL {
            let _ = error(text.as_bytes(), verb);
        }
    }

    #[test]
    fn a_text_comes_back_as_it_was(text in any::<String>(), is_ascii in any::<bool>()) {
        prop_assume!(!text.is_empty());
        let mut json = serde_json::to_string(&text).unwrap();
        if is_ascii {
            let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
            json = format!("\"{units}\"");
        }
        let told = read(format!("{{\"ok\":true,\"value\":{json}}}").as_bytes(), Verb::Generate).unwrap();
        let Reply::Done(answer) = told.reply else { panic!("it is done") };
        let value = answer.value.unwrap();
        prop_assert_eq!(value.expose_str(), Some(text.as_str()));
    }
}
