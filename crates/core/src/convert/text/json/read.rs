//! A reader for one flat JSON object.
//!
//! Its own, and not `serde_json`'s: values keep their line, numbers their spelling, and no scratch
//! buffer keeps an unwiped copy of a secret. Nested values are refused where they begin, so there
//! is no recursion to bound.

use super::FORMAT;
use crate::convert::text::{Collector, ImportedText, TextEntry, TextError, decode, line_breaks};
use crate::secret_value::SecretValue;
use zeroize::Zeroizing;

/// All pairs of one JSON object. Takes time linear in the input.
///
/// # Errors
/// The first of: too large, not UTF-8; then by line, whatever is not a flat object of text,
/// numbers and booleans with names that are usable and given once.
pub fn read(input: &[u8]) -> Result<ImportedText, TextError> {
    let mut cursor = Cursor { rest: decode(input)?, line: 1 };
    let mut collector = Collector::default();
    cursor.skip_space();
    if !cursor.skip(b'{') {
        return Err(cursor.not_an_object());
    }
    cursor.skip_space();
    if !cursor.skip(b'}') {
        pairs(&mut cursor, &mut collector)?;
    }
    cursor.skip_space();
    if cursor.rest.is_empty() { Ok(collector.import) } else { Err(cursor.syntax()) }
}

fn pairs(cursor: &mut Cursor, collector: &mut Collector) -> Result<(), TextError> {
    loop {
        cursor.skip_space();
        let line = cursor.line;
        let name = cursor.string()?;
        cursor.skip_space();
        cursor.expect(b':')?;
        cursor.skip_space();
        let value = cursor.value()?;
        let name = name.expose_str().ok_or_else(|| cursor.syntax())?.to_owned();
        collector.add_unique(TextEntry { name, value, line })?;
        cursor.skip_space();
        if !cursor.skip(b',') {
            return cursor.expect(b'}');
        }
    }
}

struct Cursor<'a> {
    rest: &'a str,
    line: u32,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.line = self.line.saturating_add(line_breaks(taken.as_bytes()));
        self.rest = rest;
        taken
    }

    fn skip_space(&mut self) {
        let kept = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
        self.take(self.rest.len() - kept.len());
    }

    fn skip(&mut self, byte: u8) -> bool {
        let found = self.rest.as_bytes().first() == Some(&byte);
        if found {
            self.take(1);
        }
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), TextError> {
        if self.skip(byte) { Ok(()) } else { Err(self.syntax()) }
    }

    fn syntax(&self) -> TextError {
        TextError::Syntax { line: self.line, format: FORMAT }
    }

    fn not_an_object(&self) -> TextError {
        match self.rest.as_bytes().first() {
            Some(b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                TextError::NotObject { line: self.line }
            }
            _ => self.syntax(),
        }
    }

    fn value(&mut self) -> Result<SecretValue, TextError> {
        let line = self.line;
        match self.rest.as_bytes().first() {
            Some(b'"') => self.string(),
            Some(b'{') => Err(TextError::Nested { line }),
            Some(b'[') => Err(TextError::List { line }),
            _ => self.literal(),
        }
    }

    /// A number, `true` or `false`, as it is spelled.
    fn literal(&mut self) -> Result<SecretValue, TextError> {
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        let end = self.rest.find(|c| !part(c)).unwrap_or(self.rest.len());
        match &self.rest[..end] {
            "null" => Err(TextError::Null { line: self.line }),
            word if matches!(word, "true" | "false") || is_number(word) => {
                Ok(SecretValue::new(self.take(end).as_bytes().to_vec()))
            }
            _ => Err(self.syntax()),
        }
    }

    /// A string's content. Its escapes are never shorter than what they stand for, so the buffer
    /// does not grow.
    fn string(&mut self) -> Result<SecretValue, TextError> {
        self.expect(b'"')?;
        let raw = self.raw_string()?;
        let mut out = Zeroizing::new(Vec::with_capacity(raw.len()));
        let mut rest = raw;
        while let Some(at) = rest.find('\\') {
            out.extend_from_slice(&rest.as_bytes()[..at]);
            let (c, width) = escape(&rest[at + 1..]).ok_or_else(|| self.syntax())?;
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            rest = &rest[at + 1 + width..];
        }
        out.extend_from_slice(rest.as_bytes());
        Ok(SecretValue::new(std::mem::take(&mut *out)))
    }

    /// Everything up to the closing quote, which is skipped.
    fn raw_string(&mut self) -> Result<&'a str, TextError> {
        let bytes = self.rest.as_bytes();
        let mut at = 0;
        loop {
            match bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => at += 2,
                Some(0x20..) => at += 1,
                Some(_) | None => return Err(self.syntax()),
            }
        }
        let raw = self.take(at);
        self.take(1);
        Ok(raw)
    }
}

/// The character that the text after a backslash begins with, and that text's length in bytes.
fn escape(after: &str) -> Option<(char, usize)> {
    let c = match after.as_bytes().first()? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode(after),
        _ => return None,
    };
    Some((c, 1))
}

/// `uXXXX`, or two of them that form a surrogate pair; a surrogate alone is no character.
fn unicode(after: &str) -> Option<(char, usize)> {
    let high = hex4(after.get(1..5)?)?;
    if let Some(c) = char::from_u32(high) {
        return Some((c, 5));
    }
    let low = hex4(after.get(5..)?.strip_prefix("\\u")?.get(..4)?)?;
    let pair = (0xd800..0xdc00).contains(&high) && (0xdc00..0xe000).contains(&low);
    let c = pair.then(|| 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))?;
    Some((char::from_u32(c)?, 11))
}

fn hex4(text: &str) -> Option<u32> {
    // `from_str_radix` alone also takes a sign.
    text.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(text, 16).ok())?
}

/// Whether `text` is a JSON number: `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}
