//! `docs/schemas/`: what each command prints with `--json` is valid by its schema, and each command
//! has one. `V_SECURE_REGENERATE=1` drafts what a schema lacks, to be completed by hand, and renews the
//! list in docs/json.md.

#![cfg(unix)]

mod draft;
mod played;
mod runs;
mod runs_daily;
mod runs_rotations;

use clap::CommandFactory;
use jsonschema::Validator;
use played::Played;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use v_secure_testkit::scene;
use v_secure_testkit::stage::Stage;
use v_secure_testkit::tools;

/// Commands that print no object of their own, and why.
const NONE: [(&str, &str); 4] = [
    ("exec", "the program's output is all there is"),
    ("git pre-commit", "silent, or an error"),
    ("git merge-driver", "what it says is for git's terminal"),
    ("git textconv", "lines for git"),
];
/// Commands that no story has, and which test holds what they print to their schemas.
const ELSEWHERE: [(&str, &str); 2] = [
    ("rotation run", "a provider in a folder of the user's own: tests/it/at_provider/steps.rs"),
    ("rotation settle", "a provider in a folder of the user's own: tests/it/at_provider/steps.rs"),
];
/// Short spellings, with the command whose schema they share.
const SAME: [(&str, &str); 6] = [
    ("get", "secret get"),
    ("set", "secret set"),
    ("ls", "secret list"),
    ("rm", "secret rm"),
    ("role grant", "access grant"),
    ("role revoke", "access revoke"),
];

/// Commands that work without a vault; `inject` on a template without references.
const WITHOUT_VAULT: [&str; 3] = ["identity new", "identity show", "inject"];
/// Schemas of what no command prints: the contract of providers.
const OF_NO_COMMAND: usize = 2;

fn file(command: &str) -> PathBuf {
    scene::repository(&format!("docs/schemas/{}.json", name(command)))
}

/// `v-secure` alone is `status`.
fn name(command: &str) -> String {
    if command.is_empty() { "status".into() } else { command.replace(' ', "-") }
}

/// Every command that is no group of others, as it is typed, with the arguments that it must have.
fn leaves(command: &clap::Command, path: &str, found: &mut BTreeMap<String, String>) {
    let mut children = command.get_subcommands().filter(|child| !child.is_hide_set()).peekable();
    if children.peek().is_none() || path.is_empty() {
        found.insert(path.to_owned(), needs(command));
    }
    for child in children {
        leaves(child, format!("{path} {}", child.get_name()).trim_start(), found);
    }
}

fn needs(command: &clap::Command) -> String {
    let required = command.get_arguments().filter(|argument| argument.is_required_set());
    let typed = required.map(|argument| match argument.get_long() {
        Some(long) => format!("--{long} x"),
        None => "x".to_owned(),
    });
    typed.collect::<Vec<_>>().join(" ")
}

fn all_commands() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    leaves(&v_secure::cli::args::root::Root::command(), "", &mut found);
    found
}

/// The commands that must have a schema.
fn commands() -> BTreeSet<String> {
    let mut found: BTreeSet<String> = all_commands().into_keys().collect();
    for (command, _) in NONE.iter().chain(&SAME) {
        assert!(found.remove(*command), "no command: {command}");
    }
    found
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

/// Holds dates to their format, too.
fn validator(command: &str) -> Validator {
    jsonschema::options().should_validate_formats(true).build(&schema(command)).unwrap()
}

/// What a command printed is valid by its schema.
#[track_caller]
pub fn hold(command: &str, value: &Value) {
    valid(&validator(command), command, value);
}

#[track_caller]
fn valid(validator: &Validator, line: &str, value: &Value) {
    let wrong: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{line}: {wrong:?}\n{value:#}");
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
    if !tools::has("git") {
        return;
    }
    let Played { printed, left_out } = Played::all();
    for (command, values) in &printed {
        if scene::regenerating() {
            renew(command, values.iter().map(|(_, value)| value));
        }
        let validator = validator(command);
        for (line, value) in values {
            valid(&validator, line, value);
        }
    }
    let mut unseen = commands();
    unseen.retain(|command| {
        !printed.contains_key(command.as_str())
            && !left_out.contains(command.as_str())
            && !ELSEWHERE.iter().any(|(other, _)| other == command)
    });
    assert!(unseen.is_empty(), "add a run (tests/it/json_schemas/runs.rs) of {unseen:?}");
}

/// Each command with `--json`, where there is no vault, with the arguments that it must have. What is
/// wrong is what `doctor` reports, too.
#[test]
fn what_fails_prints_an_error_object_and_nothing_else() {
    let stage = Stage::new();
    let error = validator("error");
    for (command, needs) in all_commands() {
        // Not an unknown option: ids, which may begin with a hyphen, are taken wherever it is typed.
        let misused = stage.attempt(&format!("v-secure {command} --no-input=x"), true);
        assert_eq!((misused.code, misused.json_code().as_deref()), (2, Some("usage")), "{command}");
        let line = format!("v-secure --json --vault nowhere {command} {needs}");
        let output = stage.shell(&line).output().unwrap();
        if WITHOUT_VAULT.contains(&command.as_str()) {
            assert!(output.status.success(), "{line}: {output:?}");
            continue;
        }
        assert!(!output.status.success(), "{line}: {output:?}");
        if command == "doctor" {
            let report = serde_json::from_slice(&output.stdout).unwrap();
            valid(&validator("doctor"), &line, &report);
        } else {
            assert!(output.stdout.is_empty(), "{line}: {output:?}");
        }
        let text = String::from_utf8(output.stderr).unwrap();
        let last = text.lines().last().unwrap_or_default();
        let value = serde_json::from_str(last).unwrap_or_else(|_| panic!("{line}: {text}"));
        valid(&error, &line, &value);
    }
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
            assert!(
                types != "\"null\"",
                "{place}: a draft says null, and not what else there may be"
            );
            let any = map.get("items") == Some(&Value::Bool(true));
            assert!(!any, "{place}: a draft does not know what the list holds");
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
    let files = fs::read_dir(scene::repository("docs/schemas")).unwrap().count() - OF_NO_COMMAND;
    // Another test may be drafting them.
    assert!(scene::regenerating() || files == all.len(), "a schema of no command");
}
