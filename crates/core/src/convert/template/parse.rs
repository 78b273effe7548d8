//! From a text to its parts.

use super::Target;
use super::{
    Fault, MAX_FILTERS, MAX_REFERENCES, MAX_TEMPLATE, Part, Reference, SyntaxError, Template,
    TemplateFilter, TextPosition,
};
use crate::name::NameError;
use memchr::memmem;

const OPEN: &[u8] = b"{{";
const CLOSE: &[u8] = b"}}";
const SCHEME: &[u8] = b"v-secure:";

impl<'a> Template<'a> {
    /// Reads a template; its text need not be UTF-8.
    ///
    /// # Errors
    /// The first place that begins as a reference and is none.
    pub fn parse(text: &'a [u8]) -> Result<Self, SyntaxError> {
        let mut parser = Parser::new(text);
        if text.len() > MAX_TEMPLATE {
            return Err(parser.error(0, Fault::TooLarge));
        }
        let mut at = 0;
        while let Some(open) = memmem::find(&text[at..], OPEN).map(|found| at + found) {
            at = parser.opening(open)?;
        }
        parser.text_to(text.len());
        Ok(Self { parts: parser.parts, references: parser.references })
    }
}

struct Parser<'a> {
    text: &'a [u8],
    /// Up to here the text is in `parts`.
    done: usize,
    /// The place of the last reference: counting goes on from there, or it would be quadratic.
    counted: (usize, TextPosition),
    parts: Vec<Part<'a>>,
    references: Vec<Reference>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a [u8]) -> Self {
        let counted = (0, TextPosition { line: 1, column: 1 });
        Self { text, done: 0, counted, parts: Vec::new(), references: Vec::new() }
    }

    /// Judges the `{{` at `open`; returns where to go on.
    fn opening(&mut self, open: usize) -> Result<usize, SyntaxError> {
        let inside = open + OPEN.len();
        let trims = self.text[inside..].starts_with(b"-");
        let start = self.after_blanks(inside + usize::from(trims));
        if !self.text[start..].starts_with(SCHEME) {
            // One further only: of `{{{ v-secure:…` the last two open the reference.
            return Ok(open + 1);
        }
        if self.unescape(open) {
            return Ok(inside);
        }
        if trims {
            return Err(self.error(open, Fault::Trim));
        }
        self.text_to(open);
        self.reference(open, start + SCHEME.len())
    }

    /// Halves the backslashes before `open`; whether an odd one takes its meaning.
    fn unescape(&mut self, open: usize) -> bool {
        let before = &self.text[self.done..open];
        let count = before.iter().rev().take_while(|byte| **byte == b'\\').count();
        if count > 0 {
            self.text_to(open - count.div_ceil(2));
            self.done = open;
        }
        count % 2 == 1
    }

    /// The text up to `end` is a part.
    fn text_to(&mut self, end: usize) {
        if end > self.done {
            self.parts.push(Part::Text(&self.text[self.done..end]));
        }
        self.done = end;
    }

    /// The reference at `open` whose name begins at `start`; returns where it ends.
    fn reference(&mut self, open: usize, start: usize) -> Result<usize, SyntaxError> {
        if self.references.len() == MAX_REFERENCES {
            return Err(self.error(open, Fault::TooMany));
        }
        let rest = &self.text[start..];
        let inner = memmem::find(rest, CLOSE).map(|length| &rest[..length]);
        let inner = inner.filter(|inner| memchr::memchr2(b'\n', b'\r', inner).is_none());
        let inner = inner.ok_or_else(|| self.error(open, Fault::Open))?;
        let mut words = inner.split(|byte| *byte == b'|');
        let name = words.next().unwrap_or_default();
        let target =
            target(trim_end(name)).map_err(|fault| self.error(start, Fault::Name(fault)))?;
        let mut filters = Vec::new();
        let mut at = start + name.len() + 1;
        for word in words {
            if filters.len() == MAX_FILTERS {
                return Err(self.error(self.after_blanks(at), Fault::Filters));
            }
            let filter = filter(trim(word));
            filters.push(filter.ok_or_else(|| self.error(self.after_blanks(at), Fault::Filter))?);
            at += word.len() + 1;
        }
        let end = start + inner.len() + CLOSE.len();
        let place = self.place(open);
        self.counted = (open, place);
        self.parts.push(Part::Value(self.references.len()));
        self.references.push(Reference { target, filters, place });
        self.done = end;
        Ok(end)
    }

    fn after_blanks(&self, at: usize) -> usize {
        at + self.text[at..].iter().take_while(|byte| is_blank(**byte)).count()
    }

    fn error(&self, at: usize, fault: Fault) -> SyntaxError {
        SyntaxError { place: self.place(at), fault }
    }

    /// The place of what is at or behind the last reference.
    fn place(&self, at: usize) -> TextPosition {
        let (from, mut place) = self.counted;
        for byte in &self.text[from..at] {
            match byte {
                b'\n' => place = TextPosition { line: place.line + 1, column: 1 },
                // Of a character of several bytes only the first counts.
                0x80..=0xbf => {}
                _ => place.column += 1,
            }
        }
        place
    }
}

fn target(text: &[u8]) -> Result<Target, NameError> {
    let text = std::str::from_utf8(text).map_err(|_| NameError::Character)?;
    Target::parse(text)
}

fn filter(word: &[u8]) -> Option<TemplateFilter> {
    TemplateFilter::ALL.into_iter().find(|filter| filter.as_str().as_bytes() == word)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn trim_end(text: &[u8]) -> &[u8] {
    let blanks = text.iter().rev().take_while(|byte| is_blank(**byte)).count();
    &text[..text.len() - blanks]
}

fn trim(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| is_blank(**byte)).count();
    trim_end(&text[blanks..])
}
