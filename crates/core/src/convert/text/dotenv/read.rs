//! Lines to bindings: white space, comments, `export`, names. Values are in [`super::value`].

use super::value::{self, Value};
use crate::convert::text::{
    Collector, ImportedText, TextEntry, TextError, decode, line_after, line_breaks,
};

/// All bindings of a dotenv text. Takes time linear in the input.
///
/// # Errors
/// The first of: too large, not UTF-8, a NUL byte; then by line, whatever is no binding.
pub fn read(input: &[u8]) -> Result<ImportedText, TextError> {
    let text = decode(input)?;
    if let Some(at) = memchr::memchr(0, text.as_bytes()) {
        return Err(TextError::Nul { line: line_after(&text.as_bytes()[..at]) });
    }
    let mut cursor = Cursor { rest: text, line: 1 };
    let mut collector = Collector::default();
    while cursor.skip_to_binding() {
        binding(&mut cursor, &mut collector)?;
    }
    Ok(collector.import)
}

fn binding(cursor: &mut Cursor, collector: &mut Collector) -> Result<(), TextError> {
    let line = cursor.line;
    cursor.skip_export();
    let name = cursor.take_while(|c| !matches!(c, '=' | '#') && !is_space(c));
    cursor.take_while(is_blank);
    if !cursor.skip('=') {
        return Err(TextError::NoEquals { line });
    }
    let Value { bytes, warnings } = value::read(cursor)?;
    for kind in warnings.into_iter().flatten() {
        collector.warn(line, kind);
    }
    collector.add_or_replace(TextEntry { name: name.to_owned(), value: bytes, line })
}

/// White space as Python's `\s` has it; it trims what JavaScript's `trim` does, except U+FEFF.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// White space within a line.
pub(super) fn is_blank(c: char) -> bool {
    is_space(c) && !is_line_end(c)
}

/// Whether `c` ends a line.
pub(super) fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r')
}

/// What is left of the text, and the line it begins at.
pub(super) struct Cursor<'a> {
    pub rest: &'a str,
    pub line: u32,
}

impl<'a> Cursor<'a> {
    /// Takes the first `length` bytes, which must end at a character.
    pub fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.line = self.line.saturating_add(line_breaks(taken.as_bytes()));
        self.rest = rest;
        taken
    }

    pub fn take_while(&mut self, keep: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !keep(c)).unwrap_or(self.rest.len());
        self.take(end)
    }

    pub fn skip(&mut self, c: char) -> bool {
        let found = self.rest.starts_with(c);
        if found {
            self.take(c.len_utf8());
        }
        found
    }

    /// Everything up to the line end, which stays.
    pub(crate) fn take_line(&mut self) -> &'a str {
        self.take_while(|c| !is_line_end(c))
    }

    /// Skips blank lines and comments; whether anything is left.
    fn skip_to_binding(&mut self) -> bool {
        loop {
            self.take_while(is_space);
            if !self.rest.starts_with('#') {
                return !self.rest.is_empty();
            }
            self.take_line();
        }
    }

    fn skip_export(&mut self) {
        let after = self.rest.strip_prefix("export").filter(|rest| rest.starts_with(is_blank));
        if after.is_some() {
            self.take("export".len());
            self.take_while(is_blank);
        }
    }
}
