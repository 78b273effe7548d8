//! Completions and man pages in the repository are what the program prints.
//! `V_SECURE_REGENERATE=1 cargo test --test it generated::` writes them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use v_secure::cli::error::codes::COMMANDS;
use v_secure_testkit::binary;
use v_secure_testkit::scene;
use v_secure_testkit::scene::{Scene, repository};
use v_secure_testkit::tools;

const FOLDERS: [&str; 2] = ["completions", "man"];

/// Path in the repository and text of each file that the program prints.
fn printed() -> BTreeMap<String, String> {
    let text = Scene::new().run(&["generate"]);
    let files: Vec<BTreeMap<String, String>> = serde_json::from_str(&text).unwrap();
    files.into_iter().map(|mut file| (file["path"].clone(), file.remove("text").unwrap())).collect()
}

fn checked_in(folder: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(repository(folder)) else { return Vec::new() };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.map(|name| format!("{folder}/{name}")).collect()
}

fn write(files: &BTreeMap<String, String>) {
    for stale in FOLDERS.iter().flat_map(|folder| checked_in(folder)) {
        if !files.contains_key(&stale) {
            fs::remove_file(repository(&stale)).unwrap();
        }
    }
    for (path, text) in files {
        let path = repository(path);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        fs::write(path, text).unwrap();
    }
}

#[test]
fn the_checked_in_files_are_what_the_program_prints() {
    let files = printed();
    if scene::regenerating() {
        write(&files);
    }
    let mut found: Vec<String> = FOLDERS.iter().flat_map(|folder| checked_in(folder)).collect();
    found.sort();
    let expected: Vec<String> = files.keys().cloned().collect();
    assert_eq!(found, expected, "renew them with: just generate");
    for (path, text) in &files {
        let stored = fs::read_to_string(repository(path)).unwrap();
        assert!(stored == *text, "{path} is out of date: just generate");
    }
}

#[test]
fn every_command_has_a_page_with_its_usage() {
    let files = printed();
    assert!(files["man/v-secure-secret-set.1"].contains("v\\-secure secret set [OPTIONS]"));
    for (path, text) in files.iter().filter(|(path, _)| path.starts_with("man/")) {
        for section in [".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION"] {
            assert!(text.contains(section), "{path} has no {section}");
        }
    }
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => rust_files(&path, files),
            false => files.push(path),
        }
    }
}

/// The variants of the enum of codes that the command line's sources name.
fn named_codes() -> BTreeSet<String> {
    let mut files = Vec::new();
    rust_files(&repository("src/cli"), &mut files);
    files.iter().flat_map(|file| variants(&fs::read_to_string(file).unwrap())).collect()
}

/// `NotFound` of `Code::NotFound`, and nothing of `FindingCode::` and the like.
fn variants(text: &str) -> Vec<String> {
    let is_whole = |at: usize| !text[..at].ends_with(|before: char| before.is_ascii_alphanumeric());
    let name =
        |at: usize| text[at + "Code::".len()..].chars().take_while(char::is_ascii_alphanumeric);
    let places = text.match_indices("Code::").map(|(at, _)| at);
    places.filter(|at| is_whole(*at)).map(|at| name(at).collect()).collect()
}

/// The enum is public, so that the compiler does not say which of its variants nothing makes.
#[test]
fn every_code_of_the_table_is_one_of_a_failure() {
    let named = named_codes();
    let unused = COMMANDS.iter().filter(|known| !named.contains(&format!("{:?}", known.code)));
    let unused: Vec<&str> = unused.map(|known| known.code.as_str()).collect();
    assert!(unused.is_empty(), "no failure has these of src/cli/error/codes.rs: {unused:?}");
}

/// What the core's errors call themselves: the texts in each `fn code` of them.
fn codes_of_layers() -> BTreeSet<String> {
    let rooms = ["file/format/error", "policy/error", "record/rule", "record/text"];
    let read =
        |room| fs::read_to_string(repository(&format!("crates/core/src/{room}.rs"))).unwrap();
    let texts = rooms.map(read);
    let bodies = texts.iter().flat_map(|text| text.split("fn code(").skip(1));
    let codes = bodies.flat_map(|rest| {
        let body = rest.split_once("\n    }\n").map_or(rest, |(body, _)| body);
        body.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next())
    });
    codes.map(str::to_owned).collect()
}

#[test]
fn the_codes_of_the_layers_are_in_the_document() {
    let document = fs::read_to_string(repository("docs/errors.md")).unwrap();
    let layers = codes_of_layers();
    assert!(layers.len() > 80, "this test looks in the wrong way: {}", layers.len());
    let findings = v_secure_core::log::finding::FindingCode::ALL.iter().map(|code| code.as_str());
    let all = layers.iter().map(String::as_str).chain(findings);
    let missing: Vec<_> = all.filter(|code| !document.contains(&format!("`{code}`"))).collect();
    assert!(missing.is_empty(), "not in docs/errors.md: {missing:?}");
}

/// What no failure and no finding is called any more helps nobody who looks it up.
#[test]
fn the_document_names_no_code_that_there_is_not() {
    let document = fs::read_to_string(repository("docs/errors.md")).unwrap();
    let (_, lists) = document.split_once("\n## Codes of a vault that is refused").unwrap();
    let mut known = codes_of_layers();
    let findings = v_secure_core::log::finding::FindingCode::ALL.iter().map(|code| code.as_str());
    let commands = COMMANDS.iter().map(|known| known.code.as_str());
    // Those of what a device accepted are the door's.
    let door = repository("src/cli/repository/verification.rs");
    let door = fs::read_to_string(door).unwrap();
    let of_door = door.split("of_vault(\"").skip(1).filter_map(|rest| rest.split('"').next());
    known.extend(findings.chain(commands).chain(of_door).map(str::to_owned));
    let is_code = |text: &&str| {
        !text.starts_with('-')
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            && !text.is_empty()
    };
    let named: BTreeSet<&str> = lists.split('`').skip(1).step_by(2).filter(is_code).collect();
    assert!(named.len() > 150, "this test looks in the wrong way: {}", named.len());
    let unknown: Vec<_> = named.into_iter().filter(|code| !known.contains(*code)).collect();
    assert!(unknown.is_empty(), "docs/errors.md has codes that are none: {unknown:?}");
}

/// The table of docs/errors.md.
fn table_of_codes() -> String {
    let mut table = String::from("\n| code | exit | means | helps |\n|---|---|---|---|\n");
    for known in COMMANDS {
        let mut exits: Vec<u8> = known.exits.iter().map(|exit| exit.code()).collect();
        exits.sort_unstable();
        let exits: Vec<String> = exits.iter().map(u8::to_string).collect();
        let (code, exits) = (known.code.as_str(), exits.join(", "));
        let next = match known.next.split(' ').next() {
            Some("v-secure" | "git") => format!("`{}`", known.next),
            _ => known.next.to_owned(),
        };
        table.push_str(&format!("| `{code}` | {exits} | {} | {next} |\n", known.meaning));
    }
    table + "\n"
}

#[test]
fn the_codes_in_the_document_are_the_programs() {
    let path = repository("docs/errors.md");
    let mut document = fs::read_to_string(&path).unwrap();
    let old = document.clone();
    let (begin, end) = ("<!-- codes: begin -->\n", "<!-- codes: end -->");
    let from = document.find(begin).unwrap() + begin.len();
    let to = document.find(end).unwrap();
    document.replace_range(from..to, &table_of_codes());
    if scene::regenerating() {
        return fs::write(path, document).unwrap();
    }
    assert!(document == old, "docs/errors.md is out of date: just generate");
}

/// What bash completes a line to, in the demo's folder.
#[cfg(unix)]
fn completed(line: &[&str]) -> Option<Vec<String>> {
    let scene = Scene::new();
    scene::copy(&repository("fixtures/demo"), &scene.project());
    let registration = scene.project().join("complete.bash");
    fs::write(&registration, &printed()["completions/v-secure.bash"]).unwrap();
    let folder = Path::new(binary()).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let script = r#"source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _clap_complete_v_secure v-secure "${@: -1}" "${@: -2:1}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    let mut bash = scene.program("bash");
    bash.args(["-c", script, "bash"]).arg(registration).args(line);
    bash.env("PATH", format!("{}:{path}", folder.display()));
    match bash.output() {
        Ok(output) => Some(scene::stdout(&output).lines().map(str::to_owned).collect()),
        Err(error) => {
            tools::skip(format!("bash does not run: {error}"));
            None
        }
    }
}

#[cfg(unix)]
#[test]
fn bash_completes_commands_names_and_environments() {
    let cases: [(&[&str], &[&str]); 3] = [
        (&["v-secure", "imp"], &["import"]),
        (&["v-secure", "get", "GREE"], &["GREETING"]),
        (&["v-secure", "-e", "pr"], &["prod"]),
    ];
    for (line, expected) in cases {
        if let Some(found) = completed(line) {
            assert_eq!(found, expected, "{line:?}");
        }
    }
}

/// What stands in the document between the marks of `name`, as the program has it.
fn listed(name: &str) -> String {
    use v_secure_core::convert::inject::{PRISTINE, PRISTINE_WINDOWS, guarded};
    let quoted = |names: &[&str]| {
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    match name {
        "pristine" => {
            format!("{}\n\nOn Windows also: {}\n", quoted(PRISTINE), quoted(PRISTINE_WINDOWS))
        }
        _ => guarded::table()
            .map(|(danger, names)| format!("- {danger}: {}\n", quoted(names)))
            .collect(),
    }
}

#[test]
fn the_lists_of_variables_in_the_document_are_the_programs() {
    let path = repository("docs/values.md");
    let mut document = fs::read_to_string(&path).unwrap();
    for name in ["pristine", "guarded"] {
        let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->"));
        let from = document.find(&begin).unwrap() + begin.len();
        let to = document.find(&end).unwrap();
        document.replace_range(from..to, &listed(name));
    }
    if std::env::var_os("V_SECURE_REGENERATE").is_some_and(|value| value == "1") {
        return fs::write(path, document).unwrap();
    }
    assert!(
        document == fs::read_to_string(path).unwrap(),
        "docs/values.md is out of date: V_SECURE_REGENERATE=1 cargo test --test it generated::"
    );
}

#[test]
fn every_generator_of_the_document_is_one() {
    use v_secure_core::convert::generate::Spec;
    let document = fs::read_to_string(repository("docs/values.md")).unwrap();
    let (_, section) = document.split_once("## Generated values").unwrap();
    for spec in [
        "alnum:32",
        "chars:24:abcdef-",
        "hex:32",
        "safe:8",
        "ascii:4096",
        "passphrase:64",
        "uuid",
        "24",
    ] {
        assert!(spec.parse::<Spec>().is_ok(), "{spec}");
    }
    for kind in [
        "alnum",
        "lower",
        "digits",
        "ascii",
        "safe",
        "hex",
        "base64",
        "base64url",
        "passphrase",
        "uuid",
    ] {
        assert!(section.contains(&format!("`{kind}`")) && kind.parse::<Spec>().is_ok(), "{kind}");
    }
    for refused in ["alnum:7", "hex:4097", "passphrase:3", "uuid:4", "chars:abc:12"] {
        assert!(refused.parse::<Spec>().is_err(), "{refused}");
    }
    assert_eq!(Spec::default().to_string(), "alnum:32");
}
