//! A schema drafted from examples: what they have in common is required. A person completes it with
//! what no example shows, such as a field that may be null.

use serde_json::{Map, Value, json};

/// Objects whose keys are names of the user's.
const MAPS: [&str; 4] = ["environments", "meta", "field_conflicts", "state"];

pub fn schema<'a>(title: &str, examples: impl Iterator<Item = &'a Value>) -> Value {
    let body = examples.fold(Value::Null, |known, value| merge(known, of(value, "")));
    let mut schema = Map::new();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".into(), format!("v-secure {title} --json").into());
    schema.extend(body.as_object().cloned().unwrap_or_default());
    Value::Object(schema)
}

/// Adds what a draft has and a schema does not know; what it knows stays as a person wrote it.
pub fn extend(known: &mut Value, drafted: &Value) {
    for key in ["items", "additionalProperties"] {
        if let (Some(known), Some(drafted)) = (known.get_mut(key), drafted.get(key)) {
            extend(known, drafted);
        }
    }
    let Some(Value::Object(properties)) = known.get_mut("properties") else { return };
    for (name, schema) in drafted["properties"].as_object().into_iter().flatten() {
        match properties.get_mut(name) {
            Some(known) => extend(known, schema),
            None => _ = properties.insert(name.clone(), schema.clone()),
        }
    }
}

fn of(value: &Value, key: &str) -> Value {
    match value {
        Value::Null => json!({ "type": "null" }),
        Value::Bool(_) => json!({ "type": "boolean" }),
        Value::Number(_) => json!({ "type": "integer", "minimum": 0 }),
        Value::String(_) => json!({ "type": "string" }),
        Value::Array(items) => {
            let items = items.iter().fold(Value::Null, |known, item| merge(known, of(item, "")));
            let items = if items.is_null() { json!(true) } else { items };
            json!({ "type": "array", "items": items })
        }
        Value::Object(map) if MAPS.contains(&key) => {
            let values = map.values().fold(Value::Null, |known, item| merge(known, of(item, "")));
            let values = if values.is_null() { json!({}) } else { values };
            json!({ "type": "object", "additionalProperties": values })
        }
        Value::Object(map) => {
            let properties: Map<String, Value> =
                map.iter().map(|(key, value)| (key.clone(), of(value, key))).collect();
            let required: Vec<&String> = map.keys().collect();
            json!({
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": false,
            })
        }
    }
}

fn types(schema: &Value) -> Vec<Value> {
    match &schema["type"] {
        Value::Array(types) => types.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

/// What both describe.
fn merge(a: Value, b: Value) -> Value {
    let (Value::Object(mut a), Value::Object(b)) = (a.clone(), b.clone()) else {
        return if a.is_object() { a } else { b };
    };
    let mut all = types(&Value::Object(a.clone()));
    all.extend(types(&Value::Object(b.clone())));
    all.sort_by_key(|kind| *kind == "null");
    all.dedup();
    let both: Vec<Value> = match (a.get("required"), b.get("required")) {
        (Some(Value::Array(x)), Some(Value::Array(y))) => {
            x.iter().filter(|key| y.contains(key)).cloned().collect()
        }
        (Some(Value::Array(x)), None) | (None, Some(Value::Array(x))) => x.clone(),
        _ => Vec::new(),
    };
    for (key, value) in b {
        let known = a.remove(&key);
        let value = match (key.as_str(), known) {
            ("properties", Some(Value::Object(mut known))) => {
                for (name, schema) in value.as_object().cloned().unwrap_or_default() {
                    let merged = merge(known.remove(&name).unwrap_or_default(), schema);
                    known.insert(name, merged);
                }
                Value::Object(known)
            }
            ("items" | "additionalProperties", Some(known)) => merge(known, value),
            (_, _) => value,
        };
        a.insert(key, value);
    }
    match all.len() {
        0 => {}
        1 => _ = a.insert("type".into(), all.remove(0)),
        _ => _ = a.insert("type".into(), Value::Array(all)),
    }
    if !both.is_empty() {
        a.insert("required".into(), Value::Array(both));
    }
    Value::Object(a)
}
