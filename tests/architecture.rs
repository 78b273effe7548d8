//! Holds `docs/architecture.md`: who names whom, and how long a file or a function gets.

#[path = "support/rust_source.rs"]
mod rust_source;

use rust_source::Function;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

const MAX_FILE: usize = 600;
const MAX_FUNCTION: usize = 80;
/// Commands that may name another one, and why.
const COMMANDS_TOGETHER: [(&str, &str); 2] = [
    // `init` offers to import the .env that it sees.
    ("init", "import"),
    // `role grant` and `role revoke` are `access grant` and `access revoke`.
    ("role", "access"),
];
/// Lints that `src/lib.rs` must deny.
const DENIED: [&str; 8] = [
    "disallowed_methods",
    "print_stdout",
    "print_stderr",
    "exit",
    "unwrap_used",
    "expect_used",
    "todo",
    "unimplemented",
];

struct Source {
    /// Under `src`, with slashes.
    path: String,
    /// `["cli", "command", "init"]`; empty for `lib.rs` and `main.rs`.
    module: Vec<String>,
    text: String,
    /// Without comments and strings.
    code: String,
}

impl Source {
    fn is_test(&self) -> bool {
        self.module.iter().any(|part| matches!(part.as_str(), "tests" | "testing" | "sample"))
    }

    /// Every path of this crate that the code names, from the crate's root.
    fn names(&self) -> BTreeSet<Vec<String>> {
        rust_source::crate_paths(rust_source::without_tests(&self.code), &self.module)
    }
}

static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(sources);

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(files.len() > 50, "the source files are not where this test looks");
    files.sort();
    files.iter().map(|file| source(&root, file)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

fn source(root: &Path, file: &Path) -> Source {
    let path = file.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
    let stem = path.trim_end_matches(".rs").trim_end_matches("/mod");
    let module = match stem {
        "lib" | "main" => Vec::new(),
        stem => stem.split('/').map(str::to_owned).collect(),
    };
    let text = fs::read_to_string(file).unwrap();
    let code = rust_source::code(&text);
    Source { path, module, text, code }
}

/// Layer by module, from the table of the document.
fn layers() -> BTreeMap<String, usize> {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md");
    let text = fs::read_to_string(document).unwrap();
    let mut layers = BTreeMap::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, number, modules, ..] = cells[..] else { continue };
        let Ok(number) = number.parse() else { continue };
        for (index, part) in modules.split('`').enumerate() {
            // Words in capitals are types.
            if index % 2 == 1 && part.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
                layers.insert(part.to_owned(), number);
            }
        }
    }
    layers
}

fn report(violations: &[String], advice: &str) {
    assert!(violations.is_empty(), "{}\n{advice}", violations.join("\n"));
}

#[test]
fn the_table_lists_the_modules_of_the_crate() {
    let declared: BTreeSet<String> = SOURCES
        .iter()
        .find(|source| source.path == "lib.rs")
        .unwrap()
        .code
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .collect();
    let listed: BTreeSet<String> = layers().into_keys().collect();
    assert_eq!(declared, listed);
}

#[test]
fn a_layer_names_only_itself_and_what_is_below() {
    let layers = layers();
    // Modules of the last layer are fronts: they do not use each other either.
    let last = layers.values().max().unwrap();
    let mut violations = Vec::new();
    for source in SOURCES.iter().filter(|source| !source.is_test()) {
        let Some(top) = source.module.first() else { continue };
        let Some(own) = layers.get(top) else { continue };
        for name in source.names() {
            if let Some(other) = name.first().and_then(|top| layers.get(top))
                && (other > own || (other == own && own == last && name[0] != *top))
            {
                violations.push(format!("{} (layer {own}) names {}", source.path, name.join("::")));
            }
        }
    }
    report(&violations, "the layers are in docs/architecture.md");
}

#[test]
fn commands_do_not_use_each_other() {
    let mut violations = Vec::new();
    for source in SOURCES.iter().filter(|source| source.path.starts_with("cli/command/")) {
        for name in source.names() {
            let Some(other) = command_module(&name).filter(|other| !may(&source.module, other))
            else {
                continue;
            };
            violations.push(format!("{} names {}", source.path, other.path));
        }
    }
    report(&violations, "what commands of several groups need has a module of its own in src/cli");
}

/// The file under `cli/command` that a path leads into.
fn command_module(name: &[String]) -> Option<&'static Source> {
    let fits = |source: &&Source| source.module.len() > 2 && name.starts_with(&source.module);
    let under = SOURCES.iter().filter(|source| source.path.starts_with("cli/command/"));
    under.filter(fits).max_by_key(|source| source.module.len())
}

/// Whether the command at `own` may name `other`: itself, its parts, the groups that it is in, and
/// what the commands of its group share.
fn may(own: &[String], other: &Source) -> bool {
    if own.starts_with(&other.module) || other.module.starts_with(own) {
        return true;
    }
    let group = |module: &[String]| module.get(2).cloned().unwrap_or_default();
    let together = (group(own), group(&other.module));
    let is_command = other.code.contains("pub fn run(self");
    (together.0 == together.1 && !is_command)
        || COMMANDS_TOGETHER.iter().any(|(a, b)| (*a, *b) == (&*together.0, &*together.1))
}

#[test]
fn files_and_functions_stay_short() {
    let mut violations = Vec::new();
    for source in SOURCES.iter() {
        let lines = source.text.lines().count();
        if lines > MAX_FILE {
            violations.push(format!("{} has {lines} lines", source.path));
        }
        for Function { name, lines } in rust_source::functions(&source.code) {
            if lines > MAX_FUNCTION {
                violations.push(format!("{}: fn {name} has {lines} lines", source.path));
            }
        }
    }
    report(&violations, &format!("{MAX_FILE} lines a file, {MAX_FUNCTION} a function"));
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent: Vec<String> = SOURCES
        .iter()
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| source.path.clone())
        .collect();
    report(&silent, "these do not open with //!");
}

#[test]
fn nothing_is_left_to_do() {
    let mut violations = Vec::new();
    for source in SOURCES.iter() {
        for mark in ["todo!", "unimplemented!", "dbg!", "unsafe "] {
            if source.code.contains(mark) {
                violations.push(format!("{} has {mark}", source.path));
            }
        }
    }
    report(&violations, "unfinished or unsafe code");
}

#[test]
fn the_fences_are_up() {
    let file = |path: &str| SOURCES.iter().find(|source| source.path == path).unwrap();
    let (lib, main) = (file("lib.rs"), file("main.rs"));
    assert!(lib.text.contains("#![forbid(unsafe_code)]"));
    // A place in the file is all that the binary may claim: there is no other way before `main`.
    assert!(main.code.contains("#![deny(\n    unsafe_code,"));
    assert_eq!(main.code.matches("#[expect(unsafe_code").count(), 1);
    let uses = |text: &str| main.code.matches(text).count();
    assert_eq!(uses("unsafe("), uses("unsafe(link_section"), "nothing else");
    for lint in DENIED {
        assert!(lib.code.contains(&format!("clippy::{lint}")), "src/lib.rs does not deny {lint}");
    }
}
