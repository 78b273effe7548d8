//! Holds `docs/architecture.md`: who names whom, and how long a file or a function gets.

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
/// What a door calls to see a vault that the engine has not judged for it.
const UNJUDGED: [&str; 10] = [
    ".open(Depth::",
    ".open(depth",
    "Vault::open(",
    "session.other(",
    ".open_bytes(",
    ".verify_bytes(",
    "Transaction::",
    "Replacement::",
    "transaction::create",
    "check::check",
];
/// The files of doors that do, and why. None of them gives a value out of it.
const MAY_SEE_UNJUDGED: [(&str, &str); 16] = [
    ("api/mod.rs", "makes a new vault"),
    ("cli/args/complete.rs", "completes names, from a vault that it takes for what it is"),
    ("cli/command/audit/log.rs", "lists the history of another state beside it"),
    ("cli/command/backup/create.rs", "judges it itself, without what is due in it"),
    ("cli/command/backup/restore/mod.rs", "compares the vault that is there with the backup's"),
    (
        "cli/command/diff.rs",
        "compares states, and gives values out of the one that it opens judged",
    ),
    ("cli/command/doctor/examined.rs", "says what is wrong with a vault that is refused"),
    ("cli/command/doctor/plain.rs", "looks for the names of secrets in files"),
    ("cli/command/init/mod.rs", "makes a new vault, or looks at one that its own run left"),
    ("cli/command/lock.rs", "forgets keys by the vault's id"),
    ("cli/command/pin/accept.rs", "shows what is to be accepted, and asks"),
    ("cli/command/pin/show.rs", "judges it itself, and prunes nothing"),
    ("cli/door/context.rs", "names of secrets, for completions"),
    ("cli/error/meant.rs", "names that somebody may have meant, for an error"),
    ("cli/repository/in_index.rs", "the vaults that are staged"),
    ("cli/repository/verification.rs", "lists every finding, of which a refusal is one"),
];
/// Lints that each `lib.rs` must deny.
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

/// The crates: where each one's sources are, how others name it, and what its modules stand under
/// in the table of floors.
const CRATES: [(&str, &str, &str); 3] = [
    ("src", "v_secure", ""),
    ("crates/core/src", "v_secure_core", "core"),
    ("crates/rotation/src", "v_secure_rotation", "rotation"),
];
/// The files that the crates have together, at the least.
const LEAST_FILES: usize = 500;

/// Whether a module's first name is that of a crate of rooms.
fn is_crate(name: &str) -> bool {
    !name.is_empty() && CRATES.iter().any(|(.., under)| *under == name)
}

struct Source {
    /// Under `src` of its crate, with slashes; behind `core/` or `rotation/` in those crates.
    path: String,
    /// `["cli", "command", "init"]`, `["core", "log", "fold"]`; only the crate's for `lib.rs` and
    /// `main.rs`.
    module: Vec<String>,
    text: String,
    /// Without comments and strings.
    code: String,
}

impl Source {
    fn is_test(&self) -> bool {
        self.module.iter().any(|part| matches!(part.as_str(), "tests" | "testing" | "sample"))
    }

    /// Every path of these crates that the code names, from the root of the table.
    fn names(&self) -> BTreeSet<Vec<String>> {
        let code = rust_source::without_tests(&self.code);
        let own: Vec<String> =
            self.module.first().filter(|top| is_crate(top)).cloned().into_iter().collect();
        let mut found = rust_source::paths(code, "crate", &own);
        found.extend(rust_source::relative_paths(code, &self.module));
        for (_, name, under) in CRATES.iter().filter(|(.., under)| !under.is_empty()) {
            found.extend(rust_source::paths(code, name, &[(*under).to_owned()]));
        }
        let parts = rust_source::parts_named(code).into_iter();
        found.extend(parts.map(|part| [&self.module[..], &[part.to_owned()]].concat()));
        found
    }
}

static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(sources);

fn sources() -> Vec<Source> {
    let mut all = Vec::new();
    for (root, _, under) in CRATES {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
        let mut files = Vec::new();
        collect(&root, &mut files);
        assert!(!files.is_empty(), "the source files are not where this test looks");
        files.sort();
        all.extend(files.iter().map(|file| source(&root, file, under)));
    }
    assert!(all.len() > LEAST_FILES, "the source files are not where this test looks");
    all
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

fn source(root: &Path, file: &Path, under: &str) -> Source {
    let path = root_relative(root, file);
    let stem = path.trim_end_matches(".rs").trim_end_matches("/mod");
    let parts = stem.split('/').filter(|part| !matches!(*part, "lib" | "main"));
    let top = Some(under).filter(|under| !under.is_empty());
    let module: Vec<String> = top.into_iter().chain(parts).map(str::to_owned).collect();
    let path = top.map_or_else(|| path.clone(), |under| format!("{under}/{path}"));
    let text = fs::read_to_string(file).unwrap();
    let code = rust_source::code(&text);
    Source { path, module, text, code }
}

fn root_relative(root: &Path, file: &Path) -> String {
    file.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/")
}

/// The floor of each room, from the table of the document; the first row is the highest.
fn floors() -> BTreeMap<String, usize> {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md");
    let text = fs::read_to_string(document).unwrap();
    let mut floors = BTreeMap::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, number, rooms, ..] = cells[..] else { continue };
        let Ok(number) = number.parse() else { continue };
        let names = rooms.split('`').enumerate().filter(|(index, _)| index % 2 == 1);
        floors.extend(names.map(|(_, room)| (room.to_owned(), number)));
    }
    floors
}

/// The room that a path leads into: `core/log`, `engine`.
fn room(path: &[String]) -> Option<String> {
    match path {
        [top, room, ..] if is_crate(top) => Some(format!("{top}/{room}")),
        [room, ..] if !is_crate(room) => Some(room.clone()),
        _ => None,
    }
}

fn report(violations: &[String], advice: &str) {
    assert!(violations.is_empty(), "{}\n{advice}", violations.join("\n"));
}

#[test]
fn the_table_lists_every_room() {
    let mut declared = BTreeSet::new();
    for source in SOURCES.iter().filter(|source| source.path.ends_with("lib.rs")) {
        let lines = source.code.lines().map(str::trim);
        let modules = lines.filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
        let path = |name: &str| [&source.module[..], &[name.to_owned()]].concat();
        declared.extend(modules.filter_map(|name| room(&path(name))));
    }
    let listed: BTreeSet<String> = floors().into_keys().collect();
    assert_eq!(declared, listed);
}

#[test]
fn a_room_names_only_those_on_lower_floors() {
    let floors = floors();
    let mut violations = Vec::new();
    for source in SOURCES.iter().filter(|source| !source.is_test()) {
        let Some(own) = room(&source.module) else { continue };
        for name in source.names() {
            let Some(other) = room(&name).filter(|other| *other != own) else { continue };
            if let Some(floor) = floors.get(&other)
                && *floor >= floors[&own]
            {
                violations.push(format!("{} names {}", source.path, name.join("::")));
            }
        }
    }
    report(&violations, "the floors are in docs/architecture.md");
}

/// The module of a file that a path leads into.
fn file_of(path: &[String], modules: &BTreeMap<&[String], usize>) -> Option<usize> {
    (1..=path.len()).rev().find_map(|length| modules.get(&path[..length]).copied())
}

/// Files that can be reached from each other, in sets of several.
fn circles() -> Vec<Vec<&'static Source>> {
    let modules: BTreeMap<&[String], usize> =
        SOURCES.iter().enumerate().map(|(index, source)| (&source.module[..], index)).collect();
    let named: Vec<BTreeSet<usize>> = SOURCES
        .iter()
        .map(|source| match source.is_test() {
            true => BTreeSet::new(),
            false => source.names().iter().filter_map(|name| file_of(name, &modules)).collect(),
        })
        .collect();
    let reached: Vec<BTreeSet<usize>> =
        (0..SOURCES.len()).map(|from| reach(from, &named)).collect();
    let mut circles: BTreeSet<Vec<usize>> = BTreeSet::new();
    for (from, others) in reached.iter().enumerate() {
        let circle: Vec<usize> =
            others.iter().copied().filter(|other| reached[*other].contains(&from)).collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    circles.into_iter().map(|circle| circle.into_iter().map(|at| &SOURCES[at]).collect()).collect()
}

fn reach(from: usize, named: &[BTreeSet<usize>]) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut next = vec![from];
    while let Some(at) = next.pop() {
        next.extend(named[at].iter().copied().filter(|other| found.insert(*other)));
    }
    found
}

/// Small ones inside a folder are honest: a type and its parts. One between folders means that
/// neither can be read alone.
#[test]
fn no_circle_of_files_leaves_its_folder() {
    let mut violations = Vec::new();
    for circle in circles() {
        let shortest = circle.iter().min_by_key(|source| source.module.len()).unwrap();
        let head = &shortest.module;
        // Of a whole room only the files beside its own are its parts, not its folders.
        let is_room = room(head).is_none_or(|room| room == head.join("/"));
        let deepest = if is_room { head.len() + 1 } else { usize::MAX };
        let is_head = circle
            .iter()
            .all(|source| source.module.starts_with(head) && source.module.len() <= deepest);
        let parents: BTreeSet<&[String]> =
            circle.iter().map(|source| source.module.split_last().unwrap().1).collect();
        if !is_head && parents.len() > 1 {
            let paths: Vec<&str> = circle.iter().map(|source| &*source.path).collect();
            violations.push(paths.join(", "));
        }
    }
    report(&violations, "these name each other in a circle");
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

/// One door that is less guarded than another is what attackers look for.
#[test]
fn doors_see_vaults_that_the_engine_judged() {
    // Whatever is no part of what judges.
    let doors = SOURCES
        .iter()
        .filter(|source| !["engine/", "core/"].iter().any(|below| source.path.starts_with(below)))
        .filter(|source| !source.is_test());
    let calls = |source: &&Source| {
        let code = rust_source::without_tests(&source.code);
        UNJUDGED.iter().any(|call| code.contains(call))
    };
    let found: Vec<&str> = doors.filter(calls).map(|source| &*source.path).collect();
    let known: Vec<&str> = MAY_SEE_UNJUDGED.iter().map(|(path, _)| *path).collect();
    assert_eq!(found, known, "open by engine::judging or engine::writing");
}

/// `generate` prints files for the repository, and is nobody's interface.
#[test]
fn what_the_doors_print_as_json_is_a_view_of_core() {
    let is_door = |source: &&Source| matches!(source.module[0].as_str(), "cli" | "api");
    let doors = SOURCES.iter().filter(|source| !source.module.is_empty()).filter(is_door);
    let derives = |line: &str| line.contains("derive(") && line.contains("Serialize");
    let found: Vec<&str> = doors
        .filter(|source| rust_source::without_tests(&source.code).lines().any(derives))
        .map(|source| source.path.as_str())
        .collect();
    assert_eq!(found, ["cli/command/generate.rs"], "views are in crates/core/src/report/view");
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
    // A place in the file is all that the binary may claim: there is no other way before `main`.
    assert!(main.code.contains("#![deny(\n    unsafe_code,"));
    assert_eq!(main.code.matches("#[expect(unsafe_code").count(), 1);
    let uses = |text: &str| main.code.matches(text).count();
    assert_eq!(uses("unsafe("), uses("unsafe(link_section"), "nothing else");
    for lib in [lib, file("core/lib.rs"), file("rotation/lib.rs")] {
        assert!(lib.text.contains("#![forbid(unsafe_code)]"));
        for lint in DENIED {
            let denied = lib.code.contains(&format!("clippy::{lint}"));
            assert!(denied, "{} does not deny {lint}", lib.path);
        }
    }
}
