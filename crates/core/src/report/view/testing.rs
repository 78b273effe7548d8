//! Holds the views to `docs/schemas/`: what a view becomes is valid by its schema, the examples show all
//! that the schema allows, and no schema is without a view.

use crate::crypto::bytes::{Fixed, Id, ShortId};
use crate::name::environment::EnvironmentName;
use crate::name::{Name, Pattern, SecretName};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The name of a schema, and examples of what is printed by it.
pub type Examples = (&'static str, fn() -> Vec<Value>);

/// The examples of every view, beside which they stand.
const VIEWS: &[&[Examples]] = &[
    super::access::VIEWS,
    super::adopt::VIEWS,
    super::audit::VIEWS,
    super::backup::VIEWS,
    super::diff::VIEWS,
    super::doctor::VIEWS,
    super::edit::VIEWS,
    super::env::VIEWS,
    super::error::VIEWS,
    super::export::VIEWS,
    super::exposed::VIEWS,
    super::git::VIEWS,
    super::history::VIEWS,
    super::identity::VIEWS,
    super::import::VIEWS,
    super::init::VIEWS,
    super::inject::VIEWS,
    super::key::restore::VIEWS,
    super::key::rotate::VIEWS,
    super::key::slot::VIEWS,
    super::key::status::VIEWS,
    super::keyring::VIEWS,
    super::lock::VIEWS,
    super::logs::VIEWS,
    super::member::VIEWS,
    super::member::list::VIEWS,
    super::member::show::VIEWS,
    super::pin::VIEWS,
    super::policy::VIEWS,
    super::policy_log::VIEWS,
    super::owner::VIEWS,
    super::policy_rebase::VIEWS,
    super::proposal::VIEWS,
    super::provider::VIEWS,
    super::prune::VIEWS,
    super::recovery::VIEWS,
    super::role::VIEWS,
    super::rotation::VIEWS,
    super::secret::diff::VIEWS,
    super::secret::get::VIEWS,
    super::secret::list::VIEWS,
    super::secret::metadata::VIEWS,
    super::secret::removal::VIEWS,
    super::secret::show::VIEWS,
    super::secret::value::VIEWS,
    super::secret::versions::VIEWS,
    super::settings::VIEWS,
    super::status::VIEWS,
    super::unlock::VIEWS,
];

/// Fields that a schema does not require, since they came after it, and that every view has.
const ALWAYS: [&str; 7] = [
    "member-key-remove/vouched_alone",
    "policy-review/remarks",
    "secret-versions/versions/from",
    "settings-show/settings/default",
    "settings-show/settings/meaning",
    "settings-show/settings/set_by",
    "settings-show/settings/values",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas")
}

pub fn json(view: &impl Serialize) -> Value {
    serde_json::to_value(view).unwrap()
}

pub fn environment(text: &str) -> EnvironmentName {
    EnvironmentName::new(text).unwrap()
}

pub fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub fn pattern(text: &str) -> Pattern {
    Pattern::new(text).unwrap()
}

pub fn secret() -> SecretName {
    SecretName::parse("prod/API_KEY").unwrap()
}

pub const ID: Id = Fixed([7; 32]);
pub const SHORT_ID: ShortId = Fixed([7; 16]);

/// Each example is valid, and together they show all that the schema allows.
pub fn hold(views: &[Examples]) {
    for (name, examples) in views {
        let path = folder().join(format!("{name}.json"));
        let schema: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let options = jsonschema::options().should_validate_formats(true);
        let validator = options.build(&schema).unwrap();
        let examples = examples();
        for example in &examples {
            let errors: Vec<String> = validator
                .iter_errors(example)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{name}: {errors:#?}\n{example:#}");
        }
        let unseen = unseen(&schema, &examples.iter().collect::<Vec<_>>(), name);
        assert!(unseen.is_empty(), "no example of {unseen:#?}");
    }
}

/// What a schema allows and no value shows: fields with and without a value, each word of a list of
/// words, an item of each list.
fn unseen(schema: &Value, seen: &[&Value], at: &str) -> Vec<String> {
    if seen.is_empty() {
        return vec![at.to_owned()];
    }
    let words = schema["enum"].as_array().into_iter().flatten();
    let mut found: Vec<String> =
        words.filter(|word| !seen.contains(word)).map(|word| format!("{at} as {word}")).collect();
    for (index, other) in schema["anyOf"].as_array().into_iter().flatten().enumerate() {
        let validator = jsonschema::validator_for(other).unwrap();
        let of_it: Vec<&Value> = seen.iter().filter(|v| validator.is_valid(v)).copied().collect();
        found.extend(unseen(other, &of_it, &format!("{at}|{index}")));
    }
    let fields = schema["properties"].as_object().into_iter().flatten();
    for (field, inner) in fields {
        found.extend(unseen_field(schema, field, inner, seen, &format!("{at}/{field}")));
    }
    if schema["additionalProperties"].is_object() {
        let values: Vec<&Value> =
            seen.iter().filter_map(|v| v.as_object()).flat_map(|map| map.values()).collect();
        found.extend(unseen(&schema["additionalProperties"], &values, &format!("{at}/*")));
    }
    if schema["items"].is_object() {
        let items: Vec<&Value> = seen.iter().filter_map(|v| v.as_array()).flatten().collect();
        found.extend(unseen(&schema["items"], &items, at));
    }
    found
}

fn unseen_field(
    schema: &Value,
    field: &str,
    inner: &Value,
    seen: &[&Value],
    at: &str,
) -> Vec<String> {
    let objects: Vec<_> = seen.iter().filter_map(|value| value.as_object()).collect();
    let there: Vec<&Value> =
        objects.iter().filter_map(|map| map.get(field)).filter(|value| !value.is_null()).collect();
    let may_be_null = inner["type"].as_array().is_some_and(|all| all.contains(&"null".into()));
    let required = schema["required"].as_array().into_iter().flatten();
    let may_lack = !required.into_iter().any(|name| name == field);
    let mut found = Vec::new();
    if (may_be_null || may_lack) && there.len() == objects.len() && !ALWAYS.contains(&at) {
        found.push(format!("{at} left out"));
    }
    // A word of a list may be null: it was looked for above.
    let values: Vec<&Value> = match inner["enum"].is_array() {
        true => objects.iter().filter_map(|map| map.get(field)).collect(),
        false => there,
    };
    found.extend(unseen(inner, &values, at));
    found
}

/// What is no command's: the contract of providers, held by the crate `rotation`.
const OTHERS: [&str; 2] = ["provider-answer.json", "provider-request.json"];

#[test]
fn every_schema_has_a_view() {
    let entries = std::fs::read_dir(folder()).unwrap();
    let mut schemas: BTreeSet<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(OTHERS.iter().all(|other| schemas.remove(*other)));
    let views: Vec<String> =
        VIEWS.iter().copied().flatten().map(|(name, _)| format!("{name}.json")).collect();
    let listed: BTreeSet<String> = views.iter().cloned().collect();
    assert_eq!(listed, schemas, "crates/core/src/report/view, and docs/schemas");
    assert_eq!(views.len(), listed.len(), "a schema has one view");
}

#[test]
fn what_no_example_shows_is_found() {
    let schema = serde_json::json!({
        "type": "object",
        "properties": {
            "why": { "enum": ["one", "two", null] },
            "at": { "type": ["string", "null"] },
            "rows": { "type": "array", "items": { "type": "object", "properties": {
                "id": { "type": "string" } } } },
        },
        "required": ["why", "at", "rows"],
    });
    let example = serde_json::json!({ "why": "one", "at": "now", "rows": [] });
    let found = unseen(&schema, &[&example], "x");
    assert_eq!(found, ["x/why as \"two\"", "x/why as null", "x/at left out", "x/rows"]);
}
