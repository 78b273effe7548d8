//! `docs/providers.md` and its schemas, held to what is asked and read.

use super::*;
use crate::contract::{Call, Credential, Verb};
use serde_json::Value;
use std::path::{Path, PathBuf};
use v_secure_core::crypto::id::{ObjectId, RotationId};
use v_secure_core::name::SecretName;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;

fn document(name: &str) -> String {
    let docs: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    std::fs::read_to_string(docs.join(name)).unwrap()
}

fn schema(of: &str) -> jsonschema::Validator {
    let text = document(&format!("schemas/provider-{of}.json"));
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
}

#[track_caller]
fn valid(schema: &jsonschema::Validator, value: &Value) {
    let errors: Vec<String> = schema
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}\n{value:#}");
}

/// The lines of the examples.
fn examples() -> Vec<String> {
    let text = document("providers.md");
    let blocks = text.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn each_line_of_the_document_is_a_request_or_an_answer_to_the_one_before() {
    let (requests, answers) = (schema("request"), schema("answer"));
    let mut verb = None;
    let mut asked = std::collections::BTreeSet::new();
    for line in examples() {
        let value: Value = serde_json::from_str(&line).unwrap();
        if let Some(of) = value["verb"].as_str() {
            valid(&requests, &value);
            let of: Verb = of.parse().unwrap();
            asked.insert(of);
            verb = Some(of);
            continue;
        }
        valid(&answers, &value);
        match verb.unwrap() {
            Verb::Describe => drop(read_abilities(line.as_bytes()).unwrap()),
            verb => drop(read(line.as_bytes(), verb).unwrap()),
        }
    }
    assert_eq!(asked.into_iter().collect::<Vec<_>>(), Verb::ALL, "every verb is shown");
}

#[test]
fn the_document_names_every_verb_and_field() {
    let text = document("providers.md");
    for verb in Verb::ALL {
        assert!(text.contains(&format!("\n| `{verb}` |")), "no row of {verb}");
    }
    for of in ["request", "answer"] {
        let schema: Value =
            serde_json::from_str(&document(&format!("schemas/provider-{of}.json"))).unwrap();
        for field in schema["properties"].as_object().unwrap().keys() {
            assert!(text.contains(field.as_str()), "{field} of the {of} is not named");
        }
    }
}

#[test]
fn every_request_is_as_its_schema_says() {
    let schema = schema("request");
    let (secret, rotation) = (SecretName::parse("prod/DB").unwrap(), RotationId([3; 16]));
    let id = ObjectId([1; 32]);
    let text = SecretValue::from("a\"\\\n\u{7f}é".to_owned());
    let bytes = SecretValue::new(vec![0xff]);
    for verb in Verb::ALL {
        for value in [&text, &bytes] {
            let credential = Some(Credential { id: &id, value });
            let least = Call::new(verb, &secret);
            let most = Call {
                rotation: Some(&rotation),
                base: credential,
                credential,
                handle: Some("h"),
                is_forced: true,
                ..least
            };
            for (call, admin) in [(None, None), (Some(&least), None), (Some(&most), Some(value))] {
                let deadline = UnixTime::from_secs(1);
                let asked = Asked { verb, call, provider: "db", endpoint: None, admin, deadline };
                valid(&schema, &serde_json::from_slice(&request(&asked).unwrap()).unwrap());
            }
        }
    }
}

#[test]
fn the_schema_refuses_what_is_refused_here() {
    let schema = schema("answer");
    for text in [
        "{}",
        r#"{"ok":1}"#,
        r#"{"ok":false}"#,
        r#"{"ok":false,"error":"other"}"#,
        r#"{"ok":true,"error":"again"}"#,
        r#"{"ok":true,"state":"fine"}"#,
        r#"{"ok":true,"value":""}"#,
        r#"{"ok":true,"last_used":1.5}"#,
        r#"{"ok":true,"credentials":[{}]}"#,
    ] {
        assert!(!schema.is_valid(&serde_json::from_str(text).unwrap()), "{text}");
    }
}
