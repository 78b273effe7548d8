//! Secrets as text: what `import` reads and what `export` writes, one module a format.
//!
//! The modules know variable names and values, no vaults. Importers take bytes and return every
//! entry or the first error; exporters take a [`Dump`] and return all of it or an error, so nothing
//! half-read or half-written leaves here. Neither errors nor warnings repeat a value or a line.

pub mod dotenv;
mod error;
pub mod github;
pub mod json;
pub mod shell;
pub mod yaml;

pub use error::{ExportError, TextError};

use crate::name::Name;
use crate::secret_value::SecretValue;
use std::collections::{HashMap, HashSet};
use std::fmt;

/// The most bytes an imported text may have (16 MiB).
pub const MAX_INPUT: usize = 16 << 20;

/// The most bindings an imported text may have, repeated ones included.
pub(crate) const MAX_ENTRIES: usize = 65_536;

/// What an exporter writes: variable names with their values, each name once.
pub type Dump<'a> = [(&'a str, &'a SecretValue)];

/// One variable of an imported text.
#[derive(Debug)]
pub struct TextEntry {
    /// Fits [`Name`]; an exporter may ask for more.
    pub name: String,
    pub value: SecretValue,
    /// Where the name is, counted from 1.
    pub line: u32,
}

/// Something that a reader of the imported text should know, and that is no error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warning {
    /// The line of the binding's name, counted from 1.
    pub line: u32,
    pub kind: WarningKind,
}

/// Why there is a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarningKind {
    /// The name was bound before, at `first`; this later value is the one kept.
    Duplicate { first: u32 },
    /// The value has `$NAME` or `${NAME}`, kept as it stands; other tools expand it.
    Reference,
    /// An unquoted value has a `#` without a space before it, where Node's dotenv ends the value.
    HashInValue,
    /// A quoted value has a backslash escape that Node's dotenv leaves as it stands.
    EscapeDiffers,
    /// The value is in backticks, which python-dotenv takes for a part of it.
    Backtick,
}

/// How many lines are named that the same is to be said of.
const LINES_NAMED: usize = 5;

/// Warnings as texts: what is to be said of several lines is said once.
pub fn in_lines(warnings: &[Warning]) -> Vec<String> {
    let mut said: Vec<(WarningKind, Vec<u32>)> = Vec::new();
    for Warning { line, kind } in warnings {
        match said.iter_mut().find(|(known, _)| known == kind) {
            Some((_, lines)) => lines.push(*line),
            None => said.push((*kind, vec![*line])),
        }
    }
    said.into_iter().map(|(kind, lines)| format!("{}: {kind}", places(&lines))).collect()
}

fn places(lines: &[u32]) -> String {
    let named: Vec<String> = lines.iter().take(LINES_NAMED).map(u32::to_string).collect();
    let named = named.join(", ");
    match lines.len().saturating_sub(LINES_NAMED) {
        0 if lines.len() == 1 => format!("line {named}"),
        0 => format!("lines {named}"),
        more => format!("lines {named} and {more} more"),
    }
}

impl fmt::Display for WarningKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WarningKind::Duplicate { first } => {
                write!(f, "the name is already at line {first}; this later value is kept")
            }
            WarningKind::Reference => f.write_str("a $ reference is kept as it stands"),
            WarningKind::HashInValue => {
                f.write_str("'#' without a space before it is kept; Node's dotenv ends there")
            }
            WarningKind::EscapeDiffers => {
                f.write_str("a backslash escape is decoded; Node's dotenv keeps it as it stands")
            }
            WarningKind::Backtick => f.write_str(
                "backticks are taken as quotes; python-dotenv takes them for a part of the value",
            ),
        }
    }
}

/// Everything that an imported text holds, in the order of the names' first appearance.
#[derive(Debug, Default)]
pub struct ImportedText {
    pub entries: Vec<TextEntry>,
    pub warnings: Vec<Warning>,
}

/// Collects the bindings of one text and holds the limits that all formats share.
#[derive(Default)]
struct Collector {
    import: ImportedText,
    seen: HashMap<String, usize>,
    bindings: usize,
}

impl Collector {
    /// Whether `name` at `line` may be bound, before its value is looked at: the index of an
    /// earlier entry of the same name, if there is one.
    fn check(&mut self, name: &str, line: u32) -> Result<Option<usize>, TextError> {
        Name::new(name).map_err(|source| TextError::Name { line, source })?;
        self.bindings += 1;
        if self.bindings > MAX_ENTRIES {
            return Err(TextError::TooMany);
        }
        Ok(self.seen.get(name).copied())
    }

    /// Binds a name that must be new.
    fn add_unique(&mut self, entry: TextEntry) -> Result<(), TextError> {
        if let Some(index) = self.check(&entry.name, entry.line)? {
            let first = self.import.entries[index].line;
            return Err(TextError::Duplicate { line: entry.line, first });
        }
        self.push(entry);
        Ok(())
    }

    /// Binds a name; a later binding replaces an earlier one, with a warning.
    fn add_or_replace(&mut self, entry: TextEntry) -> Result<(), TextError> {
        match self.check(&entry.name, entry.line)? {
            Some(index) => {
                let first = self.import.entries[index].line;
                self.warn(entry.line, WarningKind::Duplicate { first });
                self.import.entries[index] = entry;
            }
            None => self.push(entry),
        }
        Ok(())
    }

    fn push(&mut self, entry: TextEntry) {
        self.seen.insert(entry.name.clone(), self.import.entries.len());
        self.import.entries.push(entry);
    }

    fn warn(&mut self, line: u32, kind: WarningKind) {
        self.import.warnings.push(Warning { line, kind });
    }
}

/// `input` as text without a byte order mark, within [`MAX_INPUT`].
fn decode(input: &[u8]) -> Result<&str, TextError> {
    if input.len() > MAX_INPUT {
        return Err(TextError::TooLarge);
    }
    let text = std::str::from_utf8(input)
        .map_err(|error| TextError::NotUtf8 { line: line_after(&input[..error.valid_up_to()]) })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The line, counted from 1, of what follows `before`.
fn line_after(before: &[u8]) -> u32 {
    1 + line_breaks(before)
}

/// The number of line ends (LF, CR LF or CR) in `bytes`.
fn line_breaks(bytes: &[u8]) -> u32 {
    let lone_cr = |at: usize| bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n');
    let breaks = memchr::memchr2_iter(b'\n', b'\r', bytes)
        .filter(|&at| bytes[at] == b'\n' || lone_cr(at))
        .count();
    u32::try_from(breaks).unwrap_or(u32::MAX)
}

/// Checks what every exporter asks for: each name well formed and given once.
fn check_names(dump: &Dump) -> Result<(), ExportError> {
    let mut seen = HashSet::with_capacity(dump.len());
    for &(name, _) in dump {
        Name::new(name).map_err(|source| ExportError::Name { name: name.to_owned(), source })?;
        if !seen.insert(name) {
            return Err(ExportError::Duplicate { name: name.to_owned() });
        }
    }
    Ok(())
}

/// Checks that `name` is a shell identifier: `[A-Za-z_][A-Za-z0-9_]*`.
fn check_identifier(name: &str) -> Result<(), ExportError> {
    let body = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if body && !name.starts_with(|c: char| c.is_ascii_digit()) && !name.is_empty() {
        return Ok(());
    }
    Err(ExportError::Identifier { name: name.to_owned() })
}

/// The value as text, or the error that names the variable.
fn text_of<'a>(name: &str, value: &'a SecretValue) -> Result<&'a str, ExportError> {
    value.expose_str().ok_or_else(|| ExportError::NotUtf8 { name: name.to_owned() })
}

/// Refuses a value that no environment variable can hold.
fn check_no_nul(name: &str, value: &SecretValue) -> Result<(), ExportError> {
    match memchr::memchr(0, value.expose()) {
        Some(_) => Err(ExportError::Nul { name: name.to_owned() }),
        None => Ok(()),
    }
}

/// The concatenation of what `emit` gives, in a buffer of exactly its size: one that grew would
/// leave unwiped copies of secrets behind. `emit` runs twice and must give the same both times.
pub(super) fn exact(emit: impl Fn(&mut dyn FnMut(&[u8]))) -> SecretValue {
    let mut length = 0;
    emit(&mut |part| length += part.len());
    let mut bytes = Vec::with_capacity(length);
    emit(&mut |part| bytes.extend_from_slice(part));
    SecretValue::new(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_of_all_three_kinds_count_once() {
        assert_eq!(line_after(b"a\nb\r\nc\rd"), 4);
        assert_eq!(line_after(b""), 1);
    }

    #[test]
    fn decode_names_the_line_of_the_first_bad_byte() {
        assert!(matches!(decode(b"A=1\nB=\xff"), Err(TextError::NotUtf8 { line: 2 })));
        assert_eq!(decode(b"\xef\xbb\xbfA").unwrap(), "A");
    }

    #[test]
    fn input_above_the_limit_is_refused() {
        assert!(decode(&vec![b' '; MAX_INPUT]).is_ok());
        assert!(matches!(decode(&vec![b' '; MAX_INPUT + 1]), Err(TextError::TooLarge)));
    }

    #[test]
    fn exact_leaves_no_spare_room() {
        let text = exact(|put| (0..100).for_each(|_| put(b"abc")));
        assert_eq!(text.len(), 300);
    }

    #[test]
    fn identifiers_are_what_a_shell_takes() {
        for good in ["A", "_", "a_1"] {
            assert!(check_identifier(good).is_ok(), "{good:?}");
        }
        for bad in ["", "1A", "A-B", "A.B", "A B", "é", "A;id"] {
            assert!(check_identifier(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_same_of_several_lines_is_said_once() {
        let warning = |line, kind| Warning { line, kind };
        let many = (1..=50).map(|line| warning(line, WarningKind::Reference));
        let all: Vec<Warning> = many
            .chain([
                warning(60, WarningKind::Backtick),
                warning(61, WarningKind::Duplicate { first: 2 }),
            ])
            .collect();
        let said = in_lines(&all);
        assert_eq!(said.len(), 3);
        assert_eq!(said[0], "lines 1, 2, 3, 4, 5 and 45 more: a $ reference is kept as it stands");
        assert!(said[1].starts_with("line 60: ") && said[2].contains("at line 2"), "{said:?}");
    }

    #[test]
    fn a_dump_with_a_repeated_name_is_refused() {
        let value = SecretValue::from("x".to_owned());
        let error = check_names(&[("A", &value), ("A", &value)]).unwrap_err();
        assert!(matches!(error, ExportError::Duplicate { name } if name == "A"));
    }
}
