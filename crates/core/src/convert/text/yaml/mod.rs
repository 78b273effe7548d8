//! Flat YAML: one document, one mapping, names to values.
//!
//! [`read`] follows the parser's events, and not a typed document: every value keeps its line, a
//! plain value is the text that stands there (`yes`, `0755` and `1.10` stay themselves), and what
//! could grow is refused at its first event. Aliases are not resolved at all, so a "billion laughs"
//! costs nothing; a nested mapping or a list ends the reading where it begins (the reasons are at
//! [`json`]). `null`, `~` and an empty plain value are errors. Of tags, `!!str` keeps
//! the text and those of numbers and booleans change nothing; others, and tags on names, are errors.
//!
//! [`write()`] quotes every name and value, so that no YAML 1.1 or 1.2 reader takes one for a number,
//! a boolean or a date.

use super::{
    Collector, Dump, ExportError, ImportedText, TextEntry, TextError, decode, exact, json,
};
use crate::secret_value::SecretValue;
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span, Tag, options};

/// The format's name in errors.
const FORMAT: &str = "YAML";

/// Collections within each other that the parser follows: enough to see a nested one as such.
const NESTING: usize = 16;

/// All pairs of a YAML mapping.
///
/// # Errors
/// The first of: too large, not UTF-8; then by line, whatever is not a flat mapping of scalars with
/// names that are usable and given once, in one document.
pub fn read(input: &[u8]) -> Result<ImportedText, TextError> {
    let options = options! {
        emit_comments: false,
        flow_nesting_limit: NESTING,
        block_nesting_limit: NESTING,
    };
    let mut events =
        Events { parser: Parser::new_from_str_with_options(decode(input)?, options), line: 1 };
    let mut collector = Collector::default();
    if !matches!(events.first_node()?, Event::MappingStart(..)) {
        return Err(TextError::NotObject { line: events.line });
    }
    while let Some(name) = events.name()? {
        let line = events.line;
        let value = events.value()?;
        collector.add_unique(TextEntry { name, value, line })?;
    }
    events.end()?;
    Ok(collector.import)
}

struct Events<'a> {
    parser: Parser<'a, serde_saphyr::granit_parser::StrInput<'a>>,
    /// The line of the latest event.
    line: u32,
}

impl<'a> Events<'a> {
    /// The next event; the end of the stream stays the end.
    fn next(&mut self) -> Result<Event<'a>, TextError> {
        match self.parser.next_event() {
            None => Ok(Event::StreamEnd),
            Some(Ok((event, span))) => {
                self.line = line_of(&span);
                Ok(event)
            }
            // The parser's own message may quote the text.
            Some(Err(error)) => Err(TextError::Syntax {
                line: u32::try_from(error.marker().line()).unwrap_or(u32::MAX),
                format: FORMAT,
            }),
        }
    }

    fn first_node(&mut self) -> Result<Event<'a>, TextError> {
        loop {
            match self.next()? {
                Event::StreamStart | Event::DocumentStart(..) => {}
                event => return Ok(event),
            }
        }
    }

    /// The next name; `None` at the mapping's end.
    fn name(&mut self) -> Result<Option<String>, TextError> {
        match self.next()? {
            Event::MappingEnd => Ok(None),
            Event::Scalar(text, _, _, None) => Ok(Some(text.into_owned())),
            Event::Scalar(..) => Err(TextError::Tag { line: self.line }),
            other => Err(self.refuse(&other)),
        }
    }

    fn value(&mut self) -> Result<SecretValue, TextError> {
        let line = self.line;
        match self.next()? {
            Event::Scalar(text, style, _, tag) => {
                // An empty value has no place of its own; its name's line tells more.
                scalar_problem(&text, style, tag.as_deref(), line.max(self.line))
                    .map_or_else(|| Ok(SecretValue::from(text.into_owned())), Err)
            }
            other => Err(self.refuse(&other)),
        }
    }

    fn end(&mut self) -> Result<(), TextError> {
        loop {
            match self.next()? {
                Event::StreamEnd => return Ok(()),
                Event::DocumentEnd => {}
                _ => return Err(TextError::SecondDocument { line: self.line }),
            }
        }
    }

    fn refuse(&self, event: &Event) -> TextError {
        let line = self.line;
        match event {
            Event::Alias(_) => TextError::Alias { line },
            Event::MappingStart(..) => TextError::Nested { line },
            Event::SequenceStart(..) => TextError::List { line },
            _ => TextError::Syntax { line, format: FORMAT },
        }
    }
}

fn line_of(span: &Span) -> u32 {
    u32::try_from(span.start.line()).unwrap_or(u32::MAX)
}

/// Why a scalar is no value, if it is none.
fn scalar_problem(
    text: &str,
    style: ScalarStyle,
    tag: Option<&Tag>,
    line: u32,
) -> Option<TextError> {
    match tag.map(|tag| tag.core_suffix().unwrap_or("")) {
        Some("str") => None,
        Some("int" | "float" | "bool") | None => {
            let plain = style == ScalarStyle::Plain;
            let null = plain && matches!(text, "" | "~" | "null" | "Null" | "NULL");
            null.then_some(TextError::Null { line })
        }
        Some("null") => Some(TextError::Null { line }),
        Some(_) => Some(TextError::Tag { line }),
    }
}

/// One `"name": "value"` a line, sorted by name; `{}` where there is none.
///
/// # Errors
/// Names the first variable that is unusable, repeated, or not UTF-8.
pub fn write(dump: &Dump) -> Result<SecretValue, ExportError> {
    let pairs = json::sorted(dump)?;
    if pairs.is_empty() {
        return Ok(SecretValue::from("{}\n".to_owned()));
    }
    Ok(exact(|put| {
        for (name, value) in &pairs {
            quote(name, put);
            put(b": ");
            quote(value, put);
            put(b"\n");
        }
    }))
}

/// A double-quoted scalar. JSON's escapes would do for YAML 1.2 below U+10000, but common readers
/// of 1.1 do not join surrogate pairs and refuse more characters raw; so those are `\x` and `\u`.
fn quote(text: &str, put: &mut dyn FnMut(&[u8])) {
    put(b"\"");
    let mut plain = 0;
    for (at, c) in text.char_indices().filter(|&(_, c)| needs_escape(c)) {
        put(&text.as_bytes()[plain..at]);
        match c {
            '"' => put(b"\\\""),
            '\\' => put(b"\\\\"),
            '\n' => put(b"\\n"),
            '\r' => put(b"\\r"),
            '\t' => put(b"\\t"),
            c if (c as u32) < 0x100 => put(format!("\\x{:02x}", c as u32).as_bytes()),
            c if (c as u32) < 0x10000 => put(format!("\\u{:04x}", c as u32).as_bytes()),
            c => put(format!("\\U{:08x}", c as u32).as_bytes()),
        }
        plain = at + c.len_utf8();
    }
    put(&text.as_bytes()[plain..]);
    put(b"\"");
}

/// Whether `c` is a quote, a backslash, or not among YAML's printable characters; line and
/// paragraph separators count as line ends in YAML 1.1.
fn needs_escape(c: char) -> bool {
    let noncharacter = (c as u32) & 0xfffe == 0xfffe;
    matches!(c, '"' | '\\' | '\u{2028}' | '\u{2029}' | '\u{feff}') || c.is_control() || noncharacter
}

#[cfg(test)]
mod tests;
