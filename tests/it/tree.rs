//! The tree as another machine gets it: file names that every system can check out, and what a package holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use v_secure_testkit::tools;

/// Windows takes 260 with the folder that a checkout is in.
const MAX_PATH: usize = 200;
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];
/// What `cargo` builds with, and what the README shows beside the demonstration.
const WANTED: [&str; 5] = [
    "Cargo.toml",
    "Cargo.lock",
    ".cargo/config.toml",
    "fixtures/forgeries/genuine.toml",
    "fixtures/forgeries/entry-outside-pattern.toml",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// git in this repository, whatever repository a hook that runs the tests is in.
fn git(arguments: &[&str]) -> Option<Output> {
    let mut git = Command::new("git");
    for variable in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"] {
        git.env_remove(variable);
    }
    let output = git.current_dir(root()).args(arguments).output().ok()?;
    output.status.success().then_some(output)
}

fn tracked() -> Option<Vec<String>> {
    let output = git(&["ls-files", "-z"])?;
    let text = String::from_utf8(output.stdout).expect("a file name is not UTF-8");
    let names: Vec<String> = text.split_terminator('\0').map(str::to_owned).collect();
    (!names.is_empty()).then_some(names)
}

/// Every file, but what `.gitignore` names.
fn walked() -> Vec<String> {
    let ignored = fs::read_to_string(root().join(".gitignore")).unwrap_or_default();
    let ignored: Vec<&str> = ignored.lines().chain(["/.git"]).collect();
    let mut names = Vec::new();
    walk(root(), &ignored, &mut names);
    names
}

fn walk(folder: &Path, ignored: &[&str], names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root()).unwrap().to_str().expect("a file name is not UTF-8");
        let last = name.rsplit('/').next().unwrap_or(name);
        if ignored.iter().any(|line| *line == last || line.strip_prefix('/') == Some(name)) {
            continue;
        }
        match path.is_dir() && !path.is_symlink() {
            true => walk(&path, ignored, names),
            false => names.push(name.to_owned()),
        }
    }
}

/// Why some system cannot have a file of this name.
fn fault(name: &str) -> Option<&'static str> {
    let parts = || name.split('/');
    let faults = [
        (name.len() > MAX_PATH, "too long"),
        (!name.bytes().all(|byte| matches!(byte, b' '..=b'~')), "not of printable ASCII"),
        (
            name.contains(['<', '>', ':', '"', '|', '?', '*', '\\']),
            "a character that Windows refuses",
        ),
        (parts().any(|part| part.ends_with(['.', ' '])), "ends with a dot or a space"),
        (parts().any(is_device), "a device of Windows"),
    ];
    faults.into_iter().find_map(|(is_so, why)| is_so.then_some(why))
}

/// Whatever stands behind the first dot.
fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or(part).trim_end_matches(' ').to_ascii_uppercase();
    let numbered = ["COM", "LPT"].iter().any(|name| {
        let number = stem.strip_prefix(name).unwrap_or_default();
        number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    numbered || DEVICES.contains(&stem.as_str())
}

/// Pairs of paths, folders included, that are one where case does not count.
fn same_but_for_case(names: &[String]) -> Vec<(String, String)> {
    let mut paths = BTreeSet::new();
    for name in names {
        let ends = name.match_indices('/').map(|(end, _)| end).chain([name.len()]);
        paths.extend(ends.map(|end| &name[..end]));
    }
    let mut seen = BTreeMap::new();
    let mut again = |path: &&str| seen.insert(path.to_lowercase(), (*path).to_owned());
    paths.iter().filter_map(|path| Some((again(path)?, (*path).to_owned()))).collect()
}

#[test]
fn every_system_can_check_the_tree_out() {
    let names = tracked().unwrap_or_else(walked);
    assert!(names.len() > 1_000, "the files are not where this test looks: {}", names.len());
    let faults: Vec<String> =
        names.iter().filter_map(|name| Some(format!("{name}: {}", fault(name)?))).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(same_but_for_case(&names), []);
    // Where git may make none, a link is a file with a path in it.
    assert!(!names.iter().any(|name| root().join(name).is_symlink()));
}

#[test]
fn names_that_some_system_refuses_are_told() {
    for name in [
        "fixtures/nul.env",
        "a/AUX",
        "con.tar.gz/b",
        "Com1.txt",
        "lpt9",
        "nul .env",
        "a:b",
        "a\\b",
        "a?",
        "<a>",
        "a\u{1}b",
        "a.",
        "a /b",
        "ä",
    ] {
        assert!(fault(name).is_some(), "{name:?}");
    }
    assert!(fault(&"a/".repeat(101)).is_some());
    for name in ["null.env", "console", "com10", "a/.gitignore", "aux-file", "docs/a b.md"] {
        assert_eq!(fault(name), None, "{name}");
    }
    let pair = |a: &str, b: &str| vec![(a.to_owned(), b.to_owned())];
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(same_but_for_case(&names(&["README", "readme"])), pair("README", "readme"));
    assert_eq!(same_but_for_case(&names(&["Docs/a", "docs/b", "docs/c"])), pair("Docs", "docs"));
    assert_eq!(same_but_for_case(&names(&["a/b", "a/c", "b"])), []);
}

#[test]
fn without_git_what_is_tracked_is_found_too() {
    let Some(tracked) = tracked() else { return };
    let walked: BTreeSet<String> = walked().into_iter().collect();
    let missing: Vec<&String> = tracked.iter().filter(|name| !walked.contains(*name)).collect();
    assert!(missing.iter().all(|name| !root().join(name).exists()), "{missing:?}");
}

/// `core.autocrlf` is on where git for Windows is installed.
#[test]
fn a_checkout_has_the_line_ends_that_were_committed() {
    let Some(output) = git(&["ls-files", "--eol"]).filter(|_| tracked().is_some()) else { return };
    let text = String::from_utf8(output.stdout).unwrap();
    let loose: Vec<&str> = text
        .lines()
        .filter(|line| !line.contains("attr/-text") && !line.contains("eol=lf"))
        .collect();
    assert!(loose.is_empty(), "{loose:?}");
}

/// What `cargo package` would hold of both crates; `None` where there is no cargo to ask.
fn packaged() -> Option<BTreeSet<String>> {
    let core = packaged_of("v-secure-core")?;
    let core = core.into_iter().map(|name| format!("crates/core/{name}"));
    let mut all: BTreeSet<String> = packaged_of("v-secure")?.into_iter().chain(core).collect();
    // Cargo's own, in each package.
    all.retain(|name| !name.ends_with(".orig") && !name.ends_with(".cargo_vcs_info.json"));
    all.remove("crates/core/Cargo.lock");
    Some(all)
}

fn packaged_of(package: &str) -> Option<BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into());
    let mut list = Command::new(cargo);
    list.current_dir(root()).args(["package", "--list", "--locked", "--offline", "--allow-dirty"]);
    list.args(["--package", package]);
    let Ok(output) = list.output() else {
        tools::skip_here("cargo cannot be started");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    // Another user's cargo may be started, and has no copy of the registry's index then.
    if said.contains("location searched: crates.io index") && said.contains("--offline") {
        tools::skip_here("cargo has no copy of the registry's index here");
        return None;
    }
    assert!(output.status.success(), "{said}");
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(|name| name.replace('\\', "/")).collect())
}

fn sources() -> Vec<(PathBuf, String)> {
    let names = walked().into_iter().filter(|name| {
        (name.starts_with("src/") || name.starts_with("crates/core/")) && name.ends_with(".rs")
    });
    names
        .map(|name| (PathBuf::from(&name), fs::read_to_string(root().join(name)).unwrap()))
        .collect()
}

/// `a/b/../c` is `a/c`.
fn straight(path: &Path) -> String {
    let mut parts = Vec::new();
    for part in path.to_str().unwrap().split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The files that the sources take text or bytes from while they are compiled.
fn included() -> Vec<String> {
    let mut files = Vec::new();
    for (path, text) in sources() {
        for call in ["include_str!(", "include_bytes!(", "include!("] {
            for (_, rest) in text.match_indices(call).map(|(at, _)| text.split_at(at + call.len()))
            {
                let file =
                    rest.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"'));
                let (file, _) =
                    file.unwrap_or_else(|| panic!("{}: {call} of no literal", path.display()));
                files.push(straight(&path.parent().unwrap().join(file)));
            }
        }
    }
    files
}

/// The relative links of a page, without their anchors.
fn links(page: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    let relative = targets.filter(|target| !target.is_empty() && !target.contains("://"));
    relative.map(|target| straight(&Path::new(page).parent().unwrap().join(target))).collect()
}

#[test]
fn a_package_holds_what_builds_it_and_what_its_pages_name() {
    let Some(packaged) = packaged() else { return };
    let mut wanted: Vec<String> = sources().iter().map(|(path, _)| straight(path)).collect();
    wanted.extend(included());
    wanted.extend(WANTED.map(str::to_owned));
    wanted.extend(walked().into_iter().filter(|name| name.starts_with("fixtures/demo/")));
    for page in packaged.iter().filter(|name| name.ends_with(".md")) {
        wanted.extend(links(page).into_iter().filter(|target| root().join(target).is_file()));
    }
    let missing: Vec<&String> = wanted.iter().filter(|name| !packaged.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_package_holds_nothing_that_is_for_tests_or_for_this_repository() {
    let Some(packaged) = packaged() else { return };
    let apart =
        ["tests/", "benches/", "examples/", "fuzz/", "fixtures/malformed/", ".ci/", ".github/"];
    let extra: Vec<&String> = packaged
        .iter()
        .filter(|name| apart.iter().any(|folder| name.starts_with(folder)))
        // Its pages show them to who writes one.
        .filter(|name| !name.starts_with("examples/providers/"))
        .collect();
    assert!(extra.is_empty(), "{extra:?}");
    let known: BTreeSet<String> = walked().into_iter().collect();
    let stray: Vec<&String> = packaged.iter().filter(|name| !known.contains(*name)).collect();
    assert!(stray.is_empty(), "{stray:?}");
}
