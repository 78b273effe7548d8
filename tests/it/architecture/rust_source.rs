//! Reads Rust source just well enough for `tests/it/architecture`: words without comments and
//! strings, paths, and where functions end. Formatted source, as rustfmt leaves it.

use std::collections::BTreeSet;

/// A function and how many lines it has from `fn` to its closing brace.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    pub lines: usize,
}

/// The source with comments and the insides of strings and characters blanked, line ends kept.
pub fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = skipped(rest, out.chars().last());
        if skipped == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            out.push(' ');
            out.extend(rest[..skipped].chars().filter(|c| *c == '\n'));
            rest = &rest[skipped..];
        }
    }
    out
}

/// How many bytes of comment or literal `rest` begins with.
fn skipped(rest: &str, before: Option<char>) -> usize {
    let after_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return rest.find("*/").map_or(rest.len(), |end| end + 2);
    }
    if rest.starts_with('"') {
        return quoted(rest, '"');
    }
    if !after_word && let Some(raw) = raw_string(rest.strip_prefix('b').unwrap_or(rest)) {
        return raw + usize::from(rest.starts_with('b'));
    }
    if rest.starts_with('\'') { character(rest) } else { 0 }
}

fn raw_string(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('r')?;
    let hashes = inner.len() - inner.trim_start_matches('#').len();
    let body = inner[hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let end = body.find(&close).map_or(body.len(), |end| end + close.len());
    Some(rest.len() - body.len() + end)
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return index + 1,
            _ => {}
        }
    }
    rest.len()
}

/// A character literal's length; 0 for a lifetime.
fn character(rest: &str) -> usize {
    let mut chars = rest.chars().skip(1);
    match (chars.next(), chars.next()) {
        (Some('\\'), _) | (Some(_), Some('\'')) => quoted(rest, '\''),
        _ => 0,
    }
}

/// Everything before the file's test module, which rustfmt's order and habit put last.
pub fn without_tests(code: &str) -> &str {
    let tests = code.find("#[cfg(test)]\nmod tests").or_else(|| code.find("#[cfg(all(test"));
    tests.map_or(code, |start| &code[..start])
}

/// The paths that code names from the root of the crate `name`, which stands under `base`.
pub fn paths(code: &str, name: &str, base: &[String]) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    let root = format!("{name}::");
    for (start, _) in code.match_indices(&root) {
        // `pub(in crate::a)` says who may name something, and names nothing.
        if !word_goes_on(code, start) && !code[..start].ends_with("(in ") {
            expand(&code[start + root.len()..], base, &mut found);
        }
    }
    found
}

/// The paths that the code of `module` names from itself and from the modules around it.
pub fn relative_paths(code: &str, module: &[String]) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for (start, _) in code.match_indices("super::") {
        let continued = code[..start].ends_with("super::");
        if continued || word_goes_on(code, start) {
            continue;
        }
        let mut base = module;
        let mut rest = &code[start..];
        while let Some(further) = rest.strip_prefix("super::") {
            base = base.split_last().map_or(base, |(_, up)| up);
            rest = further;
        }
        expand(rest, base, &mut found);
    }
    found
}

/// The modules of its own that the code names by their name alone.
pub fn parts_named(code: &str) -> Vec<&str> {
    let declared =
        code.lines().filter_map(|line| line.trim().strip_suffix(';')?.split_once("mod "));
    let is_named = |part: &&str| {
        code.match_indices(&format!("{part}::")).any(|(start, _)| !word_goes_on(code, start))
    };
    declared.map(|(_, part)| part).filter(is_named).collect()
}

fn word_goes_on(code: &str, start: usize) -> bool {
    code[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$' || c == ':')
}

/// Adds the path that `rest` begins with, or each of a `{…}` group.
fn expand(rest: &str, base: &[String], found: &mut BTreeSet<Vec<String>>) {
    let mut path = base.to_vec();
    let mut rest = rest.trim_start();
    loop {
        if let Some(group) = rest.strip_prefix('{') {
            for part in parts(group) {
                expand(part, &path, found);
            }
            return;
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        if end > 0 && &rest[..end] != "self" {
            path.push(rest[..end].to_owned());
        }
        match rest[end..].strip_prefix("::") {
            Some(further) if end > 0 => rest = further,
            _ => break,
        }
    }
    found.insert(path);
}

/// The members of a group, up to its closing brace.
fn parts(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (index, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&group[start..index]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&group[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// Every function with a body.
pub fn functions(code: &str) -> Vec<Function> {
    code.match_indices("fn ")
        .filter(|(start, _)| !word_goes_on(code, *start))
        .filter_map(|(start, _)| function(&code[start + 3..]))
        .collect()
}

fn function(rest: &str) -> Option<Function> {
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    let (mut depth, mut nested) = (0_usize, 0_usize);
    for (index, c) in rest.char_indices() {
        match c {
            '(' | '[' => nested += 1,
            ')' | ']' => nested = nested.checked_sub(1)?,
            ';' if depth == 0 && nested == 0 => return None,
            '{' => depth += 1,
            '}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    let lines = rest[..index].matches('\n').count() + 1;
                    return (end > 0).then(|| Function { name: rest[..end].to_owned(), lines });
                }
            }
            _ => {}
        }
    }
    None
}

#[test]
fn comments_strings_and_tests_are_no_code() {
    let text = "a // crate::x\n\"crate::y \n \\\" {\" r#\"}\"\"# 'x' '\\'' b'{' <'a> /* z\n*/ b\n";
    let words: Vec<String> = code(text).split_whitespace().map(str::to_owned).collect();
    assert_eq!(words, ["a", "b", "<'a>", "b"]);
    assert_eq!(code(text).matches('\n').count(), text.matches('\n').count());
    assert_eq!(without_tests("a\n#[cfg(test)]\nmod tests {}\n"), "a\n");
}

#[test]
fn paths_are_found_in_groups_and_upwards() {
    let module: Vec<String> = ["cli", "command", "init"].map(str::to_owned).to_vec();
    let code = "use crate::{a::{b, self, c::D as E}, f};\nsuper::super::ui::Ui; super::x::y(); my_crate::z; pub(in crate::q) fn g() {}";
    let joined = |found: BTreeSet<Vec<String>>| -> Vec<String> {
        found.iter().map(|path| path.join("::")).collect()
    };
    assert_eq!(joined(paths(code, "crate", &[])), ["a", "a::b", "a::c::D", "f"]);
    assert_eq!(joined(paths(code, "my_crate", &["my".to_owned()])), ["my::z"]);
    assert_eq!(joined(relative_paths(code, &module)), ["cli::command::x::y", "cli::ui::Ui"]);
}

#[test]
fn parts_are_named_by_their_name_alone() {
    let code = "mod a;\npub mod b;\nmod c;\nuse a::X;\nfn f() { b::g(); d::c::h() }\n";
    assert_eq!(parts_named(code), ["a", "b"]);
}

#[test]
fn functions_are_measured_to_their_closing_brace() {
    let code = "fn a(x: [u8; 2]) -> B {\n if x {\n }\n}\ntrait T { fn b(&self); fn c() {} }\n";
    let lines: Vec<(String, usize)> =
        functions(code).into_iter().map(|found| (found.name, found.lines)).collect();
    assert_eq!(lines, [("a".to_owned(), 4), ("c".to_owned(), 1)]);
}
