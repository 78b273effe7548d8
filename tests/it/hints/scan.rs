//! Every text of a hint in the sources: the first literal of each call that adds one, and what
//! `codes.rs` says where a failure adds none.

use crate::hints::named;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use v_secure_testkit::scene::repository;

const CALLS: &[&str] = &[".hint(", "hints.push(", "hints.extend(", "hints = vec![", "hints: vec!["];

/// A text with `{…}` for what differs.
pub fn texts() -> BTreeSet<String> {
    let mut found: BTreeSet<String> = named::TEXTS
        .iter()
        .flat_map(|(_, _, texts)| texts.iter().map(|text| alike(text)))
        .collect();
    for (file, source) in sources() {
        for call in calls(&source) {
            match literals(call).into_iter().next() {
                Some(text) => _ = found.insert(alike(&text)),
                None => assert!(is_named(&file, call), "name the texts of {file}: {call}"),
            }
        }
    }
    found.extend(v_secure::cli::error::codes::COMMANDS.iter().map(|known| known.next.to_owned()));
    found
}

/// Whether a hint is one of a text of [`texts`].
pub fn is_of(text: &str, hint: &str) -> bool {
    let mut parts = text.split("{…}");
    let Some(mut left) = parts.next().and_then(|first| hint.strip_prefix(first)) else {
        return false;
    };
    let rest: Vec<&str> = parts.collect();
    let Some((last, middle)) = rest.split_last() else { return left.is_empty() };
    for part in middle {
        let Some((_, after)) = left.split_once(part) else { return false };
        left = after;
    }
    left.ends_with(last)
}

/// The same text for all that differ by names in the source alone.
fn alike(text: &str) -> String {
    parts(text).join("{…}")
}

/// What stands around the braces; doubled ones are single ones.
fn parts(text: &str) -> Vec<String> {
    let (mut parts, mut inside, mut chars) = (vec![String::new()], false, text.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '{' | '}' if chars.peek() == Some(&c) && !inside => {
                chars.next();
                parts.last_mut().unwrap().push(c);
            }
            '{' => inside = true,
            '}' => {
                inside = false;
                parts.push(String::new());
            }
            c if !inside => parts.last_mut().unwrap().push(c),
            _ => {}
        }
    }
    parts
}

/// Texts that are named by hand, which the sources must hold.
pub fn missing_names() -> Vec<&'static str> {
    let sources = sources();
    let known: BTreeSet<String> = sources.iter().flat_map(|(_, source)| literals(source)).collect();
    let all = named::TEXTS.iter().flat_map(|(_, _, texts)| texts.iter().copied());
    let unknown = all.filter(|text| !known.contains(*text)).collect::<Vec<_>>();
    let called = |file: &str, call: &str| {
        sources.iter().any(|(path, source)| {
            path == file && calls(source).into_iter().any(|found| words(found) == call)
        })
    };
    let gone =
        named::TEXTS.iter().filter(|(file, call, _)| !call.is_empty() && !called(file, call));
    unknown.into_iter().chain(gone.map(|(_, call, _)| *call)).collect()
}

fn is_named(file: &str, call: &str) -> bool {
    named::TEXTS.iter().any(|(path, found, _)| *path == file && *found == words(call))
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Path from the `src` of a crate and text, up to the tests of each file.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for root in ["src", "crates/core/src"].map(repository) {
        walk(&root, &mut |path| {
            let name = path.strip_prefix(&root).unwrap().display().to_string();
            if !name.ends_with("tests.rs") && !name.contains("/tests/") {
                let text = fs::read_to_string(path).unwrap();
                let tests = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
                found.push((name, text[..tests].to_owned()));
            }
        });
    }
    found.sort();
    found
}

fn walk(folder: &Path, act: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, act);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            act(&path);
        }
    }
}

/// What stands between the brackets of each call.
fn calls(source: &str) -> Vec<&str> {
    let starts = CALLS.iter().flat_map(|call| source.match_indices(call));
    starts.map(|(start, call)| &source[start + call.len()..]).map(inside).collect()
}

fn inside(rest: &str) -> &str {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(c) = rest[at..].chars().next() {
        match c {
            '"' => at += quoted(&rest[at..]) - 1,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return &rest[..at],
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        at += c.len_utf8();
    }
    rest
}

/// The length of a literal with its quotes.
fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The literals of a piece of source, as the program has them. Characters such as '"' are none here.
fn literals(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in source.replace("'\"'", "").split_inclusive('\n').scan(String::new(), joined) {
        let mut rest = line.as_str();
        while let Some(start) = rest.find('"') {
            let length = quoted(&rest[start..]);
            found.push(unescaped(&rest[start + 1..(start + length - 1).max(start + 1)]));
            rest = &rest[start + length..];
        }
    }
    found
}

/// Lines without comments; one that ends within a literal goes on in the next.
fn joined(open: &mut String, line: &str) -> Option<String> {
    if open.is_empty() && line.trim_start().starts_with("//") {
        return Some(String::new());
    }
    open.push_str(line);
    let is_open = open.trim_end().ends_with('\\');
    Some(if is_open { String::new() } else { std::mem::take(open) })
}

fn unescaped(text: &str) -> String {
    let (mut out, mut chars) = (String::new(), text.chars().peekable());
    while let Some(c) = chars.next() {
        match (c, chars.peek().copied()) {
            ('\\', Some('\n')) => while chars.next_if(|c| c.is_whitespace()).is_some() {},
            ('\\', Some('n')) => {
                chars.next();
                out.push('\n');
            }
            ('\\', Some(next)) => {
                chars.next();
                out.push(next);
            }
            _ => out.push(c),
        }
    }
    out
}

#[test]
fn a_text_stands_for_its_hints() {
    let is_of = |text: &str, hint: &str| is_of(&alike(text), hint);
    assert!(is_of("v-secure ls -e {}", "v-secure ls -e prod"));
    assert!(is_of("{command} --passphrase", "v-secure backup create b --passphrase"));
    assert!(is_of("{{{{ v-secure:{name} }}}}", "{{ v-secure:A }}"));
    assert!(!is_of("v-secure ls", "v-secure ls -e prod"));
    assert!(!is_of("a {b} c {d} e", "a x e"));
}

#[test]
fn a_literal_is_read_as_the_program_has_it() {
    let source = "x.hint(format!(\"a \\\"{b}\\\" \\\n      c\", \", \"))\n// .hint(\"no\")\n";
    assert_eq!(literals(calls(source)[0]), ["a \"{b}\" c", ", "]);
}
