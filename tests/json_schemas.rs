//! `docs/schemas/`: what each command prints with `--json` is valid by its schema, and each command
//! has one. `V_SECURE_REGENERATE=1` drafts what a schema lacks, to be completed by hand, and renews the
//! list in docs/json.md.

#![cfg(unix)]

#[path = "json_schemas/draft.rs"]
mod draft;
#[allow(dead_code)]
#[path = "error_snapshots/normal.rs"]
mod normal;
#[path = "json_schemas/runs.rs"]
mod runs;
#[allow(dead_code)]
#[path = "support/scene.rs"]
mod scene;
#[allow(dead_code)]
#[path = "error_snapshots/stage.rs"]
mod stage;

use clap::CommandFactory;
use serde_json::Value;
use stage::Stage;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

/// Commands that print no object of their own, and why.
const NONE: [(&str, &str); 2] =
    [("exec", "the program's output is all there is"), ("git pre-commit", "silent, or an error")];
/// Short spellings, with the command whose schema they share.
const SAME: [(&str, &str); 6] = [
    ("get", "secret get"),
    ("set", "secret set"),
    ("ls", "secret list"),
    ("rm", "secret rm"),
    ("role grant", "access grant"),
    ("role revoke", "access revoke"),
];

fn file(command: &str) -> PathBuf {
    scene::repository(&format!("docs/schemas/{}.json", name(command)))
}

/// `v-secure` alone is `status`.
fn name(command: &str) -> String {
    if command.is_empty() { "status".into() } else { command.replace(' ', "-") }
}

/// Every command that is no group of others, as it is typed.
fn leaves(command: &clap::Command, path: &str, found: &mut BTreeSet<String>) {
    let mut children = command.get_subcommands().filter(|child| !child.is_hide_set()).peekable();
    if children.peek().is_none() || path.is_empty() {
        found.insert(path.to_owned());
    }
    for child in children {
        leaves(child, format!("{path} {}", child.get_name()).trim_start(), found);
    }
}

/// The commands that must have a schema.
fn commands() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    leaves(&v_secure::cli::root::Root::command(), "", &mut found);
    for (command, _) in NONE.iter().chain(&SAME) {
        assert!(found.remove(*command), "no command: {command}");
    }
    found
}

/// By command, what the runs printed.
fn printed() -> BTreeMap<&'static str, Vec<(String, Value)>> {
    let stage = Stage::new();
    let mut printed: BTreeMap<&str, Vec<(String, Value)>> = BTreeMap::new();
    for (command, line) in runs::RUNS {
        let text = stage.ok(line);
        if let Some(command) = command {
            let value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{line}: {text}"));
            printed.entry(command).or_default().push(((*line).to_owned(), value));
        }
    }
    printed
}

fn schema(command: &str) -> Value {
    let path = file(command);
    let text = fs::read_to_string(&path).unwrap_or_else(|_| {
        panic!("'{command}' prints JSON and has no schema: {} is missing", path.display())
    });
    let schema = serde_json::from_str(&text).unwrap();
    assert!(jsonschema::meta::is_valid(&schema), "{} is no schema", path.display());
    schema
}

fn renew<'a>(command: &str, values: impl Iterator<Item = &'a Value>) {
    let drafted = draft::schema(command, values);
    let known = fs::read_to_string(file(command));
    let mut schema =
        known.map_or_else(|_| drafted.clone(), |text| serde_json::from_str(&text).unwrap());
    draft::extend(&mut schema, &drafted);
    fs::write(file(command), format!("{schema:#}\n")).unwrap();
}

#[test]
fn what_every_command_prints_is_valid_by_its_schema() {
    let printed = printed();
    for (command, values) in &printed {
        if scene::regenerating() {
            renew(command, values.iter().map(|(_, value)| value));
        }
        let validator = jsonschema::validator_for(&schema(command)).unwrap();
        for (line, value) in values {
            let wrong: Vec<String> = validator
                .iter_errors(value)
                .map(|error| format!("{} at {}", error, error.instance_path()))
                .collect();
            assert!(wrong.is_empty(), "{line}: {wrong:?}\n{value:#}");
        }
    }
    let unseen: Vec<_> =
        commands().into_iter().filter(|command| !printed.contains_key(command.as_str())).collect();
    assert!(unseen.is_empty(), "add a run (tests/json_schemas/runs.rs) of {unseen:?}");
}

#[test]
fn a_schema_says_all_that_an_object_may_hold() {
    for entry in fs::read_dir(scene::repository("docs/schemas")).unwrap() {
        let path = entry.unwrap().path();
        let schema: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        closed(&schema, &path.display().to_string());
    }
}

fn closed(value: &Value, place: &str) {
    match value {
        Value::Object(map) => {
            let types = map.get("type").map(ToString::to_string).unwrap_or_default();
            if types.contains("\"object\"") {
                let rest = map.get("additionalProperties");
                let is_map = rest.is_some_and(Value::is_object);
                assert!(is_map || rest == Some(&Value::Bool(false)), "{place} is open");
            }
            for (key, inner) in map {
                closed(inner, &format!("{place}/{key}"));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| closed(item, place)),
        _ => {}
    }
}

#[test]
fn the_document_names_every_command_and_links_its_schema() {
    let path = scene::repository("docs/json.md");
    let mut document = fs::read_to_string(&path).unwrap();
    let old = document.clone();
    let link = |command: &str| {
        let shown = if command.is_empty() { "v-secure" } else { command };
        format!("- [`{shown}`](schemas/{}.json)\n", name(command))
    };
    let mut all = commands();
    all.insert("error".to_owned());
    let list: String = all.iter().map(|command| link(command)).collect();
    let (begin, end) = ("<!-- schemas: begin -->\n", "<!-- schemas: end -->");
    let from = document.find(begin).unwrap() + begin.len();
    let to = document.find(end).unwrap();
    document.replace_range(from..to, &list);
    if scene::regenerating() {
        fs::write(path, &document).unwrap();
    } else {
        assert!(document == old, "the list of schemas in docs/json.md: just generate");
    }
    let table = document.split("## Schemas").next().unwrap();
    let missing: Vec<_> = commands()
        .into_iter()
        .filter(|command| !command.is_empty() && !table.contains(&format!("`{command}`")))
        .collect();
    assert!(missing.is_empty(), "no row in docs/json.md: {missing:?}");
    let files = fs::read_dir(scene::repository("docs/schemas")).unwrap().count();
    // Another test may be drafting them.
    assert!(scene::regenerating() || files == all.len(), "a schema of no command");
}
